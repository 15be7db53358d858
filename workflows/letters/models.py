"""Letters, what lies in them, and how each unit numbers them."""

import datetime as dt
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, LargeBinary, String, text
from sqlalchemy.orm import Mapped, mapped_column

from portal.db import Base, BigId, Created, Texts

DIRECTIONS = ("out", "in")
STATES = ("draft", "issued", "sent", "answered", "closed", "cancelled", "registered")
WAITING = ("issued", "sent")
"""Of a letter that left: its reply may still come."""
NUMBERINGS = ("own", "secretariat")
RELATIONS = ("correction", "follow_up", "reply")
FILE_KINDS = ("enclosure", "scan")
SENT_BY = ("secretariat", "post", "courier", "email", "by_hand")


class Letter(Base):
    """One letter. From its issue on only its course changes (a trigger refuses the rest); a
    redaction alone takes words out of it."""

    __tablename__ = "letters"
    __table_args__ = (
        CheckConstraint(f"direction IN {DIRECTIONS}", name="direction"),
        CheckConstraint(f"state IN {STATES}", name="state"),
        CheckConstraint("(direction = 'in') = (state = 'registered')", name="incoming"),
        CheckConstraint("(state = 'draft') = (reference IS NULL)", name="numbered"),
        CheckConstraint(f"relation IN {RELATIONS}", name="relation"),
        CheckConstraint("(relation IS NULL) = (refers_to_id IS NULL)", name="refers"),
        CheckConstraint("language IN ('fa', 'ar', 'en')", name="language"),
        CheckConstraint(f"sent_by IN {SENT_BY}", name="sent_by"),
        # The number itself: never twice in a unit's year, whoever gave it.
        Index(
            "uq_letters_number",
            "unit_id",
            "year",
            "direction",
            "number",
            unique=True,
            postgresql_where=text("number IS NOT NULL"),
        ),
        Index(
            "uq_letters_reference",
            "unit_id",
            "year",
            "direction",
            "reference",
            unique=True,
            postgresql_where=text("reference IS NOT NULL"),
        ),
        # The sweep's: the next moment at which something must be done about it.
        Index("ix_letters_next", "act_at", "id", postgresql_where=text("act_at IS NOT NULL")),
        Index(
            "ix_letters_waiting",
            "due_at",
            "id",
            postgresql_where=text("state IN ('issued', 'sent')"),
        ),
        Index("ix_letters_unit", "unit_id", "id"),
        Index(
            "ix_letters_search",
            "search_key",
            postgresql_using="gin",
            postgresql_ops={"search_key": "gin_trgm_ops"},
        ),
    )

    id: Mapped[BigId]
    direction: Mapped[str]
    state: Mapped[str]
    unit_id: Mapped[int] = mapped_column(ForeignKey("units.id"))
    """In whose register it stands."""
    language: Mapped[str] = mapped_column(String(2))

    year: Mapped[int | None]
    """Of the Persian calendar; empty: a draft."""
    number: Mapped[int | None]
    """Of the unit's own counter; empty where the city's secretariat numbers."""
    reference: Mapped[str | None]
    """The number as it is printed, in ASCII digits."""
    dated_on: Mapped[dt.date | None]
    their_reference: Mapped[str] = mapped_column(default="")
    """Of an incoming letter: the number that its sender gave it."""
    their_date: Mapped[dt.date | None]

    party_name: Mapped[str] = mapped_column(default="")
    """The other side: addressee of an outgoing letter, sender of an incoming one."""
    party_position: Mapped[str] = mapped_column(default="")
    party_organisation: Mapped[str] = mapped_column(default="")
    subject: Mapped[str]
    body: Mapped[str] = mapped_column(default="")
    """Paragraphs parted by empty lines; of an incoming letter what it says in short."""
    copies: Mapped[list[Any]] = mapped_column(default=list)
    """Who gets a copy (رونوشت), one text each."""
    enclosures: Mapped[list[Any]] = mapped_column(default=list)
    """What lies in it (پیوست), one text each."""
    signatory_name: Mapped[str] = mapped_column(default="")
    signatory_position: Mapped[str] = mapped_column(default="")

    refers_to_id: Mapped[int | None] = mapped_column(ForeignKey("letters.id"), index=True)
    relation: Mapped[str | None]

    calendar: Mapped[str | None]
    """In which the days for the reply are counted; empty: no reply is expected."""
    reply_days: Mapped[int | None]
    due_at: Mapped[dt.datetime | None]
    act_at: Mapped[dt.datetime | None]
    warned_at: Mapped[dt.datetime | None]
    late_at: Mapped[dt.datetime | None]
    """When its lateness was reported to the unit above."""
    reported_unit_id: Mapped[int | None] = mapped_column(ForeignKey("units.id"))

    owner_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"), index=True)
    """Who follows it up: whoever wrote it."""
    created_at: Mapped[Created]
    issued_at: Mapped[dt.datetime | None]
    issued_by: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    sent_at: Mapped[dt.datetime | None]
    sent_by: Mapped[str | None]
    ended_at: Mapped[dt.datetime | None]
    """Answered, closed or cancelled."""
    end_note: Mapped[str] = mapped_column(default="")
    """Why it was closed without a reply, or cancelled."""
    redacted_at: Mapped[dt.datetime | None]
    """When words were removed from it for good after its issue."""
    search_key: Mapped[str]


