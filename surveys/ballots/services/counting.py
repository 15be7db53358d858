"""The count: votes and the rule make a frozen result; winners become work with public progress."""

import datetime as dt
import hashlib
import json
from collections.abc import Iterator, Sequence
from fractions import Fraction
from typing import Any, Final

from sqlalchemy import func, select, update

from portal import audit, clock, signals
from portal.contacts import audience
from portal.contacts.models import Contact
from portal.db import db
from portal.i18n import LANGUAGES, _l, default_language, local, pick, use_language
from portal.messaging import services as messaging
from portal.messaging import wording
from portal.messaging.services import NewMessage
from surveys.ballots.errors import BallotError
from surveys.ballots.models import (
    BallotArea,
    BallotProposal,
    BallotResult,
    BallotScheme,
    BallotVote,
    BallotVoter,
)
from surveys.ballots.rules import Ballot, Instance, Project, report, tally
from surveys.ballots.services import closing, paper, schemes, voting
from surveys.ballots.services.people import CHUNK, sms_line
from surveys.ballots.services.voting import PURPOSE

CURRENCY: Final = {"fa": "تومان", "ar": "تومان", "en": "toman"}


def instance_of(scheme: BallotScheme, area: BallotArea, rows: Sequence[BallotProposal]) -> Instance:
    """What the rules count on: amounts in toman, exact."""
    return Instance(
        budget=Fraction(area.budget, 10),
        projects=tuple(
            Project(str(row.id), Fraction(row.cost or 0, 10), row.titles) for row in rows
        ),
        currency=CURRENCY,
        longest_list=min(scheme.max_choices, len(rows)) if scheme.kind == "ranked" else None,
    )


def votes(area_id: int) -> Iterator[BallotVote]:
    """Every ballot in the order of the receipts, streamed."""
    return iter(
        db.session.scalars(
            select(BallotVote)
            .where(BallotVote.area_id == area_id)
            .order_by(BallotVote.receipt)
            .execution_options(yield_per=CHUNK)
        )
    )


def ballot_of(kind: str, choices: Sequence[Any]) -> Ballot:
    """A stored ballot as the rules take it."""
    ids = tuple(str(project_id) for project_id, _value in choices)
    if kind == "points":
        return Ballot("points", ids, tuple(value for _project_id, value in choices))
    if kind == "ranked":
        return Ballot("ranked", ids)
    return Ballot("knapsack" if kind == "knapsack" else "approval", ids)


def tally_area(scheme: BallotScheme, area: BallotArea, rule: str, **options: Any) -> dict[str, Any]:
    """Count one ballot by a rule, explanations in every language; stores nothing. `options`: of
    surveys.ballots.rules.tally."""
    rows = voting.projects(area)
    cast = (ballot_of(scheme.kind, vote.choices) for vote in votes(area.id))
    outcome = tally(instance_of(scheme, area, rows), cast, rule, **options)  # type: ignore[arg-type]
    said: dict[str, list[str]] = {}
    found: dict[str, Any] = {}
    for code in LANGUAGES:
        with use_language(code):
            found = report(outcome)
        said[code] = [project["explanation"] for project in found["projects"]]
    for place, project in enumerate(found["projects"]):
        project["explanation"] = {code: said[code][place] for code in LANGUAGES}
    paper_count = db.session.scalar(
        select(func.count())
        .select_from(BallotVote)
        .where(BallotVote.area_id == area.id, BallotVote.channel == "paper")
    )
    return {"currency": "toman", **found, "kind": scheme.kind, "paper_ballots": paper_count or 0}


