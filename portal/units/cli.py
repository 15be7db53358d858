"""`flask units …`"""

import sys
from pathlib import Path

import click
from flask.cli import AppGroup

from portal.cli import data_command, emit
from portal.db import db
from portal.i18n import use_language
from portal.units import importer, services

group = AppGroup("units", help="The units of the city.")


@group.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--json", "as_json", is_flag=True)
@data_command
def import_file(file: Path, as_json: bool) -> None:
    """Import units from a CSV file; good rows are stored, and exit 1 says that some were not.

    Columns: code,kind,parent,name_fa,name_ar,name_en,escalates_to.
    """
    with use_language("en"):
        try:
            result = importer.import_units(file.read_bytes())
        except services.UnitError as error:
            db.session.rollback()
            if as_json:
                emit(
                    {
                        "imported": 0,
                        "updated": 0,
                        "unchanged": 0,
                        "rejected": [],
                        "problems": [str(error.message)],
                    }
                )
            click.echo(str(error.message), err=True)
            sys.exit(1)
        rejected = [{"row": item.row, "reason": str(item.reason)} for item in result.rejected]
    db.session.commit()
    counts = {
        "imported": result.imported,
        "updated": result.updated,
        "unchanged": result.unchanged,
    }
    if as_json:
        emit({**counts, "rejected": rejected})
    else:
        click.echo(", ".join(f"{number} {word}" for word, number in counts.items()))
        for item in rejected:
            click.echo(f"row {item['row']}: {item['reason']}", err=True)
    sys.exit(1 if rejected else 0)