class LetterCase(Base):
    """A case that a letter is about."""

    __tablename__ = "letter_cases"

    letter_id: Mapped[int] = mapped_column(ForeignKey("letters.id"), primary_key=True)
    case_id: Mapped[int] = mapped_column(ForeignKey("cases.id"), primary_key=True, index=True)


class LetterFile(Base):
    """An enclosure, or the scan of an incoming letter, under DATA_DIR/uploads/letters."""

    __tablename__ = "letter_files"
    __table_args__ = (CheckConstraint(f"kind IN {FILE_KINDS}", name="kind"),)

    id: Mapped[BigId]
    letter_id: Mapped[int] = mapped_column(ForeignKey("letters.id"), index=True)
    kind: Mapped[str]
    name: Mapped[str]
    """As its owner calls it."""
    mimetype: Mapped[str]
    size: Mapped[int]
    digest: Mapped[bytes] = mapped_column(LargeBinary)
    """SHA-256 of the stored file."""
    stored_path: Mapped[str]
    added_at: Mapped[Created]
    removed_at: Mapped[dt.datetime | None]
    """When the file was removed for good; the row stays and says that there was one."""


class LetterDocument(Base):
    """The PDF as it was issued; it never changes, whatever becomes of the template. A redaction
    alone puts another edition in its place."""

    __tablename__ = "letter_documents"

    letter_id: Mapped[int] = mapped_column(ForeignKey("letters.id"), primary_key=True)
    content: Mapped[bytes] = mapped_column(LargeBinary)
    digest: Mapped[bytes] = mapped_column(LargeBinary)
    made_at: Mapped[Created]


class LetterCounter(Base):
    """The last number given in a unit's year; its row lock makes the numbers gapless."""

    __tablename__ = "letter_counters"
    __table_args__ = (CheckConstraint(f"direction IN {DIRECTIONS}", name="direction"),)

    unit_id: Mapped[int] = mapped_column(ForeignKey("units.id"), primary_key=True)
    year: Mapped[int] = mapped_column(primary_key=True)
    direction: Mapped[str] = mapped_column(primary_key=True)
    last: Mapped[int]


class Letterhead(Base):
    """How a unit writes. A unit without a row has the defaults of the columns."""

    __tablename__ = "letterheads"
    __table_args__ = (CheckConstraint(f"numbering IN {NUMBERINGS}", name="numbering"),)

    unit_id: Mapped[int] = mapped_column(ForeignKey("units.id"), primary_key=True)
    numbering: Mapped[str] = mapped_column(default="own")
    prefix: Mapped[str] = mapped_column(default="")
    """Before year and number; empty: the unit's code."""
    calendar: Mapped[str] = mapped_column(default="tehran-office")
    reply_days: Mapped[int] = mapped_column(default=10)
    """Working days within which a reply is expected, as the form proposes it."""
    signatory_name: Mapped[Texts] = mapped_column(default=dict)
    signatory_position: Mapped[Texts] = mapped_column(default=dict)
    address: Mapped[Texts] = mapped_column(default=dict)
    """The line at the foot of the page."""
    emblem: Mapped[bytes | None] = mapped_column(LargeBinary)
    """A JPEG drawn by portal.photos. A unit without one uses that of the nearest unit above."""
