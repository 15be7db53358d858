"""The third step: somebody who typed neither entry decides, field by field, seeing both."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from portal import audit, clock
from portal.db import db
from portal.i18n import LazyText, _l
from surveys.campaigns.errors import CampaignError
from surveys.paper import blanks, keying, services
from surveys.paper.blanks import Slot
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
    agreed = {key: value for key, value in first.items() if key not in apart}
    wrong = keying.objections(q, blank, agreed, lang, clock.now())
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


def decide(
    sheet_id: int,
    decisions: Mapping[str, Decision],
    others: Mapping[str, Any],
    *,
    user_id: int,
) -> PaperSheet:
    """Settle every open field and count the sheet. `others` are values typed anew, by field.

    CampaignError: refused, not_running. UndecidedError.
    """
    sheet = services.locked(sheet_id)
    if wrong := refusal(sheet, user_id):
        raise CampaignError("refused", wrong)
    q = load_version(sheet.batch.version_id)
    first, second = dict(sheet.first or {}), dict(sheet.second or {})
    asked = {each.slot.key: each for each in questions(sheet)}
    # Fields beyond those asked: an answer decided otherwise can make another one wrong.
    chosen = {**dict.fromkeys(asked, ""), **decisions}
    entry = dict(first)
    messages: dict[str, str] = {}
    for key, decision in chosen.items():
        value = {"first": first, "second": second, "other": others}.get(decision, {}).get(key)
        if decision not in {"first", "second", "other", "none"}:
            messages[key] = str(_l("Decide what the sheet says."))
        entry.pop(key, None)
        if value is not None:
            entry[key] = value
    blank, lang = blanks.of(q), sheet.batch.language
    messages = {**keying.objections(q, blank, entry, lang, clock.now()), **messages}
    if messages:
        raise UndecidedError(messages)
    same = keying.normalised
    for key, each in asked.items():
        if each.differs:
            said = same(entry.get(key), lang)
            sheet.first_wrong += said != same(each.first, lang)
            sheet.second_wrong += said != same(each.second, lang)
    sheet.decided_by = user_id
    db.session.flush()
    audit.record(
        "paper.decided", "campaign", sheet.campaign_id, sheet=sheet.id, fields=dict(chosen)
    )
    services.count(sheet, entry)
    return sheet
