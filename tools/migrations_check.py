"""`python -m tools.migrations_check`: is the history of the tables linear, complete, reversible?

On a throw-away embedded server: empty → head, head = models, head → empty → head.
"""

import sys
import tempfile
from pathlib import Path

from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from flask_migrate import downgrade, upgrade
from sqlalchemy import inspect, text

from portal import services
from portal.app import create_app
from portal.config import Settings
from portal.db import db


def problems(settings: Settings) -> list[str]:
    """Everything that is wrong; leaves the database of `settings` empty of our tables."""
    import portal.host
    import surveys.models
    import workflows.models

    assert portal.host and surveys.models and workflows.models  # noqa: S101 (for their tables)
    found: list[str] = []
    app = create_app(settings)
    with app.app_context():
        heads = ScriptDirectory(str(app.extensions["migrate"].directory)).get_heads()
        if len(heads) != 1:
            found.append(f"The history has {len(heads)} heads: {', '.join(heads)}")
            return found
        upgrade()
        with db.engine.connect() as connection:
            context = MigrationContext.configure(connection, opts={"compare_type": True})
            differences = compare_metadata(context, db.metadata)
            found += [f"Not in a migration: {one}" for one in differences]
        downgrade(revision="base")
        left = set(inspect(db.engine).get_table_names()) - {"alembic_version"}
        if left:
            found.append(f"The way back leaves tables: {', '.join(sorted(left))}")
        with db.engine.connect() as connection:
            functions = connection.execute(
                text("SELECT proname FROM pg_proc WHERE proname LIKE 'pasokh%'")
            ).scalars()
            found += [f"The way back leaves the function {name}" for name in functions]
        upgrade()
        downgrade(revision="base")
        db.engine.dispose()
    app.extensions["pasokh_redis"].connection_pool.disconnect()
    return found


def main() -> None:
    with tempfile.TemporaryDirectory(prefix="pasokh-migrations-") as folder:
        settings = Settings.from_environ({}, data_dir=Path(folder), pasokh_env="test")
        try:
            found = problems(settings)
        finally:
            services.stop(Path(folder))
    for problem in found:
        sys.stderr.write(f"{problem}\n")
    if found:
        sys.exit(1)
    sys.stdout.write("migrations: one history, equal to the models, reversible\n")


if __name__ == "__main__":
    main()
