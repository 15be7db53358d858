"""Which characters the PDF's font can draw.

PDF/UA forbids a character without a glyph, so one emoji in a citizen's message would stop the
whole packet. The font's `cmap` (OpenType 1.9, subtable format 4) says what it has.
"""

import struct
import unicodedata
from functools import cache
from pathlib import Path

import fontpkg_ibm_plex_sans_arabic as font

FAMILY = str(font.FAMILY)
FOLDER = Path(font.ROOT)
# They have no picture of their own; the typesetter obeys them.
INVISIBLE = frozenset("\u200c\u200d\u200e\u200f\u2066\u2067\u2068\u2069\n\t")
REPLACEMENT = "□"


@cache
def drawable() -> frozenset[int]:
    """Code points that every weight we set has."""
    files = sorted(FOLDER.rglob("*-Regular.*tf")) + sorted(FOLDER.rglob("*-Bold.*tf"))
    if not files:
        raise RuntimeError(f"The font {FAMILY} has no files under its package")
    return frozenset.intersection(*(_code_points(path.read_bytes()) for path in files))


def _code_points(data: bytes) -> frozenset[int]:
    tables = struct.unpack_from(">H", data, 4)[0]
    for number in range(tables):
        tag, _sum, start, _length = struct.unpack_from(">4sLLL", data, 12 + 16 * number)
        if tag == b"cmap":
            break
    else:
        return frozenset()
    found: set[int] = set()
    for number in range(struct.unpack_from(">H", data, start + 2)[0]):
        _platform, _encoding, offset = struct.unpack_from(">HHL", data, start + 4 + 8 * number)
        if struct.unpack_from(">H", data, start + offset)[0] == 4:
            found |= _format_4(data, start + offset)
    return frozenset(found)


def _format_4(data: bytes, at: int) -> set[int]:
    count = struct.unpack_from(">H", data, at + 6)[0] // 2
    ends = struct.unpack_from(f">{count}H", data, at + 14)
    starts = struct.unpack_from(f">{count}H", data, at + 16 + 2 * count)
    # Segments without holes are all that matters: a hole maps to glyph 0 and is rare.
    deltas_at = at + 16 + 4 * count
    deltas = struct.unpack_from(f">{count}H", data, deltas_at)
    offsets_at = deltas_at + 2 * count
    offsets = struct.unpack_from(f">{count}H", data, offsets_at)
    found: set[int] = set()
    for index, (first, last) in enumerate(zip(starts, ends, strict=True)):
        for char in range(first, min(last, 0xFFFE) + 1):
            glyph = char + deltas[index]
            if offsets[index]:
                place = offsets_at + 2 * index + offsets[index] + 2 * (char - first)
                raw = struct.unpack_from(">H", data, place)[0]
                glyph = raw + deltas[index] if raw else 0
            if glyph & 0xFFFF:
                found.add(char)
    return found


def drawn(text: str) -> str:
    """`text` with a box in the place of every character that the font lacks.

    «هٔ» becomes the one letter «ۀ»: the mark alone falls beside its letter in the PDF.
    """
    text = unicodedata.normalize("NFC", text).replace("ه\u0654", "ۀ")
    known = drawable()
    return "".join(
        char if ord(char) in known or char in INVISIBLE else _instead(char, known) for char in text
    )


def _instead(char: str, known: frozenset[int]) -> str:
    if unicodedata.category(char) in {"Mn", "Me", "Cf", "Cc"}:
        return ""
    plain = unicodedata.normalize("NFKC", char)
    if plain and all(ord(each) in known for each in plain):
        return plain
    return REPLACEMENT if ord(REPLACEMENT) in known else "?"
