"""The words of a message so that different people's words for one thing meet.

On top of portal.text.search_key (ي/ك, digits, half-spaces, diacritics folded): verbs and plurals
are one word however they are spaced, endings fall off, and what a city calls by several names is
called by one.
"""

from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from portal.text import ZWNJ, search_key

MOST_READ: Final = 600
"""Characters of a message that are compared: the matter comes first, the thanks last."""


def _listed(text: str) -> frozenset[str]:
    return frozenset(search_key(text).split())


_STOP: Final = _listed(
    """
    از به در با و یا که را این ان اون یه یک هم تا بر برای است هست نیست بود شد شده میشود نمیشود شود
    کنید کنند کرده کردن لطفا سلام خسته نباشید ممنون تشکر متشکرم جناب شهرداری اقا خانم ما من شما
    خیلی چند روز روزه هفته ماه وقت الان دیروز امروز دیشب صبح شب مدت است دارد ندارد داره نداره اند
    رسیدگی پیگیری فرمایید بفرمایید خواهشمندم خواهش درخواست عرض احترام باشد باشه بشه همین
    هنوز دوباره باز هیچ کس کسی اینجا انجا جا همه باید میکند نمیکند کند ایم اید بعد قبل پیش حدود
    في من على الى عن هذا هذه هناك هنا يرجى السلام عليكم مع او ان لا كان
    the a an of in on at to is are was and or for with please there here it this that
    """
)
_NAMED_AFTER: Final = _listed(
    "خیابان خ کوچه ک بلوار میدان پلاک نبش جنب روبروی روبرو روبر مقابل شهرک کوی بنبست اتوبان "
    "بزرگراه چهارراه سهراه تقاطع زیرگذر شارع زقاق ساحه حی street st avenue"
)
"""After these comes the name of a place."""
_MARKERS: Final = _NAMED_AFTER | _listed("محله پل فاز بلوک منطقه بن بست جلو جلوی کنار نرسیده")
_SIDES: Final = _listed("شمال جنوب شرق غرب شمالی جنوبی شرقی غربی بالا پایین")
"""They tell two places of one name apart, as numbers do."""
_GROUPS: Final = (
    "چاله گودال حفره چال دستانداز نشست فرورفتگی",
    "چراغ لامپ روشنایی پروژکتور",
    "خاموش قطع سوخته سوخت تاریک تاریکی نمیسوزد",
    "زباله اشغال اشغالها پسماند نخاله",
    "سطل مخزن باکس",
    "اب فاضلاب",
    "ترکیدگی ترکیده ترکید نشت نشتی فوران هدررفت",
    "درخت شاخه",
    "شکسته شکست افتاده سقوط افتاد",
    "ماشین خودرو اتومبیل",
    "سد مسدود بسته انسداد",
    "بوی بو متعفن تعفن",
    "سگ سگها",
    "اسفالت اسفالته روکش",
    "جدول جوی جوب نهر کانال",
    "پیادهرو پیاده",
    "اتوبوس بیارتی واحد",
    "سروصدا صدا الودگی صوتی",
    "ساختوساز ساخت بنایی ساختمانی",
    "حفر حفره مطبات",
    "pothole hole potholes",
    "lamp light lights streetlight",
    "rubbish garbage trash waste",
)
_ONE_NAME: Final = {word: group.split()[0] for group in reversed(_GROUPS) for word in group.split()}
_ENDINGS: Final = ("هایی", "های", "ترین", "ها", "تر")


@lru_cache(maxsize=20_000)
def words(text: str) -> tuple[str, ...]:
    """The words that carry the meaning, in order."""
    tokens = search_key(text[:MOST_READ].replace(ZWNJ, "")).split()
    found: list[str] = []
    prefix = ""
    for token in tokens:
        if token in {"می", "نمی"}:
            prefix = token
            continue
        if token in _ENDINGS and found and not prefix:
            continue
        word, prefix = prefix + token, ""
        if word in _STOP:
            continue
        found.append(_stem(word))
    return tuple(found)


def _stem(word: str) -> str:
    if word in _ONE_NAME:
        return _ONE_NAME[word]
    for ending in _ENDINGS:
        if len(word) >= len(ending) + 3 and word.endswith(ending):
            word = word.removesuffix(ending)
            break
    if word in _ONE_NAME:
        return _ONE_NAME[word]
    if len(word) >= 4 and word.endswith("ی"):
        word = word[:-1]
    if len(word) >= 5 and word.startswith("ال"):
        word = word[2:]
    return _ONE_NAME.get(word, word)


@lru_cache(maxsize=20_000)
def content(text: str) -> frozenset[str]:
    """Without what only announces a place."""
    return frozenset(words(text)) - _MARKERS


@lru_cache(maxsize=20_000)
def trigrams(word: str) -> frozenset[str]:
    """As pg_trgm takes them: two blanks before, one behind."""
    padded = f"  {word} "
    return frozenset(padded[at : at + 3] for at in range(len(padded) - 2))


@dataclass(frozen=True, slots=True)
class Address:
    """Where it is, in words: names of street and building, of the neighbourhood, and what tells
    two places of one name apart (numbers, north and south)."""

    names: frozenset[str]
    hood: frozenset[str]
    numbers: frozenset[str]


@lru_cache(maxsize=20_000)
def address(text: str, place: str, neighbourhood: str) -> Address:
    """Of its own field, and of what follows «street» in the text."""
    said = {*words(place), *_named(text)} - _MARKERS
    numbers = frozenset(word for word in said if word.isdigit() or word in _SIDES)
    hood = frozenset(words(neighbourhood)) - _MARKERS
    return Address(frozenset(said) - numbers, hood, numbers)


def _named(text: str) -> list[str]:
    found: list[str] = []
    wanted = 0
    for word in words(text):
        if word in _NAMED_AFTER:
            wanted = 1
        elif wanted:
            found.append(word)
            # «کوچه یاس ۱۲»: the number behind the name belongs to it.
            wanted = 0
    return found


def rare(text: str, most: int = 2) -> list[str]:
    """Its longest words, for a search by index; of a search key LIKE takes nothing amiss."""
    plain = [
        word
        for word in search_key(text[:MOST_READ]).split()
        if len(word) >= 4 and word not in _STOP and word not in _MARKERS
    ]
    return sorted(dict.fromkeys(plain), key=lambda word: -len(word))[:most]
