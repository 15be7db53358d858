"""The frame answers over HTTP, says what went wrong, and keeps secrets to itself."""

import logging
from collections.abc import Callable
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError, OperationalError

from portal.services import ServiceError


def test_healthz_answers_without_database(client: FlaskClient) -> None:
    assert client.get("/healthz").data == b"ok\n"


def test_readyz_says_what_is_ready(client: FlaskClient) -> None:
    response = client.get("/readyz")
    assert response.status_code == 200, response.json
    assert response.json is not None
    assert response.json["checks"]["migrations"] == "ok"


def test_a_value_no_database_can_hold_is_the_visitors_mistake(app: Flask) -> None:
    from portal.db import db
    from portal.security import public

    site = app.test_client()
    view = public(lambda: str(db.session.execute(text("SELECT :x"), {"x": "a\0b"}).scalar()))
    app.view_functions["health.healthz"], kept = view, app.view_functions["health.healthz"]
    try:
        assert site.get("/healthz").status_code == 400
    finally:
        app.view_functions["health.healthz"] = kept


def test_metrics_are_for_the_machine_itself(client: FlaskClient) -> None:
    assert client.get("/metrics").status_code == 200
    assert client.get("/metrics", headers={"X-Forwarded-For": "203.0.113.9"}).status_code == 403


def test_an_error_of_the_database_does_not_quote_what_was_being_stored(context: Flask) -> None:
    from portal.db import db

    with pytest.raises(DBAPIError) as caught:
        db.session.execute(text("SELECT :answer / 0"), {"answer": 91234567})
    assert "91234567" not in str(caught.value)


@pytest.mark.parametrize(
    "error",
    [OperationalError("SELECT", {}, Exception("a deadlock")), ServiceError("a deadlock")],
    ids=["outside", "embedded"],
)
def test_a_failing_database_is_no_defect_and_is_written_to_the_log(
    app: Flask, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, error: Exception
) -> None:
    from portal.security import public

    def fail() -> None:
        raise error

    monkeypatch.setitem(app.view_functions, "health.healthz", public(fail))
    with caplog.at_level(logging.ERROR, "portal.errors"):
        assert app.test_client().get("/healthz").status_code == 503
    assert "a deadlock" in caplog.text


def test_readyz_says_that_the_embedded_database_does_not_start(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    from portal import health

    def fail() -> None:
        raise ServiceError("no room on the disk")

    monkeypatch.setattr(health, "migrations_pending", fail)
    response = app.test_client().get("/readyz")
    assert response.status_code == 503
    assert response.json is not None
    assert response.json["checks"]["database"] == "no answer"


def test_a_hanging_queue_server_does_not_hang_the_limits(make_app: Callable[..., Flask]) -> None:
    from portal.ratelimit import limiter

    made = make_app()
    assert made.config["RATELIMIT_ENABLED"]
    with made.app_context():
        connections = limiter.storage.storage.connection_pool  # type: ignore[attr-defined]
        assert connections.connection_kwargs["socket_timeout"]
        assert connections.connection_kwargs["socket_connect_timeout"]


def test_each_application_counts_in_its_own_queue_server(
    app: Flask, make_app: Callable[..., Flask], tmp_path: Path
) -> None:
    """The limiter is one for the process: an application made later must not take it over."""
    from limits import parse

    from portal.ratelimit import limiter

    make_app(redis_url=f"unix://{tmp_path}/nobody.sock")
    item = parse("2 per minute")
    with app.app_context():
        assert [limiter.limiter.hit(item, "somebody") for _ in range(3)] == [True, True, False]
        assert any(b"somebody" in key for key in app.extensions["pasokh_redis"].scan_iter())


def test_who_migrated_lets_the_next_one_in(context: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    """A worker that made the tables and lives on must not keep the lock of migrating."""
    import dataclasses

    import flask_migrate

    from portal import cli, health, services
    from portal.db import db

    monkeypatch.setattr(services, "ensure_running", lambda *_: None)
    monkeypatch.setattr(health, "migrations_pending", lambda: ["0001"])
    monkeypatch.setattr(flask_migrate, "upgrade", lambda: None)
    embedded = dataclasses.replace(context.extensions["pasokh_settings"], database_url="")
    monkeypatch.setitem(context.extensions, "pasokh_settings", embedded)
    cli.prepare_database(context)
    held = text(
        "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND objid = :key "
        "AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
    )
    assert db.session.scalar(held, {"key": cli.MIGRATION_LOCK}) == 0


def test_in_production_only_the_public_name_is_answered(make_app: Callable[..., Flask]) -> None:
    site = make_app(
        pasokh_env="production", public_url="https://city.example", metrics_token="t" * 20
    ).test_client()
    assert site.get("/healthz", headers={"Host": "city.example"}).status_code == 200
    assert site.get("/healthz", headers={"Host": "127.0.0.1:8000"}).status_code == 200
    assert site.get("/fa", headers={"Host": "evil.example"}).status_code == 400
