"""A packet as PDF/UA-1, set by typst. Same snapshot, same bytes.

No time and no chance enter: the document's date is left out, its moment is 0, fonts come from the
package alone. What goes in are finished texts, never markup, so nobody's words can run as code.
"""

import json
import re
from functools import cache
from pathlib import Path
from typing import Any, Final

import typst

from portal.i18n import LANGUAGES, RIGHT_TO_LEFT, digits
from portal.text import strip_controls
from workflows.packets import glyphs
from workflows.packets.models import PacketSnapshot
from workflows.packets.presenting import Block, Document, Text, plain_text, present

TEMPLATE: Final = Path(__file__).with_name("packet.typ")
LRI, FSI, PDI = "\u2066", "\u2068", "\u2069"
REGIONS: Final = {"fa": "ir", "ar": "iq", "en": "gb"}
ATTACHMENT: Final = "packet.txt"
MAX_PAGES_NUMBERED: Final = 999
MOST_COLUMNS: Final = 5

# A number with everything that is spelt along with it, or a word mixed of Latin letters and digits.
_NUMBER = re.compile(
    r"\+\d[\d \u00a0-]{6,18}\d|[+#]?(?:[A-Za-z]+-?)?\d(?:[A-Za-z\d]|[.,:/٫٬\u00a0-](?=\d))*[%٪]?"
)


def isolated(text: str) -> str:
    """Every number kept left to right, so that none prints or comes back reversed."""
    plain = strip_controls(text).replace("\u200e", "").replace("\u200f", "")
    return _NUMBER.sub(lambda match: f"{LRI}{match[0]}{PDI}", plain)


def render(snapshot: PacketSnapshot, language: str) -> bytes:
    """The PDF's bytes."""
    document = present(snapshot, language)
    inputs = {"doc": json.dumps(_document(document), ensure_ascii=False)}
    compiler = typst.Compiler(
        input=str(TEMPLATE), root=str(TEMPLATE.parent), font_paths=_fonts(), sys_inputs=inputs
    )
    made = compiler.compile(format="pdf", pdf_standards=["ua-1"], timestamp=0)
    if not isinstance(made, bytes):
        raise TypeError("typst gave no single document")
    return made


@cache
def _fonts() -> Any:
    return typst.Fonts(
        include_system_fonts=False,
        include_embedded_fonts=False,
        font_paths=[str(glyphs.FOLDER)],
    )


def _shown(text: str) -> str:
    return isolated(glyphs.drawn(text))


def _cell(cell: Text) -> str:
    if cell.kind == "code":
        return f"{LRI}{glyphs.drawn(cell.text)}{PDI}"
    if cell.kind == "text":
        # People write in their own direction, whatever the packet's language.
        return f"{FSI}{_shown(cell.text)}{PDI}"
    return _shown(cell.text)


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
        "period": _shown(document.period),
        "footer": _shown(f"{document.title} · {document.city}"),
        "page": _shown(document.words["page"]),
        "numbers": [
            f"{LRI}{digits(number, language)}{PDI}" for number in range(1, MAX_PAGES_NUMBERED + 1)
        ],
        "facts": [[_shown(label), _cell(value)] for label, value in document.facts],
        "attachment": ATTACHMENT,
        "text": plain_text(document),
        "sections": [
            {
                "title": _shown(section.title),
                "new_page": section.new_page,
                "blocks": [_block(block, document) for block in section.blocks],
            }
            for section in document.sections
        ],
    }


def _block(block: Block, document: Document) -> dict[str, Any]:
    if block.kind == "note":
        return {"kind": "note", "text": _shown(block.text)}
    if block.kind == "figures":
        # The percentage under its two numbers: a third column would be read apart from them.
        rows = [[_cell(row[0]), "\n".join(_cell(cell) for cell in row[1:])] for row in block.rows]
        return {
            "kind": "table",
            "caption": "",
            "columns": [_shown(document.words[name]) for name in ("figure", "value")],
            "widths": [2, 1],
            "rows": rows,
        }
    if block.rows and _is_wide(block):
        return {"kind": "records", "caption": _shown(block.text), "rows": _records(block)}
    if not block.rows:
        return {"kind": "empty", "caption": _shown(block.text), "text": _shown(block.empty)}
    return {
        "kind": "table",
        "caption": _shown(block.text),
        "columns": [_shown(column.label) for column in block.columns],
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
                rest.append({"label": _shown(column.label), "value": _cell(cell)})
        found.append({"head": _cell(row[0]), "rest": rest})
    return found


def _widths(block: Block) -> list[float]:
    """Shares of the line by the longest text of each column, within bounds."""
    longest = [
        max([len(column.label), *(len(row[place].text) for row in block.rows)])
        for place, column in enumerate(block.columns)
    ]
    return [float(min(max(length, 9), 32)) for length in longest]
