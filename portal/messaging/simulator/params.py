"""Reading the parameters of a call; what is wrong with them raises its return code."""

import json
import re
import time
from collections.abc import Mapping

_MOBILE = re.compile(r"(?:\+98|0098|0)?(9[0-9]{9})")
_FOREIGN = re.compile(r"00(?!98)([1-9][0-9]{6,13})")


class ReturnCode(Exception):  # noqa: N818 - a code, not always an error of ours
    def __init__(self, code: int) -> None:
        super().__init__(code)
        self.code = code


def receptor(text: str) -> str | None:
    """A receptor in one of the documented spellings as E.164; None for anything else (411)."""
    if found := _MOBILE.fullmatch(text.strip()):
        return f"+98{found[1]}"
    if found := _FOREIGN.fullmatch(text.strip()):
        return f"+{found[1]}"
    return None


def required(params: Mapping[str, str], name: str, *, empty: int = 406) -> str:
    if name not in params:
        raise ReturnCode(400)
    if not params[name].strip():
        raise ReturnCode(empty)
    return params[name]


def array(params: Mapping[str, str], name: str) -> list[str]:
    try:
        found = json.loads(required(params, name))
    except (ValueError, RecursionError):
        raise ReturnCode(400) from None
    if not isinstance(found, list) or not all(isinstance(item, str | int) for item in found):
        raise ReturnCode(400)
    if not found:
        raise ReturnCode(406)
    return [str(item) for item in found]


def long(text: str) -> int:
    """A non-negative 64-bit integer."""
    text = text.strip()
    if not (text.isascii() and text.isdigit() and len(text) <= 19 and int(text) < 2**63):
        raise ReturnCode(400)
    return int(text)


def id_list(params: Mapping[str, str], name: str) -> list[int]:
    found = [long(text) for text in required(params, name).split(",")]
    if len(found) > 500:
        raise ReturnCode(414)
    return found


def span(params: Mapping[str, str], days_back: int | None = None) -> tuple[int, int]:
    """startdate and enddate, at most a day apart."""
    start = long(required(params, "startdate"))
    end = long(params["enddate"]) if params.get("enddate") else start + 86_400
    if not start <= end <= start + 86_400:
        raise ReturnCode(417)
    if days_back is not None and start < time.time() - days_back * 86_400 - 60:
        raise ReturnCode(417)
    return start, end
