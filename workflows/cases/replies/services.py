"""Canned replies: kept, offered, and made into the text for one case. Nothing commits."""

import re
from collections.abc import Mapping
from typing import Final

from sqlalchemy import or_, select

from portal import audit
from portal.db import db
from portal.i18n import LANGUAGES, _l, format_date, pick, today
from portal.text import sort_key, strip_controls
from portal.units.models import Unit
from workflows.cases.models import OUTCOMES, Case, Category
from workflows.cases.moves import InputRefused, clean
from workflows.cases.replies.models import CannedReply

PLACEHOLDERS: Final = ("code", "unit", "date")
MOST: Final = 200
MOST_TEXT: Final = 2_000
NOT_SPOKEN: Final = _l("This reply is not written in the citizen’s language; translate it.")
_BRACED = re.compile(r"\{([^{}]*)\}")


def every() -> list[CannedReply]:
    """All of them, those in use first, in Persian order."""
    return list(
        db.session.scalars(
            select(CannedReply)
            .order_by(CannedReply.active.desc(), CannedReply.sort_key, CannedReply.id)
            .limit(MOST)
        )
    )


def offered(category_id: int | None, *, every_category: bool = False) -> list[CannedReply]:
    """Those for a case of a category: its own first, then those for every category."""
    query = select(CannedReply).where(CannedReply.active)
    if not every_category:
        query = query.where(
            or_(CannedReply.category_id.is_(None), CannedReply.category_id == category_id)
        )
    return list(
        db.session.scalars(
            query.order_by(
                CannedReply.category_id.is_(None), CannedReply.sort_key, CannedReply.id
            ).limit(MOST)
        )
    )


def panel(case: Case) -> list[tuple[int, str]]:
    """(id, name) of what the form of the answer offers for a case."""
    return [(one.id, one.name) for one in offered(case.category_id)]


def find(reply_id: int) -> CannedReply:
    """Raises LookupError."""
    found = db.session.get(CannedReply, reply_id)
    if found is None:
        raise LookupError(f"No reply {reply_id}")
    return found


def text_for(reply: CannedReply, case: Case) -> str:
    """The reply for a case in its citizen's language, or in the next best one that there is."""
    language = case.language if reply.texts.get(case.language) else _written_in(reply, case)
    unit = db.session.get(Unit, case.unit_id) if case.unit_id else None
    values = {
        "code": case.code,
        "unit": pick(unit.names, language) if unit else "",
        "date": format_date(today(), "long", language),
    }
    return _BRACED.sub(
        lambda match: values.get(match[1].strip(), match[0]), reply.texts.get(language, "")
    )


def speaks(reply: CannedReply, language: str) -> bool:
    """Whether it is written in the citizen's own language."""
    return bool(reply.texts.get(language))


def _written_in(reply: CannedReply, case: Case) -> str:
    # An Arab reads English rather than Persian, and the other way round.
    order = [case.language, "en", *LANGUAGES]
    return next((one for one in order if reply.texts.get(one)), case.language)


def save(
    reply_id: int | None,
    *,
    name: str,
    outcome: str,
    category_id: int | None,
    texts: Mapping[str, str],
    active: bool,
) -> CannedReply:
    """A new reply, or a changed one. Raises LookupError, InputRefused."""
    name = " ".join(strip_controls(name, keep_newlines=False).split())
    if not name or len(name) > 120:
        raise InputRefused("name", _l("Write a name of at most 120 letters."))
    if outcome not in OUTCOMES:
        raise InputRefused("outcome", _l("Choose how it ended."))
    if category_id is not None and db.session.get(Category, category_id) is None:
        raise InputRefused("category_id", _l("There is no such category."))
    found = {
        language: checked(typed, f"text_{language}")
        for language, typed in texts.items()
        if typed.strip()
    }
    if not found:
        raise InputRefused("text_fa", _l("Write the text in at least one language."))
    reply = find(reply_id) if reply_id is not None else CannedReply()
    reply.name, reply.sort_key, reply.outcome = name, sort_key(name), outcome
    reply.category_id, reply.texts, reply.active = category_id, found, active
    db.session.add(reply)
    db.session.flush()
    audit.record(
        "case_reply.saved", "case_reply", reply.id, name=name, outcome=outcome, texts=found
    )
    return reply


def checked(typed: str, field: str) -> str:
    """A text with placeholders that we know. Raises InputRefused."""
    text = clean(typed, field, MOST_TEXT)
    unknown = [one for one in _BRACED.findall(text) if one.strip() not in PLACEHOLDERS]
    if unknown:
        raise InputRefused(
            field,
            _l(
                "There is no such placeholder: %(name)s. Use one of %(known)s.",
                known="{code} {unit} {date}",
                name=", ".join(f"{{{one}}}" for one in unknown),
            ),
        )
    return text
