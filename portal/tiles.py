"""What a tile server's settings may be; nothing heavy is imported, for the configuration
reads it first."""

import re

_CENTRE = re.compile(r"\s*(-?\d{1,2}(?:\.\d+)?)\s*,\s*(-?\d{1,3}(?:\.\d+)?)\s*")


def host_of(url: str) -> str:
    """What the content policy calls a tile server: `https://*.tile.example` for `{s}`."""
    scheme, _sep, rest = url.partition("://")
    return f"{scheme}://{rest.split('/', 1)[0].replace('{s}', '*')}"


def centre_of(typed: str) -> tuple[float, float]:
    """`35.6892,51.3890`. Raises ValueError."""
    found = _CENTRE.fullmatch(typed)
    if found is None or abs(float(found[1])) > 90 or abs(float(found[2])) > 180:
        raise ValueError("write latitude,longitude like 35.6892,51.3890")
    return float(found[1]), float(found[2])


def problem_of(url: str) -> str:
    """Why an address cannot be that of a tile server; empty: it can."""
    if not re.fullmatch(r"https?://[A-Za-z0-9.{}\-]+(?::\d+)?/[^\s'\";]*", url):
        return "write it like https://tiles.example/{z}/{x}/{y}.png"
    if not all(part in url for part in ("{z}", "{x}", "{y}")):
        return "{z}, {x} and {y} must stand in it"
    if re.search(r"\{(?!s\})", url.split("/")[2]):
        return "in the host only {s} may stand"
    return ""
