"""Telephone numbers as Iranian gateways write them, to and from E.164."""

import re

_E164 = re.compile(r"\+[1-9][0-9]{6,14}")
_MOBILE = re.compile(r"9[0-9]{9}")
_DIGITS = str.maketrans("۰۱۲۳۴۵۶۷۸۹٠١٢٣٤٥٦٧٨٩", "01234567890123456789")


def is_e164(number: str) -> bool:
    return _E164.fullmatch(number) is not None


def national(number: str) -> str:
    """E.164 as an Iranian gateway takes it: 0912… for +98, 00… and the country code otherwise."""
    return f"0{number[3:]}" if number.startswith("+98") else f"00{number[1:]}"


def international(number: str) -> str:
    """A sender or receptor of a gateway as E.164 if it is a telephone number.

    Takes 0912…, 912…, 98912…, +98912…, 0098912…, 021…, 0049…; what is none of these (a service
    line, a name) comes back with its digits folded to Latin ones and spaces cut.
    """
    text = number.translate(_DIGITS).strip()
    digits = text.removeprefix("+")
    if not digits.isdecimal():
        return text
    if text.startswith("+"):
        found = text
    elif digits.startswith("00"):
        found = "+" + digits[2:]
    elif len(digits) == 11 and digits.startswith("0"):
        found = "+98" + digits[1:]
    elif _MOBILE.fullmatch(digits):
        found = "+98" + digits
    elif len(digits) == 12 and digits.startswith("989"):
        found = "+" + digits
    else:
        return text
    return found if is_e164(found) else text
