"""The words that stop and restart messages, recognised only where they are the whole SMS."""

import re
import unicodedata
from collections.abc import Sequence
from typing import Final, Literal

from portal import text as texts

MAX_COMMAND: Final = 60
"""Letters and spaces of an order; repeated and with thanks it is no longer."""
_MAX_RAW: Final = 300
_MAX_NORMALISED: Final = 2_000

# Persian, Arabic, Persian in Latin letters, English (Twilio's default words among them). What a
# person may also say about the city's affairs («لغو پروانه», «لغو کنید») is not here.
_STOP_WORDS: Final = """
11
لغو
لغو 11
11 لغو
لغو یازده
لغو عضویت
لغو عضویت 11
لغو اشتراک
لغو پیام
لغو پیام ها
لغو پیامک
لغو پیامک 11
لغو پیامک ها
لغو پیامک تبلیغاتی
لغو پیامک های تبلیغاتی
لغو پیام تبلیغاتی
لغو پیام های تبلیغاتی
لغو تبلیغات
لغو تبلیغ
لغو ارسال
لغو ارسال پیام
لغو ارسال پیام ها
لغو ارسال پیامک
لغو ارسال پیامک ها
لغو دریافت
لغو دریافت پیام
لغو دریافت پیام ها
لغو دریافت پیامک
لغو دریافت پیامک ها
لعو 11
لفو 11
لغوو 11
انصراف
انصراف 11
11 انصراف
انصراف از عضویت
انصراف از دریافت پیامک
عدم ارسال پیامک
عدم دریافت پیامک
توقف
توقف 11
توقف پیامک
توقف ارسال پیامک
قطع پیامک
پیامک نفرستید
پیام نفرستید
دیگر پیامک نفرستید
دیگه پیامک نفرستید
دیگر پیام نفرستید
دیگه پیام نفرستید
پیام ندهید
پیام ندید
پیام ارسال نکنید
پیامک ندهید
پیامک ندید
پیامک ارسال نکنید
دیگر پیام ندهید
دیگر پیام ندید
دیگر پیام ارسال نکنید
دیگر پیامک ندهید
دیگر پیامک ندید
دیگر پیامک ارسال نکنید
دیگه پیام ندهید
دیگه پیام ندید
دیگه پیام ارسال نکنید
دیگه پیامک ندهید
دیگه پیامک ندید
دیگه پیامک ارسال نکنید
إلغاء
إلغاء 11
11 إلغاء
الإلغاء
إلغاء الاشتراك
إلغاء اشتراك
إلغاء اشتراكي
إلغاء الرسائل
إلغاء استلام الرسائل
إيقاف
إيقاف 11
إيقاف الرسائل
إيقاف الاشتراك
إيقاف إرسال الرسائل
أوقف
أوقف الرسائل
أوقفوا الرسائل
ألغ الاشتراك
قف
قف 11
لا ترسلوا رسائل
لا ترسلوا الرسائل
لا ترسل رسائل
لا أريد رسائل
لا أريد الرسائل
laghv
laghve
lagv
lagho
laghw
laqv
laghv 11
laghve 11
lagv 11
lagho 11
laghw 11
laqv 11
laghv ozviat
laghv ozviyat
laghv eshterak
laghv payam
laghv payamak
enseraf
enseraf 11
stop
stop 11
11 stop
stop sms
stop message
stop messages
stop text
stop texts
stop sending
stop sending messages
stop sending sms
stop messaging me
stop texting me
unsubscribe
unsubscribe me
unsubscribe 11
unsub
unsubcribe
unsuscribe
opt out
opt me out
revoke
cancel
cancel 11
cancel sms
cancel messages
cancel subscription
end
end 11
quit
remove me
remove my number
no more sms
no more messages
no more texts
"""
_STOP_ALL_WORDS: Final = """
لغو همه
لغو همه 11
لغو 11 همه
همه لغو
لغو کل
لغو کل پیامک ها
لغو تمام پیامک ها
لغو تمامی پیامک ها
لغو همه پیام ها
لغو همه پیامک ها
لغو همه ی پیامک ها
لغو همه خط ها
لغو همه خطوط
توقف همه
إلغاء الكل
إلغاء كل الرسائل
إلغاء جميع الرسائل
إيقاف الكل
إيقاف كل الرسائل
إيقاف جميع الرسائل
laghv hame
stop all
stop all sms
stop all messages
stop everything
unsubscribe all
unsubscribe from all
opt out all
cancel all
end all
"""
_START_WORDS: Final = """
12
عضویت
عضویت 12
12 عضویت
عضویت مجدد
تفعيل الرسائل
start
start 12
unstop
rejoin
subscribe
resubscribe
"""
# What people add to an order and what changes nothing in it.
_POLITE_WORDS: Final = """
لطفا
خواهشا
خواهش میکنم
با تشکر
تشکر
متشکرم
ممنون
ممنونم
مرسی
سپاس
سلام
درود
با سلام
خسته نباشید
سلام و خسته نباشید
با سلام و خسته نباشید
وقت بخیر
سلام و وقت بخیر
با احترام
من فضلك
من فضلكم
رجاء
شكرا
مع الشكر
please
pls
plz
thanks
thank you
thx
hi
hello
"""
_Kind = Literal["stop", "stop_all", "start", "polite"]
_QUESTIONS_AND_AMOUNTS: Final = frozenset("?؟¿%٪‰°×÷<>")
# A time, a sum, a range: 11:11 is not 11 twice.
_BETWEEN_DIGITS: Final = re.compile(r"[0-9]\s*[^\w\s]+\s*[0-9]")
# «لغو۱۱لغو۱۱» is an order twice.
_LETTER_MEETS_DIGIT: Final = re.compile(r"(?<=[^\W\d])(?=\d)|(?<=\d)(?=[^\W\d])")


