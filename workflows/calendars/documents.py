"""The file of a calendar as the form writes it; read again it is the same calendar."""

from collections.abc import Mapping

import yaml


def written(
    name: str,
    *,
    titles: Mapping[str, str],
    weekly: Mapping[str, list[str]],
    country: str | None,
) -> str:
    document: dict[str, object] = {
        "name": name,
        "titles": dict(titles),
        "weekly": {day: list(shifts) for day, shifts in weekly.items()},
    }
    if country:
        document["holidays"] = {"country": country}
    # Quoted throughout: a plain 22:00 is a number in base sixty to some readers of YAML.
    text: str = yaml.safe_dump(
        document, allow_unicode=True, sort_keys=False, default_style='"', default_flow_style=None
    )
    return text
