"""Texts of all languages side by side."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_security import current_user

from portal.db import db
from portal.i18n import _, format_number
from portal.security import allow
from surveys.editor import documents, services
from surveys.editor.documents import TextRow
from surveys.editor.models import SurveyDraft
from surveys.editor.question_form import tidy
from surveys.editor.services import DraftError
from surveys.editor.views.blueprint import blueprint, find_draft, revision, say
from surveys.questionnaires.texts import is_lost

ROWS: Final = 40
"""Texts on one screen: a form of a few hundred fields, well below the limit of 1,000."""
GENERAL: Final = ""
"""The "page" of the title."""


@dataclass
class Cell:
    """One text in one language."""

    language: str
    name: str
    value: str
    is_missing: bool = False
    is_lost: bool = False
    errors: list[str] = field(default_factory=list)
    other: str | None = None
    """What somebody else wrote meanwhile."""


@dataclass(frozen=True)
class Line:
    """`row.pointer` is empty for a text that is no longer in the draft."""

    row: TextRow
    cells: list[Cell]


@dataclass(frozen=True)
class Selection:
    """Which texts are on the screen."""

    page: str
    only_missing: bool
    start: int

    @property
    def query(self) -> dict[str, Any]:
        return {
            **({"only": "missing"} if self.only_missing else {"page": self.page}),
            **({"start": self.start} if self.start else {}),
        }


def _selection() -> Selection:
    start = request.args.get("start", 0, type=int)
    return Selection(
        request.args.get("page", GENERAL),
        request.args.get("only") == "missing",
        start if 0 <= start < 100_000 else 0,
    )


@blueprint.get("/<code>/draft/texts")
@allow("surveys.read")
def texts(code: str) -> ResponseReturnValue:
    return _page(find_draft(code), {}, {}, {})


@blueprint.post("/<code>/draft/texts")
@allow("surveys.write")
def save_texts(code: str) -> ResponseReturnValue:
    """Keep what was typed; what cannot be kept stands in the form again."""
    find_draft(code)
    typed = {
        (pointer, language): tidy(text)
        for name, text in request.form.items()
        if name.startswith("t:")
        for pointer, _colon, language in [name[2:].rpartition(":")]
    }
    try:
        merge, wrong = services.save_texts(code, revision(), typed, current_user.id)
    except DraftError as error:
        say(error)
        draft = find_draft(code)
        now = {row.pointer: row.texts for row in documents.text_rows(draft.definition)}
        differing = {
            (pointer, language): now[pointer].get(language, "")
            for (pointer, language), text in typed.items()
            if pointer in now and now[pointer].get(language, "") != text
        }
        return _page(draft, typed, {}, differing), 409
    if merge.ok and not wrong:
        db.session.commit()
        flash(_("The texts are saved."), "success")
        following = request.form.get("go", "")
        query = _selection().query
        if following.startswith("page:"):
            query = {"page": following.removeprefix("page:")}
        return redirect(url_for(".texts", code=code, **query), 303)
    db.session.rollback()
    errors: dict[tuple[str, str], list[str]] = {}
    for remark in wrong:
        errors.setdefault((remark.pointer, remark.language), []).append(str(remark.message))
    for place in merge.gone:
        errors.setdefault(place, []).append(
            _("This text is no longer in the draft. Copy what you need; it is left out.")
        )
    status = 422 if merge.ok else 409
    return _page(find_draft(code), merge.show, errors, merge.conflicts), status


def _page(
    draft: SurveyDraft,
    typed: Mapping[tuple[str, str], str],
    errors: Mapping[tuple[str, str], list[str]],
    conflicts: Mapping[tuple[str, str], str],
) -> str:
    document = draft.definition
    languages = document["languages"]
    chosen = _selection()
    rows = documents.text_rows(document)
    if typed:
        # What was typed is shown again, whatever the filter would say of it now.
        there = {row.pointer: row for row in rows}
        pointers = dict.fromkeys(pointer for pointer, _language in typed)
        shown = [there.get(each) or TextRow("", each.rsplit("/", 1)[-1], {}) for each in pointers]
        matching = shown
    else:
        matching = [row for row in rows if _matches(row, chosen, languages)]
        shown = matching[chosen.start : chosen.start + ROWS]
    addresses = list(pointers) if typed else [row.pointer for row in shown]
    lines = [
        Line(row, [_cell(row, (address, each), typed, errors, conflicts) for each in languages])
        for row, address in zip(shown, addresses, strict=True)
    ]
    problems = [
        (cell.name, message)
        for line in lines
        for cell in line.cells
        for message in [
            *cell.errors,
            *(
                [_("Somebody else has changed this text meanwhile.")]
                if cell.other is not None
                else []
            ),
        ]
    ]
    more = chosen.start + ROWS < len(matching) and not typed
    return render_template(
        "editor/texts.html",
        draft=draft,
        survey=draft.survey,
        lines=lines,
        text_languages=languages,
        complete=documents.completeness(document),
        problems=problems,
        chosen=chosen,
        tabs=_tabs(draft, rows, chosen, languages),
        next_start=chosen.start + ROWS if more else None,
        previous_start=max(chosen.start - ROWS, 0) if chosen.start and not typed else None,
        total=len(matching),
    )


def _matches(row: TextRow, chosen: Selection, languages: list[str]) -> bool:
    if chosen.only_missing:
        return bool(row.missing(languages)) or any(map(is_lost, row.texts.values()))
    return row.page == chosen.page


def _tabs(
    draft: SurveyDraft, rows: list[TextRow], chosen: Selection, languages: list[str]
) -> list[dict[str, Any]]:
    """A tab per page of the questionnaire, with the number of texts missing there."""
    missing: dict[str, int] = {}
    for row in rows:
        missing[row.page] = missing.get(row.page, 0) + len(row.missing(languages))
    code = draft.survey.code
    names = [GENERAL, *(page["name"] for page in draft.definition["pages"])]
    return [
        {
            "label": _("Page %(number)s", number=format_number(number)) if name else _("Title"),
            "next": names[number + 1] if number + 1 < len(names) else None,
            "url": url_for(".texts", code=code, page=name),
            "active": not chosen.only_missing and name == chosen.page,
            "count": missing.get(name) or None,
        }
        for number, name in enumerate(names)
    ]


def _cell(
    row: TextRow,
    place: tuple[str, str],
    typed: Mapping[tuple[str, str], str],
    errors: Mapping[tuple[str, str], list[str]],
    conflicts: Mapping[tuple[str, str], str],
) -> Cell:
    address, language = place
    value = typed.get(place, row.texts.get(language, ""))
    return Cell(
        language,
        f"t:{address}:{language}",
        value,
        not value,
        is_lost(value),
        errors.get(place, []),
        conflicts.get(place),
    )
