"""A batch of sheets as a print-ready PDF: A4, every sheet begins on an odd page, so that it can be
printed on both sides, and every page carries the sheet's number."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final

from flask import current_app

from portal import glyphs, typesetting
from portal.config import Settings
from portal.i18n import RIGHT_TO_LEFT, _, digits, pick, use_language
from surveys.paper import blanks, serials
from surveys.paper.models import PaperBatch
from surveys.questionnaires import controls, display, pictures
from surveys.questionnaires.schema import HEADING, Page, Question, Questionnaire
from surveys.questionnaires.services import load_version
from surveys.questionnaires.texts import REFERENCE

TEMPLATE: Final = Path(__file__).with_name("sheet.typ")
PART: Final = 100
"""Sheets in one file: a printer takes them one after another, and no request is kept waiting."""
MM_PER_PIXEL: Final = 25.4 / 150
LARGEST_PICTURE: Final = (120, 90)
"""Width and height in mm."""
LARGEST_OF_CHOICE: Final = (45, 35)
_DOTS: Final = "…………"


def parts(batch: PaperBatch) -> range:
    """Numbers of the files of a batch, from 1."""
    return range(1, -(-batch.sheets // PART) + 1)


def render(batch: PaperBatch, sheet_ids: Sequence[int]) -> bytes:
    """The PDF of these sheets."""
    lang, q = batch.language, load_version(batch.version_id)
    settings: Settings = current_app.extensions["pasokh_settings"]
    shown = typesetting.shown
    title = shown(display.text_in(q.title, lang, q).text)
    with use_language(lang):
        phone = digits(str(current_app.config.get("CITY_PHONE", "137")), lang)
        document = {
            "font": glyphs.FAMILY,
            "lang": lang,
            "region": typesetting.REGIONS[lang],
            "rtl": lang in RIGHT_TO_LEFT,
            "title": title,
            "city": shown(pick(settings.city_names, lang)),
            "lead": [shown(text) for text in _lead(batch)],
            "number": shown(_("Number of the sheet")),
            "foot": shown(_("Municipal service centre: %(phone)s", phone=phone)),
            "digits": digits("0123456789", lang),
            "page": shown(_("Page")),
            "write": shown(_("Write the answer:")),
            "serials": [
                typesetting.code(digits(serials.printed(each), lang)) for each in sheet_ids
            ],
            "items": list(_items(q, lang)),
        }
    # Pictures lie in DATA_DIR, which may be anywhere.
    return typesetting.pdf(TEMPLATE, document, root=Path(TEMPLATE.anchor))


def _lead(batch: PaperBatch) -> Iterator[str]:
    if batch.campaign.secrecy == "anonymous":
        yield _(
            "This survey is anonymous: do not write your name on the sheet. Its number only makes "
            "sure that it counts once; nobody notes who got which number."
        )
    else:
        yield _(
            "This survey is confidential: your answers are counted together with those of others. "
            "The number of the sheet makes sure that it counts once."
        )
    yield _(
        "Please write with a pen and put a cross into the boxes. Leave out what does not concern "
        "you."
    )


def _items(q: Questionnaire, lang: str) -> Iterator[dict[str, Any]]:
    blank = blanks.of(q)
    number = 0
    for page in blank.pages:
        heading = display.heading(blank.questionnaire, page, {}, lang).text
        if heading:
            yield {"kind": "heading", "text": _shown(heading)}
        table: dict[str, Any] | None = None
        for question in page.questions:
            number += question.is_answered
            matrix = q.by_name[question.name].matrix
            if table is not None and matrix == table["matrix"]:
                table["rows"].append(_labelled(q, question, number, lang))
                continue
            if table is not None:
                yield table
                table = None
            if matrix:
                table = _table(q, question, number, lang) | {"matrix": matrix}
            else:
                yield _item(q, page, question, number, lang)
        if table is not None:
            yield table


def _shown(text: str) -> str:
    return typesetting.shown(text.replace("…", _DOTS))


def _text(texts: Any, q: Questionnaire, lang: str) -> str:
    return _shown(REFERENCE.sub("…", display.text_in(texts, lang, q).text))


def _labelled(q: Questionnaire, question: Question, number: int, lang: str) -> dict[str, Any]:
    label = _text(question.label, q, lang)
    if question.is_answered:
        label = f"{typesetting.isolated(digits(number, lang))}. {label}"
    hint = _text(question.hint, q, lang)
    picture = _picture(
        display.text_in(question.image, lang, q).text, label or hint, LARGEST_PICTURE
    )
    return {"label": label, "hint": hint, "picture": picture}


def _picture(name: str, alt: str, most: tuple[int, int]) -> dict[str, Any] | None:
    """A picture for `sheet.typ`, as large as a screen shows it but within so many mm; None where
    there is none, or its file is lost."""
    path = pictures.path_of(name)
    if path is None or not path.is_file():
        return None
    width, height = (pixels * MM_PER_PIXEL for pixels in pictures.size_of(name))
    scale = min(1, most[0] / width, most[1] / height)
    return {"path": str(path.resolve()), "width": width * scale, "alt": alt}


def _table(q: Questionnaire, question: Question, number: int, lang: str) -> dict[str, Any]:
    return {
        "kind": "table",
        "many": question.type == "select_multiple",
        "options": [_text(x.label, q, lang) or _shown(x.name) for x in question.choices],
        "rows": [_labelled(q, question, number, lang)],
    }


def _item(
    q: Questionnaire, page: Page, question: Question, number: int, lang: str
) -> dict[str, Any]:
    found: dict[str, Any] = _labelled(q, question, number, lang)
    if question.type == "note":
        return {**found, "kind": "subheading" if question.appearance == HEADING else "note"}
    options = _options(q, page, question, lang)
    match question.type:
        case "select_one" | "range" | "acknowledge" if options:
            return {**found, "kind": "boxes", "many": False, "options": options,
                    "steps": question.type == "range"}  # fmt: skip
        case "select_multiple" if options:
            tell = _("Several answers are possible.")
            return {**found, "kind": "boxes", "many": True, "options": options, "tell": tell}
        case "rank":
            tell = _("Write 1 for the most important one, then 2, 3 and so on.")
            return {**found, "kind": "rank", "options": options, "tell": typesetting.shown(tell)}
        case "date" | "time" | "dateTime":
            return {**found, "kind": "parts", "parts": _parts(question, lang)}
        case "geopoint":
            parts_ = [part.label for part in controls.of_place(question, (), lang)]
            return {**found, "kind": "parts", "parts": parts_}
        case "integer" | "decimal":
            return {**found, "kind": "short"}
        case "text" if "multiline" in question.looks:
            return {**found, "kind": "area"}
        case _:
            return {**found, "kind": "line"}


def _options(q: Questionnaire, page: Page, question: Question, lang: str) -> list[dict[str, Any]]:
    if len(question.choices) > blanks.MOST_BOXES:
        return []
    blank = blanks.of(q).questionnaire
    field = next(
        each for each in display.fields(blank, page, {}, lang) if each.name == question.name
    )
    if question.type == "rank":
        return [{"number": "", "text": _shown(part.label)} for part in field.parts]
    is_step = field.layout == "steps"
    return [
        {
            "number": "" if is_step else typesetting.isolated(digits(place, lang)),
            "text": _shown(option.label.text or option.value),
            "picture": _picture(
                option.picture.name if option.picture else "",
                option.label.text or option.value,
                LARGEST_OF_CHOICE,
            ),
        }
        for place, option in enumerate(field.options, 1)
        if field.kind != "select"
    ]


def _parts(question: Question, lang: str) -> list[str]:
    return [part.label for part in controls.of_moment(question, ("",), lang)]
