"""The third step: somebody who typed neither entry decides, field by field, seeing both."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from portal import audit, clock
from portal.db import db
from portal.i18n import LazyText, _l
from surveys.campaigns.errors import CampaignError
from surveys.paper import blanks, excluded, keying, services
from surveys.paper.blanks import Slot
from surveys.paper.excluded import Excluded
from surveys.paper.models import DIFFERS, SECOND, PaperSheet
from surveys.questionnaires.services import load_version

Decision = Literal["first", "second", "other", "none"]


@dataclass(frozen=True)
class Question:
    """One field to decide. `objection`: why what both typed does not stand."""

    slot: Slot
    first: Any
    second: Any
    differs: bool
    objection: str = ""


class UndecidedError(Exception):
    """Fields that are not decided, or decided so that their answers do not stand."""

    def __init__(self, messages: Mapping[str, str]) -> None:
        super().__init__("undecided")
        self.messages = messages


class ExcludedError(Exception):
    """Answers would not be stored, and the person who decides has not been told so."""

    def __init__(self, found: Mapping[str, Excluded]) -> None:
        super().__init__("excluded")
        self.found = found


def refusal(sheet: PaperSheet, user_id: int) -> LazyText | None:
    """Why this person cannot decide about this sheet; None: they can."""
    if sheet.state not in {DIFFERS, SECOND}:
        return _l("There is nothing to decide about this sheet.")
    if user_id in {sheet.first_by, sheet.second_by}:
        return _l("Neither of the two who typed it decides.")
    return None


def questions(sheet: PaperSheet) -> list[Question]:
    """What is to be decided: where the entries differ, and what they agree on but cannot be."""
    q = load_version(sheet.batch.version_id)
    blank, lang = blanks.of(q), sheet.batch.language
    first, second = sheet.first or {}, sheet.second or {}
    apart = {slot.key for slot in keying.differing(blank, first, second, lang)}
    # What only one of two differing answers makes wrong may be right once that one is decided.
    now = clock.now()
    either = keying.objections(q, blank, second, lang, now)
    found = keying.objections(q, blank, first, lang, now)
    wrong = {key: text for key, text in found.items() if key in either.keys() - apart}
    return [
        Question(
            slot,
            first.get(slot.key),
            second.get(slot.key),
            slot.key in apart,
            wrong.get(slot.key, ""),
        )
        for slot in blank.slots()
        if slot.key in apart or slot.key in wrong
    ]


def certainly_excluded(sheet: PaperSheet) -> dict[str, Excluded]:
    """What is not stored whichever of the two entries is right."""
    q = load_version(sheet.batch.version_id)
    blank, lang, now = blanks.of(q), sheet.batch.language, clock.now()
    first, second = (
        excluded.of(q, blank, entry or {}, lang, now) for entry in (sheet.first, sheet.second)
    )
    return {key: each for key, each in first.items() if second.get(key) == each}


def decide(
    sheet_id: int,
    decisions: Mapping[str, Decision],
    others: Mapping[str, Any],
    *,
    user_id: int,
    told: Collection[str] = (),
) -> PaperSheet:
    """Settle every open field and count the sheet. `others` are values typed anew, by field;
    `told` the fields of which the person knows that their answers will not be stored.

    CampaignError: refused, not_running. UndecidedError. ExcludedError.
    """
    sheet = services.locked(sheet_id)
    if wrong := refusal(sheet, user_id):
        raise CampaignError("refused", wrong)
    q = load_version(sheet.batch.version_id)
    first, second = dict(sheet.first or {}), dict(sheet.second or {})
    asked = {each.slot.key: each for each in questions(sheet)}
    blank, lang, now = blanks.of(q), sheet.batch.language, clock.now()
    sources = {"first": first, "second": second, "other": others, "none": {}}
    entry = dict(first)
    chosen: dict[str, str] = {key: decisions.get(key, "") for key in asked}
    _apply(entry, chosen, sources)
    # An answer decided otherwise can make another one wrong; no other field is open to change.
    more = keying.objections(q, blank, entry, lang, now).keys() & decisions.keys() - asked.keys()
    chosen |= {key: decisions[key] for key in more}
    _apply(entry, {key: chosen[key] for key in more}, sources)
    undecided = {key for key, decision in chosen.items() if decision not in sources}
    messages = {
        **keying.objections(q, blank, entry, lang, now),
        **dict.fromkeys(undecided, str(_l("Decide what the sheet says."))),
    }
    if messages:
        raise UndecidedError(messages)
    lost = excluded.of(q, blank, entry, lang, now)
    if lost.keys() - set(told):
        raise ExcludedError(lost)
    same = keying.normalised
    for key, each in asked.items():
        if each.differs:
            said = same(entry.get(key), lang)
            sheet.first_wrong += said != same(each.first, lang)
            sheet.second_wrong += said != same(each.second, lang)
    sheet.decided_by = user_id
    db.session.flush()
    audit.record("paper.decided", "campaign", sheet.campaign_id, sheet=sheet.id, fields=chosen)
    services.count(sheet, entry)
    return sheet


def _apply(
    entry: dict[str, Any], chosen: Mapping[str, str], sources: Mapping[str, Mapping[str, Any]]
) -> None:
    for key, decision in chosen.items():
        entry.pop(key, None)
        value = sources.get(decision, {}).get(key)
        if value is not None:
            entry[key] = value
