"""Every route has an access rule, and the rule is what happens: role by role, route by route."""

import re
from collections.abc import Iterator

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.routing import Rule

from portal import security
from tests.factories.accounts import make_user, sign_in
from tests.queries import count_queries

PEOPLE = (*security.ROLES, "nobody")
SAMPLES = {
    "lang": "fa",
    "filename": "css/portal.css",
    "code": "no-such-code",
    "secret": "wrong-secret",
    "token": "00000000000",
    "gateway": "kavenegar",
}
WRITE = re.compile(r"\s*(?:WITH\b.*\b)?(?:INSERT|UPDATE\s|DELETE)", re.IGNORECASE | re.DOTALL)
READS = {"GET", "HEAD", "OPTIONS"}
FREE = {"public", "token", "hook", "local", "demo"}


def routes(app: Flask) -> list[Rule]:
    return list(app.url_map.iter_rules())


def address(app: Flask, rule: Rule) -> str:
    """The route with arguments of the right type; the objects they name need not exist."""
    values: dict[str, object] = dict(rule.defaults or {})
    for name in rule.arguments - set(values):
        converter = rule._converters[name]
        kind = type(converter).__name__
        if name in SAMPLES:
            values[name] = SAMPLES[name]
        elif kind == "IntegerConverter":
            values[name] = 999_999_999
        elif kind == "UUIDConverter":
            values[name] = "00000000-0000-0000-0000-000000000000"
        elif kind == "AnyConverter":
            values[name] = sorted(converter.items)[0]  # type: ignore[attr-defined]
        else:
            values[name] = "no-such-thing"
    with app.test_request_context():
        return app.url_map.bind("localhost").build(rule.endpoint, values)


def rule_of(app: Flask, rule: Rule) -> security.AccessRule:
    with app.app_context():
        found = security.rule_of(rule.endpoint)
    assert found is not None, f"{rule} ({rule.endpoint}) has no access rule"
    return found


@pytest.fixture
def people(app: Flask) -> Iterator[dict[str, FlaskClient]]:
    """One signed-in browser per role, and one that is not."""
    clients = {"nobody": app.test_client()}
    for role in security.ROLES:
        clients[role] = app.test_client()
        sign_in(clients[role], make_user((role,)))
    yield clients


def test_every_route_has_a_rule_and_every_permission_roles(app: Flask) -> None:
    with app.app_context():
        table = security.permissions()
    for rule in routes(app):
        found = rule_of(app, rule)
        assert found.kind in FREE | {"signed_in", "permission"}, rule
        if found.kind == "permission":
            assert found.permission in table, f"{rule}: nobody declares {found.permission!r}"
    for permission, roles in table.items():
        assert roles <= set(security.ROLES), permission


def test_no_rule_is_left_over(app: Flask) -> None:
    assert set(security.OUTSIDE_RULES) <= set(app.view_functions)


def test_navigation_and_cards_ask_for_what_their_page_asks(app: Flask) -> None:
    with app.app_context():
        from portal.plugin import active

        for plugin in active():
            for item in (*plugin.navigation, *plugin.dashboard):
                rule = security.rule_of(item.endpoint)
                assert rule == security.AccessRule("permission", item.permission), item


def test_pages_open_exactly_for_the_roles_of_the_table(
    app: Flask, people: dict[str, FlaskClient]
) -> None:
    with app.app_context():
        table = security.permissions()
    wrong = []
    for rule in routes(app):
        found = rule_of(app, rule)
        if found.kind not in {"permission", "signed_in"} or "GET" not in (rule.methods or ()):
            continue
        url = address(app, rule)
        for person, browser in people.items():
            status = browser.get(url).status_code
            if person == "nobody":
                expected = status in {302, 401}
            elif found.kind == "signed_in" or person in table[found.permission]:
                expected = status in {200, 302, 303, 404, 410, 422}
            else:
                expected = status == 403
            if not expected:
                wrong.append(f"GET {url} as {person}: {status}")
    assert not wrong, "\n".join(wrong)


def test_changes_are_refused_to_everybody_else(app: Flask, people: dict[str, FlaskClient]) -> None:
    """With a good CSRF token, so that it is the rule that refuses."""
    from flask import session
    from flask_wtf.csrf import generate_csrf

    def token(browser: FlaskClient) -> str:
        with browser.session_transaction() as kept:
            held = dict(kept)
        with app.test_request_context():
            session.update(held)
            signed = generate_csrf()
            raw = session["csrf_token"]
        with browser.session_transaction() as kept:
            kept["csrf_token"] = raw
        return str(signed)

    tokens = {person: token(browser) for person, browser in people.items()}
    with app.app_context():
        table = security.permissions()
    wrong = []
    for rule in routes(app):
        found = rule_of(app, rule)
        methods = set(rule.methods or ()) - READS
        if found.kind not in {"permission", "signed_in"}:
            continue
        url = address(app, rule)
        for method in methods:
            for person, browser in people.items():
                if person != "nobody" and (
                    found.kind == "signed_in" or person in table[found.permission]
                ):
                    continue
                response = browser.open(url, method=method, data={"csrf_token": tokens[person]})
                refused = {401, 302} if person == "nobody" else {403}
                if response.status_code not in refused:
                    wrong.append(f"{method} {url} as {person}: {response.status_code}")
    assert not wrong, "\n".join(wrong)


def test_without_a_csrf_token_nothing_changes(app: Flask, people: dict[str, FlaskClient]) -> None:
    administrator = people["administrator"]
    for rule in routes(app):
        if rule_of(app, rule).kind not in {"permission", "signed_in"}:
            continue
        for method in set(rule.methods or ()) - READS:
            response = administrator.open(address(app, rule), method=method)
            assert response.status_code == 400, f"{method} {rule}: {response.status_code}"


def test_reading_writes_nothing(app: Flask, people: dict[str, FlaskClient]) -> None:
    browser = people["administrator"]
    for rule in routes(app):
        if "GET" not in (rule.methods or ()):
            continue
        url = address(app, rule)
        with count_queries() as queries:
            browser.get(url).close()
            browser.head(url).close()
        writes = [s for s in queries.statements if WRITE.match(s)]
        assert not writes, f"GET {url} writes: {writes}"
