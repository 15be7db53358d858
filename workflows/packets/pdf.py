"""A packet as PDF/UA-1, set by typst. Same snapshot, same bytes: see portal.typesetting."""

from pathlib import Path
from typing import Any, Final

from portal import glyphs
from portal.i18n import LANGUAGES, RIGHT_TO_LEFT, digits
from portal.typesetting import FSI, LRI, PDI, REGIONS, shown
from portal.typesetting import pdf as typeset
from workflows.packets.models import PacketSnapshot
from workflows.packets.presenting import Block, Document, Text, plain_text, present

TEMPLATE: Final = Path(__file__).with_name("packet.typ")
ATTACHMENT: Final = "packet.txt"
MAX_PAGES_NUMBERED: Final = 999
MOST_COLUMNS: Final = 5


def render(snapshot: PacketSnapshot, language: str) -> bytes:
    """The PDF's bytes."""
    return typeset(TEMPLATE, _document(present(snapshot, language)))


def _cell(cell: Text) -> str:
    if cell.kind == "code":
        return f"{LRI}{glyphs.drawn(cell.text)}{PDI}"
    if cell.kind == "text":
        # People write in their own direction, whatever the packet's language.
        return f"{FSI}{shown(cell.text)}{PDI}"
    return shown(cell.text)


def _document(document: Document) -> dict[str, Any]:
    language = document.language
    if language not in LANGUAGES:
        raise ValueError(f"No such language: {language}")
    return {
        "font": glyphs.FAMILY,
        "lang": language,
        "region": REGIONS[language],
        "rtl": language in RIGHT_TO_LEFT,
        # The title is metadata too, and readers of metadata print controls.
        "title": glyphs.drawn(document.title),
        "city": glyphs.drawn(document.city),
        "period": shown(document.period),
        "footer": shown(f"{document.title} · {document.city}"),
        "page": shown(document.words["page"]),
        "numbers": [
            f"{LRI}{digits(number, language)}{PDI}" for number in range(1, MAX_PAGES_NUMBERED + 1)
        ],
        "facts": [[shown(label), _cell(value)] for label, value in document.facts],
        "attachment": ATTACHMENT,
        "text": plain_text(document),
        "sections": [
            {
                "title": shown(section.title),
                "new_page": section.new_page,
                "blocks": [_block(block, document) for block in section.blocks],
            }
            for section in document.sections
        ],
    }


def _block(block: Block, document: Document) -> dict[str, Any]:
    if block.kind == "note":
        return {"kind": "note", "text": shown(block.text)}
    if block.kind == "figures":
        # The percentage under its two numbers: a third column would be read apart from them.
        rows = [[_cell(row[0]), "\n".join(_cell(cell) for cell in row[1:])] for row in block.rows]
        return {
            "kind": "table",
            "caption": "",
            "columns": [shown(document.words[name]) for name in ("figure", "value")],
            "widths": [2, 1],
            "rows": rows,
        }
    if block.rows and _is_wide(block):
        return {"kind": "records", "caption": shown(block.text), "rows": _records(block)}
    if not block.rows:
        return {"kind": "empty", "caption": shown(block.text), "text": shown(block.empty)}
    return {
        "kind": "table",
        "caption": shown(block.text),
        "columns": [shown(column.label) for column in block.columns],
        "widths": _widths(block),
        "rows": [[_cell(cell) for cell in row] for row in block.rows],
    }


def _is_wide(block: Block) -> bool:
    """Texts that wrap side by side are mixed up by whatever reads the PDF line by line."""
    return len(block.columns) > MOST_COLUMNS or any(
        column.kind in {"day", "moment", "code"} for column in block.columns
    )


def _records(block: Block) -> list[dict[str, Any]]:
    """Each row as its first cell and then «label: value», one after the other."""
    found = []
    for row in block.rows:
        rest: list[dict[str, str]] = []
        for column, cell in zip(block.columns[1:], row[1:], strict=True):
            if column.kind == "share":
                # Beside its two numbers, in the same breath.
                rest[-1]["value"] += "\n" + _cell(cell)
            else:
                rest.append({"label": shown(column.label), "value": _cell(cell)})
        found.append({"head": _cell(row[0]), "rest": rest})
    return found


def _widths(block: Block) -> list[float]:
    """Shares of the line by the longest text of each column, within bounds."""
    longest = [
        max([len(column.label), *(len(row[place].text) for row in block.rows)])
        for place, column in enumerate(block.columns)
    ]
    return [float(min(max(length, 9), 32)) for length in longest]
