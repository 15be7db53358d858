"""`flask redactions …`"""

import click
from flask.cli import AppGroup
from sqlalchemy import select

from portal.cli import data_command
from portal.db import db
from workflows.cases.redaction import jobs
from workflows.cases.redaction import scrub as scrubbing
from workflows.cases.redaction.models import CaseRedaction

group = AppGroup("redactions", help="What was removed for good.")


@group.command("scrub")
@data_command
def scrub() -> None:
    """Rewrite large tables after redactions; locks each while it is rewritten."""
    jobs.scrub()
    ids = db.session.scalars(
        select(CaseRedaction.id)
        .where((CaseRedaction.scrubbed_at.is_(None)) | (CaseRedaction.large != {}))
        .order_by(CaseRedaction.id)
    ).all()
    if not scrubbing.scrub(*ids, everything=True):
        click.echo("A table or an old snapshot is in use; try again later.", err=True)
        raise SystemExit(1)
    click.echo(f"{len(ids)} cleaned")
