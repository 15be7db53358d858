"""Which language a reader gets, and gettext in and out of requests.

Everything here is imported through `portal.i18n`.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from functools import lru_cache
from pathlib import Path
from typing import Any

import flask_babel
from babel.support import NullTranslations, Translations
from flask import Request, current_app, has_app_context, has_request_context, request
from flask_babel.speaklater import LazyString
from markupsafe import Markup, escape

LANGUAGES: dict[str, str] = {"fa": "فارسی", "ar": "العربية", "en": "English"}
DEFAULT_LANGUAGE = "fa"
RIGHT_TO_LEFT = frozenset({"fa", "ar"})
LANGUAGE_COOKIE = "lang"
CATALOGS = Path(__file__).resolve().parent.parent / "translations"

_outside: ContextVar[str | None] = ContextVar("language_outside_app", default=None)


class LazyText(LazyString):  # type: ignore[misc]
    """A translation made when it is shown. Escaped in HTML, unlike its base class."""

    def __html__(self) -> Markup:
        return escape(str(self))

    def __hash__(self) -> int:
        return hash(str(self))


def default_language() -> str:
    """The site's language: `DEFAULT_LANGUAGE` of the configuration, else fa."""
    if has_app_context():
        return known_language(current_app.config.get("DEFAULT_LANGUAGE")) or DEFAULT_LANGUAGE
    return DEFAULT_LANGUAGE


def known_language(code: object) -> str | None:
    """`code` as one of ours ("fa-IR" → "fa"), or None."""
    if not isinstance(code, str):
        return None
    short = code.strip().replace("_", "-").split("-")[0].lower()
    return short if short in LANGUAGES else None


def current_language() -> str:
    """The language of the reader: fa, ar or en."""
    if has_app_context():
        # Asked for some thousand times a page: no text is made of the locale here.
        locale = flask_babel.get_locale()
        return locale.language if locale and locale.language in LANGUAGES else default_language()
    return _outside.get() or DEFAULT_LANGUAGE


def direction(lang: str | None = None) -> str:
    """ "rtl" or "ltr" for the HTML `dir` attribute."""
    return "rtl" if (lang or current_language()) in RIGHT_TO_LEFT else "ltr"


def select_language(req: Request) -> str:
    """The language for a request: address, `?lang=`, cookie, browser, configured default."""
    in_path = req.path.split("/", 2)[1] if req.path.startswith("/") else ""
    for wish in (
        (req.view_args or {}).get("lang"),
        in_path if in_path in LANGUAGES else None,
        req.args.get("lang"),
        req.cookies.get(LANGUAGE_COOKIE),
    ):
        if wish in LANGUAGES:
            return str(wish)
    # Not best_match: it prefers a later "en" to an earlier "ar-IQ".
    for tag, quality in req.accept_languages:
        if quality > 0 and (code := known_language(tag)):
            return code
    return default_language()


def locale_selector() -> str:
    """The language for Flask-Babel: of the request, or the default where there is none."""
    return select_language(request) if has_request_context() else default_language()


@contextmanager
def use_language(lang: str | None) -> Iterator[str]:
    """Read, in this block, in another language; the default one for None or an unknown code."""
    chosen = known_language(lang) or default_language()
    if chosen == current_language():
        yield chosen
        return
    if has_app_context():
        with flask_babel.force_locale(chosen):
            yield chosen
        return
    token = _outside.set(chosen)
    try:
        yield chosen
    finally:
        _outside.reset(token)


@lru_cache(maxsize=len(LANGUAGES))
def _catalog(lang: str) -> NullTranslations:
    return Translations.load(CATALOGS, [lang])


def translations() -> NullTranslations:
    """The catalog of the reader's language."""
    return _catalog(current_language())


def _(message: str, /, **variables: Any) -> str:
    """Translate now. `%(name)s` placeholders are filled only when variables are given."""
    text = translations().ugettext(message)
    return text % variables if variables else text


def ngettext(singular: str, plural: str, num: int, /, **variables: Any) -> str:
    """Translate a counted message; `%(num)s` is the number in the reader's digits."""
    from portal.formats import format_number

    text = translations().ungettext(singular, plural, num)
    return text % {"num": format_number(num), **variables}


def _l(message: str, /, **variables: Any) -> LazyText:
    """Translate when shown: for labels made at import time."""
    return LazyText(_, message, **variables)


def pick(texts: Mapping[str, str] | None, lang: str | None = None) -> str:
    """The text of a `{lang: text}` mapping for a reader.

    Order: the reader's language, the site's default, the other languages of the portal, any.
    An empty text counts as missing; without any text the result is "".
    """
    if not texts:
        return ""
    for code in (lang or current_language(), default_language(), *LANGUAGES, *texts):
        if found := texts.get(code):
            return found
    return ""
