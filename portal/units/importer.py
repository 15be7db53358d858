"""Units from a CSV file: code,kind,parent,name_fa,name_ar,name_en,escalates_to.

`parent` and `escalates_to` are codes, of the file (in any order) or of units already there. A
known code changes that unit.
"""

import csv
import io
from dataclasses import dataclass, field

from sqlalchemy import select

from portal.db import db
from portal.i18n import LANGUAGES, LazyText, _l
from portal.units import services
from portal.units.models import Unit

REQUIRED = ("code", "kind", "parent", "name_fa")
MOST_ROWS = 20_000


@dataclass(frozen=True)
class Rejected:
    """row counts from 2, as spreadsheets show it: the header is row 1."""

    row: int
    reason: LazyText


@dataclass
class Result:
    imported: int = 0
    updated: int = 0
    unchanged: int = 0
    rejected: list[Rejected] = field(default_factory=list)


@dataclass
class _Row:
    number: int
    code: str
    kind: str
    names: dict[str, str]
    parent: str
    escalates_to: str


def import_units(content: bytes) -> Result:
    """Read a file and store its good rows; flushes. Raises UnitError where it is no such file."""
    result = Result()
    rows = _read(content, result)
    services.lock_tree()
    units = {unit.code: unit for unit in db.session.scalars(select(Unit))}
    # A row that falls out puts its unit back where it was, which may hurt others: until all fits.
    while _drop_dangling(rows, set(units), result) or _drop_circles(rows, units, result):
        pass
    _store(rows, units, result)
    result.rejected.sort(key=lambda item: item.row)
    return result


def _read(content: bytes, result: Result) -> dict[str, _Row]:
    try:
        decoded = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise services.UnitError("file", _l("The file is not UTF-8 text.")) from None
    reader = csv.DictReader(io.StringIO(decoded, newline=""))
    missing = [name for name in REQUIRED if name not in (reader.fieldnames or ())]
    if missing:
        raise services.UnitError(
            "file", _l("These columns are missing: %(names)s", names=", ".join(missing))
        )
    rows: dict[str, _Row] = {}
    for number, raw in enumerate(reader, start=2):
        if number > MOST_ROWS:
            raise services.UnitError("file", _l("The file has too many rows."))
        line = {key: (value or "").strip() for key, value in raw.items() if isinstance(key, str)}
        if not any(line.values()):
            continue
        try:
            row = _Row(
                number,
                services.checked_code(line["code"]),
                services.checked_kind(line["kind"].lower()),
                services.checked_names({c: line.get(f"name_{c}", "") for c in LANGUAGES}),
                services.checked_code(line["parent"]) if line["parent"] else "",
                services.checked_code(line["escalates_to"]) if line.get("escalates_to") else "",
            )
        except services.UnitError as error:
            result.rejected.append(Rejected(number, error.message))
            continue
        if row.code in rows:
            result.rejected.append(
                Rejected(number, _l("The code %(code)s is in the file twice.", code=row.code))
            )
            continue
        rows[row.code] = row
    return rows


def _drop_dangling(rows: dict[str, _Row], known: set[str], result: Result) -> bool:
    there = known | set(rows)
    lost = [
        (row, other)
        for row in rows.values()
        for other in (row.parent, row.escalates_to)
        if other and other not in there
    ]
    for row, other in lost:
        if rows.pop(row.code, None):
            reason = _l("There is no unit with the code %(code)s.", code=other)
            result.rejected.append(Rejected(row.number, reason))
    return bool(lost)


def _drop_circles(rows: dict[str, _Row], units: dict[str, Unit], result: Result) -> bool:
    code_of: dict[int | None, str] = {unit.id: unit.code for unit in units.values()}
    code_of[None] = ""
    parents = {unit.code: code_of[unit.parent_id] for unit in units.values()}
    escalations = {unit.code: code_of[unit.escalates_to_id] for unit in units.values()}
    parents.update({row.code: row.parent for row in rows.values()})
    escalations.update({row.code: row.escalates_to for row in rows.values()})
    above = {code: escalations[code] or parents[code] for code in parents}
    in_circle = (_circle_codes(parents) | _circle_codes(above)) & set(rows)
    for code in in_circle:
        reason = _l("It would lie under itself, or escalate to itself.")
        result.rejected.append(Rejected(rows.pop(code).number, reason))
    return bool(in_circle)


def _circle_codes(step: dict[str, str]) -> set[str]:
    """Codes that come back to themselves when `step` is followed."""
    state: dict[str, int] = {}
    found: set[str] = set()
    for start in step:
        path: list[str] = []
        code = start
        while code and code not in state:
            state[code] = 1
            path.append(code)
            code = step.get(code, "")
        if code and state.get(code) == 1:
            found.update(path[path.index(code) :])
        state.update(dict.fromkeys(path, 2))
    return found


def _store(rows: dict[str, _Row], units: dict[str, Unit], result: Result) -> None:
    """New units first without neighbours, then all links, so that the order does not matter."""
    made = {
        row.code: services.create_unit(code=row.code, kind=row.kind, names=row.names)
        for row in rows.values()
        if row.code not in units
    }
    ids = {unit.code: unit.id for unit in (*units.values(), *made.values())}
    for row in rows.values():
        unit = made.get(row.code) or units[row.code]
        changed = services.apply_changes(
            unit,
            code=row.code,
            kind=row.kind,
            names=row.names,
            parent_id=ids[row.parent] if row.parent else None,
            escalates_to_id=ids[row.escalates_to] if row.escalates_to else None,
            active=unit.active,
        )
        if row.code in made:
            result.imported += 1
        elif changed:
            result.updated += 1
        else:
            result.unchanged += 1
