import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal import phones
from portal.i18n import use_language
from portal.phones import Phone, PhoneError, parse_mobile

TEHRAN_MOBILE = Phone("+989123456789", "IR", True)


@pytest.mark.parametrize(
    "typed",
    [
        "09123456789", "۰۹۱۲۳۴۵۶۷۸۹", "٠٩١٢٣٤٥٦٧٨٩", "9123456789", "989123456789", "+989123456789",
        "00989123456789", "0912 345 6789", "0912-345-67-89", "(0912) 345 6789", "0912.345.6789",
        "+98 (0) 912 345 6789", "(+98)9123456789", "\u202a+98 912 345 6789\u202c",
        "\u20660912\u00a0345\u00a06789\u2069", "9123456789.0", "989123456789.00", "'09123456789",
        '="09123456789"', "tel:+98-912-345-6789", "۹۸۹۱۲۳۴۵۶۷۸۹+", "0912–345–6789", "0912ـ3456789",
        "+0098 912 345 6789", "00۹۸ 0912 345 6789",
    ],
)  # fmt: skip
def test_one_number_in_many_hands(typed: str) -> None:
    assert parse_mobile(typed) == TEHRAN_MOBILE


@pytest.mark.parametrize(
    ("typed", "e164", "country"),
    [
        ("+964 770 123 4567", "+9647701234567", "IQ"),
        ("009647701234567", "+9647701234567", "IQ"),
        ("٠٠٩٦١٧٠١٢٣٤٥٦", "+96170123456", "LB"),
        ("+1 212 555 0123", "+12125550123", "US"),
        ("+49 151 12345678", "+4915112345678", "DE"),
    ],
)
def test_visitors(typed: str, e164: str, country: str) -> None:
    assert parse_mobile(typed) == Phone(e164, country, False)


def test_another_region() -> None:
    assert parse_mobile("0770 123 4567", region="IQ").e164 == "+9647701234567"


@pytest.mark.parametrize(
    ("typed", "code"),
    [
        ("", "empty"), ("  \u200f ", "empty"), ("'", "empty"),
        ("ندارد", "not_a_number"), ("0912ABCDEFG", "not_a_number"), ("-", "not_a_number"),
        ("+", "not_a_number"), ("*780#", "not_a_number"), ("1" * 65, "not_a_number"),
        ("09123456789 / 09351112233", "several"), ("09123456789،02188776655", "several"),
        ("09123456789 و 09351112233", "several"),
        ("9.12E+09", "rounded"), ("۹٫۱۲E+۰۹", "rounded"), ("9,12e9", "rounded"),
        ("02188776655", "landline"), ("+982188776655", "landline"), ("88776655", "landline"),
        ("+49 30 123456", "landline"),
        ("0912345678", "too_short"), ("912345", "too_short"), ("110", "too_short"),
        ("091234567890", "too_long"), ("9647701234567", "too_long"),
        ("09443456789", "invalid"), ("+999123123", "invalid"),
        ("+80012345678", "not_mobile"),
    ],
)  # fmt: skip
def test_what_is_no_mobile_and_why(typed: str, code: str) -> None:
    with pytest.raises(PhoneError) as caught:
        parse_mobile(typed)
    assert caught.value.code == code
    assert str(caught.value.message)


def test_every_reason_has_words_in_every_language() -> None:
    for lang in ("fa", "ar", "en"):
        with use_language(lang):
            assert all(str(message).strip() for message in phones.MESSAGES.values())


@given(
    st.one_of(
        st.from_regex(r"9[0-9]{9}", fullmatch=True),
        st.from_regex(r"(91|93|90|92|99|94|95)[0-9]{8}", fullmatch=True),
    ),
    st.sampled_from(["0", "", "98", "+98", "0098"]),
)
def test_the_fast_path_agrees_with_the_library(short: str, prefix: str) -> None:
    try:
        full: Phone | str = phones._parse_in_full(prefix + short, "IR")
    except PhoneError as error:
        full = error.code
    try:
        fast: Phone | str = parse_mobile(prefix + short)
    except PhoneError as error:
        fast = error.code
    assert fast == full


@given(st.text(max_size=80))
def test_any_text_gives_a_number_or_a_reason(typed: str) -> None:
    try:
        phone = parse_mobile(typed)
    except PhoneError as error:
        assert error.code in phones.MESSAGES
    else:
        assert parse_mobile(phone.e164) == phone


@given(st.text(st.sampled_from("0123456789+- ()./۰۹٨eE'\u202a"), max_size=24))
def test_what_is_accepted_is_e164(typed: str) -> None:
    try:
        phone = parse_mobile(typed)
    except PhoneError:
        return
    assert phone.e164.startswith("+")
    assert phone.e164[1:].isascii() and phone.e164[1:].isdigit()
    assert parse_mobile(phone.e164) == phone
    assert phone.is_iranian == phone.e164.startswith("+98")
