"""In which language somebody wrote, from the letters alone."""

import re

from portal.text import ascii_digits

_PERSIAN = re.compile("[پچژگکی]")
_ARABIC = re.compile("[ةيكىأإ]")
_ARABIC_SCRIPT = re.compile("[\u0621-\u06d3]")
_LATIN = re.compile("[A-Za-z]")
_WORDS = {
    "fa": frozenset({
        "است", "سلام", "را", "این", "که", "از", "برای", "شده", "نیست", "لطفا", "خیابان", "کوچه",
        "آب", "در", "با", "هست", "ما", "اینجا", "شد", "دارد", "ندارد", "تا",
    }),
    "ar": frozenset({
        "في", "من", "على", "هذا", "هذه", "السلام", "عليكم", "لا", "يوجد", "شارع", "الشارع", "حفرة",
        "ماء", "الماء", "امام", "أمام", "يرجى", "هنا", "هناك", "عن", "مع",
    }),
}  # fmt: skip
"""Frequent words, for texts without a letter of their own."""


def guess(text: str, fallback: str) -> str:
    """fa, ar or en; `fallback` where the text says nothing (digits, other scripts).

    Letters that only one of the keyboards has decide; پ چ ژ گ are stronger than ی and ک, which
    some Arabic phones send, so the greater number wins.
    """
    text = ascii_digits(text)
    if not _ARABIC_SCRIPT.search(text):
        return "en" if len(_LATIN.findall(text)) > 1 else fallback
    if len(_LATIN.findall(text)) > 2 * len(_ARABIC_SCRIPT.findall(text)):
        return "en"
    persian, arabic = len(_PERSIAN.findall(text)), len(_ARABIC.findall(text))
    if persian != arabic:
        return "fa" if persian > arabic else "ar"
    words = set(re.findall(r"[\w\u200c]+", text))
    known = {code: len(words & frequent) for code, frequent in _WORDS.items()}
    if known["fa"] != known["ar"]:
        return max(known, key=lambda code: known[code])
    return fallback if fallback in {"fa", "ar"} else "fa"
