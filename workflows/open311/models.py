"""Applications that may send, categories that are public, and what of a case is published."""

import datetime as dt

from sqlalchemy import CheckConstraint, ForeignKey, LargeBinary, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from portal.db import Base, BigId, Created, Texts


class Open311Key(Base):
    """An application that may send requests. The key itself is shown once and kept nowhere."""

    __tablename__ = "open311_keys"
    __table_args__ = (CheckConstraint("per_minute BETWEEN 1 AND 600", name="per_minute"),)

    id: Mapped[BigId]
    name: Mapped[str]
    contact: Mapped[str] = mapped_column(default="")
    """Whom to write to when it misbehaves."""
    digest: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    """SHA-256 of the key, which is 160 random bits: nothing to guess, so no slow hash."""
    hint: Mapped[str] = mapped_column(String(8))
    """Its first characters, to tell keys apart."""
    reads_own: Mapped[bool] = mapped_column(default=True)
    """Whether it reads text, place and answer of its own requests before they are released."""
    per_minute: Mapped[int] = mapped_column(default=30)
    """Requests it may send in a minute."""
    created_at: Mapped[Created]
    revoked_at: Mapped[dt.datetime | None]


class Open311Service(Base):
    """How a category appears to other applications. A category without a row is not public."""

    __tablename__ = "open311_services"

    category_id: Mapped[int] = mapped_column(ForeignKey("case_categories.id"), primary_key=True)
    public: Mapped[bool] = mapped_column(default=False)
    """Whether its cases of every channel are listed, not only those that came by Open311."""
    descriptions: Mapped[Texts] = mapped_column(default=dict)
    keywords: Mapped[str] = mapped_column(default="")


class Open311Request(Base):
    """What of a case is published, and what its sender said beside it. A case without a row came
    another way and nothing of it was released."""

    __tablename__ = "open311_requests"
    __table_args__ = (UniqueConstraint("key_id", "idempotency"),)

    case_id: Mapped[int] = mapped_column(ForeignKey("cases.id"), primary_key=True)
    key_id: Mapped[int | None] = mapped_column(ForeignKey("open311_keys.id"), index=True)
    """Who sent it; empty: it came another way."""
    idempotency: Mapped[bytes | None] = mapped_column(LargeBinary)
    """Digest of the sender's Idempotency-Key: sent twice, it is one request."""
    email: Mapped[str] = mapped_column(default="")
    phone: Mapped[str] = mapped_column(default="")
    """A number that is no mobile number; a mobile number stands in the case."""
    device_id: Mapped[str] = mapped_column(default="")
    account_id: Mapped[str] = mapped_column(default="")
    address_id: Mapped[str] = mapped_column(default="")
    media_url: Mapped[str] = mapped_column(default="")
    """As it was sent; it is never fetched and never published."""
    description: Mapped[str] = mapped_column(default="")
    """The released text."""
    answer: Mapped[str] = mapped_column(default="")
    """The released answer of the city."""
    answer_round: Mapped[int] = mapped_column(default=0)
    """How often the case had been opened again by then: the answer to a later round is another."""
    with_place: Mapped[bool] = mapped_column(default=False)
    released_at: Mapped[dt.datetime | None]
    released_by: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    withheld: Mapped[bool] = mapped_column(default=False)
    """Not listed at all, whatever its channel and category."""
