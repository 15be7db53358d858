"""The bank itself: searching, paging, adding, changing, tagging."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, String, cast, func, literal, select, tuple_, update
from sqlalchemy.dialects.postgresql import ARRAY, insert

from portal import audit, clock
from portal.contacts.audience import opted_out
from portal.contacts.keys import order_key, query_terms, search_text, tag_part
from portal.contacts.models import LANGUAGES, Contact
from portal.contacts.rows import MAX_TAGS
from portal.db import db

PAGE = 50


class NumberTakenError(ValueError):
    """The bank has this number already."""

    def __init__(self, contact_id: int) -> None:
        super().__init__(contact_id)
        self.contact_id = contact_id


class ChangedMeanwhileError(ValueError):
    """Somebody else saved the contact after this form was opened."""


@dataclass(frozen=True)
class BankFilter:
    """What a list is narrowed to; empty fields narrow nothing. opted_out: "" | "yes" | "no"."""

    q: str = ""
    tag: str = ""
    language: str = ""
    neighbourhood: str = ""
    opted_out: str = ""

    @classmethod
    def from_args(cls, args: Mapping[str, str]) -> "BankFilter":
        language = args.get("language", "")
        out = args.get("opted_out", "")
        return cls(
            q=args.get("q", "").strip()[:200],
            tag=args.get("tag", "")[:200],
            language=language if language in LANGUAGES else "",
            neighbourhood=args.get("neighbourhood", "")[:200],
            opted_out=out if out in {"yes", "no"} else "",
        )

    def to_args(self) -> dict[str, str]:
        return {name: value for name, value in vars(self).items() if value}


@dataclass(frozen=True)
class Page:
    """One page of the list; whether more lie before and after it."""

    contacts: Sequence[Contact]
    stopped: frozenset[str]
    """Numbers on this page that have opted out of some line."""
    before: int | None
    after: int | None


def conditions(wanted: BankFilter) -> list[ColumnElement[bool]]:
    # Of a search key there is nothing left that LIKE would take for a wildcard.
    found: list[ColumnElement[bool]] = [
        Contact.search_key.like(f"%{term}%") for term in query_terms(wanted.q)
    ]
    if wanted.q and not found:
        found.append(literal(False))
    if wanted.tag:
        found.append(Contact.tags.contains([wanted.tag]))
    if wanted.language:
        found.append(Contact.language == wanted.language)
    if wanted.neighbourhood:
        found.append(Contact.neighbourhood == wanted.neighbourhood)
    if wanted.opted_out:
        found.append(opted_out() if wanted.opted_out == "yes" else ~opted_out())
    return found


def count(wanted: BankFilter) -> int:
    return (
        db.session.scalar(select(func.count()).select_from(Contact).where(*conditions(wanted))) or 0
    )


def page(
    wanted: BankFilter, *, after: int | None = None, before: int | None = None, size: int = PAGE
) -> Page:
    """Contacts in Persian order, beginning behind contact `after` or ending ahead of `before`.

    By key, not by offset: rows that come and go move nobody to another page twice.
    """
    place = tuple_(Contact.sort_key, Contact.id)
    query = select(Contact, opted_out().label("out")).where(*conditions(wanted))
    anchor = before if before is not None else after
    if anchor is not None:
        at = (
            select(Contact.sort_key, Contact.id)
            .where(Contact.id == anchor)
            .correlate(None)
            .scalar_subquery()
        )
        query = query.where(place < at if before is not None else place > at)
    order = (Contact.sort_key, Contact.id)
    if before is not None:
        query = query.order_by(*(column.desc() for column in order))
    else:
        query = query.order_by(*order)
    rows = db.session.execute(query.limit(size + 1)).all()
    more, rows = len(rows) > size, rows[:size]
    if before is not None:
        rows = rows[::-1]
    found = [row[0] for row in rows]
    has_before = more if before is not None else after is not None
    has_after = before is not None or more
    return Page(
        found,
        frozenset(contact.e164 for contact, out in rows if out),
        found[0].id if found and has_before else None,
        found[-1].id if found and has_after else None,
    )


def create(
    e164: str, *, name: str, language: str, neighbourhood: str, tags: list[str], source: str
) -> int:
    """Add a person by hand; returns the id. Raises NumberTakenError."""
    given = {"name": name, "language": language, "neighbourhood": neighbourhood, "tags": tags}
    return _create(e164, source=source, only_answered=False, **given)


def respondent(e164: str, *, language: str, source: str) -> int:
    """The id of a number that came with an answer; new ones are in no audience."""
    given: dict[str, Any] = {"name": "", "language": language, "neighbourhood": "", "tags": []}
    try:
        return _create(e164, source=source, only_answered=True, **given)
    except NumberTakenError as known:
        return known.contact_id


def _create(e164: str, *, source: str, only_answered: bool, **given: Any) -> int:
    now = clock.now()
    name, neighbourhood, tags = given["name"], given["neighbourhood"], given["tags"]
    values = {
        "e164": e164,
        **given,
        "source": source,
        "only_answered": only_answered,
        "sort_key": order_key(name, e164),
        "search_key": search_text(e164, name, neighbourhood, tags),
        "created_at": now,
        "updated_at": now,
    }
    contact_id: int | None = db.session.scalar(
        insert(Contact).values(values).on_conflict_do_nothing().returning(Contact.id)
    )
    if contact_id is None:
        if not only_answered and (taken := _taken_over(e164, values)):
            return taken
        raise NumberTakenError(db.session.scalars(select(Contact.id).filter_by(e164=e164)).one())
    audit.record("contact.added", "contact", contact_id, e164=e164, **given)
    return contact_id


def _taken_over(e164: str, values: dict[str, Any]) -> int | None:
    """Somebody who had only answered an open survey becomes a contact. None: no such row."""
    contact_id = db.session.scalar(
        update(Contact)
        .where(Contact.e164 == e164, Contact.only_answered)
        .values({key: value for key, value in values.items() if key != "created_at"})
        .returning(Contact.id)
    )
    if contact_id is not None:
        audit.record("contact.changed", "contact", contact_id, **{
            key: values[key] for key in ("e164", "name", "language", "neighbourhood", "tags")
        })  # fmt: skip
    return contact_id


def change(
    contact_id: int,
    *,
    name: str,
    language: str,
    neighbourhood: str,
    tags: list[str],
    version: str | None = None,
) -> bool:
    """Save an edited contact; False where nothing differs.

    `version` is what `version_of` gave when the form was opened. Raises ChangedMeanwhileError.
    """
    contact = db.session.scalars(
        select(Contact)
        .where(Contact.id == contact_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).one()
    if version is not None and version != version_of(contact):
        raise ChangedMeanwhileError
    new: dict[str, Any] = {
        "name": name,
        "language": language,
        "neighbourhood": neighbourhood,
        "tags": tags,
    }
    before = {key: getattr(contact, key) for key, value in new.items()}
    differs = {key for key in new if before[key] != new[key]}
    if not differs:
        return False
    for key, value in new.items():
        setattr(contact, key, value)
    contact.sort_key = order_key(name, contact.e164)
    contact.search_key = search_text(contact.e164, name, neighbourhood, tags)
    contact.updated_at = clock.now()
    audit.record(
        "contact.changed",
        "contact",
        contact_id,
        before={key: before[key] for key in sorted(differs)},
        after={key: new[key] for key in sorted(differs)},
    )
    db.session.flush()
    return True


def version_of(contact: Contact) -> str:
    return contact.updated_at.isoformat()


def tag_all(wanted: BankFilter, tag: str, *, add: bool) -> int:
    """Give a tag to every contact of a filter, or take it away; returns how many changed.

    Contacts that hold MAX_TAGS already get no other.
    """
    part = tag_part(tag)
    has = Contact.tags.contains([tag])
    # The same tag in another spelling counts as had.
    room = (func.cardinality(Contact.tags) < MAX_TAGS) & (
        func.strpos(Contact.search_key, part) == 0
    )
    chosen = (
        select(Contact.id)
        .where(*conditions(wanted), ~has & room if add else has)
        # As every change of many contacts, so that two never wait for each other in a circle.
        .order_by(Contact.e164)
        .with_for_update()
        .cte("chosen")
    )
    mark = literal(tag, String)
    digits = func.substr(Contact.e164, 2)
    if add:
        tags = func.array_append(Contact.tags, mark, type_=ARRAY(String))
        # Before the digits, which end the key.
        head = func.left(Contact.search_key, -func.length(digits))
        search: ColumnElement[str] = head.concat(part).concat(digits)
    else:
        tags = func.array_remove(Contact.tags, mark, type_=ARRAY(String))
        search = func.replace(Contact.search_key, part, "")
    result = db.session.execute(
        update(Contact)
        .where(Contact.id == chosen.c.id)
        .values(tags=cast(tags, ARRAY(String)), search_key=search, updated_at=clock.now())
        .execution_options(synchronize_session=False)
        .returning(Contact.id)
    )
    number = len(result.all())
    if number:
        audit.record(
            "contacts.tag_added" if add else "contacts.tag_removed", "tag", tag,
            contacts=number, filter=wanted.to_args(),
        )  # fmt: skip
    return number


def total() -> int:
    """Contacts in the bank, for the dashboard."""
    return db.session.scalar(select(func.count()).select_from(Contact)) or 0
