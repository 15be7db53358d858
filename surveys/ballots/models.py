"""Schemes, the ballot of each neighbourhood, projects, voters, the box, votes and results."""

import datetime as dt
from typing import Any

from sqlalchemy import (
    CheckConstraint,
    ForeignKey,
    Index,
    LargeBinary,
    String,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import UUID
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal.db import Base, BigId, Created, SortKey, Texts

KINDS = ("approval", "ranked", "points", "knapsack")
RULES = ("count", "greedy", "equal-shares")
SCHEME_STATES = ("draft", "proposals", "voting", "closed", "counted", "cancelled")
PROPOSAL_STATES = ("unconfirmed", "submitted", "accepted", "merged", "declined")


class BallotScheme(Base):
    """One round of "I am Mayor". Kind, limits, projects and budgets are fixed once people vote."""

    __tablename__ = "ballot_schemes"
    __table_args__ = (
        CheckConstraint(f"kind IN {KINDS}", name="kind"),
        CheckConstraint(f"rule IN {RULES}", name="rule"),
        CheckConstraint(f"state IN {SCHEME_STATES}", name="state"),
        CheckConstraint("max_choices > 0 AND points > 0", name="limits"),
        Index("ix_ballot_schemes_state", "state", "voting_until"),
    )

    id: Mapped[BigId]
    code: Mapped[str] = mapped_column(unique=True)
    """Capital letters, digits, - and _; stands in addresses in small letters."""
    year: Mapped[int]
    """Of the budget the winners enter, in the calendar of the city."""
    names: Mapped[Texts]
    intros: Mapped[Texts] = mapped_column(default=dict)
    kind: Mapped[str]
    max_choices: Mapped[int] = mapped_column(default=3)
    """Projects a voter may choose (approval) or put in order (ranked)."""
    points: Mapped[int] = mapped_column(default=10)
    """Points a voter distributes (points)."""
    rule: Mapped[str] = mapped_column(default="count")
    state: Mapped[str] = mapped_column(default="draft")
    proposals_from: Mapped[dt.datetime | None]
    proposals_until: Mapped[dt.datetime | None]
    voting_until: Mapped[dt.datetime | None]
    """The vote ends by itself at this moment."""
    done_by: Mapped[dt.date | None]
    """The day by which the winners are promised to stand."""
    takes_paper: Mapped[bool] = mapped_column(default=False)
    """Paper ballots are awaited: the count begins when staff says that all are typed in."""
    is_test: Mapped[bool] = mapped_column(default=False)
    """Brought by a .pb file to try a rule on: never shown to the public."""
    texts: Mapped[Texts] = mapped_column(default=dict)
    """SMS of the invitation per language; holds {link}."""
    batch_id: Mapped[int | None] = mapped_column(ForeignKey("message_batches.id"))
    reminder_batches: Mapped[list[Any]] = mapped_column(
        default=list, server_default=text("'[]'::jsonb")
    )
    """Ids of the message batches of the reminders, in their order."""
    proposing_batches: Mapped[list[Any]] = mapped_column(
        default=list, server_default=text("'[]'::jsonb")
    )
    """Ids of the message batches that invited people to propose, in their order."""
    announced_batch_id: Mapped[int | None] = mapped_column(ForeignKey("message_batches.id"))
    """Messages that told the result; they go out once."""
    opened_at: Mapped[dt.datetime | None]
    closed_at: Mapped[dt.datetime | None]
    counted_at: Mapped[dt.datetime | None]
    created_at: Mapped[Created]
    created_by: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    areas: Mapped[list["BallotArea"]] = relationship(
        back_populates="scheme", order_by="BallotArea.sort_key, BallotArea.id"
    )


class BallotArea(Base):
    """The ballot of one neighbourhood, with a budget and a box of its own."""

    __tablename__ = "ballot_areas"
    __table_args__ = (
        UniqueConstraint("scheme_id", "slug"),
        UniqueConstraint("scheme_id", "unit_id"),
        CheckConstraint("budget > 0", name="budget"),
    )

    id: Mapped[BigId]
    scheme_id: Mapped[int] = mapped_column(ForeignKey("ballot_schemes.id"))
    unit_id: Mapped[int | None] = mapped_column(ForeignKey("units.id"))
    """Empty for a ballot that a .pb file brought."""
    slug: Mapped[str]
    """In addresses: the unit's code."""
    names: Mapped[Texts]
    sort_key: Mapped[SortKey]
    budget: Mapped[int]
    """In rial."""
    public_key: Mapped[bytes | None] = mapped_column(LargeBinary)
    """Ballots are sealed with it; the private half is a file until the box is opened."""
    box_opened_at: Mapped[dt.datetime | None]
    scheme: Mapped[BallotScheme] = relationship(back_populates="areas")


class BallotProposal(Base):
    """What somebody proposes; accepted, with a cost, it is a project on the ballot."""

    __tablename__ = "ballot_proposals"
    __table_args__ = (
        CheckConstraint(f"state IN {PROPOSAL_STATES}", name="state"),
        CheckConstraint("origin IN ('citizen', 'staff', 'file')", name="origin"),
        CheckConstraint("cost > 0", name="cost"),
        CheckConstraint("state <> 'accepted' OR cost IS NOT NULL", name="accepted_has_cost"),
        CheckConstraint("(state = 'merged') = (merged_into_id IS NOT NULL)", name="merged_into"),
        UniqueConstraint("area_id", "number"),
        Index("ix_ballot_proposals_area", "area_id", "state", "id"),
        Index(
            "ix_ballot_proposals_unconfirmed",
            "created_at",
            postgresql_where=text("state = 'unconfirmed'"),
        ),
    )

    id: Mapped[BigId]
    area_id: Mapped[int] = mapped_column(ForeignKey("ballot_areas.id"))
    number: Mapped[int | None]
    """Counted within the ballot from 1; empty until the proposer's number is proven."""
    origin: Mapped[str] = mapped_column(default="citizen")
    state: Mapped[str] = mapped_column(default="unconfirmed")
    language: Mapped[str] = mapped_column(String(2))
    titles: Mapped[Texts]
    descriptions: Mapped[Texts]
    place: Mapped[str] = mapped_column(default="")
    cost: Mapped[int | None]
    """In rial."""
    photo: Mapped[str | None]
    """Name of the file under services.pictures.folder(), drawn anew."""
    e164: Mapped[str | None] = mapped_column(String(16))
    """Of the citizen who proposed it; shown to nobody outside."""
    page_key: Mapped[bytes | None] = mapped_column(LargeBinary, unique=True)
    """SHA-256 of the key in the address where the SMS code is typed in."""
    code_tries: Mapped[int] = mapped_column(default=0)
    reason_code: Mapped[str | None]
    reasons: Mapped[Texts] = mapped_column(default=dict)
    """Why it was declined, in public."""
    merged_into_id: Mapped[int | None] = mapped_column(ForeignKey("ballot_proposals.id"))
    decided_at: Mapped[dt.datetime | None]
    decided_by: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    tracking_code: Mapped[str | None]
    """Of the case that carries a winner out; empty where nothing follows it up."""
    created_at: Mapped[Created]
    area: Mapped[BallotArea] = relationship()


class BallotProposer(Base):
    """Somebody who was invited to propose; the personal link proves the number."""

    __tablename__ = "ballot_proposers"
    __table_args__ = (UniqueConstraint("scheme_id", "contact_id"),)

    id: Mapped[BigId]
    scheme_id: Mapped[int] = mapped_column(ForeignKey("ballot_schemes.id"))
    area_id: Mapped[int] = mapped_column(ForeignKey("ballot_areas.id"), index=True)
    contact_id: Mapped[int] = mapped_column(ForeignKey("contacts.id"), index=True)
    language: Mapped[str] = mapped_column(String(2))
    token_digest: Mapped[bytes] = mapped_column(LargeBinary, unique=True)


class BallotVoter(Base):
    """Somebody who may vote once in a scheme, and whether it was done; never what was chosen.

    Nothing here is finer than a day, and no row of the box or of the votes names it.
    """

    __tablename__ = "ballot_voters"
    __table_args__ = (
        UniqueConstraint("scheme_id", "contact_id"),
        CheckConstraint("channel IN ('sms', 'paper')", name="channel"),
        CheckConstraint("voted_by IN ('link', 'paper')", name="voted_by"),
        CheckConstraint("(voted_by IS NULL) = (voted_on IS NULL)", name="voted"),
        Index("ix_ballot_voters_area", "area_id", "voted_by"),
    )

    id: Mapped[BigId]
    scheme_id: Mapped[int] = mapped_column(ForeignKey("ballot_schemes.id"))
    area_id: Mapped[int] = mapped_column(ForeignKey("ballot_areas.id"))
    contact_id: Mapped[int] = mapped_column(ForeignKey("contacts.id"), index=True)
    language: Mapped[str] = mapped_column(String(2))
    token_digest: Mapped[bytes | None] = mapped_column(LargeBinary, unique=True)
    channel: Mapped[str] = mapped_column(default="sms")
    """How the voter came onto the list."""
    order_seed: Mapped[int]
    """The random order of the projects on this voter's ballot (services.voting.order_of)."""
    voted_by: Mapped[str | None]
    voted_on: Mapped[dt.date | None]
    submission: Mapped[bytes | None] = mapped_column(LargeBinary)
    """SHA-256 of the random key of the review page that was sent: the same page sent twice shows
    the same receipt. The key itself, which the receipt is made of, is stored nowhere."""


class BallotSealed(Base):
    """The box: ballots nobody can read, equally long, until the vote is over."""

    __tablename__ = "ballot_sealed"

    key: Mapped[Any] = mapped_column(UUID, primary_key=True)
    """Random."""
    area_id: Mapped[int] = mapped_column(ForeignKey("ballot_areas.id"), index=True)
    sealed: Mapped[bytes] = mapped_column(LargeBinary)


class BallotVote(Base):
    """One ballot as it is counted and published. Written with the whole box, in the order of
    the receipts, so that neither transaction nor row order leads anywhere."""

    __tablename__ = "ballot_votes"
    __table_args__ = (CheckConstraint("channel IN ('link', 'paper', 'file')", name="channel"),)

    area_id: Mapped[int] = mapped_column(ForeignKey("ballot_areas.id"), primary_key=True)
    receipt: Mapped[str] = mapped_column(String(12, collation="C"), primary_key=True)
    choices: Mapped[list[Any]]
    """[[project id, points or rank], …]: rank 1 is first; 1 for a project that is approved."""
    channel: Mapped[str] = mapped_column(default="link")


class BallotSheet(Base):
    """One paper ballot, typed by two people; a third decides where they differ."""

    __tablename__ = "ballot_sheets"
    __table_args__ = (
        UniqueConstraint("area_id", "label"),
        CheckConstraint("state IN ('once', 'differs', 'settled', 'counted')", name="state"),
        Index("ix_ballot_sheets_state", "area_id", "state"),
    )

    id: Mapped[BigId]
    area_id: Mapped[int] = mapped_column(ForeignKey("ballot_areas.id"))
    label: Mapped[str]
    """The number printed or stamped on the sheet."""
    state: Mapped[str] = mapped_column(default="once")
    first: Mapped[list[Any]]
    first_by: Mapped[int] = mapped_column(ForeignKey("users.id"))
    second: Mapped[list[Any] | None]
    second_by: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    final: Mapped[list[Any] | None]
    final_by: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    area: Mapped[BallotArea] = relationship()


class BallotResult(Base):
    """The count of one ballot, frozen."""

    __tablename__ = "ballot_results"

    area_id: Mapped[int] = mapped_column(ForeignKey("ballot_areas.id"), primary_key=True)
    rule: Mapped[str]
    data: Mapped[dict[str, Any]]
    digest: Mapped[str] = mapped_column(String(64))
    """SHA-256 of `data` as canonical JSON."""
    counted_at: Mapped[Created]
