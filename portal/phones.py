"""Mobile numbers as people and spreadsheets write them, made into E.164."""

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from portal import text
from portal.i18n import LazyText, _l

if TYPE_CHECKING:
    from phonenumbers import PhoneNumber

MESSAGES: dict[str, LazyText] = {
    "empty": _l("There is no telephone number"),
    "not_a_number": _l("This is not a telephone number"),
    "several": _l("There is more than one number in the cell"),
    "rounded": _l("A spreadsheet has rounded the number; format the column as text"),
    "landline": _l("This is a landline; only mobile numbers can receive an SMS"),
    "not_mobile": _l("This number is not a mobile number"),
    "too_short": _l("The number has too few digits"),
    "too_long": _l("The number has too many digits"),
    "invalid": _l("No operator uses this number"),
}
_MAX_TYPED = 64


@dataclass(frozen=True, slots=True)
class Phone:
    """A number that can receive an SMS. `country` is an ISO 3166 code, "" when shared."""

    e164: str
    country: str
    is_iranian: bool


class PhoneError(ValueError):
    """Why a text is no mobile number; `code` is a key of MESSAGES, `message` its translation."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code
        self.message = MESSAGES[code]


_NOISE = re.compile(r"""^(?:tel:|="|['"=])+|['"]+$""", re.IGNORECASE)
_FLOAT_TAIL = re.compile(r"(\d{7,})\.0+")
_SCIENTIFIC = re.compile(r"[+-]?\d(?:[.,]\d+)?[eE]\+?\d{1,2}")
_SEPARATED = re.compile(r"[/,;،؛|\n]|\s+و\s+|\s{3,}")
_ALLOWED = re.compile(r"\+?[\d\s().\-/_]+")
_SEPARATORS = re.compile(r"[\s().\-/_]+")
# Dashes of word processors, a tatweel used as one, the Persian decimal mark.
_MARKS = {**dict.fromkeys(map(ord, "\u2010\u2011\u2012\u2013\u2014\u2212\u0640"), "-"), 0x66B: "."}
_PLAIN_IRANIAN = re.compile(r"(?:\+98|0098|98|0)?(9\d{9})")


@lru_cache(maxsize=1)
def _iranian_mobile() -> re.Pattern[str]:
    from phonenumbers import PhoneMetadata

    metadata = PhoneMetadata.metadata_for_region("IR")
    mobile = metadata.mobile if metadata else None
    if mobile is None or mobile.national_number_pattern is None:  # pragma: no cover
        raise RuntimeError("phonenumbers has no Iranian metadata")
    return re.compile(mobile.national_number_pattern)


def parse_mobile(typed: str, region: str = "IR") -> Phone:
    """The mobile number in `typed`, national numbers being those of `region`.

    Accepts digits of three scripts, bidi marks, 00 or + before a country, a bare 98 or 9…,
    spaces, dashes, brackets and what spreadsheets add ('0912…, 9123456789.0). A number of
    another country needs + or 00. Raises PhoneError.
    """
    compact = _compact(typed)
    found = _PLAIN_IRANIAN.fullmatch(compact) if region == "IR" else None
    if found and _iranian_mobile().fullmatch(found[1]):
        # Most rows of a file; the full parse costs several times as much for the same answer.
        return Phone(f"+98{found[1]}", "IR", True)
    return _parse_in_full(compact, region)


def parse_number(typed: str, region: str = "IR") -> str:
    """E.164 of whatever rings, a landline with its area code too. Typed as in `parse_mobile`.

    Raises PhoneError.
    """
    import phonenumbers

    compact = _compact(typed)
    try:
        number = phonenumbers.parse(compact, region)
    except phonenumbers.NumberParseException as error:
        raise PhoneError(_PARSE_CODES.get(error.error_type, "not_a_number")) from None
    if not phonenumbers.is_valid_number(number):
        raise PhoneError(_why_invalid(number))
    return str(phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164))


def is_mobile(e164: str | None) -> bool:
    """Whether an SMS can reach it."""
    try:
        return e164 is not None and parse_mobile(e164).e164 == e164
    except PhoneError:
        return False


def _compact(typed: str) -> str:
    """Digits with an optional leading plus, or PhoneError."""
    if len(typed) > _MAX_TYPED:
        raise PhoneError("not_a_number")
    plain = text.ascii_digits(text.strip_controls(typed).translate(_MARKS))
    plain = re.sub(r"[^\S\n]", " ", plain)
    plain = _NOISE.sub("", plain.strip().replace("\u200c", "").replace("\u200b", "")).strip()
    if not plain:
        raise PhoneError("empty")
    if _SCIENTIFIC.fullmatch(plain):
        raise PhoneError("rounded")
    if whole := _FLOAT_TAIL.fullmatch(plain):
        plain = whole[1]
    if plain.endswith("+") and not plain.startswith("+"):
        # A right-to-left editor puts the plus at the other end.
        plain = "+" + plain[:-1]
    if sum(len(_digits(part)) >= 7 for part in _SEPARATED.split(plain)) > 1:
        raise PhoneError("several")
    plain = plain.replace("(+", "+", 1)
    if not _ALLOWED.fullmatch(plain) or not plain.isascii():
        raise PhoneError("not_a_number")
    compact = _SEPARATORS.sub("", plain)
    if not _digits(compact):
        raise PhoneError("not_a_number")
    return re.sub(r"^\+00", "+", compact)


def _digits(plain: str) -> str:
    return "".join(char for char in plain if "0" <= char <= "9")


def _parse_in_full(compact: str, region: str) -> Phone:
    import phonenumbers
    from phonenumbers import PhoneNumberType

    try:
        number = phonenumbers.parse(compact, region)
    except phonenumbers.NumberParseException as error:
        raise PhoneError(_PARSE_CODES.get(error.error_type, "not_a_number")) from None
    if not phonenumbers.is_valid_number(number):
        raise PhoneError(_why_invalid(number))
    kind = phonenumbers.number_type(number)
    if kind == PhoneNumberType.FIXED_LINE:
        raise PhoneError("landline")
    if kind not in {PhoneNumberType.MOBILE, PhoneNumberType.FIXED_LINE_OR_MOBILE}:
        raise PhoneError("not_mobile")
    e164 = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
    country = phonenumbers.region_code_for_number(number) or ""
    return Phone(e164, country if country.isalpha() else "", number.country_code == 98)


# phonenumbers.NumberParseException: INVALID_COUNTRY_CODE, TOO_SHORT_AFTER_IDD, TOO_SHORT_NSN,
# TOO_LONG.
_PARSE_CODES = {0: "invalid", 2: "too_short", 3: "too_short", 4: "too_long"}


def _why_invalid(number: "PhoneNumber") -> str:
    import phonenumbers
    from phonenumbers import PhoneNumberType, ValidationResult

    overall = phonenumbers.is_possible_number_with_reason(number)
    if overall == ValidationResult.IS_POSSIBLE_LOCAL_ONLY:
        # A local number without its area code: mobiles have none.
        return "landline"
    national = str(number.national_number)
    if number.country_code == 98 and national.startswith("9") and len(national) < 10:
        # The parser keeps the zero of 0912345678 and so finds its length right.
        return "too_short"
    mobile = phonenumbers.is_possible_number_for_type_with_reason(number, PhoneNumberType.MOBILE)
    if mobile == ValidationResult.TOO_SHORT:
        return "too_short"
    if ValidationResult.TOO_LONG in (mobile, overall):
        return "too_long"
    return "invalid"
