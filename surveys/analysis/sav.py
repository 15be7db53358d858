"""Writes SPSS system files (.sav) row by row, whatever their number.

Source: "System File Format" in the GNU PSPP Developers Guide. Little-endian, UTF-8, bytecode
compression. Strings over 255 bytes lie in segments (record 7, subtype 14); labels of values over
8 bytes in subtype 21; questions of several choices as multiple dichotomy sets in subtype 7.
"""

import datetime as dt
import struct
import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from math import nextafter
from typing import Final

Value = int | float | str | None

SYSMIS: Final = -sys.float_info.max
MOST_BYTES: Final = 32_767
"""The widest string of the format."""
MOST_LABEL: Final = 255
MOST_VALUE_LABEL: Final = 120
BATCH: Final = 500
_BIAS: Final = 100
_SEGMENT: Final = 255
_STEP: Final = 252
"""Each full segment stands for so many bytes of the declared width, though it holds 255."""
_EPOCH: Final = dt.datetime(1582, 10, 14)  # noqa: DTZ001 - SPSS knows no zones
_FORMATS: Final = {
    "string": 1,
    "number": 5,
    "time": 21,
    "datetime": 22,
    "date": 39,
}
"""Our word -> code of the format; 39 is SDATE, yyyy/mm/dd."""
_MONTHS: Final = (
    *("Jan", "Feb", "Mar", "Apr", "May", "Jun"),
    *("Jul", "Aug", "Sep", "Oct", "Nov", "Dec"),
)
_MEASURES: Final = {"nominal": 1, "ordinal": 2, "scale": 3}


@dataclass(frozen=True)
class Field:
    """One variable. `width`: bytes of a string; 0 for a number.

    `name`: at most 64 bytes, letters, digits, `_` and `.`, unique whatever the case. `kind`:
    string, number, date, time, datetime; the last three are numbers (see `seconds`).
    """

    name: str
    kind: str
    label: str = ""
    width: int = 0
    display: int = 8
    decimals: int = 0
    measure: str = "nominal"
    labels: tuple[tuple[Value, str], ...] = ()
    """(value, its label)."""
    blank_is_missing: bool = False
    """Of a string: the empty answer counts as missing."""

    @property
    def segments(self) -> list[int]:
        """Declared widths; one entry for all but very long strings."""
        if self.width <= _SEGMENT:
            return [self.width]
        full = (self.width + _STEP - 1) // _STEP - 1
        return [_SEGMENT] * full + [self.width - full * _STEP]


@dataclass(frozen=True)
class ChoiceSet:
    """A question of several choices: its marks are 1 or 0."""

    name: str
    label: str
    fields: tuple[str, ...]


def seconds(moment: dt.date | dt.time | dt.datetime) -> float:
    """A date or moment as the format keeps it: seconds since 14 October 1582, a moment in UTC; a
    time of day: seconds since midnight."""
    if isinstance(moment, dt.time):
        return float(moment.hour * 3600 + moment.minute * 60 + moment.second)
    if isinstance(moment, dt.datetime):
        plain = moment.astimezone(dt.UTC).replace(tzinfo=None) if moment.tzinfo else moment
    else:
        plain = dt.datetime(moment.year, moment.month, moment.day)  # noqa: DTZ001
    return (plain - _EPOCH).total_seconds()


def pieces(
    fields: Sequence[Field],
    rows: Iterable[Sequence[Value]],
    *,
    cases: int,
    label: str,
    created: dt.datetime,
    sets: Sequence[ChoiceSet] = (),
    notes: Sequence[str] = (),
) -> Iterator[bytes]:
    """The file in pieces: first the dictionary, then BATCH rows at a time.

    `cases`: number of rows, -1 where nobody knows. A row has a number, a text or None for each
    field; a text longer than its field is cut between letters.
    """
    yield _dictionary(fields, cases=cases, label=label, created=created, sets=sets, notes=notes)
    yield from _data(fields, rows)


# Dictionary


