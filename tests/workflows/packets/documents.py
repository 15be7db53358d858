"""A snapshot with everything that can go wrong in print, and a way to read a PDF back."""

import datetime as dt
import subprocess
from pathlib import Path
from typing import Any

from portal.packet import code, day, figures, moment, note, number, rate, section, table, words
from workflows.packets.models import PacketSnapshot

WORDS = {
    "packet": "بستهٔ جامع شورا",
    "period": "دوره",
    "from_to": "%(first)s تا %(last)s",
    "edition": "ویرایش",
    "compiled": "تهیه‌شده",
    "date_time": "%(date)s ساعت %(time)s",
    "fingerprint": "اثر انگشت داده‌ها",
    "part_of_whole": "%(part)s از %(whole)s",
    "share": "سهم",
    "figure": "شاخص",
    "value": "مقدار",
    "contents": "فهرست",
    "page": "صفحهٔ",
}
CHANNELS = ("استودیو شهر", "پیامک", "شبکه‌های اجتماعی", "تلفن", "پورتال")
SUBJECTS = (
    "چالهٔ بزرگ جلوی مدرسهٔ ۱۷ شهریور، کوچهٔ گل‌محمدی، پلاک ۱۲",
    "شرکت خانه‌سازی پیش‌ساختهٔ آذربایجان پاسخ نداده است",
    "روشنایی بوستان ۳ ماه است قطع است 😀",
)


def fa(text: str) -> dict[str, str]:
    return {"fa": text, "ar": text, "en": text}


def made_snapshot() -> PacketSnapshot:
    """Not stored; Persian in every language."""
    rows: list[list[Any]] = [
        [words(fa(name)), number(12 + place), rate(69 + place, 146 + place)]
        for place, name in enumerate(CHANNELS)
    ]
    follow_ups: list[list[Any]] = [
        [
            subject,
            day(dt.date(2026, 11, 2 + place)),
            moment(dt.datetime(2026, 11, 20, 12, 10, tzinfo=dt.UTC)),
            rate(3, 7 * place),
            code("7K3M9ABCDE"),
        ]
        for place, subject in enumerate(SUBJECTS)
    ]
    blocks = section(
        note(fa("شمارش از روی پرونده‌ها است و هر درصد هر دو عدد را دارد.")),
        figures((fa("پیام‌های فوری"), number(1504)), (fa("اقدام اولیه در ۲ ساعت"), rate(402, 504))),
        table(
            fa("پاسخ به تفکیک کانال"),
            [(fa("کانال"), "text"), (fa("پیام"), "number"), (fa("پاسخ از دیده‌شده"), "rate")],
            rows,
            fa("هیچ"),
        ),
        table(
            fa("پیگیری‌های باز"),
            [
                (fa("موضوع"), "text"),
                (fa("روز"), "day"),
                (fa("زمان"), "moment"),
                (fa("سهم کار"), "rate"),
                (fa("کد"), "code"),
            ],
            follow_ups,
            fa("هیچ"),
        ),
        table(fa("نظرسنجی‌ها"), [(fa("نام"), "text")], [], fa("نظرسنجی‌ای فرستاده نشد.")),
    )["blocks"]
    data = {
        "format": 1,
        "first_day": "2026-10-23",
        "last_day": "2026-11-21",
        "edition": 1,
        "compiled_at": "2026-11-22T03:50:00+00:00",
        "city": {"fa": "شهرداری نمونه", "ar": "بلدية المدينة", "en": "Sample City"},
        "words": {name: fa(text) for name, text in WORDS.items()},
        "sections": [
            {"name": "one", "title": fa("کانال‌ها و واحدها"), "new_page": False, "blocks": blocks}
        ],
    }
    return PacketSnapshot(packet_id=1, data=data, digest="ab12" * 16)


def read_pdf(content: bytes, folder: Path) -> str:
    """What pdftotext finds, unfolded."""
    path = folder / "packet.pdf"
    path.write_bytes(content)
    return subprocess.run(
        ["pdftotext", "-enc", "UTF-8", str(path), "-"], capture_output=True, check=True, text=True
    ).stdout
