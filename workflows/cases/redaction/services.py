"""Removing words for good: looked for first, removed in one transaction. Nothing commits.

Files are changed when the transaction is committed; dead rows go afterwards (scrub).
"""

from collections import Counter
from dataclasses import dataclass, field
from typing import Final

from sqlalchemy import select, text

from portal import audit, clock
from portal.accounts.models import User
from portal.contacts.keys import order_key, search_text
from portal.contacts.models import Contact
from portal.db import after_commit, db
from portal.i18n import LazyText, _l
from workflows.cases import moves, photos
from workflows.cases.matter import heads
from workflows.cases.matter.people import ORIGIN as DIVIDED
from workflows.cases.models import Case, CasePhoto
from workflows.cases.redaction import files, letters, packets, places, published, trail
from workflows.cases.redaction.models import REASONS, CaseRedaction
from workflows.cases.redaction.passage import Passage
from workflows.cases.redaction.places import Row, Table
from workflows.operations.models import CaseProof

CERTAIN: Final = 20
"""Letters of a passage that is proposed to be removed elsewhere too: fewer may be anybody's."""
NOT_FOUND: Final = _l("The passage was not found.")
WORDS: Final = frozenset({"passage", "name", "phone"})
"""Kinds after which nothing of a text stays published."""
BANK: Final = frozenset({"contacts", "contact_import_rows", "contact_imports"})


class RedactionRefused(ValueError):  # noqa: N818
    """It cannot be done; `message` is for people."""

    def __init__(self, message: LazyText) -> None:
        super().__init__(str(message))
        self.message = message


@dataclass
class Found:
    """How often a passage stands where. The keys are table.column, without its words."""

    here: Counter[str] = field(default_factory=Counter)
    """In rows about this case, its matter or its number."""
    elsewhere: Counter[str] = field(default_factory=Counter)
    fixed: Counter[str] = field(default_factory=Counter)
    """Where it cannot be removed: texts that staff published."""
    files: int = 0
    packets: int = 0
    letters: dict[int, tuple[str, ...]] = field(default_factory=dict)
    """Letters that hold it, with the columns; they are among `here` and `elsewhere` too."""

    @property
    def total(self) -> int:
        return self.here.total() + self.elsewhere.total() + self.files + self.packets


def passage_of(typed: str) -> Passage:
    """Raises RedactionRefused."""
    try:
        return Passage.of(typed)
    except ValueError:
        raise RedactionRefused(
            _l("The passage is too short: at least three letters or digits.")
        ) from None


def look(case_id: int, passage: Passage, *, bank: bool = True) -> Found:
    """Where it stands, changing nothing. Reads every table once."""
    return _everywhere(db.session.get_one(Case, case_id), passage, bank=bank, elsewhere=True)


def redact(
    case_id: int,
    passage: Passage,
    *,
    reason: str,
    by: int | None,
    kind: str = "passage",
    elsewhere: bool = False,
) -> CaseRedaction:
    """Remove a passage from everything that is stored. `elsewhere`: from rows of others too.

    Raises LookupError, RedactionRefused.
    """
    case = lock(case_id)
    row = begin(case, kind, reason, by)
    found = _everywhere(case, passage, bank=kind != "name", elsewhere=elsewhere, change=True)
    kept = packets.clean(passage, reason)
    found.packets = sum(kept.values())
    if not found.total:
        raise RedactionRefused(NOT_FOUND)
    letters.anew(found.letters)
    after_commit(lambda: files.clean(passage))
    counted = found.here + found.elsewhere
    if kept:
        counted["packet_snapshots.data"] = found.packets
    end(row, counted, files=found.files)
    return row


def redact_photo(case_id: int, photo_id: int, *, reason: str, by: int | None) -> CaseRedaction:
    """Delete a citizen's photo and its file. Raises LookupError, RedactionRefused."""
    return _picture(case_id, "photo", db.session.get(CasePhoto, photo_id), reason=reason, by=by)


def redact_proof(case_id: int, proof_id: int, *, reason: str, by: int | None) -> CaseRedaction:
    """The same for a photo of the work. Raises LookupError, RedactionRefused."""
    return _picture(case_id, "proof", db.session.get(CaseProof, proof_id), reason=reason, by=by)


def _picture(
    case_id: int, kind: str, photo: CasePhoto | CaseProof | None, *, reason: str, by: int | None
) -> CaseRedaction:
    moves.lock(case_id)
    if photo is None or photo.case_id != case_id:
        raise RedactionRefused(_l("There is no such photo."))
    row = begin(db.session.get_one(Case, case_id), kind, reason, by)
    path, name = photos.path_of(photo.stored_path), photo.__tablename__
    db.session.delete(photo)
    db.session.flush()
    after_commit(lambda: letters.shred(path))
    end(row, Counter({f"{name}.stored_path": 1}), files=1)
    return row


