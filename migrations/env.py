"""One linear history for the host and its two plugins, whatever is configured."""

import logging

from alembic import context
from flask import current_app

import portal.host
import surveys.models
import workflows.models

MODELS = (portal.host, surveys.models, workflows.models)  # imported for their tables

log = logging.getLogger("alembic.env")
database = current_app.extensions["migrate"].db


def _only_ours(name, kind, _parent_names):  # type: ignore[no-untyped-def]
    """Leave tables alone that a third-party plugin's own branch made."""
    return kind != "table" or name in database.metadata.tables


def _render(kind, thing, _autogen_context):  # type: ignore[no-untyped-def]
    """Write our column type as the plain one: a migration must not import code that changes."""
    if kind == "type" and type(thing).__name__ == "UTCDateTime":
        return "sa.DateTime(timezone=True)"
    if kind == "type" and type(thing).__name__ == "AsaList":
        return "sa.UnicodeText()"
    return False


def run() -> None:
    with database.engine.connect() as connection:
        context.configure(
            connection=connection,
            target_metadata=database.metadata,
            compare_type=True,
            include_name=_only_ours,
            render_item=_render,
            transaction_per_migration=True,
        )
        with context.begin_transaction():
            context.run_migrations()


if context.is_offline_mode():
    raise SystemExit("Offline migrations are not supported: connect to the database")
run()
