"""`flask cases …`"""

import sys
from pathlib import Path

import click

from portal.cli import data_command, emit
from portal.db import db
from portal.i18n import use_language
from workflows.cases import categories, exporter, importer, tables

_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.group("cases")
def group() -> None:
    """Messages of citizens."""


@group.command("import")
@click.argument("file", type=_FILE)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
@data_command
def import_cases(file: Path, as_json: bool) -> None:
    """Register the messages of a CSV file; nobody is written to.

    Columns: channel,text,language,phone,name,category,neighbourhood,place,received_at,urgency;
    latitude,longitude,district; network,link,reach,author,programme,aired_at; answer:KEY for the
    questions of a category.
    Row 0 in "rejected" is the file itself. Exit 1 when anything was rejected.
    """
    with use_language("en"):
        result = importer.import_file(file)
        rejected = [{"row": item.row, "reason": str(item.reason)} for item in result.rejected]
    _report({"imported": result.imported}, rejected, as_json)


@group.command("export")
@click.option(
    "-o",
    "--output",
    required=True,
    type=click.Path(dir_okay=False, writable=True, path_type=Path),
    help="The CSV file to write.",
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
@data_command
def export_cases(output: Path, as_json: bool) -> None:
    """Write all cases into a CSV file."""
    exporter.record()
    db.session.commit()
    # Names and numbers of citizens: for whoever runs the command alone.
    output.touch(mode=0o600)
    try:
        with output.open("w", encoding="utf-8", newline="") as stream:
            for piece in exporter.export():
                stream.write(piece)
    except OSError as error:
        raise click.ClickException(f"{output} cannot be written: {error.strerror}") from error
    if as_json:
        emit({"file": str(output)})
    else:
        click.echo(str(output), err=True)


@group.group("categories")
def categories_group() -> None:
    """What a message can be about."""


@categories_group.command("import")
@click.argument("file", type=_FILE)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
@data_command
def import_categories(file: Path, as_json: bool) -> None:
    """Add and change categories from a CSV file.

    Columns: code,name_fa,name_ar,name_en,unit,calendar,first_action_hours,resolution_hours;
    definition (of the workflow).
    Exit 1 when anything was rejected.
    """
    with use_language("en"):
        try:
            result = categories.import_file(file)
            rejected = [{"row": item.row, "reason": str(item.reason)} for item in result.rejected]
            counts = {"imported": result.imported, "updated": result.updated}
        except tables.FileRefused as error:
            db.session.rollback()
            counts = {"imported": 0, "updated": 0}
            rejected = [{"row": 0, "reason": str(error.message)}]
    db.session.commit()
    _report(counts, rejected, as_json)


def _report(counts: dict[str, int], rejected: list[dict[str, object]], as_json: bool) -> None:
    if as_json:
        emit({**counts, "rejected": rejected})
    else:
        click.echo(", ".join(f"{number} {word}" for word, number in counts.items()))
        for item in rejected:
            click.echo(f"row {item['row']}: {item['reason']}", err=True)
    sys.exit(1 if rejected else 0)
