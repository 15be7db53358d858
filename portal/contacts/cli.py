"""`flask contacts …`"""

import sys
from pathlib import Path
from typing import Any

import click

from portal.cli import data_command, emit
from portal.contacts import committing, imports, staging, uploads
from portal.contacts.labels import reason_text
from portal.contacts.models import ContactImport
from portal.db import db
from portal.i18n import use_language


@click.group("contacts")
def contacts() -> None:
    """The contact bank."""


@contacts.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--source", default="", metavar="TEXT", help="Where the numbers come from.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
@data_command
def import_command(file: Path, source: str, as_json: bool) -> None:
    """Read FILE (CSV or XLSX) into the bank, at once and without preview.

    "imported" are numbers new to the bank, "updated" those it had already; every other row of the
    file is in "rejected" with its reason, rows that repeat an earlier number too. Row 0 is the
    file itself: nothing of it could be used. Exit 1 when anything was rejected.
    """
    try:
        with file.open("rb") as stream:
            stored = uploads.keep(stream)
    except OSError as error:
        raise click.UsageError(f"{file} cannot be read: {error.strerror}") from error
    with use_language("en"):
        result = _import(file.name, stored, source)
    if as_json:
        emit(result)
    else:
        click.echo(f"{result['imported']} imported, {result['updated']} updated")
        for item in result["rejected"]:
            click.echo(f"  row {item['row']}: {item['reason']}")
    sys.exit(1 if result["rejected"] else 0)


def _import(filename: str, stored: str, source: str) -> dict[str, Any]:
    import_id = imports.start_import(filename, stored, source, None)
    db.session.commit()
    for _row in staging.read(import_id):
        db.session.commit()
    imports.request_commit(import_id, None)
    db.session.commit()
    for _row in committing.commit(import_id):
        db.session.commit()
    record = db.session.get_one(ContactImport, import_id, populate_existing=True)
    rejected: list[dict[str, Any]] = [
        {"row": row.row_number, "reason": reason_text(row)} for row in imports.unused(import_id)
    ]
    if record.state == "failed":
        rejected.append({"row": 0, "reason": (record.error or {}).get("en", "")})
    return {"imported": record.imported, "updated": record.updated, "rejected": rejected}
