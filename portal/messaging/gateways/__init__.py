"""The gateway adapters, by name."""

from collections.abc import Mapping
from importlib import import_module

from portal.messaging.gateways import catalog
from portal.messaging.gateways.base import Gateway


def create(name: str, settings: Mapping[str, str]) -> Gateway:
    """The adapter `name` with its settings. Raises ValueError (without any setting's value)."""
    specs = catalog.known()
    if name not in specs:
        raise ValueError(f"no gateway named {name}; known: {', '.join(sorted(specs))}")
    defaults = {option.name: option.default for option in specs[name].all_options()}
    if unknown := sorted(set(settings) - set(defaults)):
        raise ValueError(f"{name}: unknown settings {', '.join(unknown)}")
    # Imported when asked for: a process that sends nothing need not load an HTTP client.
    module = import_module(specs[name].module)
    made: Gateway = module.from_settings({**defaults, **settings})
    return made
