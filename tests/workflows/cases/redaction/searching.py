"""Looking for a sentence where somebody with the whole machine would: every column of every
table, every file, and the raw bytes of the database's own files."""

import json
from pathlib import Path

from flask import Flask
from sqlalchemy import text

from portal.db import db
from workflows.cases.redaction.passage import canonical

WORDS = text(
    """
    SELECT c.table_name, c.column_name FROM information_schema.columns c
    JOIN information_schema.tables t USING (table_schema, table_name)
    WHERE c.table_schema = 'public' AND t.table_type = 'BASE TABLE'
      AND (c.data_type IN ('text', 'character varying', 'jsonb', 'json', 'bytea', 'ARRAY'))
    """
)


def in_tables(sentence: str) -> set[str]:
    """table.column of every value that holds it, compared letter by letter; bytes as UTF-8."""
    key = canonical(sentence)[0]
    found = set()
    for table, column in db.session.execute(WORDS).all():
        for (value,) in db.session.execute(text(f'SELECT "{column}" FROM "{table}"')):
            plain = (
                bytes(value).decode("utf-8", errors="ignore")
                if isinstance(value, bytes | memoryview)
                else json.dumps(value, ensure_ascii=False).replace("\\n", " ")
            )
            if key in canonical(plain)[0]:
                found.add(f"{table}.{column}")
    db.session.rollback()
    return found


def in_files(app: Flask, sentence: str) -> set[str]:
    key = canonical(sentence)[0]
    folder = Path(app.extensions["pasokh_settings"].data_dir)
    return {
        path.name
        for path in folder.rglob("*")
        if path.is_file() and key in canonical(path.read_bytes().decode("utf-8", "ignore"))[0]
    }


def in_pages(*sentences: str) -> set[str]:
    """Files of this database (tables, indexes, the planner's samples) whose bytes hold one."""
    db.session.rollback()
    with db.engine.connect() as plain:
        connection = plain.execution_options(isolation_level="AUTOCOMMIT")
        connection.execute(text("CHECKPOINT"))
        folder = Path(
            connection.execute(
                text(
                    "SELECT current_setting('data_directory') || '/base/' || oid "
                    "FROM pg_database WHERE datname = current_database()"
                )
            ).scalar_one()
        )
        names = dict(
            connection.execute(
                text("SELECT pg_relation_filenode(oid)::text, relname FROM pg_class")
            ).all()
        )
    found = set()
    for path in folder.iterdir():
        try:
            content = path.read_bytes()
        except FileNotFoundError:
            continue
        if any(sentence.encode() in content for sentence in sentences):
            found.add(str(names.get(path.name.split(".")[0], path.name)))
    return found
