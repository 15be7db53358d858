"""A contact file as a city's office really has it: `python -m demo.contacts --rows 10000 -o F`.

The same seed and row count give the same bytes. About 93 rows in a hundred have a number that
can receive an SMS; the rest are landlines, slips and spreadsheet accidents. The people do not
exist; the numbers may, so the file is for the simulated gateway only.
"""

import argparse
import csv
import random
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

HEADERS = ("شماره همراه", "نام و نام خانوادگی", "زبان", "محله", "منطقه", "برچسب‌ها", "رضایت پیامک")
NEIGHBOURHOODS = (
    "بهارستان", "بازار", "سنگلج", "امامزاده یحیی", "ایران", "دروازه شمیران", "آبشار", "کوثر",
    "هرندی", "تختی", "قیام", "فردوسی", "پامنار",
)  # fmt: skip
TAGS = ("ملاقات مردمی", "سرای محله", "من شهردارم", "کسبهٔ بازار", "ورزش همگانی", "۱۷ شهریور",
        "داوطلب", "مسجد محل")  # fmt: skip
_PERSIAN_FIRST = (
    "زهرا", "فاطمه", "مریم", "سارا", "نرگس", "لیلا", "پریسا", "شیما", "علی", "محمد", "حسین", "رضا",
    "امیر", "مهدی", "کاظم", "یوسف", "بهرام", "ژاله", "گیتی", "چنگیز",
)  # fmt: skip
_PERSIAN_LAST = (
    "احمدی", "رضایی", "کریمی", "موسوی", "یزدانی", "کاشانی", "تهرانی‌مقدم", "نیک‌خواه", "شریفی",
    "بازرگان", "گلستانی", "پورمحمد", "فرش‌چی", "زرگر", "صراف", "کتاب‌فروش",
)  # fmt: skip
_ARABIC_NAMES = ("علي الكاظمي", "زينب الموسوي", "حيدر الجبوري", "فاطمة الحسيني", "مصطفى العبيدي",
                 "نور الهدى السعدي", "كريم البصري", "سلمى حدّاد")  # fmt: skip
_ENGLISH_NAMES = ("Maria Rossi", "John Carter", "Aylin Demir", "Peter Novak", "Sophie Martin",
                  "Ravi Kumar", "Li Wei", "Anna Schmidt")  # fmt: skip
_PREFIXES = ("912", "912", "912", "919", "910", "935", "936", "901", "902", "921", "990", "991")
# Mobile prefixes in which every number is valid, and the digits that follow.
_IRAQ, _LEBANON, _TURKEY = ("+96477", 8), ("+96170", 6), ("+90532", 7)
_GERMANY, _FRANCE = ("+49151", 8), ("+33612", 6)
_FOREIGN = {
    "fa": (_IRAQ, _TURKEY, _GERMANY),
    "ar": (_IRAQ, _LEBANON),
    "en": (_TURKEY, _GERMANY, _FRANCE),
}
_PERSIAN = str.maketrans("0123456789", "۰۱۲۳۴۵۶۷۸۹")
_ARABIC = str.maketrans("0123456789", "٠١٢٣٤٥٦٧٨٩")


@dataclass(frozen=True, slots=True)
class Line:
    """A row as written, and the number it means (None: nothing an SMS could reach)."""

    cells: tuple[str, ...]
    e164: str | None


def lines(rows: int, seed: int) -> Iterator[Line]:
    """The rows of the file, without its header."""
    # Not for secrets: the same file every time is what is wanted.
    dice = random.Random(f"contacts/{seed}/{rows}")  # noqa: S311
    seen: list[tuple[str, str]] = []
    for _row in range(rows):
        chance = dice.random()
        if chance < 0.07:
            yield Line((_broken(dice), *_person(dice, _language(dice))), None)
        elif chance < 0.10 and seen:
            number, language = dice.choice(seen)
            yield Line((_written(dice, number), *_person(dice, language)), number)
        else:
            language = _language(dice)
            number = _foreign(dice, language) if chance > 0.985 else _iranian(dice)
            seen.append((number, language))
            yield Line((_written(dice, number), *_person(dice, language)), number)


def expected_valid(rows: int, seed: int) -> set[str]:
    """Every distinct number that an import of the file must accept, as E.164."""
    return {line.e164 for line in lines(rows, seed) if line.e164}


