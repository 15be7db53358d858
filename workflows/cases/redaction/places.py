"""Where words can lie: every column of every table, read from the database itself.

So a table of a part of the product that did not exist when this was written is looked into too.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import text

from portal.db import db
from workflows.cases.redaction.passage import Passage

NEVER: Final = frozenset(
    {
        # No words of citizens; or what proves something and holds ids and names of staff only.
        "alembic_version",
        "roles",
        "users",
        "periodic_runs",
        "audit_entries",
        "case_redactions",
        # Handled as a whole elsewhere: payloads are erased, packets get a new edition.
        "audit_payloads",
        "packet_snapshots",
        "packet_files",
    }
)
FIXED: Final = frozenset({"survey_versions", "message_template_versions", "workflow_definitions"})
"""Published, frozen: told of, not changed. Staff wrote them."""
NUMBER: Final = "e164"
TEXTS: Final = ("text", "character varying", "jsonb", "json", "ARRAY")


@dataclass(frozen=True)
class Table:
    """A table with words."""

    name: str
    keys: tuple[str, ...]
    columns: tuple[tuple[str, str], ...]
    """(name, type)"""
    ways: tuple[str, ...]
    """Conditions under which a row belongs to the cases `:cases`: its own column, or that of what
    it hangs on (a letter's cases, a way's special message)."""
    has_number: bool

    @property
    def is_fixed(self) -> bool:
        return self.name in FIXED


@dataclass(frozen=True)
class Row:
    key: dict[str, Any]
    values: dict[str, Any]


def _listed(names: str) -> frozenset[str]:
    return frozenset(names.split())


CODES: Final = _listed(
    "code kind state stage channel language purpose line gateway gateway_id claim_id uid format "
    "bound_gateway calendar urgency confirmation origin_type handled_by dedupe_key digest "
    "form_key link_purpose stored_path timezone reference mimetype key role opened_by stopped_by "
    "subject_type"
)
"""Columns of the product's own words, never of people's; besides those that a CHECK lets have none
but listed words. A column that holds people's words in any table is not to be named here."""

_COLUMNS = text(
    """
    SELECT c.table_name, c.column_name, c.data_type, c.udt_name
    FROM information_schema.columns c
    JOIN information_schema.tables t USING (table_schema, table_name)
    WHERE c.table_schema = current_schema() AND t.table_type = 'BASE TABLE'
      AND c.is_generated = 'NEVER'
    ORDER BY c.table_name, c.ordinal_position
    """
)
_KEYS = text(
    r"""
    SELECT r.relname AS table_name, a.attname AS column_name, k.contype AS kind,
           f.relname AS target, b.attname AS target_column
    FROM pg_constraint k
    JOIN pg_class r ON r.oid = k.conrelid
    JOIN pg_namespace n ON n.oid = r.relnamespace AND n.nspname = current_schema()
    JOIN pg_attribute a ON a.attrelid = k.conrelid AND a.attnum = ANY (k.conkey)
    LEFT JOIN pg_class f ON f.oid = k.confrelid
    LEFT JOIN pg_attribute b ON b.attrelid = k.confrelid
         AND b.attnum = k.confkey[array_position(k.conkey, a.attnum)]
    WHERE k.contype IN ('p', 'f')
       -- A list of words. Another check may well stand on a column that people write in.
       OR (k.contype = 'c' AND cardinality(k.conkey) = 1
           AND pg_get_constraintdef(k.oid) ~ '= ANY \(+ARRAY\[')
    ORDER BY r.relname, array_position(k.conkey, a.attnum)
    """
)


def tables() -> list[Table]:
    """Those with a primary key and words; a table without a key holds nothing of ours."""
    keys: dict[str, list[str]] = {}
    points: dict[str, list[_Pointer]] = {}
    limited: set[tuple[str, str]] = set()
    for row in db.session.execute(_KEYS):
        kind = row.kind.decode() if isinstance(row.kind, bytes) else row.kind
        if kind == "c":
            limited.add((row.table_name, row.column_name))
        elif kind == "p":
            keys.setdefault(row.table_name, []).append(row.column_name)
        else:
            points.setdefault(row.table_name, []).append(
                _Pointer(row.column_name, row.target, row.target_column)
            )
    columns: dict[str, list[tuple[str, str]]] = {}
    widths: Counter[str] = Counter()
    numbered: set[str] = set()
    for row in db.session.execute(_COLUMNS):
        widths[row.table_name] += 1
        if row.column_name == NUMBER:
            numbered.add(row.table_name)
        elif row.column_name in CODES or (row.table_name, row.column_name) in limited:
            continue
        elif row.data_type in TEXTS and (
            row.data_type != "ARRAY" or row.udt_name in {"_text", "_varchar"}
        ):
            columns.setdefault(row.table_name, []).append((row.column_name, row.data_type))
    ways = _ways(points, widths)
    return [
        Table(
            name,
            tuple(keys[name]),
            tuple(columns[name]),
            tuple(ways.get(name, ())),
            name in numbered,
        )
        # Cases come first, before their words: so does everybody who locks both.
        for name in sorted(columns, key=lambda name: (name != "cases", name))
        if name in keys and name not in NEVER
    ]


