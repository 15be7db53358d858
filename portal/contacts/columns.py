"""Which column of a contact file is which, by the names people give them in three languages."""

from portal import text

FIELDS = (
    "phone", "name", "first_name", "last_name", "language", "neighbourhood", "district", "tags",
    "consent",
)  # fmt: skip

_ALIASES: dict[str, tuple[str, ...]] = {
    # From the surest to the vaguest: a file may have a mobile and a telephone column.
    "phone": (
        "mobile", "mobile number", "mobile phone", "mobile no", "cell", "cell phone", "cellphone",
        "cell number", "msisdn", "gsm", "whatsapp", "موبایل", "شماره موبایل", "تلفن همراه",
        "شماره تلفن همراه", "همراه", "شماره همراه", "گوشی", "الجوال", "جوال", "رقم الجوال",
        "الهاتف المحمول", "هاتف محمول", "المحمول", "رقم المحمول", "الموبایل", "رقم الموبایل",
        "النقال", "رقم النقال", "الهاتف النقال", "phone", "phone number", "phone no", "number",
        "telephone", "telephone number", "tel", "e164", "contact number", "تلفن", "شماره تلفن",
        "شماره", "شماره تماس", "تلفن تماس", "هاتف", "الهاتف", "رقم الهاتف", "رقم هاتف", "الرقم",
        "رقم",
    ),
    "name": (
        "name", "full name", "fullname", "contact", "contact name", "display name", "نام",
        "نام و نام خانوادگی", "نام ونام خانوادگی", "نام و فامیل", "نام کامل", "نام مخاطب", "مخاطب",
        "الاسم", "اسم", "الاسم الکامل", "الاسم الثلاثی",
    ),
    "first_name": ("first name", "firstname", "given name", "نام کوچک", "الاسم الاول"),
    "last_name": (
        "last name", "lastname", "surname", "family name", "family", "نام خانوادگی", "فامیلی",
        "فامیل", "اسم العایله", "العایله", "اللقب", "الشهره",
    ),
    "language": ("language", "lang", "locale", "زبان", "زبان مخاطب", "اللغه", "لغه"),
    "neighbourhood": (
        "neighbourhood", "neighborhood", "quarter", "محله", "نام محله", "الحی", "حی", "المحله",
    ),
    "district": (
        "district", "region", "municipal district", "منطقه", "منطقه شهرداری", "شماره منطقه",
        "المنطقه", "منطقه البلدیه",
    ),
    "tags": (
        "tag", "tags", "label", "labels", "group", "groups", "category", "برچسب", "برچسب ها",
        "برچسبها", "گروه", "دسته", "الوسوم", "وسوم", "وسم", "المجموعه", "مجموعه",
    ),
    "consent": (
        "consent", "opt in", "optin", "agreed", "permission", "رضایت", "رضایت پیامک",
        "رضایت دریافت پیامک", "موافقت", "اجازه", "الموافقه", "موافقه",
    ),
}  # fmt: skip

_PHONE_WORDS = frozenset(
    text.search_key(word)
    for word in ("mobile", "cell", "موبایل", "همراه", "جوال", "الجوال", "محمول", "المحمول",
                 "النقال", "phone", "telephone", "تلفن", "هاتف", "الهاتف")
)  # fmt: skip
_LANDLINE_WORDS = frozenset(
    text.search_key(word)
    for word in ("ثابت", "منزل", "محل", "fax", "فکس", "نمابر", "landline", "home", "work",
                 "office", "fixed", "ارضی", "الارضی", "فاکس", "الفاکس", "emergency")
)  # fmt: skip
_EXACT = {
    text.search_key(alias): (field, rank)
    for field, aliases in _ALIASES.items()
    for rank, alias in enumerate(aliases)
}
_VAGUE = 1000


def field_of(header: str) -> tuple[str, int] | None:
    """(field, rank) for a column name, the lowest rank being the surest; None for others."""
    key = text.search_key(header)
    if exact := _EXACT.get(key):
        return exact
    words = set(key.split())
    if words & _PHONE_WORDS and not words & _LANDLINE_WORDS:
        return "phone", _VAGUE
    return None


def map_headers(headers: list[str]) -> dict[str, int]:
    """Field → column index; of several columns for a field the surest, then the first."""
    best: dict[str, tuple[int, int]] = {}
    for index, header in enumerate(headers):
        if found := field_of(header):
            field, rank = found
            best[field] = min(best.get(field, (rank, index)), (rank, index))
    return {field: index for field, (_rank, index) in best.items()}
