"""Quotas: decided at every page, counted where the answer is taken, never exceeded.

The counting and the answer are one transaction, under a lock on the campaign's quotas, so the
26th of 25 sees that the group is full, however many arrive at once.

In an anonymous campaign a plain counter would betray people: old versions of its row stay on the
disk, each with the number of the transaction that also marked an invitation. So every answer
writes every counter of the campaign anew, encrypted with a random nonce; nobody without the key
file, which is destroyed when the campaign has ended, sees which of them grew. And whoever comes
too late is marked as answered like the others, with an empty envelope in the box: "screened"
would say to which group somebody belongs.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from nacl.exceptions import CryptoError
from nacl.secret import SecretBox
from sqlalchemy import delete, select

from portal import audit
from portal.db import db
from portal.i18n import _l
from surveys.campaigns.errors import CampaignError
from surveys.campaigns.models import Campaign
from surveys.questionnaires import flow
from surveys.questionnaires.expressions import ExpressionError, parse, truth
from surveys.questionnaires.logic import dependencies
from surveys.questionnaires.schema import Page, Questionnaire
from surveys.questionnaires.services import load_version
from surveys.quotas.models import Quota
from surveys.secrecy import keys

MOST: Final = 20
"""Quotas of one campaign: each of them is looked at for every page."""
LARGEST: Final = 10_000_000
_WIDTH: Final = 8


@dataclass(frozen=True)
class Wish:
    """A quota as an officer writes it."""

    name: str
    condition: str
    maximum: int


def of(campaign_id: int) -> list[Quota]:
    return list(
        db.session.scalars(select(Quota).where(Quota.campaign_id == campaign_id).order_by(Quota.id))
    )


def problem(condition: str, q: Questionnaire) -> object | None:
    """What is wrong with a condition, for the reader; None: it can be used."""
    try:
        expression = parse(condition)
    except ExpressionError as error:
        return error.message
    if any(True for _path in expression.paths()):
        return _l("Write questions as ${name}.")
    known = {question.name for question in q.questions if question.type != "note"}
    unknown = sorted(expression.references() - known)
    if unknown:
        return _l("There is no question “%(name)s” in this survey.", name=unknown[0])
    if not expression.references():
        return _l("The condition names no question. Write it like ${age} < 30.")
    return None


def replace(campaign: Campaign, wishes: Sequence[Wish]) -> None:
    """The quotas of a draft, all at once. CampaignError quota."""
    if campaign.state != "draft":
        raise CampaignError("not_draft", _l("This campaign was launched already."))
    q = load_version(campaign.version_id)
    if len(wishes) > MOST:
        raise CampaignError("quota", _l("A campaign can have 20 quotas at most."))
    for wish in wishes:
        if wrong := problem(wish.condition, q):
            raise CampaignError("quota", f"{wish.name}: {wrong}")
        if not 1 <= wish.maximum <= LARGEST:
            raise CampaignError("quota", _l("The greatest number must be at least 1."))
    db.session.execute(delete(Quota).where(Quota.campaign_id == campaign.id))
    for wish in wishes:
        db.session.add(
            Quota(
                campaign_id=campaign.id,
                name=wish.name,
                condition=wish.condition,
                maximum=wish.maximum,
                filled=0,
            )
        )
    audit.record(
        "campaign.quotas_changed",
        "campaign",
        campaign.id,
        quotas=[[wish.name, wish.condition, wish.maximum] for wish in wishes],
    )
    db.session.flush()


def problems(campaign: Campaign) -> list[str]:
    """Conditions that do not fit the version which is to be launched."""
    q = load_version(campaign.version_id)
    return [
        f"{quota.name}: {wrong}"
        for quota in of(campaign.id)
        if (wrong := problem(quota.condition, q))
    ]


def prepare(campaign: Campaign) -> None:
    """At the launch: of an anonymous campaign with quotas, the key that hides the counts.

    Raises KeyFolderError.
    """
    if campaign.secrecy != "anonymous" or not (found := of(campaign.id)):
        return
    campaign.counter_key = keys.make_secret()
    box = _box(campaign.counter_key)
    for quota in found:
        quota.sealed_count = _sealed(box, 0)
    db.session.flush()


def settle(campaign_id: int) -> bool:
    """An anonymous campaign has ended and its box is open: write the counts plainly.

    The key may be destroyed once this is committed; `forget` its name then. False: its key is not
    on this machine.
    """
    campaign = db.session.get_one(
        Campaign, campaign_id, with_for_update={"key_share": True}, populate_existing=True
    )
    if campaign.counter_key is None or keys.secret(campaign.counter_key) is None:
        return False
    box = _box(campaign.counter_key)
    for quota in _locked(campaign_id):
        if quota.sealed_count is not None:
            quota.filled, quota.sealed_count = _count(box, quota.sealed_count), None
    db.session.flush()
    return True


def forget(campaign_id: int) -> None:
    """The counts are plain and their key is destroyed: forget its name."""
    campaign = db.session.get_one(Campaign, campaign_id)
    campaign.counter_key = None
    db.session.flush()


def take(
    campaign_id: int, counter_key: bytes | None, q: Questionnaire, answers: Mapping[str, Any]
) -> bool:
    """Count a complete answer in every group it belongs to. False: one of them is full, and
    nothing was counted. Holds the quotas of the campaign until the transaction ends."""
    quotas = _locked(campaign_id)
    if not quotas:
        return True
    state = flow.State(q, answers)
    mine = [truth(quota.condition, state.context("")) for quota in quotas]
    box = _box(counter_key) if counter_key is not None else None
    counts = [_count(box, each.sealed_count) if box else each.filled for each in quotas]
    fits = all(
        count < quota.maximum
        for quota, count, belongs in zip(quotas, counts, mine, strict=True)
        if belongs
    )
    for quota, count, belongs in zip(quotas, counts, mine, strict=True):
        now = count + (1 if fits and belongs else 0)
        if box is not None:
            quota.sealed_count = _sealed(box, now)
        elif now != count:
            quota.filled = now
    db.session.flush()
    return fits


def is_full(
    campaign_id: int,
    counter_key: bytes | None,
    q: Questionnaire,
    page: Page,
    answers: Mapping[str, Any],
) -> bool:
    """Whether what was answered up to `page` already puts the person into a full group.

    A condition is decided once every question it depends on stands on this page or before.
    """
    quotas = of(campaign_id)
    if not quotas:
        return False
    done = {name for each in q.pages[: q.pages.index(page) + 1] for name in _names(each)}
    graph = dependencies(q)
    state = flow.State(q, answers)
    box: SecretBox | None = None
    for quota in quotas:
        if not _needed(quota.condition, graph) <= done:
            continue
        if not truth(quota.condition, state.context("")):
            continue
        if counter_key is not None:
            box = box or _box(counter_key)
        if (_count(box, quota.sealed_count) if box else quota.filled) >= quota.maximum:
            return True
    return False


def _names(page: Page) -> set[str]:
    return {question.name for question in page.questions}


def _needed(condition: str, graph: Mapping[str, frozenset[str]]) -> set[str]:
    """The questions that a condition depends on, through calculations and relevance too."""
    needed: set[str] = set()
    waiting = set(parse(condition).references())
    while waiting:
        name = waiting.pop()
        if name not in needed:
            needed.add(name)
            waiting |= graph.get(name, frozenset())
    return needed


def _locked(campaign_id: int) -> list[Quota]:
    # In the order of their ids, so that two answers never wait for each other.
    return list(
        db.session.scalars(
            select(Quota)
            .where(Quota.campaign_id == campaign_id)
            .order_by(Quota.id)
            .with_for_update()
            .execution_options(populate_existing=True)
        )
    )


def _box(name: bytes | None) -> SecretBox:
    found = keys.secret(name) if name is not None else None
    if found is None:
        raise keys.KeyFolderError("the key of this campaign's counters is not on this machine")
    return SecretBox(found)


def _sealed(box: SecretBox, count: int) -> bytes:
    return bytes(box.encrypt(count.to_bytes(_WIDTH, "big")))


def _count(box: SecretBox | None, sealed: bytes | None) -> int:
    if box is None or sealed is None:
        return 0
    try:
        return int.from_bytes(box.decrypt(sealed), "big")
    except CryptoError as error:
        raise keys.KeyFolderError("a counter does not belong to its key") from error
