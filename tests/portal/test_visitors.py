"""Who looks at a link: a person, or a program that message apps and mail filters send."""

import pytest
from werkzeug.datastructures import Headers

from portal.visitors import is_person
from tests.factories.visitors import IN_ADVANCE, PEOPLE, PROGRAMS, headers_of


@pytest.mark.parametrize("agent", PEOPLE)
def test_people_are_people(agent: str) -> None:
    assert is_person("GET", Headers(headers_of(agent)), is_secure=True)
    assert not is_person("HEAD", Headers(headers_of(agent)), is_secure=True)


@pytest.mark.parametrize("agent", PROGRAMS)
def test_programs_are_none(agent: str) -> None:
    assert not is_person("GET", Headers(headers_of(agent)), is_secure=True)


MODERN = PEOPLE[0]


@pytest.mark.parametrize(
    "changes",
    [
        *IN_ADVANCE,
        {"Accept-Language": ""},
        {"Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "iframe"},
        # A mail filter in the guise of a browser, which forgets what browsers say.
        {"Sec-Fetch-Mode": "", "Sec-Fetch-Dest": ""},
    ],
)
def test_pages_that_nobody_looks_at(changes: dict[str, str]) -> None:
    given = {name: value for name, value in {**headers_of(MODERN), **changes}.items() if value}
    assert not is_person("GET", Headers(given), is_secure=True)


def test_an_old_telephone_says_little() -> None:
    old = "Mozilla/5.0 (Linux; Android 7.0) AppleWebKit/537.36 Chrome/69.0.3497.100 Mobile"
    assert is_person("GET", Headers({"User-Agent": old, "Accept-Language": "fa"}), is_secure=True)
