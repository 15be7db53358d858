"""The contact bank."""

import datetime as dt
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, UniqueConstraint, text
from sqlalchemy import false as sql_false
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from portal.db import Base, BigId, Created, SortKey, Texts

LANGUAGES = ("fa", "ar", "en")


class Contact(Base):
    """One mobile number and what is known of its holder."""

    __tablename__ = "contacts"
    __table_args__ = (
        CheckConstraint("e164 ~ '^[+][1-9][0-9]{6,14}$'", name="e164"),
        CheckConstraint(f"language IN {LANGUAGES}", name="language"),
        Index("ix_contacts_order", "sort_key", "id"),
        Index(
            "ix_contacts_search",
            "search_key",
            postgresql_using="gin",
            postgresql_ops={"search_key": "gin_trgm_ops"},
        ),
        Index("ix_contacts_tags", "tags", postgresql_using="gin"),
        Index("ix_contacts_neighbourhood", "neighbourhood"),
        Index(
            "ix_contacts_unreachable",
            "unreachable_since",
            "id",
            postgresql_where=text("unreachable_since IS NOT NULL"),
        ),
    )

    id: Mapped[BigId]
    e164: Mapped[str] = mapped_column(String(16), unique=True)
    name: Mapped[str] = mapped_column(default="")
    language: Mapped[str] = mapped_column(String(2), default="fa")
    neighbourhood: Mapped[str] = mapped_column(default="")
    tags: Mapped[list[str]] = mapped_column(ARRAY(String), default=list)
    source: Mapped[str] = mapped_column(default="")
    """Where the number came from, in the importer's words."""
    sort_key: Mapped[SortKey]
    search_key: Mapped[str]
    """portal.contacts.keys.search_text over name, neighbourhood, tags and the number's digits."""
    only_answered: Mapped[bool] = mapped_column(default=False, server_default=sql_false())
    """The number came with an answer to an open survey and agreed to nothing more: in no audience,
    until a list or an officer brings it as a contact."""
    unreachable_since: Mapped[dt.datetime | None]
    """Its messages come back (portal.messaging.hygiene): in no audience unless asked for."""
    unreachable_reason: Mapped[str | None]
    """Code of the last reason, e.g. undelivered or kavenegar:411."""
    created_at: Mapped[Created]
    updated_at: Mapped[Created]


class ConsentRecord(Base):
    """Append-only (a trigger refuses UPDATE and DELETE): every yes and no, and how it came."""

    __tablename__ = "consent_records"
    __table_args__ = (
        CheckConstraint("decision IN ('given', 'withdrawn')", name="decision"),
        Index("ix_consent_e164", "e164", "id"),
    )

    id: Mapped[BigId]
    e164: Mapped[str] = mapped_column(String(16))
    decision: Mapped[str]
    line: Mapped[str | None]
    """The sending line the decision is about; empty: all messages."""
    channel: Mapped[str]
    """sms | import | staff | link"""
    evidence: Mapped[str] = mapped_column(default="")
    """The words received, the import's source, or the officer's note."""
    recorded_by: Mapped[int | None]
    at: Mapped[Created]


class OptOut(Base):
    """Who must not be sent anything now. `line` empty string: on every line."""

    __tablename__ = "opt_outs"
    __table_args__ = (UniqueConstraint("e164", "line"),)

    id: Mapped[BigId]
    e164: Mapped[str] = mapped_column(String(16))
    line: Mapped[str] = mapped_column(default="")
    since: Mapped[Created]
    channel: Mapped[str]


class ContactImport(Base):
    """One uploaded file: read, previewed, then committed or abandoned."""

    __tablename__ = "contact_imports"
    __table_args__ = (
        CheckConstraint(
            "state IN ('reading', 'preview', 'committing', 'done', 'failed', 'abandoned')",
            name="state",
        ),
    )

    id: Mapped[BigId]
    filename: Mapped[str]
    source: Mapped[str]
    state: Mapped[str] = mapped_column(default="reading")
    stored_path: Mapped[str | None]
    """Name of the upload under portal.contacts.uploads.folder(), until it has been read."""
    created_at: Mapped[Created]
    created_by: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    committed_by: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    total: Mapped[int] = mapped_column(default=0)
    """Rows of the file; the sum of the five counts below it."""
    new: Mapped[int] = mapped_column(default=0)
    changed: Mapped[int] = mapped_column(default=0)
    unchanged: Mapped[int] = mapped_column(default=0)
    duplicates: Mapped[int] = mapped_column(default=0)
    rejected: Mapped[int] = mapped_column(default=0)
    imported: Mapped[int] = mapped_column(default=0)
    """What the commit really added; the bank may have changed since the preview."""
    updated: Mapped[int] = mapped_column(default=0)
    refused: Mapped[int] = mapped_column(default=0)
    """People whose row said no, and who get no messages since."""
    cursor: Mapped[int] = mapped_column(default=0)
    """Last row number that was read, then the last that was committed."""
    progress_at: Mapped[Created]
    """When a job last got further; the sweep takes over what stands still."""
    error: Mapped[Texts | None]
    finished_at: Mapped[dt.datetime | None]


class ContactImportRow(Base):
    """One row of a file, with its verdict."""

    __tablename__ = "contact_import_rows"
    __table_args__ = (
        CheckConstraint(
            "verdict IN ('new', 'changed', 'unchanged', 'duplicate', 'rejected')", name="verdict"
        ),
        Index("ix_import_rows_verdict", "import_id", "verdict", "row_number"),
        Index(
            "uq_import_rows_e164",
            "import_id",
            "e164",
            unique=True,
            postgresql_where=text("verdict IN ('new', 'changed', 'unchanged')"),
        ),
    )

    import_id: Mapped[int] = mapped_column(
        ForeignKey("contact_imports.id", ondelete="CASCADE"), primary_key=True
    )
    row_number: Mapped[int] = mapped_column(primary_key=True)
    """As a person counts in the file, the header being row 1."""
    verdict: Mapped[str]
    reason: Mapped[str | None]
    """Code of the reason for a rejection or a duplicate."""
    repeats_row: Mapped[int | None]
    """For a duplicate: the first row with its number."""
    e164: Mapped[str | None] = mapped_column(String(16))
    values: Mapped[dict[str, Any]]
    """The normalised row; empty for a rejection."""
    cells: Mapped[dict[str, Any]]
    """For rejections and duplicates: the cells as they were, to be handed back."""
