"""Write the spreadsheets of this folder: `python demo/forms/make_forms.py`.

i-am-mayor.xlsx is the «من شهردارم» poll in Persian, Arabic and English.
broken.xlsx has one of each common mistake, for trying `flask surveys check`.
"""

from pathlib import Path

from openpyxl import Workbook
from openpyxl.styles import Font
from openpyxl.utils import get_column_letter

HERE = Path(__file__).parent
LANGUAGES = ("Persian (fa)", "Arabic (ar)", "English (en)")
Text = tuple[str, str, str]
NOTHING: Text = ("", "", "")

SURVEY_HEADER = [
    "type", "name", *(f"label::{lang}" for lang in LANGUAGES),
    *(f"hint::{lang}" for lang in LANGUAGES), "required",
    *(f"required_message::{lang}" for lang in LANGUAGES), "relevant", "constraint",
    *(f"constraint_message::{lang}" for lang in LANGUAGES), "appearance",
]  # fmt: skip
CHOICES_HEADER = ["list_name", "name", *(f"label::{lang}" for lang in LANGUAGES)]


def row(
    kind: str,
    name: str = "",
    label: Text = NOTHING,
    *,
    hint: Text = NOTHING,
    required: str = "",
    required_message: Text = NOTHING,
    relevant: str = "",
    constraint: str = "",
    constraint_message: Text = NOTHING,
    appearance: str = "",
) -> list[str]:
    return [
        kind, name, *label, *hint, required, *required_message, relevant, constraint,
        *constraint_message, appearance,
    ]  # fmt: skip


