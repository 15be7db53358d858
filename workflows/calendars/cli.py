"""`flask calendars`: due times and the files of calendars.

Without a database of the city (nothing installed yet) the files alone are asked.
"""

from pathlib import Path
from typing import Any, NoReturn

import click
from flask import current_app
from flask.cli import AppGroup

from portal.cli import emit
from portal.config import Settings
from portal.db import db
from portal.i18n import LANGUAGES, InputError, _, pick, timezone, use_language

from . import catalogue, changes, clock, services
from .explain import explain, when
from .iso8601 import parse_duration, parse_start
from .nodes import Problem
from .timeline import CalendarError

group = AppGroup("calendars", help="Business calendars and due times.")

_LANGUAGE = click.Choice(list(LANGUAGES))


def _said() -> changes.Changes:
    """What the city has announced; nothing where it has no database yet, which is not started
    just to find it empty."""
    settings: Settings = current_app.extensions["pasokh_settings"]
    if not settings.database_url and not (settings.data_dir / "services").exists():
        return changes.NONE
    return changes.current_if_any()


def _fail(problems: list[dict[str, Any]], as_json: bool) -> NoReturn:
    if as_json:
        emit({"ok": False, "problems": problems})
    for problem in problems:
        click.echo(f"{problem['option']}: {problem['message']}", err=True)
    raise SystemExit(1)


@group.command("due")
@click.option("--calendar", "name", required=True, help="Name of a calendar: `calendars list`.")
@click.option("--start", required=True, help="ISO 8601; without an offset in the city's zone.")
@click.option("--duration", required=True, help="Open time: PT16H, PT1H30M, PT90S.")
@click.option("--explain", "explained", is_flag=True, help="Say how the time comes about.")
@click.option("--lang", type=_LANGUAGE, default="fa", show_default=True)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
def due_command(
    *, name: str, start: str, duration: str, explained: bool, lang: str, as_json: bool
) -> None:
    """When a span of open time after a start is over.

    Exit code 1: the calendar, the start or the duration is wrong; all that is wrong is listed.
    """
    with use_language(lang):
        found = _due(name, start, duration, as_json)
        document: dict[str, Any] = {"due": found.local.isoformat(), "calendar": name}
        if explained:
            document["explanation"] = explain(found, lang)
        if as_json:
            emit(document)
            return
        for sentence in document.get("explanation", ()):
            click.echo(sentence)
        if not explained:
            click.echo(f"{document['due']}  {when(found.local)}")


def _due(name: str, start: str, duration: str, as_json: bool) -> clock.Due:
    problems: list[dict[str, Any]] = []
    calendar = moment = span = None
    try:
        calendar = services.calendar(name, said=_said())
    except CalendarError as error:
        problems.append({"option": "--calendar", "message": str(error)})
        for problem in getattr(error, "problems", ()):
            problems.append({"option": "--calendar", **problem.as_json()})
    try:
        moment = parse_start(start, calendar or services.calendar("always", said=changes.NONE))
    except (InputError, CalendarError) as error:
        problems.append({"option": "--start", "message": str(error.message)})
    try:
        span = parse_duration(duration)
    except InputError as error:
        problems.append({"option": "--duration", "message": str(error.message)})
    if calendar is None or moment is None or span is None:
        _fail(problems, as_json)
    try:
        return clock.due(calendar, moment, span)
    except CalendarError as error:
        _fail([{"option": "--duration", "message": str(error)}], as_json)


@group.command("check")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--lang", type=_LANGUAGE, default="fa", show_default=True)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
def check(file: Path, lang: str, as_json: bool) -> None:
    """List everything that is wrong with the FILE of a calendar; exit 1 if it cannot be used."""
    reading = catalogue.read_file(file, timezone())
    with use_language(lang):
        if as_json:
            emit(
                {
                    "ok": reading.ok,
                    "calendar": reading.calendar.name if reading.calendar else None,
                    "problems": [problem.as_json() for problem in reading.problems],
                }
            )
        else:
            for problem in reading.problems:
                click.echo(_line(problem))
            if reading.ok:
                click.echo(_("The calendar can be used."))
    raise SystemExit(0 if reading.ok else 1)


def _line(problem: Problem) -> str:
    mark = _("error") if problem.severity == "error" else _("warning")
    place = ":".join(str(part) for part in (problem.line, problem.path) if part is not None)
    return f"{place or '–':<24}  {mark:<8}  {problem.message}"


@group.command("list")
@click.option("--lang", type=_LANGUAGE, default="fa", show_default=True)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
def list_command(lang: str, as_json: bool) -> None:
    """The shipped calendars and the city's own; exit 1 if the file of one has errors."""
    found = services.entries(said=_said())
    with use_language(lang):
        if as_json:
            emit({"calendars": [_as_json(entry) for entry in found]})
        else:
            for entry in found:
                calendar = entry.reading.calendar
                title = pick(calendar.titles) if calendar else _("the file has errors")
                click.echo(f"{entry.name:<24}  {entry.source:<8}  {title}")
    raise SystemExit(0 if all(entry.reading.ok for entry in found) else 1)


def _as_json(entry: catalogue.Entry) -> dict[str, Any]:
    calendar = entry.reading.calendar
    return {
        "name": entry.name,
        "source": entry.source,
        "ok": entry.reading.ok,
        "titles": dict(calendar.titles) if calendar else {},
        "zone": calendar.zone.key if calendar else None,
        "problems": [problem.as_json() for problem in entry.reading.problems],
    }


@group.command("redate")
@click.argument("names", nargs=-1, required=True)
@click.option("--lang", type=_LANGUAGE, default="fa", show_default=True)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
def redate_command(names: tuple[str, ...], lang: str, as_json: bool) -> None:
    """Compute the running due times of calendars anew, after a file of theirs was changed.

    Exit code 1: a calendar cannot be used. The work itself is done by the workers.
    """
    from . import city

    with use_language(lang):
        problems: list[dict[str, Any]] = []
        for name in names:
            try:
                services.calendar(name)
            except CalendarError as error:
                problems.append({"option": name, "message": str(error)})
        if problems:
            _fail(problems, as_json)
        city.ask_to_redate(sorted(set(names)))
        db.session.commit()
        if as_json:
            emit({"ok": True, "calendars": sorted(set(names))})
        else:
            click.echo(_("The due times are being computed anew."))
