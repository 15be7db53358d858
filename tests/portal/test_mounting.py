"""A Flask site that is not ours mounts the portal under /citizen and stays as it was."""

import logging
import re
from collections.abc import Callable, Iterator

import pytest
from flask import Flask, abort, redirect, render_template_string, request, session
from flask_wtf.csrf import CSRFProtect
from werkzeug.test import Client

from portal import logs, services
from portal.app import Portal
from tests.conftest import close, make_settings


def somebody_elses_site() -> Flask:
    """About twenty lines, as a city's own web developer might have written them."""
    app = Flask("host_site")
    app.secret_key = "the host's own secret"
    CSRFProtect(app)

    @app.get("/")
    def home() -> str:
        return f"Welcome {session.get('who', 'stranger')}"

    @app.route("/login", methods=["GET", "POST"])
    def login() -> object:
        if request.method == "POST":
            session["who"] = request.form["who"]
            return redirect("/")
        return render_template_string('<input name="csrf_token" value="{{ csrf_token() }}">')

    @app.get("/missing")
    def missing() -> None:
        abort(404)

    @app.errorhandler(404)
    def not_found(_error: Exception) -> tuple[str, int]:
        return "the host's own 404", 404

    return app


@pytest.fixture
def host(
    urls: services.ServiceUrls, clean_tables: None, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Flask]:
    app = somebody_elses_site()
    settings = make_settings(
        database_url=urls.database_url,
        redis_url=urls.redis_url,
        data_dir=tmp_path_factory.mktemp("data"),
        public_url="http://localhost/citizen",
    )
    portal = Portal(app, prefix="/citizen", settings=settings)
    app.extensions["portal"] = portal
    yield app
    close(portal.app)
    for name in logs.OURS:
        logger = logging.getLogger(name)
        logger.handlers.clear()
        logger.propagate = True
        logger.setLevel(logging.NOTSET)


@pytest.fixture
def visitor(host: Flask) -> Client:
    return Client(host.wsgi_app)


def _csrf(html: str) -> str:
    found = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', html)
    assert found, html[:500]
    return found.group(1)


def test_the_hosts_own_pages_are_as_before(visitor: Client) -> None:
    assert visitor.get("/").text == "Welcome stranger"
    answer = visitor.get("/missing")
    assert (answer.status_code, answer.text) == (404, "the host's own 404")
    assert visitor.get("/nowhere").text == "the host's own 404"
    assert "Content-Security-Policy" not in visitor.get("/").headers
    assert visitor.post("/login", data={"who": "x"}).status_code == 400
    token = _csrf(visitor.get("/login").text)
    assert visitor.post("/login", data={"who": "Sara", "csrf_token": token}).status_code == 302
    assert visitor.get("/").text == "Welcome Sara"


def test_the_portal_answers_under_its_prefix_with_its_own_pages(visitor: Client) -> None:
    home = visitor.get("/citizen/en/")
    assert home.status_code == 200
    assert 'lang="en"' in home.text
    assert "Content-Security-Policy" in home.headers
    assert 'href="/citizen/' in home.text
    assert not re.search(r'(href|src|action)="/(?!citizen)', home.text)
    missing = visitor.get("/citizen/nowhere")
    assert missing.status_code == 404
    assert "the host's own 404" not in missing.text


def test_signing_in_at_the_portal_is_not_signing_in_at_the_host(
    host: Flask, visitor: Client
) -> None:
    from tests.factories.accounts import make_user

    portal_app: Flask = host.extensions["portal"].app
    with portal_app.app_context():
        user = make_user(roles=("administrator",), password="a long enough password")
        email = user.email
    page = visitor.get("/citizen/staff/login")
    answer = visitor.post(
        "/citizen/staff/login",
        data={
            "csrf_token": _csrf(page.text),
            "email": email,
            "password": "a long enough password",
        },
    )
    assert answer.status_code == 302, answer.text
    assert answer.headers["Location"].startswith("/citizen/staff/")
    cookies = [value for name, value in answer.headers if name == "Set-Cookie"]
    assert any(
        "Path=/citizen/" in value and value.startswith("pasokh_citizen=") for value in cookies
    )
    assert visitor.get("/citizen/staff/").status_code == 200
    assert visitor.get("/").text == "Welcome stranger"


def test_the_hosts_logging_is_as_before(
    urls: services.ServiceUrls, clean_tables: None, tmp_path_factory: pytest.TempPathFactory
) -> None:
    def state() -> list[object]:
        loggers = [logging.getLogger(name) for name in ("", "werkzeug", "urllib3", "host_site")]
        return [(each.level, list(each.handlers), each.propagate) for each in loggers]

    before = state()
    settings = make_settings(
        database_url=urls.database_url,
        redis_url=urls.redis_url,
        data_dir=tmp_path_factory.mktemp("data"),
    )
    portal = Portal(somebody_elses_site(), settings=settings)
    after = state()
    close(portal.app)
    for name in logs.OURS:
        logging.getLogger(name).handlers.clear()
        logging.getLogger(name).propagate = True
        logging.getLogger(name).setLevel(logging.NOTSET)
    assert after == before


def test_the_portals_commands_join_the_hosts(host: Flask) -> None:
    result = host.test_cli_runner().invoke(args=["pasokh", "doctor", "--help"])
    assert result.exit_code == 0, result.output
    assert "what is wrong" in result.output


@pytest.mark.parametrize("prefix", ["citizen", "/citizen/"])
def test_a_prefix_must_be_written_like_a_path(prefix: str) -> None:
    with pytest.raises(ValueError, match="prefix"):
        Portal(Flask("host_site"), prefix=prefix)


def test_two_applications_do_not_share_state(make_app: Callable[..., Flask]) -> None:
    first, second = make_app(), make_app(public_url="https://other.example")
    assert first.extensions["pasokh_settings"] != second.extensions["pasokh_settings"]
