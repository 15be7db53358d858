"""Language names in column headers → BCP 47 codes."""

import re

_CODE = re.compile(r"[A-Za-z]{2,3}(?:[-_][A-Za-z0-9]{2,8})*")
_WITH_CODE = re.compile(r"(.*?)[(\[]\s*([A-Za-z]{2,3}(?:[-_][A-Za-z0-9]{2,8})*)\s*[)\]]\s*")
_NAMES = {
    "fa": "persian farsi فارسی پارسی parsi fas per فارسي",
    "fa-AF": "dari دری prs",
    "ar": "arabic عربی عربي العربية ara",
    "en": "english انگلیسی الإنجليزية الانجليزية eng",
    "ps": "pashto pashtu pushto pash پښتو پشتو pus",
    "tr": "turkish türkçe turkce ترکی tur",
    "az": "azerbaijani azeri آذری azərbaycanca aze",
    "ku": "kurdish کردی kurdî kur",
    "ckb": "sorani سورانی",
    "kmr": "kurmanji",
    "ur": "urdu اردو urd",
    "hy": "armenian hye",
    "he": "hebrew heb",
    "fr": "french français francais fra",
    "de": "german deutsch deu",
    "es": "spanish español espanol spa",
    "it": "italian italiano ita",
    "pt": "portuguese português por",
    "ru": "russian русский rus",
    "zh": "chinese 中文 zho",
    "hi": "hindi hin",
    "bn": "bengali bangla ben",
    "ne": "nepali nep",
    "id": "indonesian ind",
    "sw": "swahili kiswahili swa",
    "tk": "turkmen tuk",
    "uz": "uzbek uzb",
    "tg": "tajik tgk",
    "am": "amharic amh",
    "so": "somali som",
}
_BY_NAME = {name: code for code, names in _NAMES.items() for name in (*names.split(), code.lower())}
_PERSIAN_LETTERS = re.compile("[پچژگکی]")
_ARABIC_LETTERS = re.compile("[\u0620-\u064a]")


def language_code(name: str) -> str | None:
    """The code of "Persian (fa)", "english(en)", "فارسی", "Arabic", "fa-IR"; None if unknown."""
    text = name.strip().strip(":").strip()
    if found := _WITH_CODE.fullmatch(text):
        return _tidy(found[2])
    if known := _BY_NAME.get(text.casefold()):
        return known
    first = re.split(r"[\s\-_(]", text.casefold(), maxsplit=1)[0]
    if _CODE.fullmatch(text) and (len(first) == 2 or first in _BY_NAME):
        return _tidy(text)
    return None


def private_code(name: str) -> str:
    """A private-use code (x-…) for a language we do not know: two headers alike stay alike."""
    letters = re.sub(r"[^a-z0-9]", "", name.casefold())[:8]
    return f"x-{letters or format(sum(map(ord, name)) % 0xFFFFF, 'x')}"


def header_name(code: str) -> str:
    """What to write for a language in a header, so that `language_code` or, for a private code,
    `private_code` finds it again: "Persian (fa)"."""
    if code.startswith("x-"):
        name = code.removeprefix("x-")
        # Two letters would be taken for a code of their own.
        return name if len(name) != 2 else " ".join(name)
    name = _NAMES.get(code, _NAMES.get(code.partition("-")[0], code)).partition(" ")[0]
    return f"{name.capitalize()} ({code})"


def guess_language(texts: list[str]) -> str:
    """The language of texts whose column does not say: fa, ar or en, by their letters."""
    sample = " ".join(texts)[:20_000]
    if len(_ARABIC_LETTERS.findall(sample)) * 3 < sum(map(str.isalpha, sample)):
        return "en"
    return "fa" if _PERSIAN_LETTERS.search(sample) else "ar"


def _tidy(code: str) -> str:
    first, *rest = re.split("[-_]", code)
    first = first.lower()
    if len(first) == 3:
        first = _BY_NAME.get(first, first)
    return "-".join([first, *(part.upper() if len(part) == 2 else part for part in rest)])
