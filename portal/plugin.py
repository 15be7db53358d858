"""What a plugin is: the only place where `surveys`, `workflows` and others meet the host."""

import datetime as dt
import importlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import click
from flask import Blueprint, Flask, current_app

if TYPE_CHECKING:
    from portal.beat import Periodic
    from portal.contacts.history import HistorySource
    from portal.messaging.inbound import InboundHandler
    from portal.messaging.purposes import TemplatePurpose
    from portal.packet import PacketSection, PublishedRate


class PluginError(Exception):
    """A configured plugin cannot be loaded; the message says which and why."""


@dataclass(frozen=True)
class NavigationItem:
    """An entry of the staff navigation; `label` is a lazy translation."""

    label: Any
    endpoint: str
    permission: str
    group: str = "main"
    order: int = 50


@dataclass(frozen=True)
class HomeTile:
    """A card on the citizens' home page; texts are lazy translations."""

    title: Any
    text: Any
    endpoint: str
    icon: str = ""
    order: int = 50


@dataclass(frozen=True)
class Door:
    """A card on /demo, which exists in demonstration mode only; texts are lazy translations.

    `role`: who is signed in by the click; None: a citizen, who needs no account.
    """

    title: Any
    sentence: Any
    endpoint: str
    role: str | None = None
    order: int = 50


@dataclass(frozen=True)
class DashboardCard:
    """A figure on the staff dashboard: `figure()` is called within the request."""

    label: Any
    figure: Callable[[], int]
    endpoint: str
    permission: str
    order: int = 50


@dataclass(frozen=True)
class Plugin:
    """Everything a plugin brings. All fields but the name may stay empty."""

    name: str
    blueprints: tuple[Blueprint, ...] = ()
    cli: tuple[click.Command, ...] = ()
    periodic: tuple["Periodic", ...] = ()
    navigation: tuple[NavigationItem, ...] = ()
    home_tiles: tuple[HomeTile, ...] = ()
    dashboard: tuple[DashboardCard, ...] = ()
    doors: tuple[Door, ...] = ()
    permissions: Mapping[str, frozenset[str]] = field(default_factory=dict)
    """permission -> roles that hold it (the administrator holds all)."""
    inbound_handlers: tuple["InboundHandler", ...] = ()
    template_purposes: tuple["TemplatePurpose", ...] = ()
    """The messages it sends, for the pages where their texts are written."""
    contact_history: tuple["HistorySource", ...] = ()
    """What it knows of a person, for the page of a contact."""
    closed_day: Callable[[dt.date], bool] | None = None
    """Whether a day of the city is a holiday or a day of mourning (a weekend is neither): bulk
    messages wait on it where CLOSED_DAYS says so."""
    packet_sections: tuple["PacketSection", ...] = ()
    """Parts of the council packet (portal.packet); the plugin `workflows` compiles it."""
    published_rates: tuple["PublishedRate", ...] = ()
    """Rates of a period that pages of other plugins may show."""
    outbox_handlers: Mapping[str, Callable[[dict[str, Any]], None]] = field(default_factory=dict)
    link_prefixes: Mapping[str, str] = field(default_factory=dict)
    """purpose of a personal link -> path before its token, e.g. {"survey": "/s/"}."""
    connect_signals: Callable[[], None] | None = None
    setup: Callable[[Flask], None] | None = None


def load(names: Iterable[str]) -> tuple[Plugin, ...]:
    """Import `<name>.plugin:plugin` for each name. Raises PluginError."""
    loaded: list[Plugin] = []
    for name in names:
        try:
            module = importlib.import_module(f"{name}.plugin")
        except ModuleNotFoundError as error:
            if error.name not in {name, f"{name}.plugin"}:
                raise
            raise PluginError(
                f"PLUGINS names {name!r}, but {name}/plugin.py is not there"
            ) from None
        found = getattr(module, "plugin", None)
        if not isinstance(found, Plugin):
            raise PluginError(f"{name}.plugin holds no `plugin` of type portal.plugin.Plugin")
        if any(other.name == found.name for other in loaded):
            raise PluginError(f"PLUGINS names {found.name!r} twice")
        loaded.append(found)
    return tuple(loaded)


def active() -> tuple[Plugin, ...]:
    """The plugins of the running application, the host's own parts (as a plugin) first."""
    plugins: tuple[Plugin, ...] = current_app.extensions["pasokh_plugins"]
    return plugins


def has(name: str) -> bool:
    return any(plugin.name == name for plugin in active())
