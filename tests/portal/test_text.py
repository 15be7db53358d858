import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal import text

letters = st.sampled_from(text.PERSIAN_ALPHABET)
mixed = st.text(
    st.one_of(
        letters,
        st.sampled_from("يىكةأإؤئۀءٱ\u0640\u200c\u200d\u064e\u0651\u0654\u202a\u2067\u061c"),
        st.sampled_from("۰۱۲٣٤٥012 aZé.,-«»"),
        st.characters(),
    ),
    max_size=40,
)


def test_digits_of_three_scripts() -> None:
    assert text.ascii_digits("۰۱۲۳۴۵۶۷۸۹ ٠١٢٣٤٥٦٧٨٩ 0x") == "0123456789 0123456789 0x"
    assert text.localized_digits("1۲٣", "fa") == "۱۲۳"
    assert text.localized_digits("1۲٣", "ar") == "١٢٣"
    assert text.localized_digits("1۲٣", "en") == "123"


@given(st.integers(0, 10**15), st.sampled_from(["fa", "ar", "en"]))
def test_localized_digits_can_be_read_back(number: int, lang: str) -> None:
    assert text.ascii_digits(text.localized_digits(str(number), lang)) == str(number)


@pytest.mark.parametrize(
    ("raw", "folded"),
    [
        ("علي كاظمي", "علی کاظمی"),
        ("موسى", "موسی"),
        ("محـــله", "محله"),
        ("\u202bبازار\u202c\u200f", "بازار"),
        ("می\u200cخواهم", "می\u200cخواهم"),
        ("می\u200c\u200cخواهم", "می\u200cخواهم"),
        ("خانه\u200c ها\u200c", "خانه ها"),
        ("خانۀ من", "خانه\u0654 من"),
        ("آب", "آب"),
        ("ﻛﺘﺎﺏ", "کتاب"),
        ("\ufeffسلام\u00a0شهر", "سلام شهر"),
        ("شيء مائی\u0654", "شیء مائئ"),
    ],
)
def test_fold_gives_one_spelling(raw: str, folded: str) -> None:
    assert text.fold(raw) == folded


def test_arabic_keeps_its_letters() -> None:
    assert text.fold("على كريم علي", "ar") == "على كريم علي"
    assert text.fold("کريم", "ar") == "كريم"


def test_diacritics_go_only_on_request() -> None:
    assert text.fold("محلّهٔ مَن") == "محلّهٔ مَن"
    assert text.fold("محلّهٔ مَن", diacritics=False) == "محلهٔ من"


@given(mixed, st.sampled_from(["fa", "ar"]), st.booleans())
def test_fold_is_stable(raw: str, lang: str, diacritics: bool) -> None:
    once = text.fold(raw, lang, diacritics=diacritics)
    assert text.fold(once, lang, diacritics=diacritics) == once
    assert not set(once) & set(text.BIDI_CONTROLS + text.TATWEEL)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("علی کاظمی", "علي كاظمي"),
        ("می‌خواهم", "می خواهم"),
        ("بودجهٔ محلّه", "بودجه محله"),
        ("خانۀ", "خانه"),
        ("أحمد إلی آب", "احمد الی اب"),
        ("مدرسة", "مدرسه"),
        ("مسئول", "مسيول"),
        ("۱۷ شهریور", "١٧ شهريور"),
        ("۱۷ شهریور", "17  شهریور"),
        ("Café MAYOR", "cafe mayor"),
        ("«بازار»، تهران.", "بازار تهران"),
        ("الأولى", "الاولی"),
    ],
)
def test_search_keys_meet(one: str, other: str) -> None:
    assert text.search_key(one) == text.search_key(other) != ""


def test_search_keys_keep_words_apart() -> None:
    assert text.search_key("پ") != text.search_key("ب")
    assert text.search_key("  -- ") == ""


@given(mixed)
def test_search_key_is_stable_and_clean(raw: str) -> None:
    key = text.search_key(raw)
    assert text.search_key(key) == key
    assert key == " ".join(key.split())
    assert not any(unicodedata.category(char) in {"Mn", "Cf", "Cc"} for char in key)


def test_the_alphabet_is_in_order() -> None:
    keys = [text.sort_key(letter) for letter in text.PERSIAN_ALPHABET]
    assert keys == sorted(keys)
    assert len(set(keys)) == len(text.PERSIAN_ALPHABET) == 33


@given(st.lists(st.text(st.sampled_from(text.PERSIAN_ALPHABET + " "), max_size=8), max_size=8))
def test_words_order_as_their_letters_do(words: list[str]) -> None:
    words = [" ".join(word.split()) for word in words]
    alphabet = " " + text.PERSIAN_ALPHABET
    expected = sorted(words, key=lambda word: [alphabet.index(char) for char in word])
    assert sorted(words, key=text.sort_key) == expected


@given(st.integers(0, 10**30), st.integers(0, 10**30))
def test_numbers_order_by_value(one: int, other: int) -> None:
    key_one, key_other = text.sort_key(f"منطقهٔ {one}"), text.sort_key(f"منطقهٔ {other}")
    assert (key_one < key_other) == (one < other)
    assert (key_one == key_other) == (one == other)


def test_an_index_of_many_kinds() -> None:
    index = [
        "منطقهٔ ۲", "منطقهٔ ۱۰", "منطقه‌ها", "Bazaar", "آبشار", "ایران", "بازار", "پامنار",
        "گلستان", "۱۷ شهریور", "۵ آذر", "یافت‌آباد", "هرندی", "ژاله", "Azadi", "电",
    ]  # fmt: skip
    assert sorted(index, key=text.sort_key) == [
        "۵ آذر", "۱۷ شهریور", "آبشار", "ایران", "بازار", "پامنار", "ژاله", "گلستان", "منطقهٔ ۲",
        "منطقهٔ ۱۰", "منطقه‌ها", "هرندی", "یافت‌آباد", "Azadi", "Bazaar", "电",
    ]  # fmt: skip


def test_variants_only_break_ties() -> None:
    assert text.sort_key("علی") < text.sort_key("علي") < text.sort_key("علی اکبر")
    assert text.sort_key("علي") < text.sort_key("علیا")
    assert text.sort_key("«بازار»") == text.sort_key("بازار")
    assert text.sort_key("mayor") < text.sort_key("Mayor") < text.sort_key("mayors")


@given(mixed)
def test_sort_keys_are_printable_ascii(raw: str) -> None:
    key = text.sort_key(raw)
    assert all(" " <= char <= "~" for char in key)


def test_strip_controls() -> None:
    assert text.strip_controls("a\x00b\x07c\u202ed\ud800\ufffe") == "abcd"
    assert text.strip_controls("one\r\ntwo\rthree\tfour") == "one\ntwo\nthree\tfour"
    assert text.strip_controls("one\r\ntwo\tx", keep_newlines=False) == "one two x"
    assert text.strip_controls("می\u200cخواهم 👩\u200d🔧") == "می\u200cخواهم 👩\u200d🔧"


@given(st.text(st.characters(exclude_categories=[]), max_size=40), st.booleans())
def test_what_remains_can_be_stored(raw: str, keep: bool) -> None:
    clean = text.strip_controls(raw, keep_newlines=keep)
    clean.encode("utf-8")
    assert "\0" not in clean and "\r" not in clean
    assert keep or "\n" not in clean
