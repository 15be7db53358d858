"""Public holidays by country, from the `holidays` package, with titles in our three languages.

Feasts of the lunar calendar that are not announced yet are the package's estimates: the moon may
be seen a day earlier or later.
"""

from dataclasses import dataclass
from datetime import date
from functools import lru_cache

_ESTIMATED = " (estimated)"

IRAN: dict[str, tuple[str, str]] = {
    "15 Khordad Uprising": ("قیام ۱۵ خرداد", "انتفاضة ١٥ خرداد"),
    "Arbaeen": ("اربعین حسینی", "أربعين الإمام الحسين"),
    "Ashura": ("عاشورای حسینی", "عاشوراء"),
    "Birthday of Imam Ali": ("ولادت امام علی (ع) و روز پدر", "مولد الإمام علي"),
    "Birthday of Mahdi": ("ولادت حضرت قائم (عج)؛ نیمهٔ شعبان", "مولد الإمام المهدي"),
    "Birthday of Muhammad and Imam Ja'far al-Sadiq": (
        "میلاد پیامبر اکرم (ص) و امام جعفر صادق (ع)",
        "مولد النبي والإمام جعفر الصادق",
    ),
    "Death of Imam Khomeini": ("رحلت امام خمینی", "ذكرى رحيل الإمام الخميني"),
    "Death of Prophet Muhammad and Martyrdom of Hasan ibn Ali": (
        "رحلت پیامبر اکرم (ص) و شهادت امام حسن مجتبی (ع)",
        "وفاة النبي واستشهاد الإمام الحسن",
    ),
    "Eid al-Adha": ("عید قربان", "عيد الأضحى"),
    "Eid al-Fitr": ("عید فطر", "عيد الفطر"),
    "Eid al-Fitr Holiday": ("تعطیل به مناسبت عید فطر", "عطلة عيد الفطر"),
    "Eid al-Ghadir": ("عید غدیر خم", "عيد الغدير"),
    "Iranian Oil Industry Nationalization Day": (
        "روز ملی شدن صنعت نفت ایران",
        "يوم تأميم صناعة النفط الإيرانية",
    ),
    "Islamic Republic Day": ("روز جمهوری اسلامی", "يوم الجمهورية الإسلامية"),
    "Islamic Revolution Day": ("پیروزی انقلاب اسلامی", "انتصار الثورة الإسلامية"),
    "Isra' and Mi'raj": ("مبعث پیامبر اکرم (ص)", "المبعث النبوي"),
    "Last Day of Year": ("آخرین روز سال", "آخر أيام السنة الإيرانية"),
    "Martyrdom of Ali al-Rida": ("شهادت امام رضا (ع)", "استشهاد الإمام الرضا"),
    "Martyrdom of Fatima": ("شهادت حضرت فاطمه (س)", "استشهاد السيدة فاطمة"),
    "Martyrdom of Hasan al-Askari": ("شهادت امام حسن عسکری (ع)", "استشهاد الإمام العسكري"),
    "Martyrdom of Imam Ali": ("شهادت امام علی (ع)", "استشهاد الإمام علي"),
    "Martyrdom of Imam Ja'far al-Sadiq": (
        "شهادت امام جعفر صادق (ع)",
        "استشهاد الإمام جعفر الصادق",
    ),
    "Nature's Day": ("روز طبیعت", "يوم الطبيعة"),
    "Nowruz": ("نوروز", "النوروز"),
    "Nowruz Holiday": ("عید نوروز", "عطلة النوروز"),
    "Public Holiday": ("تعطیل عمومی", "عطلة رسمية"),
    "Tasua": ("تاسوعای حسینی", "تاسوعاء"),
}


LUNAR = frozenset(
    {
        "Arbaeen",
        "Ashura",
        "Birthday of Imam Ali",
        "Birthday of Mahdi",
        "Birthday of Muhammad and Imam Ja'far al-Sadiq",
        "Death of Prophet Muhammad and Martyrdom of Hasan ibn Ali",
        "Eid al-Adha",
        "Eid al-Fitr",
        "Eid al-Fitr Holiday",
        "Eid al-Ghadir",
        "Isra' and Mi'raj",
        "Martyrdom of Ali al-Rida",
        "Martyrdom of Fatima",
        "Martyrdom of Hasan al-Askari",
        "Martyrdom of Imam Ali",
        "Martyrdom of Imam Ja'far al-Sadiq",
        "Tasua",
    }
)
"""Those of IRAN that follow the moon: a city may have to keep them on another day than computed,
also where the calendar of the year has been printed."""


@dataclass(frozen=True, slots=True)
class Observance:
    titles: dict[str, str]
    estimated: bool


def known_country(code: str) -> bool:
    """Whether the package has the holidays of a country (ISO 3166, two letters)."""
    import holidays

    try:
        holidays.country_holidays(code)
    except NotImplementedError:
        return False
    return True


@lru_cache(maxsize=1024)
def public_holidays(country: str, year: int) -> dict[date, tuple[Observance, ...]]:
    """The public holidays of a country in a Gregorian year."""
    import holidays

    kind = type(holidays.country_holidays(country))
    english = "en_US" if "en_US" in kind.supported_languages else None
    table = holidays.country_holidays(country, years=year, language=english)
    return {
        day: tuple(_observance(country, name) for name in table.get_list(day))
        for day in sorted(table)
        if day.year == year
    }


def _observance(country: str, name: str) -> Observance:
    plain = name.removesuffix(_ESTIMATED)
    titles = {"en": plain}
    if country == "IR" and plain in IRAN:
        titles["fa"], titles["ar"] = IRAN[plain]
    return Observance(titles, plain != name)


@lru_cache(maxsize=4096)
def _persian(day: date) -> tuple[int, int]:
    import jdatetime

    converted = jdatetime.date.fromgregorian(date=day)
    return converted.month, converted.day


_ISLAMIC_EPOCH = 227_015
"""Ordinal of 1 Muharram 1 (16 July 622 of the Julian calendar)."""


@lru_cache(maxsize=4096)
def _hijri(day: date) -> tuple[int, int]:
    """Month and day of the tabular Islamic calendar: eleven leap years in thirty, a day added in
    the years 2, 5, 7, 10, 13, 16, 18, 21, 24, 26, 29 (Reingold and Dershowitz, Calendrical
    Calculations). The moon itself may be seen a day earlier or later."""
    number = day.toordinal() - _ISLAMIC_EPOCH
    year = (30 * number + 10_646) // 10_631
    begin = 354 * (year - 1) + (3 + 11 * year) // 30
    month = min(12, (2 * (number - begin) + 1) // 59 + 1)
    return month, number - begin - (59 * (month - 1) + 1) // 2 + 1


def falls_on(calendar: str, month: int, day_of_month: int, day: date) -> bool:
    """Whether a day of every year of a calendar (persian, gregorian, hijri) is this date."""
    if calendar == "persian":
        found = _persian(day)
    elif calendar == "hijri":
        found = _hijri(day)
    else:
        found = day.month, day.day
    return found == (month, day_of_month)
