"""Header rows: aliases, misspellings, languages."""

import difflib
import re
from collections.abc import Iterator
from dataclasses import dataclass

from portal.i18n import _l

from .languages import guess_language, language_code, private_code
from .problems import ProblemList
from .workbook import Row, Sheet

TRANSLATABLE = frozenset(
    {
        "label",
        "hint",
        "guidance_hint",
        "constraint_message",
        "required_message",
        "form_title",
        "image",
    }
)
_MEDIA = frozenset({"audio", "video", "big_image"})
_KNOWN = {
    "survey": {
        "type", "name", "label", "hint", "required", "required_message", "relevant", "constraint",
        "constraint_message", "calculation", "choice_filter", "appearance", "default", "read_only",
        "disabled", "guidance_hint", "parameters", "repeat_count", "image",
    },
    "choices": {"list_name", "name", "label", "image"},
    "external_choices": {"list_name", "name", "label", "image"},
    "settings": {
        "form_title", "form_id", "version", "default_language", "allow_choice_duplicates",
        "name", "style", "instance_name", "public_key", "submission_url", "auto_send",
        "auto_delete", "instance_xmlns", "client_editable", "omit_instanceid", "clean_text_values",
        "sms_keyword", "sms_separator", "namespaces", "path", "add_none_option", "prefix",
    },
}  # fmt: skip
"""Columns that mean something to us, or (settings) only to the app of ODK."""

_NO_EFFECT = {
    "survey": {
        "trigger", "audio", "video", "big_image",
        "autoplay", "save_to", "body", "instance", "control", "intent",
        "rows", "buttontext", "noapperrorstring",
    },
    "choices": {"audio", "video", "big_image"},
    "settings": set(),
}  # fmt: skip
_ALIASES = {
    "relevance": "relevant", "relevent": "relevant", "relevancy": "relevant",
    "caption": "label", "calculate": "calculation", "calculations": "calculation",
    "value": "name", "tag": "name", "listname": "list_name", "list": "list_name",
    "constraining_message": "constraint_message", "constraintmsg": "constraint_message",
    "constraint_msg": "constraint_message", "jr_constraintmsg": "constraint_message",
    "requiredmsg": "required_message", "required_msg": "required_message",
    "jr_requiredmsg": "required_message", "requiredmessage": "required_message",
    "readonly": "read_only", "choicefilter": "choice_filter", "command": "type",
    "title": "form_title", "other_title": "form_title", "set_form_title": "form_title",
    "set_form_id": "form_id",
    "repeatcount": "repeat_count", "form_name": "form_title", "formtitle": "form_title",
    "formid": "form_id", "survey_title": "form_title", "default_lang": "default_language",
    "defaultlanguage": "default_language", "guidancehint": "guidance_hint",
    "choice_name": "name", "choice_label": "label", "choice_value": "name",
    "question": "label", "question_name": "name", "question_type": "type",
    "id_string": "form_id", "jr_count": "repeat_count", "count": "repeat_count",
}  # fmt: skip
_WRAPPERS = {"bind", "control", "body", "instance", "media", "cht", "entities"}


INVISIBLE = (
    " \t\n\r\u00a0\u200b\u200c\u200d\u200e\u200f\u202a\u202b\u202c\u202d\u202e"
    "\u2066\u2067\u2068\u2069\ufeff"
)
"""Spaces and marks of direction at the ends of a cell that right-to-left editing leaves there."""


@dataclass(frozen=True, slots=True)
class Column:
    """One column. `key` is our name for it ("" where unknown), `language` its code if any."""

    index: int
    header: str
    key: str
    language: str | None
    explicit: bool = True
    """Whether the header itself names the language."""


@dataclass(frozen=True, slots=True)
class Record:
    """A row with the meaning of its cells."""

    number: int
    cells: tuple[str, ...]
    table: "Table"

    def get(self, key: str) -> str:
        """The cell of a column without language, "" where empty or absent."""
        for column in self.table.by_key.get(key, ()):
            if found := self.cell(column).strip(INVISIBLE):
                return found
        return ""

    def cell(self, column: Column) -> str:
        """The cell of a column, "" where the row ends before it."""
        return self.cells[column.index] if column.index < len(self.cells) else ""

    def texts(self, key: str) -> dict[str, str]:
        """{language: text} of a translatable column, without empty texts."""
        found: dict[str, str] = {}
        for column in self.table.by_key.get(key, ()):
            text = self.cell(column)
            # A language's own column wins over a column without language.
            if text and column.language and (column.language not in found or column.explicit):
                found[column.language] = text
        return found

    def header(self, key: str, language: str | None = None) -> str:
        """The header of a column as written, for messages."""
        columns = self.table.by_key.get(key, ())
        for column in columns:
            if language is None or column.language == language:
                return column.header
        return key


class Table:
    """A sheet with understood headers."""

    def __init__(self, name: str, columns: list[Column], rows: list[Row]) -> None:
        self.name = name
        self.columns = columns
        self.by_key: dict[str, tuple[Column, ...]] = {}
        for column in columns:
            self.by_key[column.key] = (*self.by_key.get(column.key, ()), column)
        self.rows = rows

    def records(self) -> Iterator[Record]:
        return (Record(row.number, row.cells, self) for row in self.rows)

    def languages(self) -> list[str]:
        """Languages of the labels in order of columns, then those only other columns have."""
        said = [c for c in self.columns if c.explicit or c.key != "image"]
        keyed = sorted(said, key=lambda column: column.key != "label")
        return list(dict.fromkeys(column.language for column in keyed if column.language))


