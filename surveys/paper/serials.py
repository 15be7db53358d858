"""The number on a sheet: its id and a check digit.

The check digit is that of H. M. Damm, "Total anti-symmetrische Quasigruppen" (Marburg 2004): it
finds every wrong digit and every two neighbours that changed places, what typists do most.
"""

from typing import Final

from portal.text import ascii_digits

WIDTH: Final = 6
"""Digits of an id at least, so that sheets of a batch look alike."""
LONGEST: Final = 18
_TABLE: Final = (
    "0317598642", "7092154863", "4206871359", "1750983426", "6123045978",
    "3674209581", "5869720134", "8945362017", "9438617205", "2581436790",
)  # fmt: skip


def check_digit(digits: str) -> str:
    """Of a text of digits 0-9."""
    interim = 0
    for digit in digits:
        interim = int(_TABLE[interim][int(digit)])
    return str(interim)


def printed(sheet_id: int) -> str:
    """As it stands on the sheet: `0000426`.

    Without a dash: between Arabic digits it would make the two parts change places.
    """
    digits = str(sheet_id).zfill(WIDTH)
    return f"{digits}{check_digit(digits)}"


def read(typed: str) -> int | None:
    """The id of a sheet whose number a person typed, in any digits; None: a digit is wrong."""
    digits = "".join(x for x in ascii_digits(typed) if not x.isspace() and x not in "-‐–−/.")
    if not digits.isascii() or not digits.isdigit() or not WIDTH < len(digits) <= LONGEST:
        return None
    if check_digit(digits) != "0":
        return None
    return int(digits[:-1]) or None
