"""The door to everything about language: choice, gettext, and formats of the reader's locale."""

from typing import Any

import flask_babel
from flask import Flask
from jinja2 import pass_context
from jinja2.runtime import Context

from portal import formats
from portal.formats import (
    FILTERS,
    InputError,
    digits,
    format_date,
    format_datetime,
    format_decimal,
    format_duration,
    format_number,
    format_percent,
    format_phone,
    format_relative,
    format_time,
    isolate,
    local,
    parse_date,
    parse_int,
    timezone,
    today,
)
from portal.language import (
    CATALOGS,
    DEFAULT_LANGUAGE,
    LANGUAGE_COOKIE,
    LANGUAGES,
    RIGHT_TO_LEFT,
    LazyText,
    _,
    _l,
    current_language,
    default_language,
    direction,
    known_language,
    locale_selector,
    ngettext,
    pick,
    select_language,
    translations,
    use_language,
)

__all__ = [
    "CATALOGS",
    "DEFAULT_LANGUAGE",
    "FILTERS",
    "LANGUAGES",
    "LANGUAGE_COOKIE",
    "RIGHT_TO_LEFT",
    "InputError",
    "LazyText",
    "_",
    "_l",
    "current_language",
    "default_language",
    "digits",
    "direction",
    "format_date",
    "format_datetime",
    "format_decimal",
    "format_duration",
    "format_number",
    "format_percent",
    "format_phone",
    "format_relative",
    "format_time",
    "init_app",
    "isolate",
    "known_language",
    "local",
    "locale_selector",
    "ngettext",
    "parse_date",
    "parse_int",
    "pick",
    "select_language",
    "timezone",
    "today",
    "translations",
    "use_language",
]


def init_app(app: Flask) -> None:
    """Register Flask-Babel with our catalogs and language choice, the filters and the globals.

    Filters: number decimal percent date datetime time duration relative phone isolate digits
    pick. Globals: direction(), languages (code → own name), lang, current_language().
    """
    flask_babel.Babel().init_app(
        app,
        default_locale=known_language(app.config.get("DEFAULT_LANGUAGE")) or DEFAULT_LANGUAGE,
        default_translation_directories=str(CATALOGS),
        default_timezone=app.config.get("TIMEZONE") or formats.DEFAULT_TIMEZONE,
        locale_selector=locale_selector,
    )
    # Ours, so that counts in templates get the reader's digits too.
    app.jinja_env.install_gettext_callables(  # type: ignore[attr-defined]
        gettext=lambda s: translations().ugettext(s),
        ngettext=lambda s, p, n: translations().ungettext(s, p, n),
        newstyle=True,
    )
    # As babel.cfg has it, or the messages of {% trans %} blocks would not be found.
    app.jinja_env.policies["ext.i18n.trimmed"] = True
    app.jinja_env.globals["ngettext"] = _counting(app.jinja_env.globals["ngettext"])
    app.jinja_env.filters.update(FILTERS, pick=pick)
    app.jinja_env.globals.update(
        direction=direction,
        languages=LANGUAGES,
        current_language=current_language,
        # For macros imported without context; templates get the plain string below.
        lang=LazyText(current_language),
    )
    app.context_processor(lambda: {"lang": current_language()})


def _counting(ngettext_of_jinja: Any) -> Any:
    """Jinja fills `%(num)s` itself, with Latin digits; give it the reader's."""

    @pass_context
    def counted(context: Context, one: str, many: str, count: int, /, **variables: Any) -> Any:
        variables.setdefault("num", format_number(count))
        return ngettext_of_jinja(context, one, many, count, **variables)

    return counted
