"""A small reader of RFC 5545, strict about what our feed promises."""

import re

_LINE = re.compile(r"(?P<name>[A-Z0-9-]+)(?P<params>(?:;[A-Z]+=[^:;]+)*):(?P<value>.*)", re.DOTALL)


def read(data: bytes) -> tuple[dict[str, str], list[dict[str, str]]]:
    """Properties of the calendar and of each event, unescaped; AssertionError if malformed."""
    assert data.endswith(b"\r\n")
    assert b"\n" not in data.replace(b"\r\n", b"")
    for octets in data.split(b"\r\n"):
        assert len(octets) <= 75, octets
        octets.decode()  # never cut through a character
    lines = data.decode().replace("\r\n ", "").split("\r\n")[:-1]
    assert lines[0] == "BEGIN:VCALENDAR"
    assert lines[-1] == "END:VCALENDAR"
    calendar: dict[str, str] = {}
    events: list[dict[str, str]] = []
    inside = False
    for line in lines[1:-1]:
        if line == "BEGIN:VEVENT":
            assert not inside
            inside = True
            events.append({})
        elif line == "END:VEVENT":
            inside = False
        else:
            found = _LINE.fullmatch(line)
            assert found, line
            target = events[-1] if inside else calendar
            assert found["name"] not in target, line
            target[found["name"]] = unescape(found["value"])
    assert not inside
    return calendar, events


def unescape(value: str) -> str:
    return re.sub(r"\\(.)", lambda m: "\n" if m[1] in "nN" else m[1], value)
