"""Attacks on two hundred ballots with a physical copy of PostgreSQL's folder.

The attacker lays every order of the voters (row, place, transaction, id, seed, submission, when
each came to the box) beside every order of the votes. The same attacks on votes that are written
by the voter's own transaction find nearly everybody: so this test can fail.
"""

import datetime as dt
import itertools
import random
import re
import shutil
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import insert, text, update

from portal import clock, links
from portal.contacts.models import Contact
from portal.db import db
from surveys.ballots import jobs
from surveys.ballots.models import BallotVote, BallotVoter
from surveys.ballots.services import choices, closing, opening, voting
from tests.factories.ballots import TEXTS, Made, make_scheme, tokens
from tests.surveys.secrecy.attacks import Facts, heap_tuples, limit, scores, shuffled
from tests.surveys.secrecy.files import begin_new_files

VOTERS = 200
CONTROLS = 100
TABLES = ("ballot_voters", "ballot_votes", "ballot_sealed")
POINTS = 30


@pytest.fixture(autouse=True)
def morning(context: Flask) -> Iterator[None]:
    begin_new_files(*TABLES)
    with clock.freeze("2026-05-05T05:30:00+00:00"):
        yield


def begun(number: int) -> tuple[Made, dict[int, str], dict[int, choices.Marked]]:
    """An open vote with points; voter -> token, and voter -> a ballot nobody else casts."""
    made = make_scheme(kind="points", points=POINTS)
    db.session.execute(
        insert(Contact),
        [
            {"e164": f"+98935{n:07d}", "language": "fa", "neighbourhood": made.name,
             "sort_key": f"{n:07d}", "search_key": f"{n:07d}"}
            for n in range(number)
        ],
    )  # fmt: skip
    opening.open_vote(made.scheme_id, texts=TEXTS, until=clock.now() + dt.timedelta(days=7))
    db.session.commit()
    all_marks = [
        marks
        for marks in itertools.product(range(1, 12), repeat=len(made.projects))
        if sum(marks) <= POINTS
    ]
    chosen = random.sample(all_marks, number)
    voters = list(db.session.scalars(text("SELECT id FROM ballot_voters ORDER BY id")))
    ballots = {
        who: choices.Marked(dict(zip(made.projects, marks, strict=True)), {})
        for who, marks in zip(voters, chosen, strict=True)
    }
    return made, dict(zip(voters, tokens(made), strict=True)), ballots


def mark_of(marked: list[Any]) -> str:
    """A ballot as text, the same however it was stored."""
    return ",".join(f"{project}={points}" for project, points in sorted(marked))


def people_vote(by: dict[int, str], ballots: dict[int, choices.Marked]) -> dict[int, str]:
    waiting = list(by)
    truth = {}
    # In no order of their ids.
    for n in shuffled(range(len(waiting))):
        who = waiting[n]
        clock.shift(seconds=20)
        done = voting.cast(by[who], voting.new_page_key(), ballots[who])
        assert done is not None
        assert done.kind == "done"
        truth[who] = mark_of(ballots[who].choices)
        db.session.commit()
    return truth


def people_vote_naively(
    made: Made, by: dict[int, str], ballots: dict[int, choices.Marked]
) -> dict[int, str]:
    """Name left out and receipt drawn by lot, but written when the person votes."""
    waiting = list(by)
    truth = {}
    for n in shuffled(range(len(waiting))):
        who = waiting[n]
        day = clock.now().date()
        db.session.execute(
            update(BallotVoter)
            .where(BallotVoter.id == who)
            .values(voted_by="link", voted_on=day, submission=random.randbytes(32))
        )
        receipt = "".join(random.choices(links.ALPHABET, k=12))
        vote = BallotVote(area_id=made.area_id, receipt=receipt, choices=ballots[who].choices)
        db.session.add(vote)
        truth[who] = mark_of(ballots[who].choices)
        db.session.commit()
    return truth


def physical_copy(to: Path) -> dict[str, Path]:
    """Copy the database's files after a checkpoint, while it runs; table -> its file there."""
    with db.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("CHECKPOINT"))
        root = Path(str(connection.scalar(text("SHOW data_directory"))))
        found = {
            table: root / str(connection.scalar(text(f"SELECT pg_relation_filepath('{table}')")))
            for table in TABLES
        }
    for table, path in found.items():
        (to / table).mkdir()
        for part in path.parent.glob(f"{path.name}*"):
            shutil.copy(part, to / table / part.name)
    return {table: to / table / path.name for table, path in found.items()}


def dug_up(files: dict[str, Path], box: Path) -> tuple[list[Facts], list[Facts]]:
    """Voters and votes from the pages of the copy, row versions that died included. `box`: the
    sealed ballots in a copy taken while they were there."""
    sealed = {row["xmin"]: row for row in heap_tuples(box)}
    people: dict[int, Facts] = {}
    for n, row in enumerate(heap_tuples(files["ballot_voters"])):
        if b"\x0blink" not in row["data"]:  # voted_by, a short varlena: length 4 and its byte
            continue
        (who,) = struct.unpack_from("<q", row["data"])
        people[who] = {"id": who, "number": who, "row": n, "xmin": row["xmin"]}
        people[who] |= {"ctid": row["ctid"], "end of row": row["data"][-32:]}
        if envelope := sealed.get(row["xmin"]):
            people[who] |= {
                "envelope": envelope["data"][:16],
                "envelope place": envelope["ctid"],
                "envelope size": len(envelope["data"]),
            }
    votes = []
    known = {row.receipt: row.choices for row in db.session.query(BallotVote)}
    for n, row in enumerate(heap_tuples(files["ballot_votes"])):
        receipt = re.search(rb"[0-9A-HJKMNP-TV-Z]{12}", row["data"])
        assert receipt
        votes.append(
            {
                "mark": mark_of(known[receipt[0].decode()]),
                "receipt": receipt[0],
                "row": n,
                "xmin": row["xmin"],
                "ctid": row["ctid"],
                "size": len(row["data"]),
            }
        )
    return list(people.values()), votes


def worst(found: dict[str, int]) -> tuple[str, int]:
    return max(found.items(), key=lambda item: item[1])


def test_two_hundred_ballots_withstand_a_copy(app: Flask, tmp_path: Path) -> None:
    made, by, ballots = begun(VOTERS)
    truth = people_vote(by, ballots)
    before = tmp_path / "before"
    before.mkdir()
    copied = physical_copy(before)
    # While the vote runs the box is there and says nothing.
    assert len({len(row["data"]) for row in heap_tuples(copied["ballot_sealed"])}) == 1
    assert list(heap_tuples(copied["ballot_votes"])) == []
    closing.close(made.scheme_id)
    db.session.commit()
    jobs.advance()
    people, votes = dug_up(physical_copy(tmp_path), copied["ballot_sealed"])
    assert len(people) == VOTERS
    assert "envelope place" in people[0], "the attacker knows when each came to the box"
    assert {each["mark"] for each in votes} == set(truth.values())
    assert len({each["xmin"] for each in votes}) == 1
    found = scores(people, votes, truth)
    assert worst(found)[1] <= limit(1, len(found)), worst(found)


def test_the_same_attacks_find_everybody_where_there_is_no_box(app: Flask, tmp_path: Path) -> None:
    made, by, ballots = begun(CONTROLS)
    truth = people_vote_naively(made, by, ballots)
    files = physical_copy(tmp_path)
    found = scores(*dug_up(files, files["ballot_sealed"]), truth)
    assert found["equal xmin"] == CONTROLS, worst(found)
    assert found["nearest xmin"] == CONTROLS
