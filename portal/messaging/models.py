"""Messages out and in."""

import datetime as dt
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from portal.db import Base, BigId, Created

STATES = (
    "created",
    "claimed",
    "accepted",
    "at_operator",
    "delivered",
    "undelivered",
    "blocked",
    "expired",
    "unknown",
    "suppressed",
    "cancelled",
    "failed",
)
FINAL_STATES = frozenset(
    {"delivered", "undelivered", "blocked", "expired", "suppressed", "cancelled", "failed"}
)


class Message(Base):
    """One SMS to one person.

    The text is stored as a template; `{link}` in it becomes the personal link of (link_purpose,
    link_id) at the moment of sending, so that no token lies in the table.
    """

    __tablename__ = "messages"
    __table_args__ = (
        CheckConstraint(f"state IN {STATES}", name="state"),
        # What the dispatcher claims next, batch by batch.
        Index(
            "ix_messages_waiting",
            "batch_id",
            "priority",
            "id",
            postgresql_where=text("state = 'created'"),
        ),
        # Leases that may have run out, and messages whose fate must be asked.
        Index(
            "ix_messages_unsettled",
            "claimed_until",
            postgresql_where=text("state IN ('claimed', 'unknown')"),
        ),
        Index(
            "ix_messages_undelivered",
            "check_at",
            postgresql_where=text("state IN ('accepted', 'at_operator')"),
        ),
        Index("ix_messages_batch", "batch_id", "state"),
        Index(
            "ix_messages_bounced",
            "state_at",
            postgresql_where=text("state IN ('undelivered', 'failed')"),
        ),
        UniqueConstraint("gateway", "gateway_id"),
    )

    id: Mapped[BigId]
    created_at: Mapped[Created]
    batch_id: Mapped[int | None] = mapped_column(ForeignKey("message_batches.id"))
    priority: Mapped[int] = mapped_column(default=50)
    """Smaller goes first: 10 a single reply, 50 a campaign."""
    contact_id: Mapped[int | None] = mapped_column(ForeignKey("contacts.id"), index=True)
    e164: Mapped[str] = mapped_column(String(16), index=True)
    language: Mapped[str] = mapped_column(String(2))
    body: Mapped[str]
    link_purpose: Mapped[str | None]
    link_id: Mapped[int | None]
    line: Mapped[str] = mapped_column(default="")
    state: Mapped[str] = mapped_column(default="created")
    state_at: Mapped[Created]
    reason: Mapped[str | None]
    """Why it failed, was suppressed or is unknown: a code, e.g. opted_out or kavenegar:411."""
    local_id: Mapped[int] = mapped_column(unique=True)
    """63-bit random key that gateways which allow it use to send nothing twice."""
    attempts: Mapped[int] = mapped_column(default=0)
    not_before: Mapped[dt.datetime | None]
    claimed_until: Mapped[dt.datetime | None]
    """End of the claim's lease; of an unknown message: when to ask about it next."""
    claimed_at: Mapped[dt.datetime | None]
    """When the latest attempt began: gateways forget local ids after some hours."""
    claim_id: Mapped[str | None]
    bound_gateway: Mapped[str | None]
    """The only gateway that may be tried: it did not promise that it accepted nothing."""
    gateway: Mapped[str | None]
    gateway_id: Mapped[str | None]
    segments: Mapped[int | None]
    cost_rial: Mapped[int | None]
    """What the gateway asked for it; where it does not say, the estimate (cost_estimated)."""
    cost_estimated: Mapped[bool] = mapped_column(default=False, server_default=text("false"))
    estimate_rial: Mapped[int | None]
    """By the table of prices, when it was put in and again when it was claimed."""
    accepted_at: Mapped[dt.datetime | None]
    delivered_at: Mapped[dt.datetime | None]
    check_at: Mapped[dt.datetime | None]
    """When to ask the gateway for the delivery state next."""
    checks: Mapped[int] = mapped_column(default=0)
    """How often it was asked about, since it became unknown or accepted."""
    in_reply_to: Mapped[int | None] = mapped_column(ForeignKey("inbound_messages.id"), unique=True)
    """The SMS that this one answers automatically: at most one answer to each."""
    template_version_id: Mapped[int | None] = mapped_column(
        ForeignKey("message_template_versions.id")
    )
    """Whose words these are; empty: the product's own, or written for this one message."""