def write(path: Path, rows: int, seed: int) -> None:
    """The file, as UTF-8 with the mark that spreadsheets want."""
    with path.open("w", encoding="utf-8-sig", newline="") as stream:
        out = csv.writer(stream)
        out.writerow(HEADERS)
        out.writerows(line.cells for line in lines(rows, seed))


def _language(dice: random.Random) -> str:
    return dice.choices(("fa", "ar", "en"), (88, 8, 4))[0]


def _iranian(dice: random.Random) -> str:
    return f"+98{dice.choice(_PREFIXES)}{dice.randrange(10**7):07d}"


def _foreign(dice: random.Random, language: str) -> str:
    prefix, length = dice.choice(_FOREIGN[language])
    return f"{prefix}{dice.randrange(10**length):0{length}d}"


def _written(dice: random.Random, e164: str) -> str:
    """`e164` the way somebody typed it."""
    if not e164.startswith("+98"):
        digits = e164[1:]
        return dice.choice((f"+{digits}", f"00{digits}", f"+{digits[:-7]} {digits[-7:]}"))
    short = e164[3:]
    spaced = f"0{short[:3]} {short[3:6]} {short[6:]}"
    return dice.choices(
        (
            f"0{short}",
            f"0{short}".translate(_PERSIAN),
            f"0{short}".translate(_ARABIC),
            short,
            f"98{short}",
            f"+98{short}",
            f"0098{short}",
            spaced,
            spaced.replace(" ", "-"),
            f"(0{short[:3]}) {short[3:]}",
            f"\u202a+98 {short}\u202c",
            f"{short}.0",
            f"'0{short}",
            f"+98 (0) {short}".translate(_PERSIAN),
        ),
        (40, 18, 5, 12, 4, 6, 4, 3, 2, 1, 2, 1, 1, 1),
    )[0]


def _broken(dice: random.Random) -> str:
    rest = f"{dice.randrange(10**7):07d}"
    return dice.choices(
        (
            f"0212{rest}",
            f"۰۲۱۳{rest.translate(_PERSIAN)}",
            f"0912{rest[:6]}",
            f"0912{rest}3",
            "9.12E+09",
            "",
            "ندارد",
            f"0912{rest} / 0935{rest}",
            f"0412{rest}",
            "0912O34567l",
        ),
        (24, 10, 14, 10, 8, 14, 8, 5, 4, 3),
    )[0]


def _person(dice: random.Random, language: str) -> tuple[str, ...]:
    if language == "ar":
        name, label = dice.choice(_ARABIC_NAMES), dice.choice(("عربی", "العربية", "ar"))
    elif language == "en":
        name, label = dice.choice(_ENGLISH_NAMES), dice.choice(("en", "English", "انگلیسی"))
    else:
        name = f"{dice.choice(_PERSIAN_FIRST)} {dice.choice(_PERSIAN_LAST)}"
        label = dice.choices(("فارسی", "fa", ""), (6, 3, 1))[0]
        if dice.random() < 0.15:
            # Typed on an Arabic keyboard.
            name = name.replace("ی", "ي").replace("ک", "ك")
        if dice.random() < 0.04:
            name = f"  {name} "
    place = dice.choice(NEIGHBOURHOODS) if dice.random() < 0.93 else ""
    district = dice.choices(("12", "۱۲", "منطقه ۱۲"), (5, 4, 1))[0]
    tags = "، ".join(dice.sample(TAGS, dice.choices((0, 1, 2, 3), (3, 5, 3, 1))[0]))
    consent = dice.choices(("بله", "yes", ""), (70, 10, 20))[0]
    return name, label, place, district, tags, consent


def main(arguments: list[str] | None = None) -> int:
    """Write the file the command line asks for."""
    parser = argparse.ArgumentParser(prog="python -m demo.contacts", description=__doc__)
    parser.add_argument("--rows", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=12)
    parser.add_argument("-o", "--output", type=Path, required=True)
    chosen = parser.parse_args(arguments)
    if not 0 <= chosen.rows <= 200_000:
        parser.error("--rows must be between 0 and 200000")
    write(chosen.output, chosen.rows, chosen.seed)
    valid = len(expected_valid(chosen.rows, chosen.seed))
    print(f"{chosen.output}: {chosen.rows} rows, {valid} distinct valid numbers", file=sys.stderr)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