@dataclass(frozen=True)
class _Pointer:
    """A foreign key of one column."""

    column: str
    target: str
    target_column: str


def _ways(points: dict[str, list[_Pointer]], widths: Counter[str]) -> dict[str, list[str]]:
    """table -> conditions, from the foreign keys: what points at a case, what such a row points at
    where it is nothing but the pair (letter_cases), and what hangs on any of these."""
    ways = {"cases": ['"id" = ANY (:cases)']}
    for name, pointers in points.items():
        if own := [one for one in pointers if one.target == "cases"]:
            ways.setdefault(name, []).extend(f'"{one.column}" = ANY (:cases)' for one in own)
    for name in list(ways):
        pointers = points.get(name, [])
        others = [one for one in pointers if one.target != "cases"]
        if name != "cases" and widths[name] == len(pointers) == 2 and len(others) == 1:
            ways.setdefault(others[0].target, []).append(_within(others[0], name, ways[name]))
    fresh = set(ways)
    while fresh:
        found: dict[str, list[str]] = {}
        for name, pointers in points.items():
            if name not in ways:
                for one in pointers:
                    if one.target in fresh and one.target != "cases":
                        found.setdefault(name, []).append(_hangs(one, ways[one.target]))
        ways |= found
        fresh = set(found)
    return ways


# The names in all conditions come from the catalog of the database, never from a request.


def _within(pointer: _Pointer, pair: str, ways: list[str]) -> str:
    inner = f'SELECT "{pointer.column}" FROM "{pair}" WHERE {" OR ".join(ways)}'  # noqa: S608
    return f'"{pointer.target_column}" IN ({inner})'


def _hangs(pointer: _Pointer, ways: list[str]) -> str:
    above = f'"{pointer.target}" WHERE {" OR ".join(ways)}'
    inner = f'SELECT "{pointer.target_column}" FROM {above}'  # noqa: S608
    return f'"{pointer.column}" IN ({inner})'


def about(table: Table, case_ids: Sequence[int], numbers: Sequence[str]) -> Iterator[Row]:
    """Rows that point at one of the cases or belong to one of the numbers."""
    ways = list(table.ways)
    if table.has_number and numbers:
        ways.append(f'"{NUMBER}" = ANY (:numbers)')
    if ways:
        yield from _rows(table, " OR ".join(ways), cases=list(case_ids), numbers=list(numbers))


def elsewhere(table: Table, passage: Passage) -> Iterator[Row]:
    """Rows of anybody that may hold the passage; reads the whole table."""
    patterns = {f"p{n}": pattern for n, pattern in enumerate(passage.patterns())}
    ways = [
        f'CAST("{name}" AS text) ILIKE :{number}'
        for name, _t in table.columns
        for number in patterns
    ]
    yield from _rows(table, " OR ".join(ways), **patterns)


def _rows(table: Table, condition: str, **values: Any) -> Iterator[Row]:
    names = [*table.keys, *(name for name, _t in table.columns if name not in table.keys)]
    wanted = ", ".join(f'"{name}"' for name in names)
    statement = text(f'SELECT {wanted} FROM "{table.name}" WHERE {condition}')  # noqa: S608
    used = {name: value for name, value in values.items() if f":{name}" in condition}
    for row in db.session.execute(statement, used).mappings().all():
        yield Row(
            {name: row[name] for name in table.keys},
            {name: row[name] for name, _t in table.columns if name not in table.keys},
        )


def write(table: Table, row: Row, changed: dict[str, Any]) -> None:
    types = dict(table.columns)
    values: dict[str, Any] = {}
    sets = []
    for n, (name, value) in enumerate(changed.items()):
        values[f"v{n}"] = _bound(value, types[name])
        cast = f"CAST(:v{n} AS {types[name]})" if types[name] in {"jsonb", "json"} else f":v{n}"
        sets.append(f'"{name}" = {cast}')
    wheres = []
    for n, (name, value) in enumerate(row.key.items()):
        values[f"k{n}"] = value
        wheres.append(f'"{name}" = :k{n}')
    db.session.execute(
        text(
            f'UPDATE "{table.name}" SET {", ".join(sets)} '  # noqa: S608 (names of the catalog)
            f"WHERE {' AND '.join(wheres)}"
        ),
        values,
    )


def _bound(value: Any, kind: str) -> Any:
    import json

    return json.dumps(value, ensure_ascii=False) if kind in {"jsonb", "json"} else value
