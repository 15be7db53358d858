"""Joining while citizens answer: nobody locks up."""

import random
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from flask import Flask
from sqlalchemy import func, select

from portal.db import db
from tests.factories.cases import make_case
from workflows.cases import feedback, moves, stages, work
from workflows.cases.matter import heads, joins
from workflows.cases.models import FeedbackQuestion

NUMBERS = ("+989121110001", "+989121110002", "+989121110003")


def test_several_are_joined_while_the_last_of_them_is_answered(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The answer holds the case and wants its number, just when the joining wants the case."""
    leading, first, last = (make_case(e164=NUMBERS[0]) for _number in range(3))
    with app.app_context():
        # The later case is asked about; the earlier one's question waits for its answer.
        for case in (last, first):
            work.finish(case.id, by=None, outcome="done", text="x")
        db.session.commit()
    at_last, answering = threading.Event(), threading.Event()
    lock, lock_number = moves.lock, moves.lock_number

    def slow_lock(case_id: int) -> object:
        if threading.current_thread().name == "joining" and case_id == last.id:
            at_last.set()
            answering.wait(5)
        return lock(case_id)

    def told_lock_number(e164: str) -> None:
        if threading.current_thread().name == "answering":
            answering.set()
        lock_number(e164)

    monkeypatch.setattr(moves, "lock", slow_lock)
    monkeypatch.setattr(moves, "lock_number", told_lock_number)
    failed: list[BaseException] = []

    def joining() -> None:
        joins.join_several([first.id, last.id], leading.id, by=None)

    def answer() -> None:
        at_last.wait(5)
        assert feedback.answer_by_sms(NUMBERS[0], "33 هنوز نه")

    def run(step: object) -> None:
        with app.app_context():
            try:
                step()  # type: ignore[operator]
                db.session.commit()
            except BaseException as error:
                failed.append(error)
            db.session.remove()

    threads = [
        threading.Thread(target=run, args=(joining,), name="joining"),
        threading.Thread(target=run, args=(answer,), name="answering"),
    ]
    for one in threads:
        one.start()
    for one in threads:
        one.join(20)
    assert failed == []
    with app.app_context():
        assert heads.follower_ids(leading.id) == [first.id, last.id]


def test_joining_splitting_and_answering_at_once(app: Flask) -> None:
    ids = [make_case(e164=NUMBERS[number % 3]).id for number in range(9)]

    def hurry(seed: int) -> None:
        chance = random.Random(seed)
        with app.app_context():
            for _step in range(25):
                few = chance.sample(ids, 4)
                steps = (
                    lambda few=few: joins.join_several(few[1:], few[0], by=None),
                    lambda one=few[0]: joins.part(one, by=None),
                    lambda one=few[0]: work.finish(one, by=None, outcome="done", text="x"),
                    lambda: feedback.answer_by_sms(
                        chance.choice(NUMBERS), chance.choice(["31", "33 x"])
                    ),
                )
                try:
                    chance.choice(steps)()
                    db.session.commit()
                except (stages.StageError, joins.JoinRefused):
                    db.session.rollback()
            db.session.remove()

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(hurry, range(4)))
    with app.app_context():
        asked = db.session.scalars(
            select(func.count())
            .select_from(FeedbackQuestion)
            .where(FeedbackQuestion.state == "open")
            .group_by(FeedbackQuestion.e164)
        ).all()
        assert set(asked) <= {1}
