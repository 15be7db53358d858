"""`flask surveys ballot-import` and `ballot-export`."""

import json
import sys
from pathlib import Path

import click

from portal.cli import data_command
from portal.db import db
from surveys.ballots.errors import BallotError
from surveys.ballots.services import publishing, schemes
from surveys.ballots.tally_cli import read_file


@click.command("ballot-import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--code", required=True, help="Code of the new scheme.")
@click.option("--name", help="Its name. Default: the code.")
@click.option("--year", type=click.IntRange(1250, 2100), default=1405, show_default=True)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
@data_command
def import_command(file: Path, code: str, name: str | None, year: int, as_json: bool) -> None:
    """Make a scheme of the projects and ballots of a Pabulib FILE, to try rules on.

    Its vote is over and the public never sees it. Exit code 0: imported; 1: the file has errors,
    all are listed; 2: wrong usage.
    """
    election = read_file(file, as_json=as_json)
    try:
        scheme = publishing.import_election(code, year, election, name=name or code)
    except BallotError as error:
        db.session.rollback()
        raise click.ClickException(" ".join(str(message) for message in error.messages)) from None
    db.session.commit()
    found = {
        "ok": True,
        "code": scheme.code,
        "kind": scheme.kind,
        "projects": len(election.instance.projects),
        "ballots": len(election.votes),
    }
    click.echo(json.dumps(found) if as_json else " ".join(f"{k}={v}" for k, v in found.items()))


@click.command("ballot-export")
@click.argument("code")
@click.argument("area")
@click.option(
    "-o",
    "--output",
    type=click.Path(dir_okay=False, path_type=Path, allow_dash=True),
    required=True,
    help="File to write; - for standard output.",
)
@data_command
def export_command(code: str, area: str, output: Path) -> None:
    """Write the ballots of one AREA (a unit's code) of scheme CODE as a Pabulib file.

    Exit code 0: written; 1: there is no such ballot, or its vote is not over; 2: wrong usage.
    """
    scheme = schemes.by_code(code)
    place = schemes.area_by_slug(scheme, area) if scheme else None
    if scheme is None or place is None:
        raise click.ClickException(f"There is no ballot {code!r} of {area!r}.")
    if scheme.state not in {"closed", "counted"}:
        raise click.ClickException("Its vote is not over.")
    lines = publishing.pb_lines(scheme, place)
    if str(output) == "-":
        sys.stdout.writelines(lines)
        return
    # Whole or not at all: a file cut short looks like a file.
    unfinished = output.with_name(f".{output.name}.part")
    try:
        with unfinished.open("w", encoding="utf-8", newline="") as file:
            file.writelines(lines)
        unfinished.replace(output)
    except OSError as error:
        raise click.UsageError(f"{output} cannot be written: {error.strerror}") from None
    finally:
        unfinished.unlink(missing_ok=True)
