"""`flask packets …`"""

import datetime as dt
import sys
from pathlib import Path
from typing import Any

import click

from portal.cli import data_command, emit
from portal.db import db
from portal.i18n import LANGUAGES, InputError, parse_date, use_language
from portal.text import ascii_digits
from workflows.packets import jobs, services, snapshots
from workflows.packets.models import PacketFile

FORMATS = {".pdf": "pdf", ".xlsx": "xlsx"}


@click.group("packets")
def group() -> None:
    """Council packets."""


def read_day(typed: str) -> dt.date:
    """A Gregorian date (2026-11-22) or a Persian one (1405-09-01): their years cannot be mixed up.

    Raises InputError.
    """
    year = ascii_digits(typed).strip()[:2]
    return parse_date(typed, "fa" if year in {"12", "13", "14"} else "en")


@group.command("compile")
@click.option("--from", "first", required=True, metavar="DATE", help="First day, 2026-10-23.")
@click.option("--to", "last", required=True, metavar="DATE", help="Last day.")
@click.option("--lang", type=click.Choice(list(LANGUAGES)), default="fa", show_default=True)
@click.option(
    "-o",
    "--output",
    required=True,
    type=click.Path(dir_okay=False, writable=True, path_type=Path),
    help="The file to write: .pdf or .xlsx",
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
@data_command
def compile_command(first: str, last: str, lang: str, output: Path, as_json: bool) -> None:
    """Compile the packet of a period here and now, and write it to a file.

    Days of the city, both included; Persian dates (1405-08-01) are understood too. Exit 1 when the
    period cannot be used, or another process is compiling it at this moment.
    """
    kind = FORMATS.get(output.suffix.lower())
    if kind is None:
        raise click.UsageError(f"{output.name} must end in .pdf or .xlsx")
    problems: list[str] = []
    days: dict[str, dt.date] = {}
    with use_language("en"):
        for option, typed in (("--from", first), ("--to", last)):
            try:
                days[option] = read_day(typed)
            except InputError as error:
                problems.append(f"{option} {typed}: {error.message}")
        if not problems:
            try:
                services.check_period(days["--from"], days["--to"])
            except InputError as error:
                problems.append(str(error.message))
    if not problems:
        packet, _is_new = services.request(days["--from"], days["--to"], by=None)
        packet_id = packet.id
        claimed = services.claim(packet_id)
        db.session.commit()
        if not claimed:
            problems.append("Another process is compiling this period now; try again in a moment.")
    if problems:
        _fail(problems, as_json)
    jobs.run(packet_id)
    file = db.session.get_one(PacketFile, (packet_id, lang, kind))
    try:
        output.write_bytes(file.content)
    except OSError as error:
        raise click.UsageError(f"{output} cannot be written: {error.strerror}") from error
    _say(packet_id, file, output, as_json)


def _fail(problems: list[str], as_json: bool) -> None:
    if as_json:
        emit({"ok": False, "problems": problems})
    for problem in problems:
        click.echo(problem, err=True)
    sys.exit(1)


def _say(packet_id: int, file: PacketFile, output: Path, as_json: bool) -> None:
    snapshot = snapshots.read(packet_id)
    result: dict[str, Any] = {
        "ok": True,
        "packet": packet_id,
        "from": snapshot.data["first_day"],
        "to": snapshot.data["last_day"],
        "edition": snapshot.data["edition"],
        "language": file.language,
        "format": file.format,
        "file": str(output),
        "bytes": len(file.content),
        "sha256": file.digest,
        "snapshot_sha256": snapshot.digest,
        "sections": [section["name"] for section in snapshot.data["sections"]],
    }
    if as_json:
        emit(result)
    else:
        click.echo(f"{output}: {len(file.content)} bytes, {len(result['sections'])} sections")
