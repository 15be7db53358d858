"""The words that stop and restart messages, recognised only where they are the whole SMS."""

import re
from typing import Final, Literal

from portal import text as texts

MAX_COMMAND: Final = 40
_MAX_NORMALISED: Final = 2_000

# As `_compact` leaves them: digits 0-9, no hamza, ة as ه, ك as ک, lower case, no spaces.
_STOP: Final = frozenset(
    {
        "11",
        "لغو",
        "لغو11",
        "11لغو",
        "لغوعضویت",
        "لغواشتراک",
        "لغوپیامک",
        "انصراف",
        "الغا",
        "الغا11",
        "11الغا",
        "الغاالاشتراک",
        "الغااشتراک",
        "ایقاف",
        "توقف",
        "قف",
        "stop",
        "stop11",
        "stopall",
        "stopsms",
        "unsubscribe",
        "optout",
        "cancel",
        "cancel11",
        "end",
        "quit",
        "lagv11",
        "laghv11",
        "laghv",
        "laghve11",
    }
)
_START: Final = frozenset(
    {"12", "عضویت", "عضویت12", "12عضویت", "عضویتمجدد", "start", "start12", "unstop", "rejoin"}
)
# "1 1" may be an answer to two questions: a space between digits is never closed.
_SPLIT_DIGITS: Final = re.compile(r"[0-9] [0-9]")


def normalised(text: str) -> str:
    """An SMS for comparing: Latin digits, one spelling of letters, single spaces, no invisible
    characters at the ends. Handlers of answers (a number, a code) compare with this."""
    plain = texts.strip_controls(text[:_MAX_NORMALISED], keep_newlines=False)
    return " ".join(texts.fold(texts.ascii_digits(plain)).split()).strip(" .،,؛;!؟?«»\"'\u200c")


def command(text: str) -> Literal["opt_out", "rejoin"] | None:
    """What a whole SMS orders: «لغو ۱۱» does, «لغو پروانه» does not."""
    if len(text) > MAX_COMMAND:
        return None
    key = texts.search_key(text)
    if _SPLIT_DIGITS.search(key):
        return None
    compact = key.replace(" ", "")
    if compact in _STOP:
        return "opt_out"
    return "rejoin" if compact in _START else None
