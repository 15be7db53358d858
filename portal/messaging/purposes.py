"""What a message template is for: declared by whoever sends such messages, in `Plugin`."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from flask import current_app

from portal.i18n import LazyText
from portal.plugin import active

SAMPLE_TOKEN: Final = "TEST0000000"  # noqa: S105 (as long as a token, opens nothing)

Text = str | LazyText | Callable[[], str]
"""A text in the reader's language."""


@dataclass(frozen=True)
class Placeholder:
    """`{name}` in a template. `sample` stands for it in previews, as long as the real thing.

    `late`: it becomes the real thing at the moment of sending, as {link} and {code} do.
    """

    name: str
    sample: Text
    required: bool = True
    late: bool = False


@dataclass(frozen=True)
class TemplatePurpose:
    """A kind of message. `default` is the product's own text, with its placeholders.

    `bulk`: it goes to many, so the ending of the sending line is added. `many`: not a text that
    the product sends by itself, but several named ones that a person begins from.
    """

    name: str
    label: LazyText
    default: Text
    placeholders: tuple[Placeholder, ...] = ()
    bulk: bool = False
    many: bool = False

    def placeholder(self, name: str) -> Placeholder | None:
        return next((each for each in self.placeholders if each.name == name), None)


def text_of(given: Text) -> str:
    """In the reader's language."""
    return given() if callable(given) else str(given)


def sample_link(prefix: str) -> Callable[[], str]:
    """A personal link as long as the real ones, e.g. of "/s/"."""
    return lambda: f"{current_app.extensions['pasokh_settings'].public_url}{prefix}{SAMPLE_TOKEN}"


def purposes() -> list[TemplatePurpose]:
    """All that are declared, in the order of the plugins."""
    return [purpose for plugin in active() for purpose in plugin.template_purposes]


def find(name: str) -> TemplatePurpose | None:
    return next((each for each in purposes() if each.name == name), None)
