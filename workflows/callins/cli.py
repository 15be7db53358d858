"""`flask callins …`"""

import sys
from pathlib import Path

import click

from portal.cli import data_command, emit
from portal.db import db
from portal.i18n import use_language
from workflows.callins import cdr

_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.group("callins")
def group() -> None:
    """Call-ins of officials."""


@group.command("import-calls")
@click.argument("file", type=_FILE)
@click.option(
    "--column",
    "columns",
    multiple=True,
    metavar="FIELD=NAME",
    help=f"Name of a field's column: {', '.join(cdr.COLUMNS)}.",
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
@data_command
def import_calls(file: Path, columns: tuple[str, ...], as_json: bool) -> None:
    """Read call records of the telephone exchange from a CSV file; again, it changes nothing.

    Row 0 in "rejected" is the file itself. Exit 1 when anything was rejected.
    """
    chosen = dict(each.split("=", 1) for each in columns if "=" in each)
    if len(chosen) != len(columns) or not set(chosen) <= set(cdr.COLUMNS):
        raise click.UsageError(f"--column FIELD=NAME; fields: {', '.join(cdr.COLUMNS)}")
    rejected: list[dict[str, object]]
    with use_language("en"):
        try:
            result = cdr.import_text(file.read_text("utf-8"), chosen)
            rejected = [{"row": row, "reason": str(reason)} for row, reason in result.refused]
        except (cdr.FileRefused, UnicodeDecodeError) as error:
            db.session.rollback()
            result = cdr.Result()
            rejected = [{"row": 0, "reason": str(error)}]
    db.session.commit()
    counts = {"new": result.new, "known": result.known}
    if as_json:
        emit({**counts, "rejected": rejected})
    else:
        click.echo(f"{result.new} new, {result.known} known")
        for item in rejected:
            click.echo(f"row {item['row']}: {item['reason']}", err=True)
    sys.exit(1 if rejected else 0)
