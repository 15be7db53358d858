"""Many people at once on a few cases of one citizen: nobody locks up, nothing is done twice."""

import random
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

from flask import Flask
from sqlalchemy import select

from portal import clock
from portal.db import db
from tests.factories.cases import make_case
from tests.factories.units import make_unit
from workflows.cases import feedback, stages, work
from workflows.cases.jobs import sweep_clocks
from workflows.cases.models import Case, CaseEvent, FeedbackQuestion

NUMBER = "+989121110001"


def test_everybody_at_once(app: Flask) -> None:
    top = make_unit().id
    unit = make_unit(parent_id=top).id
    with clock.freeze():
        ids = [make_case(e164=NUMBER, unit_id=unit, urgency="danger").id for _number in range(4)]
        clock.shift(hours=3)

        def hurry(seed: int) -> None:
            chance = random.Random(seed)
            with app.app_context():
                for _step in range(8):
                    case_id = chance.choice(ids)
                    steps = (
                        lambda one=case_id: work.finish(one, by=None, outcome="done", text="x"),
                        lambda one=case_id: work.reopen(one, by=None, text="x"),
                        lambda: feedback.answer_by_sms(NUMBER, chance.choice(["31", "33 x"])),
                        lambda one=case_id: feedback.answer_by_call(
                            one, by=None, accepted=True, words=""
                        ),
                        sweep_clocks,
                    )
                    try:
                        chance.choice(steps)()
                        db.session.commit()
                    except stages.StageError:
                        db.session.rollback()
                db.session.remove()

        with ThreadPoolExecutor(4) as pool:
            list(pool.map(hurry, range(4)))
        with app.app_context():
            sweep_clocks()
            open_ones = db.session.scalars(
                select(FeedbackQuestion.case_id).where(FeedbackQuestion.state == "open")
            ).all()
            waiting = db.session.scalars(
                select(Case.id).where(Case.stage == "feedback", Case.e164 == NUMBER)
            ).all()
            assert len(open_ones) == min(1, len(waiting))
            told = Counter(
                (event.data["clock_id"], event.kind, event.data["level"])
                for event in db.session.scalars(
                    select(CaseEvent).where(CaseEvent.kind.in_(["warned", "escalated"]))
                )
            )
            assert set(told.values()) <= {1}
