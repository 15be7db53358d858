"""The gateway adapters, by name."""

from collections.abc import Callable, Mapping
from importlib import import_module

from portal.messaging.gateways.base import Gateway

Factory = Callable[[Mapping[str, object]], Gateway]

# Imported when asked for: a process that sends nothing need not load an HTTP client.
_BUILT_IN = {"kavenegar": "portal.messaging.gateways.kavenegar"}
_registered: dict[str, Factory] = {}


def register(name: str, factory: Factory) -> None:
    """Add an adapter of another package under `name`. Raises ValueError if the name is taken."""
    if name in _BUILT_IN or _registered.get(name, factory) is not factory:
        raise ValueError(f"a gateway named {name} exists already")
    _registered[name] = factory


def names() -> list[str]:
    """The adapters that can be configured."""
    return sorted({*_BUILT_IN, *_registered})


def create(name: str, settings: Mapping[str, object]) -> Gateway:
    """The adapter `name` with its settings. Raises ValueError (without any setting's value)."""
    if name in _BUILT_IN:
        factory: Factory = import_module(_BUILT_IN[name]).from_settings
    elif name in _registered:
        factory = _registered[name]
    else:
        raise ValueError(f"no gateway named {name}; known: {', '.join(names())}")
    return factory(settings)
