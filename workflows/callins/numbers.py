"""Telephone numbers of callers: any line, not only those that take an SMS."""

import phonenumbers

from portal.phones import PhoneError, parse_mobile
from portal.text import ascii_digits, strip_controls


def e164_of(typed: str) -> str | None:
    """A mobile or landline number as +98…; None for an extension, a withheld or a wrong one."""
    try:
        return parse_mobile(typed).e164
    except PhoneError:
        return landline(typed)


def landline(typed: str) -> str | None:
    """A number of any kind in E.164, or None."""
    try:
        number = phonenumbers.parse(ascii_digits(strip_controls(typed[:40])), "IR")
    except phonenumbers.NumberParseException:
        return None
    if not phonenumbers.is_valid_number(number):
        return None
    return str(phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164))