def _dictionary(
    fields: Sequence[Field],
    *,
    cases: int,
    label: str,
    created: dt.datetime,
    sets: Sequence[ChoiceSet],
    notes: Sequence[str],
) -> bytes:
    short = _short_names(fields)
    elements = sum(_elements(width) for field in fields for width in field.segments)
    month = _MONTHS[created.month - 1]
    out = [
        b"$FL2",
        _padded("@(#) SPSS DATA FILE Pasokh", 60),
        struct.pack("<iiiiid", 2, elements, 1, 0, cases, float(_BIAS)),
        f"{created.day:02} {month} {created.year % 100:02}".encode(),
        f"{created:%H:%M:%S}".encode(),
        _padded(label, 64),
        b"\0" * 3,
    ]
    index = 1
    labelled: list[tuple[Field, int]] = []
    for field, names in zip(fields, short, strict=True):
        labelled.append((field, index))
        for place, (width, name) in enumerate(zip(field.segments, names, strict=True)):
            out.append(_variable(field, width, name, field.label if not place else ""))
            index += _elements(width)
    for field, place in labelled:
        if field.labels and field.width <= 8:
            out.append(_value_labels(field, place))
    if notes:
        lines = [line for note in notes for line in _lines_of(note)]
        out.append(struct.pack("<ii", 6, len(lines)) + b"".join(lines))
    out += [
        _extension(3, 4, struct.pack("<8i", 1, 0, 0, -1, 1, 1, 2, 65001)),
        _extension(4, 8, struct.pack("<3d", SYSMIS, sys.float_info.max, nextafter(SYSMIS, 0.0))),
    ]
    by_name = {field.name: names[0] for field, names in zip(fields, short, strict=True)}
    if sets:
        out.append(_extension(7, 1, b"".join(_choice_set(each, by_name) for each in sets)))
    display = b"".join(
        struct.pack(
            "<3i",
            _MEASURES[field.measure],
            min(max(field.width or field.display, 4), 40),
            0 if field.kind == "string" else 1,
        )
        for field in fields
        for _width in field.segments
    )
    out.append(_extension(11, 4, display))
    out.append(_extension(13, 1, "\t".join(f"{by_name[f.name]}={f.name}" for f in fields).encode()))
    long = [field for field in fields if field.width > _SEGMENT]
    if long:
        widths = b"".join(f"{by_name[f.name]}={f.width:05}\0\t".encode() for f in long)
        out.append(_extension(14, 1, widths))
    out.append(_extension(16, 8, struct.pack("<qq", 1, cases)))
    out.append(_extension(20, 1, b"UTF-8"))
    if wide := [field for field in fields if field.labels and field.width > 8]:
        out.append(_extension(21, 1, b"".join(map(_long_labels, wide))))
    if blank := [f for f in fields if f.blank_is_missing and 8 < f.width <= _SEGMENT]:
        out.append(_extension(22, 1, b"".join(map(_long_missing, blank))))
    out.append(struct.pack("<ii", 999, 0))
    return b"".join(out)


def _short_names(fields: Sequence[Field]) -> list[list[str]]:
    """Names of 8 bytes for the variable records: V00001 …, one for each segment."""
    number = 0
    found = []
    for field in fields:
        names = []
        for _width in field.segments:
            number += 1
            names.append(f"V{number:05}")
        found.append(names)
    return found


def _variable(field: Field, width: int, name: str, label: str) -> bytes:
    is_string = field.kind == "string"
    shown = min(width, 255) if is_string else field.display
    form = _FORMATS[field.kind] << 16 | shown << 8 | (0 if is_string else field.decimals)
    missing = is_string and field.blank_is_missing and width <= 8
    parts = [
        struct.pack("<iiiiii", 2, width, bool(label), missing, form, form),
        _padded(name, 8),
    ]
    if label:
        text = _cut(label, MOST_LABEL)
        parts.append(struct.pack("<i", len(text)) + text + b" " * (-len(text) % 4))
    if missing:
        parts.append(b" " * 8)
    continued = struct.pack("<iiiiii", 2, -1, 0, 0, 0, 0) + b" " * 8
    parts.append(continued * (_elements(width) - 1))
    return b"".join(parts)


def _value_labels(field: Field, index: int) -> bytes:
    parts = [struct.pack("<ii", 3, len(field.labels))]
    for value, label in field.labels:
        if isinstance(value, str):
            parts.append(_padded(value, 8))
        else:
            parts.append(struct.pack("<d", SYSMIS if value is None else value))
        text = _cut(label, MOST_VALUE_LABEL)
        parts.append(bytes([len(text)]) + text + b" " * (-(len(text) + 1) % 8))
    parts.append(struct.pack("<iii", 4, 1, index))
    return b"".join(parts)


