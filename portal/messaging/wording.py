"""Message templates: written by staff, checked at save, never overwritten.

Each save is a new version; the newest counts. Functions flush and never commit.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert

from portal import audit, clock
from portal.contacts.models import LANGUAGES
from portal.db import Texts, db
from portal.i18n import LazyText, _, _l, format_number, isolate, use_language
from portal.messaging import lines, purposes, segments
from portal.messaging.purposes import TemplatePurpose
from portal.messaging.segments import Segments
from portal.messaging.suffixes import with_suffix
from portal.messaging.template_models import MessageTemplate, MessageTemplateVersion
from portal.text import strip_controls

MAX_SEGMENTS: Final = 10
MAX_CHARACTERS: Final = 1000
MAX_NAME: Final = 80
_PLACEHOLDER = re.compile(r"\{([^{}\n]{0,40})\}")


class TemplateError(ValueError):
    """A template cannot be saved; codes: wrong, changed, name, taken. `problems` by language."""

    def __init__(
        self,
        code: str,
        message: LazyText | str = "",
        problems: Mapping[str, Sequence[str]] | None = None,
    ) -> None:
        super().__init__(code)
        self.code = code
        self.message = message
        self.problems = problems or {}


@dataclass(frozen=True, slots=True)
class Rendered:
    """A text for `send_one` and the version it came from (None: the product's own)."""

    body: str
    version_id: int | None


@dataclass(frozen=True, slots=True)
class Preview:
    """A text as the phone shows it, with samples for its placeholders. `found`: over the line that
    sends as a rule; `differences`: over the others."""

    language: str
    shown: str
    found: Segments
    problems: tuple[str, ...]
    differences: tuple[str, ...]


# Sending


def render(name: str, language: str, /, **values: str) -> Rendered:
    """The present text of a purpose with its placeholders filled; late ones stay.

    Raises KeyError for a purpose that nobody declares.
    """
    purpose = purposes.find(name)
    if purpose is None:
        raise KeyError(name)
    version = current(name)
    text = version.texts.get(language, "") if version is not None else ""
    return Rendered(
        fill(text or default(purpose, language), values), version.id if version else None
    )


def fill(text: str, values: Mapping[str, str]) -> str:
    """A text with what is known of its placeholders, in one pass: braces in values stay."""
    return _PLACEHOLDER.sub(lambda found: values.get(found[1], found[0]), text)


def default(purpose: TemplatePurpose, language: str) -> str:
    """The product's own text."""
    with use_language(language):
        return purposes.text_of(purpose.default)


def current(name: str) -> MessageTemplateVersion | None:
    """The newest version of the text that the product sends; None: nobody ever changed it."""
    return db.session.scalars(
        select(MessageTemplateVersion)
        .join(MessageTemplate, MessageTemplate.id == MessageTemplateVersion.template_id)
        .where(MessageTemplate.purpose == name, MessageTemplate.name == "")
        .order_by(MessageTemplateVersion.number.desc())
        .limit(1)
    ).first()


def texts_now(purpose: TemplatePurpose, version: MessageTemplateVersion | None) -> Texts:
    """Language -> text that counts, the product's own where nothing was written."""
    written = version.texts if version is not None else {}
    return {code: written.get(code) or default(purpose, code) for code in LANGUAGES}


# Reading


def newest() -> dict[tuple[str, str], tuple[MessageTemplate, MessageTemplateVersion]]:
    """(purpose, name) -> every template with its newest version, in order of names."""
    last = (
        select(
            MessageTemplateVersion.template_id, func.max(MessageTemplateVersion.number).label("n")
        )
        .where(MessageTemplateVersion.template_id.is_not(None))
        .group_by(MessageTemplateVersion.template_id)
        .subquery()
    )
    rows = db.session.execute(
        select(MessageTemplate, MessageTemplateVersion)
        .join(MessageTemplateVersion, MessageTemplateVersion.template_id == MessageTemplate.id)
        .join(
            last,
            (last.c.template_id == MessageTemplate.id)
            & (last.c.n == MessageTemplateVersion.number),
        )
        .order_by(MessageTemplate.purpose, MessageTemplate.name)
    )
    return {(row[0].purpose, row[0].name): (row[0], row[1]) for row in rows}


def named(name: str) -> list[tuple[MessageTemplate, MessageTemplateVersion]]:
    """The templates of a purpose of which there may be many."""
    return [pair for (purpose, _name), pair in newest().items() if purpose == name]


def versions(template_id: int, limit: int = 20) -> Sequence[MessageTemplateVersion]:
    """The latest versions, the newest first."""
    return db.session.scalars(
        select(MessageTemplateVersion)
        .where(MessageTemplateVersion.template_id == template_id)
        .order_by(MessageTemplateVersion.number.desc())
        .limit(limit)
    ).all()


def find(purpose: str, name: str = "") -> MessageTemplate | None:
    return db.session.scalars(
        select(MessageTemplate).where(
            MessageTemplate.purpose == purpose, MessageTemplate.name == name
        )
    ).one_or_none()


# Checking


def normalise(text: str) -> str:
    """A text as it is kept: one kind of line end, no control characters, no blanks around it."""
    return segments.clean(strip_controls(text[: MAX_CHARACTERS * 2])).strip()


def shown(purpose: TemplatePurpose, language: str, text: str) -> str:
    """The text as a phone would show it, with samples."""
    with use_language(language):
        samples = {each.name: purposes.text_of(each.sample) for each in purpose.placeholders}
    body = fill(text, samples)
    return with_suffix(body) if purpose.bulk else body


def preview(purpose: TemplatePurpose, language: str, typed: str) -> Preview:
    """How a typed text looks, what it takes, and what is wrong with it."""
    text = normalise(typed)
    body = shown(purpose, language, text)
    return Preview(
        language,
        body,
        lines.usual(body),
        tuple(problems(purpose, language, text)),
        tuple(lines.differences(body, bulk=purpose.bulk)),
    )


def problems(purpose: TemplatePurpose, language: str, text: str) -> list[str]:
    """Everything that must be changed before this text can be saved, in the reader's language."""
    if not text:
        return [_("Write a text in this language.")]
    said: list[str] = []
    names = _PLACEHOLDER.findall(text)
    rest = _PLACEHOLDER.sub("", text)
    if "{" in rest or "}" in rest:
        said.append(_("A brace stands alone: write placeholders with a brace on both sides."))
    for name in dict.fromkeys(names):
        known = purpose.placeholder(name)
        if known is None:
            said.append(
                _(
                    "%(placeholder)s is no placeholder of this message.",
                    placeholder=isolate(_braced(name)),
                )
            )
        elif known.late and names.count(name) > 1:
            said.append(
                _(
                    "%(placeholder)s stands more than once; leave it once.",
                    placeholder=isolate(_braced(name)),
                )
            )
    for each in purpose.placeholders:
        if each.required and each.name not in names:
            said.append(
                _(
                    "%(placeholder)s is missing; the message is of no use without it.",
                    placeholder=isolate(_braced(each.name)),
                )
            )
    if (
        len(text) > MAX_CHARACTERS
        or lines.usual(shown(purpose, language, text)).segments > MAX_SEGMENTS
    ):
        said.append(
            _("This text is too long: at most %(count)s parts.", count=format_number(MAX_SEGMENTS))
        )
    return said


def _braced(name: str) -> str:
    return f"{{{name}}}"


# Writing


def save(
    purpose: TemplatePurpose,
    texts: Mapping[str, str],
    *,
    name: str = "",
    user_id: int | None,
    seen: int,
    is_new: bool = False,
) -> MessageTemplateVersion | None:
    """A new version; None where nothing differs. `seen`: the number of the version that was on
    the page (0: none). TemplateError: wrong, changed, name, taken."""
    name = " ".join(name.split())
    if purpose.many != bool(name) or len(name) > MAX_NAME:
        raise TemplateError("name", _l("Write a name of at most 80 characters."))
    kept = {code: normalise(texts.get(code, "")) for code in LANGUAGES}
    wrong = {code: found for code in LANGUAGES if (found := problems(purpose, code, kept[code]))}
    if wrong:
        raise TemplateError("wrong", problems=wrong)
    if is_new and find(purpose.name, name) is not None:
        raise TemplateError("taken", _l("There is a template of this name already."))
    template = _locked(purpose.name, name)
    before = _last(template, seen)
    if kept == texts_now(purpose, before) and before is not None:
        return None
    return _write(template, kept, "edited", user_id)


def reset(
    purpose: TemplatePurpose, *, user_id: int | None, seen: int
) -> MessageTemplateVersion | None:
    """The product's own text again, as a new version; None where it counted already.
    TemplateError: changed."""
    template = _locked(purpose.name, "")
    before = _last(template, seen)
    if before is None or not before.texts:
        return None
    return _write(template, {}, "reset", user_id)


def freeze(
    texts: Mapping[str, str], subject_type: str, subject_id: int, *, user_id: int | None
) -> MessageTemplateVersion:
    """Keep the texts that a launch sends, so that each of its messages can name them."""
    version = MessageTemplateVersion(
        texts=dict(texts),
        origin="frozen",
        subject_type=subject_type,
        subject_id=subject_id,
        created_at=clock.now(),
        created_by=user_id,
    )
    db.session.add(version)
    db.session.flush()
    return version


def _locked(purpose: str, name: str) -> MessageTemplate:
    """The row of a template, made if it is missing, held until the transaction ends."""
    db.session.execute(
        insert(MessageTemplate)
        .values(purpose=purpose, name=name, created_at=clock.now())
        .on_conflict_do_nothing()
    )
    return db.session.scalars(
        select(MessageTemplate)
        .where(MessageTemplate.purpose == purpose, MessageTemplate.name == name)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).one()


def _last(template: MessageTemplate, seen: int) -> MessageTemplateVersion | None:
    found = next(iter(versions(template.id, 1)), None)
    if (found.number if found is not None else 0) != seen:
        raise TemplateError(
            "changed",
            _l("Somebody else changed this text meanwhile. Look at it, then save again."),
        )
    return found


def _write(
    template: MessageTemplate, texts: Texts, origin: str, user_id: int | None
) -> MessageTemplateVersion:
    last = next(iter(versions(template.id, 1)), None)
    version = MessageTemplateVersion(
        template_id=template.id,
        number=(last.number or 0) + 1 if last is not None else 1,
        texts=texts,
        origin=origin,
        created_at=clock.now(),
        created_by=user_id,
    )
    db.session.add(version)
    db.session.flush()
    audit.record(
        "message_template.changed",
        "message_template",
        template.id,
        purpose=template.purpose,
        name=template.name,
        version=version.number,
        origin=origin,
        texts=texts,
    )
    return version
