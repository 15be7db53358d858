"""A snapshot as finished texts of one language: what page, PDF and text file are drawn from.

A rate becomes two columns, «69 of 146» and «47%»: two numbers side by side in one Persian
sentence are easily read, and copied out of a PDF, in the wrong order.
"""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from portal.formats import (
    NOTHING,
    format_date,
    format_number,
    format_percent,
    format_time,
)
from portal.i18n import pick, use_language
from workflows.packets.models import PacketSnapshot

NUMERIC = frozenset({"number", "rate", "share"})


@dataclass(frozen=True)
class Text:
    """A finished text; kind: text, number, rate, share, day, moment, code."""

    text: str
    kind: str = "text"

    @property
    def is_numeric(self) -> bool:
        return self.kind in NUMERIC


@dataclass(frozen=True)
class Column:
    label: str
    kind: str

    @property
    def is_numeric(self) -> bool:
        return self.kind in NUMERIC


@dataclass(frozen=True)
class Block:
    """kind: note (text), figures (rows of label and value), table."""

    kind: str
    text: str = ""
    columns: Sequence[Column] = ()
    rows: Sequence[Sequence[Text]] = ()
    empty: str = ""


@dataclass(frozen=True)
class Section:
    name: str
    title: str
    new_page: bool
    blocks: list[Block] = field(default_factory=list)


@dataclass(frozen=True)
class Document:
    """Everything a reader sees, in `language`."""

    language: str
    title: str
    city: str
    period: str
    facts: list[tuple[str, Text]]
    sections: list[Section]
    words: Mapping[str, str]


def present(snapshot: PacketSnapshot, language: str) -> Document:
    """Finished texts; depends on nothing but the snapshot and the language."""
    data = snapshot.data
    words = {name: pick(texts, language) for name, texts in data["words"].items()}
    with use_language(language):
        presenter = _Presenter(language, words)
        period = presenter.period(data["first_day"], data["last_day"])
        return Document(
            language=language,
            title=words["packet"],
            city=pick(data["city"], language),
            period=period,
            facts=[
                (words["period"], Text(period)),
                (words["edition"], presenter.value({"number": data["edition"]})),
                (words["compiled"], presenter.value({"moment": data["compiled_at"]})),
                (words["fingerprint"], Text(snapshot.digest, "code")),
                *(
                    (words["redacted"], presenter.value({"moment": each["at"]}))
                    for each in data.get("redactions", [])
                ),
            ],
            sections=[presenter.section(each) for each in data["sections"]],
            words=words,
        )


class _Presenter:
    def __init__(self, language: str, words: Mapping[str, str]) -> None:
        self.language = language
        self.words = words

    def period(self, first: str, last: str) -> str:
        first_day, last_day = dt.date.fromisoformat(first), dt.date.fromisoformat(last)
        if first_day == last_day:
            return format_date(first_day, lang=self.language)
        return self.words["from_to"] % {
            "first": format_date(first_day, lang=self.language),
            "last": format_date(last_day, lang=self.language),
        }

    def section(self, data: dict[str, Any]) -> Section:
        return Section(
            name=data["name"],
            title=pick(data["title"], self.language),
            new_page=data["new_page"],
            blocks=[self.block(each) for each in data["blocks"]],
        )

    def block(self, data: dict[str, Any]) -> Block:
        if data["kind"] == "note":
            return Block("note", text=pick(data["text"], self.language))
        if data["kind"] == "figures":
            return Block("figures", rows=[self._figure(item) for item in data["items"]])
        columns: list[Column] = []
        for column in data["columns"]:
            columns.append(Column(pick(column["label"], self.language), column["kind"]))
            if column["kind"] == "rate":
                columns.append(Column(self.words["share"], "share"))
        return Block(
            "table",
            text=pick(data["caption"], self.language),
            columns=columns,
            rows=[self._row(data["columns"], row) for row in data["rows"]],
            empty=pick(data["empty"], self.language),
        )

    def _figure(self, item: dict[str, Any]) -> list[Text]:
        value = item["value"]
        found = [Text(pick(item["label"], self.language)), self.value(value)]
        if isinstance(value, dict) and "part" in value:
            found.append(self.share(value))
        return found

    def _row(self, columns: Sequence[dict[str, Any]], row: Sequence[Any]) -> list[Text]:
        found: list[Text] = []
        for column, cell in zip(columns, row, strict=True):
            found.append(self.value(cell))
            if column["kind"] == "rate":
                found.append(self.share(cell) if isinstance(cell, dict) else Text(NOTHING))
        return found

    def value(self, cell: Any) -> Text:
        """A cell in words and digits of the language."""
        if cell is None:
            return Text(NOTHING)
        if isinstance(cell, str):
            return Text(cell)
        match cell:
            case {"words": texts}:
                return Text(pick(texts, self.language))
            case {"number": value}:
                return Text(format_number(value, self.language), "number")
            case {"part": part, "whole": whole}:
                shown = self.words["part_of_whole"] % {
                    "part": format_number(part, self.language),
                    "whole": format_number(whole, self.language),
                }
                return Text(shown, "rate")
            case {"day": value}:
                return Text(format_date(dt.date.fromisoformat(value), lang=self.language), "day")
            case {"moment": value}:
                return Text(self.moment(dt.datetime.fromisoformat(value)), "moment")
            case {"code": value}:
                return Text(value, "code")
        raise ValueError(f"A packet cell of an unknown kind: {sorted(cell)}")

    def moment(self, value: dt.datetime) -> str:
        return self.words["date_time"] % {
            "date": format_date(value, lang=self.language),
            "time": format_time(value, self.language),
        }

    def share(self, cell: dict[str, Any]) -> Text:
        if not cell["whole"]:
            return Text(NOTHING, "share")
        ratio = cell["part"] / cell["whole"]
        return Text(format_percent(ratio, self.language, digits=1), "share")


def plain_text(document: Document) -> str:
    """The whole packet as text, line by line; attached to the PDF."""
    lines = [f"{document.title}, {document.city}", ""]
    lines += [f"{label}: {value.text}" for label, value in document.facts]
    for section in document.sections:
        lines += ["", f"# {section.title}"]
        for block in section.blocks:
            lines.append("")
            if block.kind == "note":
                lines.append(block.text)
            elif block.kind == "figures":
                lines += ["\t".join(cell.text for cell in row) for row in block.rows]
            else:
                lines.append(f"## {block.text}")
                if block.rows:
                    lines.append("\t".join(column.label for column in block.columns))
                    lines += ["\t".join(cell.text for cell in row) for row in block.rows]
                else:
                    lines.append(block.empty)
    return "\n".join(lines) + "\n"
