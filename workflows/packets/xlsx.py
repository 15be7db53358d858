"""A packet as a workbook: one sheet per section, numbers as numbers, texts never as formulas."""

import datetime as dt
import io
from typing import Any, Final

import xlsxwriter

from portal.formats import local
from portal.i18n import RIGHT_TO_LEFT, pick
from portal.text import strip_controls
from workflows.packets.models import PacketSnapshot
from workflows.packets.presenting import Column, present

MAX_CELL: Final = 32_767
_FORBIDDEN: Final = dict.fromkeys(map(ord, "[]:*?/\\'"), " ")


def render(snapshot: PacketSnapshot, language: str) -> bytes:
    """The workbook's bytes; same snapshot, same bytes."""
    document = present(snapshot, language)
    out = io.BytesIO()
    # strings_to_formulas is also off per cell (write_string): a citizen's «=…» stays a text.
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    with xlsxwriter.Workbook(out, options) as book:
        made_at = dt.datetime.fromisoformat(snapshot.data["compiled_at"])
        book.set_properties(
            {
                "title": f"{document.title}, {document.period}",
                "author": document.city,
                "created": local(made_at),
            }
        )
        writer = _Writer(book, language)
        writer.cover([(label, value.text) for label, value in document.facts], document.title)
        sections = zip(snapshot.data["sections"], document.sections, strict=True)
        for number, (data, section) in enumerate(sections, 1):
            writer.start(f"{number} {section.title}", section.title)
            for raw, block in zip(data["blocks"], section.blocks, strict=True):
                if block.kind == "note":
                    writer.line([block.text])
                elif block.kind == "figures":
                    for item in raw["items"]:
                        label = pick(item["label"], language)
                        writer.values(
                            [label, item["value"]],
                            spread=isinstance(item["value"], dict) and "part" in item["value"],
                        )
                else:
                    writer.table(block.text, block.columns, raw, block.empty)
    return out.getvalue()


class _Writer:
    def __init__(self, book: Any, language: str) -> None:
        self.book = book
        self.language = language
        self.bold = book.add_format({"bold": True})
        self.title = book.add_format({"bold": True, "font_size": 16})
        self.head = book.add_format({"bold": True, "bottom": 1, "text_wrap": True, "valign": "top"})
        self.text = book.add_format({"text_wrap": True, "valign": "top"})
        self.number = book.add_format({"num_format": "#,##0", "valign": "top"})
        self.share = book.add_format({"num_format": "0.0%", "valign": "top"})
        self.day = book.add_format({"num_format": "yyyy-mm-dd", "valign": "top"})
        self.moment = book.add_format({"num_format": "yyyy-mm-dd hh:mm", "valign": "top"})
        self.sheet: Any = None
        self.row = 0

    def start(self, name: str, title: str) -> None:
        self.sheet = self.book.add_worksheet(name.translate(_FORBIDDEN)[:31].strip())
        if self.language in RIGHT_TO_LEFT:
            self.sheet.right_to_left()
        self.sheet.set_column(0, 0, 40)
        self.sheet.set_column(1, 12, 18)
        self.row = 0
        self._string(0, title, self.title)
        self.row = 2

    def cover(self, facts: list[tuple[str, str]], title: str) -> None:
        self.start(title, title)
        for label, value in facts:
            self._string(0, label, self.bold)
            self._string(1, value, self.text)
            self.row += 1

    def line(self, texts: list[str]) -> None:
        for column, text in enumerate(texts):
            self._string(column, text, self.text)
        self.row += 1

    def table(self, caption: str, columns: Any, raw: dict[str, Any], empty: str) -> None:
        self.row += 1
        self._string(0, caption, self.bold)
        self.row += 1
        if not raw["rows"]:
            self.line([empty])
            return
        place = 0
        for column in columns:
            self._string(place, column.label, self.head)
            # «69 of 146» and its share: here both numbers have a column of their own.
            place += 2 if _is_rate(column) else 1
        self.row += 1
        kinds = [column["kind"] for column in raw["columns"]]
        for row in raw["rows"]:
            self.values(row, kinds=kinds)

    def values(self, cells: list[Any], *, spread: bool = False, kinds: Any = ()) -> None:
        """One row; a rate fills three columns: part, whole, share."""
        place = 0
        for number, cell in enumerate(cells):
            wide = (spread and number == 1) or (bool(kinds) and kinds[number] == "rate")
            self._value(place, cell)
            place += 3 if wide else 1
        self.row += 1

    def _value(self, place: int, cell: Any) -> None:
        match cell:
            case None:
                self.sheet.write_blank(self.row, place, None)
            case str():
                self._string(place, cell, self.text)
            case {"words": texts}:
                self._string(place, pick(texts, self.language), self.text)
            case {"number": value}:
                self.sheet.write_number(self.row, place, value, self.number)
            case {"part": part, "whole": whole}:
                self.sheet.write_number(self.row, place, part, self.number)
                self.sheet.write_number(self.row, place + 1, whole, self.number)
                if whole:
                    self.sheet.write_number(self.row, place + 2, part / whole, self.share)
            case {"day": value}:
                at = dt.datetime.fromisoformat(value)
                self.sheet.write_datetime(self.row, place, at, self.day)
            case {"moment": value}:
                at = local(dt.datetime.fromisoformat(value))
                self.sheet.write_datetime(self.row, place, at, self.moment)
            case {"code": value}:
                self._string(place, value, self.text)

    def _string(self, place: int, text: str, look: Any) -> None:
        self.sheet.write_string(self.row, place, strip_controls(text)[:MAX_CELL], look)


def _is_rate(column: Column) -> bool:
    return column.kind == "rate"
