"""One answer as XML or as JSON, by the «Spark» convention that GeoReport v2 uses.

Lists are lists even with one entry; an empty element is null; identifiers are texts; no attributes,
no namespaces, no entities but the five of XML itself.
"""

import datetime as dt
import json
import re
from typing import Any, Final
from xml.etree import ElementTree as ET

TYPES: Final = {"xml": "text/xml; charset=utf-8", "json": "application/json; charset=utf-8"}
_ENTRIES: Final = {
    "services": "service",
    "service_requests": "request",
    "errors": "error",
    "attributes": "attribute",
    "values": "value",
    "endpoints": "endpoint",
    "formats": "format",
}
"""Name of each list → name of one entry."""
# What XML 1.0 allows (production 2); a citizen may have typed anything.
_FORBIDDEN: Final = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def write(root: str, data: Any, kind: str) -> bytes:
    if kind == "json":
        return json.dumps(data, ensure_ascii=False).encode()
    body: bytes = ET.tostring(_element(root, data), encoding="utf-8", xml_declaration=False)
    return b'<?xml version="1.0" encoding="utf-8"?>\n' + body


def _element(name: str, value: Any) -> ET.Element:
    made = ET.Element(name)
    if isinstance(value, dict):
        made.extend(_element(key, one) for key, one in value.items())
    elif isinstance(value, list):
        made.extend(_element(_ENTRIES[name], one) for one in value)
    elif isinstance(value, bool):
        made.text = "true" if value else "false"
    elif value is not None:
        made.text = _FORBIDDEN.sub("", str(value))
    return made


def date(moment: dt.datetime | None) -> str | None:
    """W3C's profile of ISO 8601, in UTC, without fractions."""
    if moment is None:
        return None
    return moment.astimezone(dt.UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


_DATE: Final = re.compile(
    r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.\d{1,6})?(Z|[+ -]\d\d:?\d\d)", re.ASCII
)


def read_date(typed: str) -> dt.datetime | None:
    """None for what is no date with a zone. A plus that was not quoted in an address is a space."""
    found = _DATE.fullmatch(typed.strip())
    if found is None:
        return None
    zone = "+00:00" if found[2] == "Z" else found[2].replace(" ", "+")
    try:
        moment = dt.datetime.fromisoformat(found[1] + zone)
    except ValueError:
        return None
    # Far from the ends of the calendar, where a window of days would fall off it.
    return moment.astimezone(dt.UTC) if 1900 <= moment.year <= 2200 else None
