"""What WTForms itself says of a field: in the reader's digits, and with what to do."""

from typing import Any, Final

from flask import current_app, has_app_context
from flask_wtf import form as flask_form
from flask_wtf.i18n import Translations

from portal.i18n import LazyText, _l, digits

OURS: Final[dict[str, LazyText]] = {
    "Field cannot be longer than %(max)d character.": _l(
        "Please write less: at most %(max)s letters."
    ),
}


class _Numbered(str):
    """A pattern whose numbers are filled in with the reader's digits."""

    __slots__ = ()

    def __mod__(self, values: Any) -> str:
        if not isinstance(values, dict):
            return super().__mod__(values)
        pattern = str(self).replace(")d", ")s")
        return pattern % {
            name: digits(value) if isinstance(value, int | float) else value
            for name, value in values.items()
        }


class ReaderWords(Translations):  # type: ignore[misc]
    """Of the reader's language, like those of Flask-WTF, which it asks for the rest."""

    def gettext(self, string: str) -> str:
        words: str = super().gettext(string)
        return _Numbered(words) if _is_portal() else words

    def ngettext(self, singular: str, plural: str, n: int) -> str:
        if not _is_portal():
            words: str = super().ngettext(singular, plural, n)
            return words
        ours = OURS.get(singular)
        return _Numbered(str(ours) if ours else super().ngettext(singular, plural, n))


def _is_portal() -> bool:
    """A site that the portal is mounted into keeps its own words."""
    return has_app_context() and "pasokh_settings" in current_app.extensions


def init() -> None:
    """Every form of the process asks here."""
    flask_form.translations = ReaderWords()
