"""Keeps gateway keys, which some gateways want inside the URL, out of logs and messages."""

import logging
from urllib.parse import quote, quote_plus

HIDDEN = "[hidden]"
_URL_LOGGERS = ("urllib3.connectionpool", "urllib3.util.retry", "urllib3.connection", "urllib3")
_needles: tuple[str, ...] = ()  # longest first; replaced whole, for threads read it


class Secret:
    """A string that does not show itself in repr, str, format or a debugger's locals."""

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value
        hide(value)

    def reveal(self) -> str:
        return self._value

    def __repr__(self) -> str:
        return HIDDEN

    def __reduce__(self) -> str:
        raise TypeError("a secret is not pickled")


class _Filter(logging.Filter):
    """Rewrites a record before any handler sees it."""

    def filter(self, record: logging.LogRecord) -> bool:
        message = record.getMessage()
        clean = redact(message)
        if clean != message:
            record.msg, record.args = clean, None
        return True


_filter = _Filter()


def hide(secret: str) -> None:
    """Redact `secret` from now on, in `redact` and in what the HTTP client logs."""
    global _needles  # noqa: PLW0603
    # A short key ("0") is only looked for as a part of a path, or it would eat other text.
    forms = {secret, quote(secret, safe=""), quote_plus(secret)}
    needles = {form if len(form) >= 8 else f"/{form}/" for form in forms}
    _needles = tuple(sorted({*_needles, *needles}, key=len, reverse=True))
    for name in _URL_LOGGERS:
        logging.getLogger(name).addFilter(_filter)


def redact(text: str) -> str:
    for needle in _needles:
        if needle in text:
            text = text.replace(needle, f"/{HIDDEN}/" if needle.startswith("/") else HIDDEN)
    return text
