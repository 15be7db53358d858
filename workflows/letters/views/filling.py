"""Forms of letters, made and filled in for the page."""

from typing import Any

from flask_security import current_user
from sqlalchemy import select

from portal.db import db
from portal.formats import format_date
from portal.i18n import _, _l, current_language, pick, use_language
from portal.units import services as units
from workflows.calendars import queries as calendars
from workflows.cases import codes, intake
from workflows.cases.models import Case
from workflows.cases.moves import InputRefused
from workflows.letters import files, heads, register, words
from workflows.letters.forms import IncomingForm, LetterForm, RefusableForm
from workflows.letters.models import Letter


def calendar_choices(chosen: str | None = None) -> list[tuple[str, str]]:
    """(name, title)"""
    titles = calendars.titles()
    # Its file may be broken at the moment; the letter keeps it all the same.
    names = titles.keys() | ({chosen} if chosen else set())
    return [(name, titles.get(name, name)) for name in sorted(names)]


def letter_form(other: Letter | None = None, **arguments: Any) -> LetterForm:
    relations: tuple[str, ...] = ()
    if other is not None and other.direction == "out":
        relations = ("follow_up", "correction")
    return LetterForm(
        units=units.choices(), calendars=calendar_choices(), relations=relations, **arguments
    )


def relation(form: LetterForm, other: Letter | None) -> str | None:
    if other is None:
        return None
    return str(form.relation.data) if "relation" in form else "reply"


def new_form(case_id: int | None, other: Letter | None) -> LetterForm:
    """An empty letter, or one about a case, or one that refers to another letter."""
    unit_id = other.unit_id if other else current_user.unit_id or intake.centre_id()
    language = other.language if other else "fa"
    data: dict[str, Any] = {
        "unit_id": unit_id,
        "language": language,
        "body": words.GREETING[language],
        "expects_reply": True,
        **_from_head(unit_id, language),
    }
    if other is not None:
        data |= {
            "subject": other.subject,
            "party_name": other.party_name,
            "party_position": other.party_position,
            "party_organisation": other.party_organisation,
            "cases": " ".join(case.code for case in register.cases_of(other.id)),
        }
    case = db.session.get(Case, case_id) if case_id is not None else None
    if case is not None:
        data |= _from_case(case, language)
    return letter_form(other=other, formdata=None, data=data)


def _from_head(unit_id: int | None, language: str) -> dict[str, Any]:
    head = heads.of(unit_id or 0)
    return {
        "calendar": head.calendar,
        "reply_days": head.reply_days,
        "signatory_name": pick(head.signatory_name, language),
        "signatory_position": pick(head.signatory_position, language),
    }


def _from_case(case: Case, language: str) -> dict[str, Any]:
    """Facts of a case, never the citizen's own words, name or number: an issued letter cannot be
    redacted, and it goes out of the house."""
    with use_language(language):
        about = pick(case.category.names, language) if case.category else _("Message to 137")
        sentences = [
            words.GREETING[language],
            _(
                "A message about “%(about)s” was registered at 137 on %(date)s.",
                about=about,
                date=format_date(case.received_at, "short", language),
            ),
        ]
        if case.place:
            sentences[-1] += " " + _("Place: %(place)s.", place=case.place)
        sentences.append(
            _("We kindly ask you to look into the matter and to send us your official reply.")
        )
    return {"subject": about, "body": "\n\n".join(sentences), "cases": case.code}


def form_of(letter: Letter) -> LetterForm:
    """A draft to be changed."""
    names = (
        "unit_id",
        "language",
        "subject",
        "body",
        "party_name",
        "party_position",
        "party_organisation",
        "signatory_name",
        "signatory_position",
    )
    head = heads.of(letter.unit_id)
    return letter_form(
        formdata=None,
        data={
            **{name: getattr(letter, name) for name in names},
            "copies": "\n".join(letter.copies),
            "enclosures": "\n".join(letter.enclosures),
            "expects_reply": letter.calendar is not None,
            "calendar": letter.calendar or head.calendar,
            "reply_days": letter.reply_days or head.reply_days,
            "cases": " ".join(case.code for case in register.cases_of(letter.id)),
        },
    )


def incoming_form(answered: Letter | None, **arguments: Any) -> IncomingForm:
    unit_id = answered.unit_id if answered else current_user.unit_id or intake.centre_id()
    return IncomingForm(units=units.choices(), secretariat=_by_secretariat(unit_id), **arguments)


def _by_secretariat(unit_id: int | None) -> bool:
    """Whether the number of the register must be asked for: any unit may be chosen in the form."""
    from workflows.letters.models import Letterhead

    return (
        db.session.scalar(
            select(Letterhead.unit_id).where(Letterhead.numbering == "secretariat").limit(1)
        )
        is not None
        or heads.of(unit_id or 0).numbering == "secretariat"
    )


def new_incoming_form(answered: Letter | None) -> IncomingForm:
    data: dict[str, Any] = {"language": current_language()}
    if answered is not None:
        data = {
            "unit_id": answered.unit_id,
            "language": answered.language,
            "party_name": answered.party_name,
            "party_position": answered.party_position,
            "party_organisation": answered.party_organisation,
            "subject": answered.subject,
        }
    else:
        data["unit_id"] = current_user.unit_id or intake.centre_id()
    return incoming_form(answered, formdata=None, data=data)


def case_ids(form: RefusableForm) -> list[int]:
    """Ids of the tracking codes typed. Raises InputRefused for one that is none."""
    wanted: set[str] = set()
    for typed in form.line("cases").replace(",", " ").replace("،", " ").split():
        code = codes.normalise(typed)
        if code is None:
            raise InputRefused("cases", _l("There is no case with this code."))
        wanted.add(code)
    rows = db.session.execute(select(Case.code, Case.id).where(Case.code.in_(wanted))).all()
    if len(rows) != len(wanted):
        raise InputRefused("cases", _l("There is no case with this code."))
    return sorted(row.id for row in rows)


def commit_with(stored: list[str]) -> None:
    """Commit; a change that fails takes its files along."""
    try:
        db.session.commit()
    except BaseException:
        files.discard(stored)
        raise