def _long_labels(field: Field) -> bytes:
    name = field.name.encode()
    parts = [struct.pack("<i", len(name)), name, struct.pack("<ii", field.width, len(field.labels))]
    for value, label in field.labels:
        key, text = _padded(str(value), field.width), _cut(label, MOST_VALUE_LABEL)
        parts += [struct.pack("<i", len(key)), key, struct.pack("<i", len(text)), text]
    return b"".join(parts)


def _long_missing(field: Field) -> bytes:
    name = field.name.encode()
    return struct.pack("<i", len(name)) + name + b"\x01" + struct.pack("<i", 8) + b" " * 8


def _choice_set(item: ChoiceSet, short: dict[str, str]) -> bytes:
    label = _cut(item.label, MOST_LABEL)
    names = " ".join(short[name].lower() for name in item.fields)
    return f"${item.name}=D1 1 {len(label)} ".encode() + label + f" {names}\n".encode()


def _extension(subtype: int, size: int, data: bytes) -> bytes:
    return struct.pack("<iiii", 7, subtype, size, len(data) // size) + data


def _lines_of(note: str) -> Iterator[bytes]:
    """A note in lines of 80 bytes."""
    rest = note
    while rest:
        piece = _cut(rest, 80)
        yield piece.ljust(80)
        rest = rest[len(piece.decode()) :]


def _elements(width: int) -> int:
    """How many times 8 bytes a variable takes in a row."""
    return max(1, -(-width // 8))


def _cut(text: str, most: int) -> bytes:
    """UTF-8 of at most so many bytes, never half a letter."""
    whole = text.encode("utf-8", "replace")
    return whole if len(whole) <= most else whole[:most].decode("utf-8", "ignore").encode()


def _padded(text: str, width: int) -> bytes:
    return _cut(text, width).ljust(width)


# Data

_LITERAL: Final = b"\xfd"
_BLANK: Final = b"\xfe"
_MISSING: Final = b"\xff"
_END: Final = b"\xfc"


def _data(fields: Sequence[Field], rows: Iterable[Sequence[Value]]) -> Iterator[bytes]:
    """Rows as commands of one byte, eight at a time, each eight followed by the 8-byte values
    that they announce."""
    source = iter(rows)
    commands, values = bytearray(), bytearray()
    while batch := list(islice(source, BATCH)):
        for row in batch:
            for field, value in zip(fields, row, strict=True):
                if field.kind == "string":
                    _put_text(field, value, commands, values)
                else:
                    _put_number(value, commands, values)
        whole = len(commands) - len(commands) % 8
        piece, used = _interleaved(commands[:whole], values)
        del commands[:whole], values[:used]
        yield piece
    commands += _END
    commands += b"\0" * (-len(commands) % 8)
    yield _interleaved(commands, values)[0]


def _interleaved(commands: bytearray, values: bytearray) -> tuple[bytes, int]:
    out = bytearray()
    used = 0
    for start in range(0, len(commands), 8):
        group = commands[start : start + 8]
        out += group
        if literals := group.count(0xFD):
            out += values[used : used + 8 * literals]
            used += 8 * literals
    return bytes(out), used


def _put_number(value: Value, commands: bytearray, values: bytearray) -> None:
    if value is None or isinstance(value, str):
        commands += _MISSING
    elif value == int(value) and 1 - _BIAS <= value <= 251 - _BIAS:
        commands.append(int(value) + _BIAS)
    else:
        commands += _LITERAL
        values += struct.pack("<d", value)


def _put_text(field: Field, value: Value, commands: bytearray, values: bytearray) -> None:
    if field.width <= _SEGMENT:
        total = _elements(field.width)
    else:
        *full, last = field.segments
        total = len(full) * 32 + _elements(last)
    if not value:
        commands += _BLANK * total
        return
    content = _cut(str(value), field.width)
    if len(content) > _SEGMENT:
        # Of the 256 bytes that a full segment takes in a row, the last one is not used.
        content = b" ".join(
            content[start : start + _SEGMENT] for start in range(0, len(content), _SEGMENT)
        )
    used = -(-len(content) // 8)
    commands += _LITERAL * used + _BLANK * (total - used)
    values += content.ljust(used * 8)