MAYOR = [
    row(
        "begin group",
        "neighbourhood",
        ("محلهٔ شما", "حيّكم", "Your neighbourhood"),
        appearance="field-list",
    ),
    row(
        "note",
        "welcome",
        (
            "اگر شهردار بودید، از کجا شروع می‌کردید؟ پاسخ شما در بودجهٔ سال آینده به حساب می‌آید. "
            "پاسخ‌دادن حدود دو دقیقه طول می‌کشد.",
            "لو كنتم رئيس البلدية، فمن أين تبدأون؟ إجابتكم تُؤخذ في الحسبان عند إعداد موازنة السنة "
            "المقبلة. لا يستغرق الأمر أكثر من دقيقتين تقريباً.",
            "If you were the mayor, where would you begin? Your answer counts when next year’s "
            "budget is made. It takes about two minutes.",
        ),
    ),
    row(
        "select_one projects",
        "project",
        (
            "کدام طرح باید پیش از همه در محلهٔ شما اجرا شود؟",
            "أيّ مشروع ينبغي تنفيذه أولاً في حيّكم؟",
            "Which project should come first in your neighbourhood?",
        ),
        required="yes",
        required_message=(
            "یکی از طرح‌ها را انتخاب کنید.",
            "اختاروا أحد المشاريع.",
            "Choose one of the projects.",
        ),
    ),
    row(
        "text",
        "project_other",
        ("طرح پیشنهادی شما چیست؟", "ما المشروع الذي تقترحونه؟", "Which project do you propose?"),
        required="yes",
        relevant="selected(${project}, 'other')",
    ),
    row(
        "select_multiple priorities",
        "priorities",
        (
            "برای شما چه چیزهایی مهم‌تر است؟",
            "ما الأمور الأهمّ بالنسبة إليكم؟",
            "What matters most to you?",
        ),
        hint=("حداکثر سه مورد", "ثلاثة أمور على الأكثر", "Up to three"),
        required="yes",
        constraint="count-selected(.) <= 3",
        constraint_message=(
            "حداکثر سه مورد را انتخاب کنید.",
            "اختاروا ثلاثة أمور على الأكثر.",
            "Choose up to three.",
        ),
    ),
    row("end group"),
    row(
        "begin group",
        "services",
        ("خدمات شهرداری", "خدمات البلدية", "City services"),
        appearance="field-list",
    ),
    row(
        "select_one satisfaction",
        "satisfaction",
        (
            "از خدمات شهرداری در محلهٔ خود چقدر راضی هستید؟",
            "ما مدى رضاكم عن خدمات البلدية في حيّكم؟",
            "How satisfied are you with the city’s services in your neighbourhood?",
        ),
        required="yes",
    ),
    row(
        "text",
        "improve",
        ("چه چیزی باید بهتر شود؟", "ما الذي ينبغي تحسينه؟", "What should be better?"),
        hint=(
            "مثلاً «جمع‌آوری زباله» یا «نور کوچه‌ها»",
            "مثلاً «جمع النفايات» أو «إنارة الأزقّة»",
            "For example “waste collection” or “light in the alleys”",
        ),
        relevant="${satisfaction} = 'dissatisfied' or ${satisfaction} = 'very_dissatisfied'",
    ),
    row("end group"),
    row("begin group", "about_you", ("دربارهٔ شما", "عنكم", "About you"), appearance="field-list"),
    row(
        "select_one ages",
        "age",
        ("در کدام گروه سنی هستید؟", "إلى أيّ فئة عمرية تنتمون؟", "Which age group are you in?"),
        required="yes",
    ),
    row(
        "integer",
        "household",
        (
            "با خودتان چند نفر در خانهٔ شما زندگی می‌کنند؟",
            "كم شخصاً يسكن في منزلكم، وأنتم منهم؟",
            "How many people live in your home, yourself included?",
        ),
        constraint=". >= 1 and . <= 20",
        constraint_message=(
            "عددی از ۱ تا ۲۰ بنویسید.",
            "اكتبوا عدداً من ١ إلى ٢٠.",
            "Type a number from 1 to 20.",
        ),
    ),
    row(
        "text",
        "idea",
        (
            "اگر یک روز شهردار بودید، چه می‌کردید؟",
            "لو كنتم رئيس البلدية ليوم واحد، فماذا تفعلون؟",
            "If you were the mayor for one day, what would you do?",
        ),
        hint=("پاسخ به این پرسش اختیاری است.", "هذا السؤال اختياري.", "You may leave this empty."),
        constraint="string-length(.) <= 1000",
        constraint_message=(
            "نوشتهٔ خود را به ۱۰۰۰ نویسه کوتاه کنید.",
            "اختصروا النص إلى ١٠٠٠ حرف.",
            "Shorten your text to 1,000 characters.",
        ),
        appearance="multiline",
    ),
    row(
        "note",
        "closing",
        (
            "سپاس از شما. نتیجهٔ نظرسنجی و طرح‌های برگزیده در همین درگاه منتشر می‌شود.",
            "شكراً لكم. ستُنشر نتيجة الاستطلاع والمشاريع المختارة في هذه البوابة.",
            "Thank you. The results and the chosen projects will be published on this portal.",
        ),
    ),
    row("end group"),
]
MAYOR_CHOICES: list[tuple[str, str, str, str, str]] = [
    ("projects", "park", "نوسازی بوستان محله", "تجديد حديقة الحيّ", "Renew the local park"),
    ("projects", "pavement", "مرمت پیاده‌روها", "ترميم الأرصفة", "Repair the pavements"),
    ("projects", "lighting", "روشنایی معابر", "إنارة الشوارع", "Street lighting"),
    ("projects", "library", "کتابخانه و سرای محله", "مكتبة وبيت للحيّ",
     "Library and community centre"),
    ("projects", "cycling", "مسیر دوچرخه", "مسار للدراجات", "Cycle path"),
    ("projects", "other", "طرح دیگر", "مشروع آخر", "Another project"),
    ("priorities", "safety", "ایمنی و امنیت", "السلامة والأمان", "Safety"),
    ("priorities", "cleanliness", "پاکیزگی", "النظافة", "Cleanliness"),
    ("priorities", "green", "فضای سبز", "المساحات الخضراء", "Green space"),
    ("priorities", "transport", "حمل‌ونقل عمومی", "النقل العام", "Public transport"),
    ("priorities", "access", "دسترسی سالمندان و افراد دارای معلولیت",
     "وصول كبار السنّ وذوي الإعاقة", "Access for older and disabled people"),
    ("priorities", "children", "فضای بازی کودکان", "أماكن لعب الأطفال",
     "Places for children to play"),
    ("satisfaction", "very_satisfied", "خیلی راضی", "راضٍ جداً", "Very satisfied"),
    ("satisfaction", "satisfied", "راضی", "راضٍ", "Satisfied"),
    ("satisfaction", "neutral", "نه راضی، نه ناراضی", "لا راضٍ ولا مستاء",
     "Neither satisfied nor dissatisfied"),
    ("satisfaction", "dissatisfied", "ناراضی", "غير راضٍ", "Dissatisfied"),
    ("satisfaction", "very_dissatisfied", "خیلی ناراضی", "غير راضٍ إطلاقاً", "Very dissatisfied"),
    ("ages", "under_18", "کمتر از ۱۸ سال", "أقل من ١٨ سنة", "Under 18"),
    ("ages", "18_29", "۱۸ تا ۲۹ سال", "من ١٨ إلى ٢٩ سنة", "18 to 29"),
    ("ages", "30_44", "۳۰ تا ۴۴ سال", "من ٣٠ إلى ٤٤ سنة", "30 to 44"),
    ("ages", "45_59", "۴۵ تا ۵۹ سال", "من ٤٥ إلى ٥٩ سنة", "45 to 59"),
    ("ages", "60_plus", "۶۰ سال و بیشتر", "٦٠ سنة فأكثر", "60 and over"),
]  # fmt: skip
MAYOR_SETTINGS = [
    # Other tools know one title only and stumble over form_title::Arabic (ar).
    [
        "form_id",
        "form_title",
        *(f"other_title::{lang}" for lang in LANGUAGES[1:]),
        "default_language",
        "version",
    ],
    ["i-am-mayor", "من شهردارم", "أنا رئيس البلدية", "I am Mayor", "Persian (fa)", "1"],
]