def redact_file(case_id: int, file_id: int, *, reason: str, by: int | None) -> CaseRedaction:
    """Delete a scan or an enclosure of a letter about the case; the letter says that there was
    one. Raises LookupError, RedactionRefused."""
    case = moves.lock(case_id)
    known = {one.file.id: one.file for one in letters.scans(related(case))}
    file = known.get(file_id)
    if file is None:
        raise RedactionRefused(_l("There is no such file."))
    row = begin(case, "file", reason, by)
    letters.remove(file)
    end(row, Counter({"letter_files.stored_path": 1}), files=1)
    return row


def lock(case_id: int) -> Case:
    """The whole matter is held: the case that leads it before all others, as everywhere.

    Raises LookupError.
    """
    heads.lock(case_id)
    for one in related(db.session.get_one(Case, case_id)):
        moves.lock(one)
    return db.session.get_one(Case, case_id, populate_existing=True)


def begin(case: Case, kind: str, reason: str, by: int | None) -> CaseRedaction:
    """Write it down first: that row lets rows that never change be changed in this transaction."""
    if reason not in REASONS:
        raise RedactionRefused(_l("Choose a reason."))
    user = db.session.get(User, by) if by is not None else None
    row = CaseRedaction(
        case_id=case.id,
        at=clock.now(),
        by_id=by,
        actor=(user.name or user.email) if user else "",
        kind=kind,
        reason=reason,
        places={},
        xid=db.session.execute(text("SELECT pg_current_xact_id()::text::bigint")).scalar_one(),
        large={},
    )
    db.session.add(row)
    db.session.flush()
    db.session.execute(
        text("SELECT set_config('pasokh.redaction', :id, true)"), {"id": str(row.id)}
    )
    return row


def end(row: CaseRedaction, counted: Counter[str], *, files: int = 0) -> None:
    from workflows.cases.redaction.jobs import scrub

    row.places = {**dict(counted), **({"files": files} if files else {})}
    db.session.flush()
    if row.kind in WORDS:
        for case_id in related(db.session.get_one(Case, row.case_id)):
            published.take_back(case_id, by=row.by_id)
    moves.add_event(
        row.case_id, "redacted", by=row.by_id, reason=row.reason, what=row.kind, redaction=row.id
    )
    audit.record(
        "case.redacted",
        "case",
        row.case_id,
        redaction=row.id,
        what=row.kind,
        reason=row.reason,
        places=row.places,
    )
    db.session.flush()
    db.session.expire_all()
    scrub.enqueue()


def related(case: Case) -> list[int]:
    """The cases of one matter: what was written to one may have been repeated to the others."""
    leading = heads.head_id(case.id)
    ids = {case.id, leading, *heads.follower_ids(leading)}
    ids |= set(
        db.session.scalars(
            select(Case.id).where(Case.origin_type == DIVIDED, Case.origin_id.in_(ids))
        )
    )
    if case.origin_type == DIVIDED and case.origin_id is not None:
        ids.add(case.origin_id)
    return sorted(ids)


def _everywhere(
    case: Case, passage: Passage, *, bank: bool, elsewhere: bool, change: bool = False
) -> Found:
    ids = related(case)
    numbers = [one for one in db.session.scalars(select(Case.e164).where(Case.id.in_(ids))) if one]
    found = Found()
    for table in places.tables():
        if not bank and table.name in BANK:
            continue
        seen: set[tuple[object, ...]] = set()
        if not table.is_fixed:
            for row in places.about(table, ids, numbers):
                seen.add(tuple(row.key.values()))
                _in_row(table, row, passage, found, found.here, change=change, cut=True)
        if elsewhere:
            into = found.fixed if table.is_fixed else found.elsewhere
            for row in places.elsewhere(table, passage):
                if tuple(row.key.values()) not in seen:
                    may_change = change and not table.is_fixed
                    _in_row(table, row, passage, found, into, change=may_change, cut=False)
    rest = found.elsewhere if elsewhere else None
    trail.clean(ids, numbers, passage, found.here, rest, change=change)
    found.files = len(files.holding(passage))
    if not change:
        found.packets = sum(packets.holding(passage).values())
    return found


def _in_row(
    table: Table,
    row: Row,
    passage: Passage,
    found: Found,
    counted: Counter[str],
    *,
    change: bool,
    cut: bool,
) -> None:
    changed = {}
    for name, value in row.values.items():
        if value is None:
            continue
        clean, number = passage.out_of(value, cut=cut)
        if number:
            changed[name] = clean
            counted[f"{table.name}.{name}"] += number
    if not changed:
        return
    if table.name == "letters":
        found.letters[row.key["id"]] = tuple(changed)
    if change:
        places.write(table, row, changed)
        if table.name == "contacts":
            _order_contact(row.key["id"])


def _order_contact(contact_id: int) -> None:
    """The order key of a name is the name in other letters."""
    contact = db.session.get_one(Contact, contact_id, populate_existing=True)
    contact.sort_key = order_key(contact.name, contact.e164)
    contact.search_key = search_text(
        contact.e164, contact.name, contact.neighbourhood, contact.tags
    )
    db.session.flush()
