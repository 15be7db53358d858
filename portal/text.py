"""Persian, Arabic and Latin text: folding what keyboards confuse, searching and ordering."""

import re
import unicodedata
from itertools import groupby

# U+061C ALM, LRM, RLM, embeddings and overrides, isolates: they change what a reader sees.
BIDI_CONTROLS = "\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
ZWNJ = "\u200c"
ZWJ = "\u200d"
TATWEEL = "\u0640"

PERSIAN_DIGITS = "۰۱۲۳۴۵۶۷۸۹"
ARABIC_DIGITS = "٠١٢٣٤٥٦٧٨٩"
PERSIAN_ALPHABET = "آابپتثجچحخدذرزژسشصضطظعغفقکگلمنوهی"

_TO_ASCII_DIGITS = str.maketrans(PERSIAN_DIGITS + ARABIC_DIGITS, "0123456789" * 2)
_TO_PERSIAN_DIGITS = str.maketrans("0123456789" + ARABIC_DIGITS, PERSIAN_DIGITS * 2)
_TO_ARABIC_DIGITS = str.maketrans("0123456789" + PERSIAN_DIGITS, ARABIC_DIGITS * 2)

_INVISIBLE = dict.fromkeys(map(ord, BIDI_CONTROLS + TATWEEL + "\ufeff\u200b\u2060\u00ad"))
_SPACES = dict.fromkeys(map(ord, "\u00a0\u2007\u202f\u2002\u2003\u2009\u3000"), " ")
_PERSIAN_LETTERS = str.maketrans({"ي": "ی", "ى": "ی", "ك": "ک", "ڪ": "ک", "ە": "ه", "ہ": "ه"})
_PRESENTATION = re.compile("[\ufb50-\ufdff\ufe70-\ufefc]")
_DIACRITICS = re.compile("[\u064b-\u0652\u0670]")
_LOOSE_JOINER = re.compile(f"{ZWNJ}{{2,}}|(?:^|(?<=\\s)){ZWNJ}+|{ZWNJ}+(?=\\s|$)")


def ascii_digits(text: str) -> str:
    """Persian and Arabic-Indic digits as 0-9; everything else as it was."""
    return text.translate(_TO_ASCII_DIGITS)


def localized_digits(text: str, language: str) -> str:
    """Digits of any of the three scripts in the script of `language` (fa, ar, others Latin)."""
    if language == "fa":
        return text.translate(_TO_PERSIAN_DIGITS)
    if language == "ar":
        return text.translate(_TO_ARABIC_DIGITS)
    return ascii_digits(text)


def _is_bad(char: str, keep_newlines: bool) -> bool:
    if char in "\n\t":
        return not keep_newlines
    if char in BIDI_CONTROLS:
        return True
    return unicodedata.category(char) in {"Cc", "Cs"} or ord(char) & 0xFFFE == 0xFFFE


def strip_controls(text: str, *, keep_newlines: bool = True) -> str:
    """Without control, bidi and surrogate characters, which forms and files smuggle in.

    PostgreSQL refuses NUL and lone surrogates; bidi controls can make one text look like another.
    With `keep_newlines=False` line ends and tabs become spaces.
    """
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    if text.isprintable():
        return text
    if not keep_newlines:
        text = text.replace("\n", " ").replace("\t", " ")
    return "".join(char for char in text if not _is_bad(char, keep_newlines))


def fold(text: str, language: str = "fa", *, diacritics: bool = True) -> str:
    """One spelling for what keyboards and old encodings write in several ways.

    Persian: ي ى → ی, ك → ک, ۀ → هٔ. Arabic keeps its own ي ى ك (in it ى is a letter of its own).
    Both lose tatweel, bidi controls and presentation forms; ZWNJ stays between letters;
    `diacritics=False` drops the short vowels.
    """
    text = _PRESENTATION.sub(lambda match: unicodedata.normalize("NFKC", match[0]), text)
    text = text.translate(_INVISIBLE).translate(_SPACES)
    text = unicodedata.normalize("NFC", text)
    if not diacritics:
        text = _DIACRITICS.sub("", text)
    if language == "ar":
        text = text.replace("ک", "ك")
    else:
        text = text.replace("ۀ", "ه\u0654").translate(_PERSIAN_LETTERS).replace("ی\u0654", "ئ")
    text = _LOOSE_JOINER.sub(
        lambda match: ZWNJ if len(match[0]) > 1 and _inner(match) else "", text
    )
    return text.strip()