def read_header(sheet: Sheet, name: str, problems: ProblemList) -> list[Column]:
    """The columns of a sheet; unknown, repeated and ineffective ones are reported."""
    if not sheet.rows:
        return []
    first, *rest = sheet.rows
    columns: list[Column] = []
    seen: dict[tuple[str, str | None], str] = {}
    for index, header in enumerate(first.cells):
        filled = any(index < len(row.cells) and row.cells[index] for row in rest)
        if not header:
            if filled:
                problems.warn(
                    "no_header",
                    _l("A column without a header is left out. Give it a header or clear it."),
                    sheet.title,
                    first.number,
                )
            continue
        key, language_name = _split(header)
        language = (
            _language(language_name, header, sheet, first, problems)
            if key in TRANSLATABLE
            else language_name or None
        )
        identity = (key or header.casefold(), language)
        if filled and identity in seen:
            problems.add(
                "duplicate_column",
                _l("The column “%(name)s” occurs twice. Remove or rename one.", name=header)
                if seen[identity] == header
                else _l(
                    "The columns “%(first)s” and “%(name)s” mean the same. Remove one.",
                    first=seen[identity],
                    name=header,
                ),
                sheet.title,
                first.number,
                header,
                language=language,
            )
            continue
        seen[identity] = header
        if filled:
            _report_effect(key, header, name, problems, (sheet.title, first.number))
        if not filled and key in TRANSLATABLE:
            continue
        known = key if key in _KNOWN.get(name, set()) else ""
        columns.append(Column(index, header, known, language if key in TRANSLATABLE else None))
    return columns


def _split(header: str) -> tuple[str, str]:
    """("label", "Persian (fa)") of "Label :: Persian (fa)"; wrappers such as bind: fall away."""
    parts = [part.strip(INVISIBLE) for part in re.split(r":+", header.strip())]
    if parts[0].casefold() in _WRAPPERS and len(parts) > 1:
        wrapper, *parts = parts
        if wrapper.casefold() == "media" and len(parts) > 1:
            return parts[0].casefold(), " ".join(parts[1:])
        if parts[0].casefold() == "jr" and len(parts) > 1:
            parts = [f"jr_{parts[1]}", *parts[2:]]
        elif wrapper.casefold() not in {"bind", "media"}:
            return wrapper.casefold(), ""
    base = re.sub(r"[\s\-]+", "_", parts[0].casefold())
    key = _ALIASES.get(base, base)
    rest = " ".join(parts[1:])
    if rest and key not in TRANSLATABLE and key not in _MEDIA:
        return f"{key} {rest.casefold()}", ""
    return key, rest


def _language(name: str, header: str, sheet: Sheet, row: Row, problems: ProblemList) -> str | None:
    if not name:
        return None
    code = language_code(name)
    if code is None:
        code = private_code(name)
        problems.warn(
            "unknown_language",
            _l(
                "The language “%(name)s” is not known. Write its code in brackets, such as "
                "“label::Persian (fa)”.",
                name=name,
            ),
            sheet.title,
            row.number,
            header,
            language=code,
        )
    return code


def _report_effect(
    key: str, header: str, name: str, problems: ProblemList, place: tuple[str, int]
) -> None:
    if key in _KNOWN.get(name, set()):
        return
    # A choices sheet may have columns of its own for choice filters.
    if "choices" in name and key not in _NO_EFFECT["choices"]:
        return
    if key in _NO_EFFECT.get(name.removeprefix("external_"), set()):
        problems.warn(
            "unsupported_column",
            _l("The column “%(name)s” is not supported; it has no effect here.", name=header),
            *place,
            header,
        )
    else:
        near = difflib.get_close_matches(
            key.partition(" ")[0], sorted(_KNOWN.get(name, ())), 1, 0.7
        )
        problems.warn(
            "unknown_column",
            _l(
                "The column “%(name)s” is not known; it has no effect. Did you mean “%(near)s”?",
                name=header,
                near=near[0],
            )
            if near
            else _l(
                "The column “%(name)s” is not known; it has no effect. Check its spelling.",
                name=header,
            ),
            *place,
            header,
        )


def with_default_language(
    columns: list[Column], rows: list[Row], default: str | None
) -> tuple[list[Column], str | None]:
    """Give columns such as a bare `label` their language.

    It is the form's default language where that is set; else the language that other columns
    (hints, messages) have and this one lacks; else what its letters suggest. Returns the columns
    and the language chosen, None where no column was bare.
    """
    without = [column for column in columns if column.key in TRANSLATABLE and not column.language]
    bare = [column for column in without if column.key != "image"]
    if not bare:
        # One picture for all languages makes no language of its own.
        known = default or next((c.language for c in columns if c.key == "label"), None) or "en"
        return [_in_language(column, known, without) for column in columns], None
    chosen = default
    if chosen is None:
        of_labels = {column.language for column in columns if column.key == "label"}
        elsewhere = [column.language for column in columns if column.language not in of_labels]
        chosen = next((language for language in elsewhere if language), None)
    if chosen is None:
        main = next((column for column in bare if column.key == "label"), bare[0])
        texts = [row.cells[main.index] for row in rows if main.index < len(row.cells)]
        chosen = guess_language(texts)
    return [_in_language(column, chosen, without) for column in columns], chosen


def _in_language(column: Column, language: str, without: list[Column]) -> Column:
    if column not in without:
        return column
    return Column(column.index, column.header, column.key, language, explicit=False)
