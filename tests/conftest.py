"""Tests run on real PostgreSQL and the real queue server, in parallel, in random order.

All test processes share one pair of embedded servers; each has a database of its own, cloned from
a migrated template. Commits are real; after a test its rows are deleted.
"""

import fcntl
import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

os.environ.setdefault("PASOKH_EMBEDDED_FAST", "1")

import psycopg
import pytest
from flask import Flask
from flask.testing import FlaskClient, FlaskCliRunner
from hypothesis import HealthCheck
from hypothesis import settings as hypothesis_settings

from portal import services
from portal.config import Settings

PLUGINS = tuple(name for name in os.environ.get("PLUGINS", "surveys,workflows").split(",") if name)
# How long an example takes depends on what else the machine does; that is not what is tested.
hypothesis_settings.register_profile(
    "pasokh", deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
hypothesis_settings.load_profile("pasokh")
CHEAP = {"argon2__rounds": 1, "argon2__memory_cost": 64, "argon2__parallelism": 1}
KEPT_TABLES = {"alembic_version", "roles"}
_made: list[Flask] = []
"""Applications of this test process, the shared one first where there is one."""


def pytest_configure(config: pytest.Config) -> None:
    import pytest_socket

    pytest_socket.socket_allow_hosts(["127.0.0.1", "::1", "localhost"], allow_unix_socket=True)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    root = Path(__file__).parent
    for item in items:
        area = item.path.relative_to(root).parts[0]
        needed = {area} if area in {"surveys", "workflows"} else set()
        needed |= {name for name in ("surveys", "workflows") if item.get_closest_marker(name)}
        missing = needed - set(PLUGINS)
        if missing:
            item.add_marker(pytest.mark.skip(reason=f"{', '.join(missing)} is not configured"))


def _sql_url(database: str, urls: services.ServiceUrls) -> str:
    return urls.database_url.replace("/pasokh?", f"/{database}?").replace(
        "postgresql+psycopg", "postgresql"
    )


@pytest.fixture(scope="session")
def shared_dir(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Path:
    base = tmp_path_factory.getbasetemp()
    return base if worker_id == "master" else base.parent


@pytest.fixture(scope="session")
def urls(shared_dir: Path, worker_id: str) -> services.ServiceUrls:
    """A migrated database and a queue database for this test process alone."""
    data_dir = shared_dir / "services"
    data_dir.mkdir(exist_ok=True)
    found = services.ensure_running(data_dir)
    with (shared_dir / "template.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (shared_dir / "template.ready").exists():
            _migrate_template(data_dir)
            (shared_dir / "template.ready").touch()
        name = f"test_{worker_id}"
        with psycopg.connect(_sql_url("postgres", found), autocommit=True) as connection:
            connection.execute(f'DROP DATABASE IF EXISTS "{name}"')
            connection.execute(f'CREATE DATABASE "{name}" TEMPLATE pasokh')
    number = 1 if worker_id == "master" else int(worker_id.removeprefix("gw")) + 1
    return services.ServiceUrls(
        database_url=found.database_url.replace("/pasokh?", f"/{name}?"),
        redis_url=found.redis_url.replace("db=0", f"db={number}"),
    )


def _migrate_template(data_dir: Path) -> None:
    from flask_migrate import upgrade

    from portal.app import create_app

    app = create_app(make_settings(data_dir=data_dir))
    with app.app_context():
        upgrade()
    close(app)


def make_settings(**overrides: Any) -> Settings:
    """Settings of a test: nothing is read from the environment."""
    values: dict[str, Any] = {
        "pasokh_env": "test",
        "secret_key": "test-secret-key-that-is-long-enough-0123456789",
        "public_url": "http://localhost",
        "plugins": PLUGINS,
        "quiet_hours": "",
        "closed_days": "send",
        "log_level": "WARNING",
    }
    return Settings.from_environ({}, **{**values, **overrides})


@pytest.fixture(scope="session")
def make_app(
    urls: services.ServiceUrls, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Callable[..., Flask]]:
    """Build an application with changed settings, e.g. make_app(pasokh_env="demo")."""
    from portal.app import create_app

    data_dir = tmp_path_factory.mktemp("data")
    made = _made

    def make(**overrides: Any) -> Flask:
        values = {
            "database_url": urls.database_url,
            "redis_url": urls.redis_url,
            "data_dir": data_dir,
            **overrides,
        }
        app = create_app(make_settings(**values))
        # A password is slow to check on purpose: a third of the time of many tests was that.
        app.extensions["security"].pwd_context.update(**CHEAP)
        made.append(app)
        return app

    yield make
    for app in made:
        close(app)


def close(app: Flask) -> None:
    """Give connections back: one left to the garbage collector is a warning, so an error."""
    from portal.db import db

    with app.app_context():
        db.session.remove()
        for engine in db.engines.values():
            engine.dispose()
    app.extensions["pasokh_redis"].close()
    app.extensions["pasokh_redis"].connection_pool.disconnect()


@pytest.fixture(scope="session")
def _shared_app(make_app: Callable[..., Flask]) -> Flask:
    return make_app()


@pytest.fixture(autouse=True)
def _give_back_connections() -> Iterator[None]:
    """The server has 200 connections for all test processes; each application that a test made
    keeps a pool of its own, and each thread of a test one more."""
    yield
    from portal.db import db

    for app in _made:
        if app is not _made[0]:
            with app.app_context():
                db.session.remove()
                for engine in db.engines.values():
                    engine.dispose()


@pytest.fixture
def app(_shared_app: Flask, clean_tables: None) -> Flask:
    from tests.factories.context import use

    use(_shared_app)
    return _shared_app


@pytest.fixture
def clean_tables(_shared_app: Flask) -> Iterator[None]:
    """Afterwards every table is empty again and the queue too."""
    yield
    from portal import jobs
    from portal.db import db

    with _shared_app.app_context():
        db.session.rollback()
        db.session.remove()
        names = sorted(set(db.metadata.tables) - KEPT_TABLES)
        # "replica" switches off foreign keys and the triggers of append-only tables. All in one
        # message: nearly a hundred round trips after each test took a tenth of the whole time.
        statements = ["SET LOCAL session_replication_role = replica"]
        statements += [f'DELETE FROM "{name}"' for name in names]
        with db.engine.begin() as connection:
            connection.exec_driver_sql("; ".join(statements))
        jobs.connection().flushdb()


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return app.test_client()


@pytest.fixture
def runner(app: Flask) -> FlaskCliRunner:
    return app.test_cli_runner()


@pytest.fixture
def context(app: Flask) -> Iterator[Flask]:
    """An application context, for tests that call services."""
    with app.app_context():
        yield app


@pytest.fixture
def real_forms() -> Path:
    """Questionnaires written by others; they are not part of the product."""
    folder = Path(__file__).parent.parent.parent / "shared" / "forms"
    if not folder.is_dir():
        pytest.skip("SKIPPED LOUDLY: the folder of other people's questionnaires is not here")
    return folder


@pytest.fixture(scope="session")
def chromium() -> str:
    # The shell first: the whole browser draws a window, with tabs that are web pages too, for each
    # context. That takes five times as long.
    names = ("chromium-headless-shell", "chromium", "chromium-browser", "chrome")
    found = next(filter(None, map(shutil.which, names)), None)
    if not found:
        pytest.skip("SKIPPED LOUDLY: no Chromium here; browser tests did not run")
    return found