def _inner(match: re.Match[str]) -> bool:
    """Whether a run of joiners stands between two letters, where one of them has a meaning."""
    text, start, end = match.string, match.start(), match.end()
    return start > 0 and end < len(text) and not text[start - 1].isspace() | text[end].isspace()


_SEARCH = str.maketrans({"ي": "ی", "ى": "ی", "ك": "ک", "ڪ": "ک", "ە": "ه", "ہ": "ه", "ة": "ه",
                         "ھ": "ه", "ٱ": "ا", "ء": None, "ؠ": "ی"})  # fmt: skip


def search_key(text: str) -> str:
    """A form in which different spellings of the same words meet; for a pg_trgm column.

    Lower case, digits as 0-9, no diacritics and hamzas, أإآ → ا, ة → ه, punctuation and ZWNJ as
    single spaces. Give both the stored text and what is looked for.
    """
    text = unicodedata.normalize("NFKD", text.translate(_INVISIBLE)).casefold()
    text = unicodedata.normalize("NFKD", ascii_digits(text))
    out = []
    for char in text.translate(_SEARCH).translate(_INVISIBLE):
        category = unicodedata.category(char)
        if category == "Mn" or char == ZWJ:
            continue
        if category == "Nd":
            out.append(str(unicodedata.digit(char)))
        else:
            out.append(char if category[0] in "LN" or category in {"Mc", "Me"} else " ")
    return " ".join("".join(out).split())


# Bytewise order of a key: tie-break mark < space < numbers < Persian < Latin < other scripts.
_TIE, _SPACE, _NUMBER, _LATIN, _OTHER = " ", "!", "0", "z", "~"
_LETTER_CODES = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefg"
_PRIMARY = dict(zip(PERSIAN_ALPHABET, _LETTER_CODES, strict=True))
_VARIANTS = {
    "أ": ("ا", "1"), "إ": ("ا", "2"), "ٱ": ("ا", "3"), "ء": ("ا", "4"), "ؤ": ("و", "1"),
    "ئ": ("ی", "1"), "ي": ("ی", "2"), "ى": ("ی", "3"), "ك": ("ک", "1"), "ة": ("ه", "1"),
    "ۀ": ("ه", "2"), "ە": ("ه", "3"), "ہ": ("ه", "4"), "ھ": ("ه", "5"),
}  # fmt: skip
_MAX_RUN = 99


def _number_key(digits: str) -> str:
    """Digits so that bytes order them by value: the count of digits goes before them."""
    digits = digits.lstrip("0") or "0"
    chunks = (digits[i : i + _MAX_RUN] for i in range(0, len(digits), _MAX_RUN))
    return "".join(f"{_NUMBER}{len(chunk):02d}{chunk}" for chunk in chunks)


def _letter_key(char: str) -> tuple[str, str]:
    """(primary code, tie-break digit) of one character; both empty for what order ignores."""
    base, variant = _VARIANTS.get(char, (char, "0"))
    if base in _PRIMARY:
        return _PRIMARY[base], variant
    if char.isspace():
        return _SPACE, "0"
    if char == ZWNJ:
        return "", "1"
    plain = unicodedata.normalize("NFKD", char)
    if "a" <= plain[:1].lower() <= "z":
        lower = plain[0].lower()
        return _LATIN + lower, "0" if char == lower else "1" if char.isascii() else "2"
    category = unicodedata.category(char)
    if category == "Mn":
        return "", "2"
    if category[0] in "LNS" or category in {"Mc", "Me"}:
        return f"{_OTHER}{ord(char):06x}", "0"
    return "", ""


def sort_key(text: str) -> str:
    """An ASCII string whose bytes order texts as a Persian index does (`COLLATE "C"`).

    آ ا ب پ … ه ی, numbers by value before letters, Latin after Persian, then other scripts.
    Letter variants (أ, ي, case), ZWNJ and diacritics decide only between otherwise equal texts;
    punctuation is ignored.
    """
    text = unicodedata.normalize("NFC", ascii_digits(text.translate(_INVISIBLE)))
    text = _PRESENTATION.sub(lambda match: unicodedata.normalize("NFKC", match[0]), text)
    primary, ties = [], []
    for is_number, run in groupby(" ".join(text.split()), lambda char: "0" <= char <= "9"):
        if is_number:
            primary.append(_number_key("".join(run)))
            continue
        for char in run:
            code, tie = _letter_key(char)
            primary.append(code)
            ties.append(tie)
    key = "".join(primary)
    tail = "".join(ties).rstrip("0")
    return f"{key}{_TIE}{tail}" if tail else key