class MessageBatch(Base):
    """Messages launched together; a plugin's campaign points here. Pausing stops the dispatcher."""

    __tablename__ = "message_batches"
    __table_args__ = (CheckConstraint("state IN ('running', 'paused', 'cancelled')", name="state"),)

    id: Mapped[BigId]
    created_at: Mapped[Created]
    label: Mapped[str]
    state: Mapped[str] = mapped_column(default="running")
    paused_reason: Mapped[str | None]
    """Code of what stopped it, e.g. kavenegar:420; empty when a person did."""
    respects_quiet_hours: Mapped[bool] = mapped_column(default=True)
    budget_rial: Mapped[int | None]
    committed_rial: Mapped[int] = mapped_column(default=0, server_default=text("0"))
    """What its messages cost or may still cost; kept only where there is a budget."""
    budget_of: Mapped[int | None] = mapped_column(ForeignKey("message_batches.id"), index=True)
    """The batch whose budget this one shares."""
    launched_by: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    approved_by: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    """The second person, where so many recipients need one."""


class SmsPrice(Base):
    """What a gateway asks for one part of an SMS."""

    __tablename__ = "sms_prices"
    __table_args__ = (
        CheckConstraint("operator IN ('mci', 'other')", name="operator"),
        CheckConstraint("encoding IN ('GSM-7', 'UCS-2')", name="encoding"),
        CheckConstraint("rial >= 0", name="rial"),
    )

    gateway: Mapped[str] = mapped_column(primary_key=True)
    operator: Mapped[str] = mapped_column(primary_key=True)
    encoding: Mapped[str] = mapped_column(primary_key=True)
    rial: Mapped[int]


class GatewayState(Base):
    """Whether a gateway may be called now. Resting ends by itself, a pause by a person."""

    __tablename__ = "gateway_states"

    gateway: Mapped[str] = mapped_column(primary_key=True)
    resting_until: Mapped[dt.datetime | None]
    rest_reason: Mapped[str | None]
    failures: Mapped[int] = mapped_column(default=0)
    """Failed calls since the last one that worked: each lengthens the rest."""
    paused_at: Mapped[dt.datetime | None]
    paused_reason: Mapped[str | None]
    """Code of what stopped it, e.g. kavenegar:403."""


class GatewayCall(Base):
    """One sending call to a gateway with a limit, for as long as it counts against the limit."""

    __tablename__ = "gateway_calls"
    __table_args__ = (Index("ix_gateway_calls", "gateway", "ended_at"),)

    id: Mapped[BigId]
    gateway: Mapped[str]
    segments: Mapped[int]
    started_at: Mapped[dt.datetime]
    """By the clock of the database, like its end."""
    ended_at: Mapped[dt.datetime | None]


class GatewayInbox(Base):
    """How far the SMS that arrived at a gateway have been fetched."""

    __tablename__ = "gateway_inboxes"

    gateway: Mapped[str] = mapped_column(primary_key=True)
    cursor: Mapped[str] = mapped_column(default="")
    fetched_at: Mapped[dt.datetime | None]
    blocked_at: Mapped[dt.datetime | None]
    """Up to which moment the gateway's own list of stops is known."""


class InboundMessage(Base):
    """An SMS that arrived, stored raw before anything is done with it."""

    __tablename__ = "inbound_messages"
    __table_args__ = (
        UniqueConstraint("gateway", "dedupe_key"),
        Index("ix_inbound_sender", "e164", "id"),
    )

    id: Mapped[BigId]
    received_at: Mapped[Created]
    gateway: Mapped[str]
    dedupe_key: Mapped[str]
    raw: Mapped[dict[str, Any]]
    e164: Mapped[str | None] = mapped_column(String(16))
    """Empty where the sender is not a number (a bank's or a shop's name)."""
    line: Mapped[str]
    text: Mapped[str]
    handled_by: Mapped[str | None]
    """Which handler took it (opt_out, rejoin, …); empty: none yet."""
    handled_at: Mapped[dt.datetime | None]