BROKEN_HEADER = [
    "type", "name", "label::Persian (fa)", "label::English (en)", "required", "relevant",
    "constraint", "calculation", "choice_filter", "colour",
]  # fmt: skip
BROKEN = [
    BROKEN_HEADER,
    ["begin group", "first", "بخش نخست", "First part"],
    ["select_one yes_no", "visited", "آیا به بوستان رفته‌اید؟", "Did you visit the park?"],
    ["text", "visited", "نام بوستان", "Name of the park"],  # name used twice
    ["txt", "comment", "نظر شما", "Your comment"],  # no such type
    ["date", "day", "روز بازدید", "Day of the visit"],  # not supported yet
    ["integer", "how many", "چند بار؟", "How many times?"],  # a space in the name
    ["integer", "", "چند نفر؟", "How many people?"],  # no name
    ["select_one districts", "district", "منطقه", "District"],  # no such list
    ["text", "why", "چرا؟", "", "yes", "${visitd} = 'yes'"],  # misspelt; English is missing
    ["integer", "age", "سن", "Age", "", "", ". > 0 and and . < 120"],  # syntax
    ["integer", "children", "فرزندان", "Children", "", "", ". <= age"],  # braces forgotten
    ["text", "lost", "???? ????", "Lost letters"],  # destroyed by an encoding
    ["calculate", "a", "", "", "", "", "", "${b} + 1"],  # a circle
    ["calculate", "b", "", "", "", "", "", "${a} + 1"],
    ["select_multiple fruit", "fruit", "میوه", "Fruit", "", "", "", "", "kind = 'sweet'"],
    ["text", "unlabelled", "", "", "", "", "", "", "", "red"],  # no label, unknown column
    ["begin repeat", "visits", "بازدیدها", "Visits"],  # not supported yet
    ["end group"],  # closes the wrong thing; the first group is never closed
]
BROKEN_CHOICES = [
    ["list_name", "name", "label::Persian (fa)", "label::English (en)"],
    ["yes_no", "yes", "بله", "Yes"],
    ["yes_no", "no", "خیر", "No"],
    ["yes_no", "no", "نه", "No"],  # twice
    ["fruit", "sweet apple", "سیب", "Apple"],  # a space
    ["fruit", "", "گلابی", "Pear"],  # no name
    ["", "plum", "آلو", "Plum"],  # no list
    ["fruit", "fig", "انجیر", "Fig"],
]
BROKEN_SETTINGS = [["form_title", "form_id", "default_language"], ["فرم خراب", "broken", "fa"]]


def save(name: str, sheets: dict[str, list[list[str]]]) -> None:
    book = Workbook()
    book.remove(book.active)
    for title, rows in sheets.items():
        sheet = book.create_sheet(title)
        sheet.freeze_panes = "A2"
        for cells in rows:
            sheet.append([cell or None for cell in cells])
        for cell in sheet[1]:
            cell.font = Font(bold=True)
            sheet.column_dimensions[get_column_letter(cell.column)].width = 24
    book.save(HERE / name)


def main() -> None:
    choices = [CHOICES_HEADER, *(list(choice) for choice in MAYOR_CHOICES)]
    survey = [SURVEY_HEADER, *MAYOR]
    save("i-am-mayor.xlsx", {"survey": survey, "choices": choices, "settings": MAYOR_SETTINGS})
    save(
        "broken.xlsx",
        {"survey": BROKEN, "choices": BROKEN_CHOICES, "settings": BROKEN_SETTINGS},
    )


if __name__ == "__main__":
    main()