def digest_of(data: dict[str, Any]) -> str:
    """SHA-256 of the canonical JSON: keys sorted, no blanks, UTF-8."""
    plain = json.dumps(data, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(plain.encode()).hexdigest()


def problems(scheme: BallotScheme) -> list[Any]:
    """Why a count would be refused now."""
    if scheme.state != "closed":
        return [_l("The vote is not over.")]
    if not closing.boxes_open(scheme):
        return [_l("The boxes are being opened. Wait a minute.")]
    return paper.problems(scheme) if scheme.takes_paper else []


def ready() -> Sequence[int]:
    """Votes without paper that are over: they are counted by themselves."""
    shut = select(BallotArea.id).where(
        BallotArea.scheme_id == BallotScheme.id,
        BallotArea.public_key.is_not(None),
        BallotArea.box_opened_at.is_(None),
    )
    return db.session.scalars(
        select(BallotScheme.id).where(
            BallotScheme.state == "closed",
            ~BallotScheme.takes_paper,
            ~BallotScheme.is_test,
            ~shut.exists(),
        )
    ).all()


def count(scheme_id: int) -> bool:
    """Count every ballot, freeze the results, start what won. False: it was done.

    BallotError: not_ready.
    """
    scheme = schemes.locked(scheme_id)
    if scheme.state == "counted":
        return False
    if found := problems(scheme):
        raise BallotError("not_ready", *found)
    now = clock.now()
    digests: dict[str, str] = {}
    for area in scheme.areas:
        if scheme.takes_paper:
            paper.put_into_votes(area.id)
        data = tally_area(scheme, area, scheme.rule)
        digests[str(area.id)] = digest_of(data)
        db.session.add(
            BallotResult(
                area_id=area.id,
                rule=scheme.rule,
                data=data,
                digest=digests[str(area.id)],
                counted_at=now,
            )
        )
        _start_winners(scheme, area, [int(winner) for winner in data["winners"]])
    scheme.state, scheme.counted_at = "counted", now
    db.session.flush()
    audit.record("ballot.counted", "ballot_scheme", scheme_id, rule=scheme.rule, results=digests)
    return True


def _start_winners(scheme: BallotScheme, area: BallotArea, winner_ids: Sequence[int]) -> None:
    language = default_language()
    due_on = scheme.done_by
    if due_on is not None and due_on <= local(clock.now()).date():
        due_on = None
    if due_on is None:
        due_on = local(clock.now()).date() + dt.timedelta(days=365)
    for project in voting.projects(area):
        if project.id not in winner_ids:
            continue
        answers = signals.project_won.send(
            None,
            project_id=project.id,
            unit_id=area.unit_id,
            title=pick(project.titles, language),
            text=pick(project.descriptions, language),
            place=project.place,
            neighbourhood=pick(area.names, language),
            language=language,
            due_on=due_on,
        )
        codes = [answer for _receiver, answer in answers if isinstance(answer, str)]
        project.tracking_code = codes[0] if codes else None


def results(scheme_id: int) -> dict[int, BallotResult]:
    """area id → its frozen result."""
    rows = db.session.scalars(
        select(BallotResult)
        .join(BallotArea, BallotArea.id == BallotResult.area_id)
        .where(BallotArea.scheme_id == scheme_id)
    )
    return {row.area_id: row for row in rows}


# Telling those who were invited to vote


def to_tell(scheme: BallotScheme) -> int:
    """How many would be told of the result now."""
    return db.session.scalar(_invited(scheme).with_only_columns(func.count())) or 0


def announcement(scheme: BallotScheme, language: str) -> str:
    """The SMS that tells the result; its link leads to the reader's own neighbourhood."""
    return _announcement(scheme, language).body


def _announcement(scheme: BallotScheme, language: str) -> wording.Rendered:
    return wording.render("ballots.result", language, name=pick(scheme.names, language))


def _invited(scheme: BallotScheme) -> Any:
    return (
        select(BallotVoter)
        .join(Contact, Contact.id == BallotVoter.contact_id)
        .where(
            BallotVoter.scheme_id == scheme.id,
            BallotVoter.channel == "sms",
            ~audience.opted_out(sms_line()),
        )
    )


def announce(scheme_id: int) -> int:
    """Tell everybody invited to vote, once. Returns how many. BallotError: not_counted, told."""
    scheme = schemes.locked(scheme_id)
    if scheme.state != "counted":
        raise BallotError("not_counted", _l("There is no result yet."))
    if scheme.announced_batch_id is not None:
        raise BallotError("told", _l("The people were told already."))
    batch = messaging.create_batch(pick(scheme.names))
    words = {code: _announcement(scheme, code) for code in LANGUAGES}
    query = _invited(scheme).with_only_columns(
        BallotVoter.id, Contact.id, Contact.e164, BallotVoter.language
    )
    total, last = 0, 0
    while rows := db.session.execute(
        query.where(BallotVoter.id > last).order_by(BallotVoter.id).limit(CHUNK)
    ).all():
        total += messaging.insert_messages(
            batch.id,
            (
                NewMessage(contact_id, e164, language, words[language].body, PURPOSE, voter_id)
                for voter_id, contact_id, e164, language in rows
            ),
            template_version_id=words["fa"].version_id,
        )
        last = rows[-1][0]
    db.session.execute(
        update(BallotScheme).where(BallotScheme.id == scheme_id).values(announced_batch_id=batch.id)
    )
    db.session.expire(scheme)
    audit.record("ballot.announced", "ballot_scheme", scheme_id, recipients=total)
    db.session.flush()
    return total