def _compact(phrase: str) -> str:
    """As `texts.search_key` leaves it, without its spaces: digits 0-9, no hamza, ك as ک."""
    return texts.search_key(phrase).replace(" ", "")


_LISTS: Final[tuple[tuple[_Kind, str], ...]] = (
    ("polite", _POLITE_WORDS),
    ("start", _START_WORDS),
    ("stop", _STOP_WORDS),
    ("stop_all", _STOP_ALL_WORDS),
)
_PHRASES: Final[dict[str, _Kind]] = {
    _compact(phrase): kind for kind, phrases in _LISTS for phrase in phrases.split("\n") if phrase
}
_LONGEST: Final = max(map(len, _PHRASES))


def normalised(text: str) -> str:
    """An SMS for comparing: Latin digits, one spelling of letters, single spaces, no invisible
    characters at the ends. Handlers of answers (a number, a code) compare with this."""
    plain = texts.strip_controls(text[:_MAX_NORMALISED], keep_newlines=False)
    return " ".join(texts.fold(texts.ascii_digits(plain)).split()).strip(" .،,؛;!؟?«»\"'\u200c")


def command(text: str) -> Literal["opt_out", "rejoin"] | None:
    """What a whole SMS orders: «لغو ۱۱» does, «لغو پروانه» does not.

    An order may be repeated, in several languages too, and stand among words of politeness. A
    question («لغو؟») and an amount («11%») are none.
    """
    kinds = _kinds(text)
    if kinds & {"stop", "stop_all"} and "start" not in kinds:
        return "opt_out"
    return "rejoin" if kinds & {"start"} and not kinds & {"stop", "stop_all"} else None


def means_everything(text: str) -> bool:
    """Whether an SMS that is `opt_out` is about every line: «لغو همه», STOP ALL."""
    return "stop_all" in _kinds(text)


def _kinds(text: str) -> frozenset[_Kind]:
    """Of the phrases that an SMS consists of; empty where a word is none of them."""
    if len(text) > _MAX_RAW or any(_is_question_or_amount(char) for char in text):
        return frozenset()
    if _BETWEEN_DIGITS.search(texts.strip_controls(texts.ascii_digits(text))):
        return frozenset()
    key = texts.search_key(text)
    if len(key) > MAX_COMMAND:
        return frozenset()
    return _split(_LETTER_MEETS_DIGIT.sub(" ", key).split())


def _is_question_or_amount(char: str) -> bool:
    return char in _QUESTIONS_AND_AMOUNTS or unicodedata.category(char) == "Sc"


def _split(tokens: Sequence[str]) -> frozenset[_Kind]:
    """Of words taken together as phrases, the longest first; spaces within a word do not count."""
    known: dict[int, frozenset[_Kind]] = {len(tokens): frozenset({"polite"})}
    for start in range(len(tokens) - 1, -1, -1):
        phrase = ""
        for end in range(start, len(tokens)):
            phrase += tokens[end]
            if len(phrase) > _LONGEST:
                break
            # «1 1» may be an answer to two questions: it is not 11.
            is_whole = end == start or not phrase.isdigit()
            kind = _PHRASES.get(phrase) if is_whole else None
            if kind is not None and (rest := known.get(end + 1)):
                known[start] = rest | {kind}
    return known.get(0, frozenset()) if tokens else frozenset()
