"""Commands of the host. `flask COMMAND` from the repository's root."""

import json
import logging
import shutil
import signal
import sys
import threading
from typing import Any

import click
from flask import Flask, current_app
from flask.cli import AppGroup, FlaskGroup, with_appcontext
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from portal import services
from portal.config import Settings
from portal.db import db

log = logging.getLogger(__name__)

MIGRATION_LOCK = 0x4D696772
"""Advisory lock so that of several processes one migrates ("Migr")."""


def emit(document: Any) -> None:
    """Print the one JSON document that a command with --json owes on stdout."""
    click.echo(json.dumps(document, ensure_ascii=False))


def init_app(app: Flask) -> None:
    for command in (prepare, worker, beat_command, doctor):
        app.cli.add_command(command)


def as_group(app: Flask) -> click.Group:
    """All commands of the portal as one group `pasokh` of a host application."""
    group = FlaskGroup(
        name="pasokh",
        create_app=lambda: app,
        add_default_commands=False,
        help="The citizen portal.",
    )
    for command in app.cli.commands.values():
        group.add_command(command)
    return group


def prepare_database(app: Flask, *, announce: bool = False) -> None:
    """Start embedded services where they are configured and bring the tables to head.

    With an outside database nothing is migrated here: there the operator runs `flask db upgrade`
    at a time of his choosing.
    """
    from flask_migrate import upgrade

    from portal.health import migrations_pending

    settings: Settings = app.extensions["pasokh_settings"]
    if not settings.redis_url or not settings.database_url:
        services.ensure_running(settings.data_dir)
    with app.app_context():
        pending = migrations_pending()
        if not pending:
            return
        if settings.database_url:
            if announce:
                raise click.ClickException("The tables are older than the code: flask db upgrade")
            return
        with db.engine.connect() as lock:
            lock.execute(text("SELECT pg_advisory_lock(:key)"), {"key": MIGRATION_LOCK})
            try:
                if migrations_pending():
                    logging.getLogger("alembic").setLevel(logging.WARNING)
                    upgrade()
            finally:
                # The connection goes back to the pool, and would hold it as long as we live.
                lock.execute(text("SELECT pg_advisory_unlock(:key)"), {"key": MIGRATION_LOCK})


needs_data = with_appcontext
"""For commands that need the database."""


def data_command(function: Any) -> Any:
    """Decorate a command that needs data: application context, services, tables at head."""

    @with_appcontext
    def wrapped(*args: Any, **kwargs: Any) -> Any:
        prepare_database(current_app._get_current_object(), announce=True)  # type: ignore[attr-defined]
        return function(*args, **kwargs)

    wrapped.__name__ = function.__name__
    wrapped.__doc__ = function.__doc__
    wrapped.__click_params__ = getattr(function, "__click_params__", [])  # type: ignore[attr-defined]
    return wrapped


@click.command("prepare")
@data_command
def prepare() -> None:
    """Start the embedded services and bring the tables to the newest migration."""
    click.echo("ready", err=True)


@click.command("worker")
@click.option("--burst", is_flag=True, help="End when the queues are empty.")
@click.option("--no-fork", is_flag=True, help="Run jobs in this process: quicker, less isolated.")
@data_command
def worker(burst: bool, no_fork: bool) -> None:
    """Run jobs from the queue."""
    from portal import jobs

    jobs.work(current_app._get_current_object(), fork=not no_fork, burst=burst)  # type: ignore[attr-defined]


@click.command("beat")
@data_command
def beat_command() -> None:
    """Queue the periodic jobs; several may run, one leads."""
    from portal import beat

    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    beat.beat(current_app._get_current_object(), stop)  # type: ignore[attr-defined]


def _trigrams_work() -> bool:
    # Under LC_CTYPE=C Persian letters are no letters and pg_trgm is silently empty.
    return bool(db.session.scalar(text("SELECT cardinality(show_trgm('چاله')) > 0")))


def diagnose() -> list[dict[str, Any]]:
    """Every check of the doctor: name, ok, and what to do where it is not."""
    from portal import health
    from portal.i18n import LANGUAGES, translations, use_language

    settings: Settings = current_app.extensions["pasokh_settings"]
    found: list[dict[str, Any]] = []

    def say(name: str, ok: bool, advice: str = "") -> None:
        found.append({"check": name, "ok": ok, "advice": "" if ok else advice})

    say("configuration", True)
    for name, value in health.checks().items():
        say(name, value == "ok", str(value))
    try:
        say(
            "trigrams of Persian words",
            _trigrams_work(),
            "The database was made with locale C; make it anew with C.UTF-8 or a UTF-8 locale",
        )
        extensions = set(db.session.scalars(text("SELECT extname FROM pg_extension")))
        missing = {"pg_trgm", "unaccent", "btree_gist"} - extensions
        say("extensions", not missing, f"CREATE EXTENSION {', '.join(sorted(missing))}")
    except SQLAlchemyError as error:
        say("extensions", False, str(error).splitlines()[0])
    finally:
        db.session.rollback()
    for language in LANGUAGES:
        with use_language(language):
            known = language == "en" or translations().ugettext("Sign in") != "Sign in"
        say(f"translations {language}", known, "Compile them: python -m tools.catalogs compile")
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    free_mb = shutil.disk_usage(settings.data_dir).free // 2**20
    say("disk space", free_mb > 500, f"Only {free_mb} MiB free under {settings.data_dir}")
    if settings.is_production:
        say(
            "public address",
            settings.public_url.startswith("https://"),
            "PUBLIC_URL should begin with https://",
        )
        say("SMS gateway", bool(settings.sms_gateway), "SMS_GATEWAY is empty: no SMS leaves")
    return found


@click.command("doctor")
@click.option("--json", "as_json", is_flag=True)
@data_command
def doctor(as_json: bool) -> None:
    """Look for what is wrong with this installation; exit 1 if anything is."""
    found = diagnose()
    if as_json:
        emit({"ok": all(item["ok"] for item in found), "checks": found})
    else:
        for item in found:
            click.echo(f"{'ok ' if item['ok'] else 'BAD'}  {item['check']}")
            if item["advice"]:
                click.echo(f"     {item['advice']}")
    sys.exit(0 if all(item["ok"] for item in found) else 1)


__all__ = ["AppGroup", "data_command", "emit", "prepare_database"]
