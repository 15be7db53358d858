"""How large a request may be is declared on the route and holds before anything reads the body."""

import re
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from werkzeug.routing import Rule

from tests.architecture.test_access_rules import address
from tests.factories.accounts import make_user, sign_in
from tests.factories.ballots import running

ROOT = Path(__file__).parents[2]


def limited(app: Flask) -> dict[str, tuple[Rule, int, int]]:
    """endpoint → its rule, bytes of a form, and how many more with files."""
    found: dict[str, tuple[Rule, int, int]] = {}
    for rule in app.url_map.iter_rules():
        limit: Any = getattr(app.view_functions[rule.endpoint], "body_limit", None)
        if limit:
            found[rule.endpoint] = (rule, *limit)
    return found


@pytest.mark.surveys
def test_a_larger_body_is_refused_and_a_smaller_one_read(app: Flask) -> None:
    browser = app.test_client()
    sign_in(browser, make_user())
    found = limited(app)
    assert {"paper.enter", "paper.decide", "entry.answer", "interviews.receive"} <= found.keys()
    wrong = []
    for endpoint, (rule, form, _files) in found.items():
        if not rule.rule.startswith("/staff/"):
            continue  # The token is looked up first: an unknown one is 404, nothing was read.
        for size, refused in ((form + 1, True), (1000, False)):
            answer = browser.post(
                address(app, rule),
                data=b"a=" + b"x" * (size - 2),
                content_type="application/x-www-form-urlencoded",
            )
            if (answer.status_code == 413) is not refused:
                wrong.append(f"{endpoint} with {size} bytes: {answer.status_code}")
    assert not wrong, "\n".join(wrong)


@pytest.mark.surveys
def test_a_ballot_of_absurd_size_is_refused(app: Flask) -> None:
    _made, (token,) = running(1)
    browser = app.test_client(use_cookies=False)
    _rule, form, _files = limited(app)["ballot_vote.mark"]
    assert browser.post(f"/b/{token}", data={"a": "x" * form}).status_code == 413
    assert browser.post(f"/b/{token}", data={"a": "x" * 1000}).status_code == 422


@pytest.mark.surveys
def test_files_may_be_larger_than_the_general_limit_where_the_route_says_so(app: Flask) -> None:
    """Two photos of one page; the general limit is for everything else."""
    general = app.config["MAX_CONTENT_LENGTH"]
    browser = app.test_client()
    sign_in(browser, make_user())
    rule, form, files = limited(app)["entry.answer"]
    assert form + files > general

    def send(url: str, size: int) -> int:
        head = b'--b\r\nContent-Disposition: form-data; name="p"; filename="a.jpg"\r\n\r\n'
        data = head + b"x" * size + b"\r\n--b--\r\n"
        return browser.post(
            url, data=data, content_type="multipart/form-data; boundary=b"
        ).status_code

    assert send(address(app, rule), general + 1000) == 400, "read, and it has no token"
    assert send(address(app, rule), form + files) == 413
    assert send("/staff/paper/campaigns/1/batches", general + 1000) == 413


def test_no_view_sets_a_limit_by_itself() -> None:
    guilty = [
        str(path.relative_to(ROOT))
        for package in ("portal", "surveys", "workflows")
        for path in (ROOT / package).rglob("*.py")
        if re.search(r"\bmax_content_length\s*=", path.read_text())
    ]
    assert guilty == ["portal/security.py"]
