"""What a dump of the tables tells of who chose what: nothing.

While the vote runs a voter's row and a sealed ballot share a transaction (`xmin`), and the ballot
cannot be read. Afterwards the votes can be read, and share one transaction with each other only.
"""

import random
import stat
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from nacl.exceptions import CryptoError
from sqlalchemy import select, text

from portal.db import db
from surveys.ballots import jobs
from surveys.ballots.models import BallotArea, BallotSealed, BallotVote
from surveys.ballots.services import choices, closing, sealing, voting
from tests.factories.ballots import Made, running

VOTERS = 60


def cast_all(app: Flask, made: Made, tokens: list[str]) -> dict[int, int]:
    """Everybody votes for one project by lot; contact order → project."""
    lot = random.Random(7)
    chosen: dict[int, int] = {}
    with app.app_context():
        for place, token in enumerate(tokens):
            project = lot.choice(made.projects[:2])
            marked = choices.Marked({project: 1}, {})
            assert voting.cast(token, voting.new_page_key(), marked) is not None
            db.session.commit()
            chosen[place] = project
    return chosen


def keys() -> list[Any]:
    return sorted(sealing._folder().glob("*.key"))


def test_while_it_runs_the_box_cannot_be_read(app: Flask) -> None:
    made, tokens = running(VOTERS)
    cast_all(app, made, tokens)
    with app.app_context():
        rows = db.session.scalars(select(BallotSealed)).all()
        assert len({len(row.sealed) for row in rows}) == 1, "the length tells the choice"
        assert len({row.sealed for row in rows}) == VOTERS
        assert not db.session.scalars(select(BallotVote)).all()
        public = db.session.get_one(BallotArea, made.area_id).public_key
        assert public is not None
        path = sealing._path(public)
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
        # Only its own key opens it.
        other = sealing.new_key()
        with pytest.raises(CryptoError):
            sealing.Opener(other).open(rows[0].sealed)
        sealing.destroy_key(other)
        joined = db.session.execute(
            text("SELECT count(*) FROM ballot_voters v JOIN ballot_sealed s ON v.xmin = s.xmin")
        ).scalar_one()
        assert joined == VOTERS, "the attack this scheme is built against"


def test_afterwards_nothing_joins_a_voter_to_a_vote(app: Flask) -> None:
    made, tokens = running(VOTERS)
    chosen = cast_all(app, made, tokens)
    with app.app_context():
        public = db.session.get_one(BallotArea, made.area_id).public_key
        assert public is not None
        closing.close(made.scheme_id)
        db.session.commit()
        jobs.advance()
        assert not sealing.has_key(public)
        assert db.session.execute(text("SELECT count(*) FROM ballot_sealed")).scalar_one() == 0
        assert (
            db.session.execute(
                text("SELECT count(*) FROM ballot_voters v JOIN ballot_votes b ON v.xmin = b.xmin")
            ).scalar_one()
            == 0
        )
        assert (
            db.session.execute(
                text("SELECT count(DISTINCT xmin::text) FROM ballot_votes")
            ).scalar_one()
            == 1
        )
        voters: list[Any] = list(
            db.session.execute(
                text("SELECT id, order_seed, submission, ctid::text FROM ballot_voters ORDER BY id")
            )
        )
        votes: list[Any] = list(
            db.session.execute(
                text("SELECT receipt, choices, ctid::text FROM ballot_votes ORDER BY ctid")
            )
        )
    assert len(votes) == VOTERS

    def rate(guess: Callable[[int], Any]) -> float:
        hits = sum(votes[place].choices[0][0] == guess(place) for place in range(VOTERS))
        return hits / VOTERS

    # Row order against the order of voters, of their seeds, of their submissions.
    by_seed = sorted(range(VOTERS), key=lambda n: voters[n].order_seed)
    by_submission = sorted(range(VOTERS), key=lambda n: bytes(voters[n].submission))
    chance = max(list(chosen.values()).count(project) for project in made.projects) / VOTERS
    for order in (range(VOTERS), by_seed, by_submission):
        assert rate(lambda place, order=order: chosen[order[place]]) < chance + 0.3  # type: ignore[misc]


def test_opening_again_changes_nothing_and_a_lost_key_is_said(app: Flask) -> None:
    made, tokens = running(2)
    cast_all(app, made, tokens)
    with app.app_context():
        area = db.session.get_one(BallotArea, made.area_id)
        assert area.public_key is not None
        path = sealing._path(area.public_key)
        kept = path.read_bytes()
        closing.close(made.scheme_id)
        db.session.commit()
        path.unlink()
        with pytest.raises(sealing.KeyMissingError):
            closing.open_box(made.area_id)
        db.session.rollback()
        path.write_bytes(kept)
        assert closing.open_box(made.area_id)
        db.session.commit()
        assert not closing.open_box(made.area_id)
        assert closing.destroy_keys() == 1
        assert closing.destroy_keys() == 0
        assert not path.exists()
        assert len(db.session.scalars(select(BallotVote)).all()) == 2
