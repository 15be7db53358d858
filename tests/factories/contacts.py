"""People in the contact bank, and files that bring them."""

import itertools
from collections.abc import Sequence
from pathlib import Path

from portal import clock
from portal.contacts import committing, imports, staging, uploads
from portal.contacts.keys import order_key, search_text
from portal.contacts.models import Contact
from portal.db import db
from tests.factories.context import application

_numbers = itertools.count(1_000_000)


def number() -> str:
    """A mobile number that no other factory call has given."""
    return f"+98912{next(_numbers):07d}"


def make_contact(
    e164: str | None = None,
    name: str = "زهرا احمدی",
    language: str = "fa",
    neighbourhood: str = "",
    tags: Sequence[str] = (),
    source: str = "test",
) -> Contact:
    """A committed contact; its columns can be read outside the context."""
    with application():
        e164 = e164 or number()
        contact = Contact(
            e164=e164,
            name=name,
            language=language,
            neighbourhood=neighbourhood,
            tags=list(tags),
            source=source,
            sort_key=order_key(name, e164),
            search_key=search_text(e164, name, neighbourhood, tags),
            created_at=clock.now(),
            updated_at=clock.now(),
        )
        db.session.add(contact)
        db.session.commit()
        db.session.refresh(contact)
        return contact


def start(content: str | bytes, filename: str = "people.csv", source: str = "test") -> int:
    """A committed import that nobody has read yet; needs an application context."""
    path = uploads.folder() / "incoming"
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    with path.open("rb") as stream:
        stored = uploads.keep(stream)
    Path(path).unlink()
    import_id = imports.start_import(filename, stored, source, None)
    db.session.commit()
    return import_id


def read(import_id: int) -> None:
    for _row in staging.read(import_id):
        db.session.commit()


def commit(import_id: int) -> None:
    imports.request_commit(import_id, None)
    db.session.commit()
    for _row in committing.commit(import_id):
        db.session.commit()


def make_import(content: str | bytes, filename: str = "people.csv", source: str = "test") -> int:
    """A file read and committed; returns the id of its import."""
    import_id = start(content, filename, source)
    read(import_id)
    commit(import_id)
    return import_id
