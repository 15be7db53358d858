"""Message templates and every text they ever had."""

from typing import Final

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from portal.db import Base, BigId, Created, Texts

ORIGINS: Final = ("edited", "reset", "frozen")


class MessageTemplate(Base):
    """A text that is written once and sent often. Its words are in its newest version."""

    __tablename__ = "message_templates"
    __table_args__ = (UniqueConstraint("purpose", "name"),)

    id: Mapped[BigId]
    purpose: Mapped[str]
    """Name of a TemplatePurpose of a plugin, e.g. cases.received."""
    name: Mapped[str] = mapped_column(default="")
    """Tells the templates of one purpose apart; empty where the product itself uses it."""
    created_at: Mapped[Created]


class MessageTemplateVersion(Base):
    """Append-only (a trigger refuses UPDATE and DELETE): the texts from one moment on."""

    __tablename__ = "message_template_versions"
    __table_args__ = (
        CheckConstraint(f"origin IN {ORIGINS}", name="origin"),
        CheckConstraint("(template_id IS NULL) = (number IS NULL)", name="number"),
        UniqueConstraint("template_id", "number"),
        Index("ix_message_template_versions_subject", "subject_type", "subject_id"),
    )

    id: Mapped[BigId]
    template_id: Mapped[int | None] = mapped_column(ForeignKey("message_templates.id"))
    """Nothing for the texts that a campaign froze when it was launched."""
    number: Mapped[int | None]
    """1, 2, 3… within a template."""
    texts: Mapped[Texts]
    """Language -> text with its placeholders; empty: the product's own text again."""
    origin: Mapped[str] = mapped_column(default="edited")
    """edited by a person; reset to the product's own text; frozen by a launch."""
    subject_type: Mapped[str | None]
    """Of a frozen text: whose it is, as in the audit trail, e.g. campaign."""
    subject_id: Mapped[int | None]
    created_at: Mapped[Created]
    created_by: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
