import threading
from collections import Counter

import pytest
from flask import Flask
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select, text
from sqlalchemy.exc import DBAPIError

from portal import signals
from portal.audit.models import AuditEntry
from portal.contacts import consent
from portal.contacts.models import ConsentRecord, OptOut
from portal.db import db
from tests.factories.contacts import make_contact, number

SMS = {"channel": "sms", "evidence": "۱۱"}


def test_a_stop_is_recorded_told_and_audited_once(context: Flask) -> None:
    contact = make_contact()
    told: list[dict[str, object]] = []

    def hear(_sender: object, **facts: object) -> None:
        told.append(facts)

    with signals.opted_out.connected_to(hear):
        assert consent.opt_out(contact.e164, line="3000", **SMS)
        assert not consent.opt_out(contact.e164, line="3000", **SMS)
        db.session.commit()

    assert told == [{"contact_id": contact.id, "e164": contact.e164, "line": "3000"}]
    record = db.session.scalars(select(ConsentRecord)).one()
    assert (record.decision, record.line, record.channel, record.evidence) == (
        "withdrawn",
        "3000",
        "sms",
        "۱۱",
    )
    entry = db.session.scalars(select(AuditEntry)).one()
    assert (entry.action, entry.subject_id) == ("contact.opted_out", str(contact.id))


def test_a_stop_of_one_line_leaves_the_others(context: Flask) -> None:
    e164 = number()
    consent.opt_out(e164, line="3000", **SMS)
    assert consent.is_opted_out(e164, "3000")
    assert not consent.is_opted_out(e164, "5000")
    assert consent.is_opted_out(e164, None)


def test_a_stop_of_all_lines_stops_each(context: Flask) -> None:
    e164, other = number(), number()
    consent.opt_out(e164, line=None, **SMS)
    assert consent.suppressed([e164, other], "5000") == {e164}
    assert consent.suppressed([], "5000") == set()


def test_rejoining_on_a_line_lifts_what_stopped_that_line(context: Flask) -> None:
    e164 = number()
    consent.opt_out(e164, line=None, **SMS)
    consent.opt_out(e164, line="5000", **SMS)
    assert consent.rejoin(e164, line="3000", **SMS)
    assert not consent.is_opted_out(e164, "3000")
    assert consent.is_opted_out(e164, "5000")
    assert consent.rejoin(e164, line=None, **SMS)
    assert not consent.is_opted_out(e164, None)
    assert not consent.rejoin(e164, line=None, **SMS)


def test_a_failing_receiver_undoes_the_stop(context: Flask) -> None:
    e164 = number()

    def fail(_sender: object, **_facts: object) -> None:
        raise RuntimeError("no")

    with signals.opted_out.connected_to(fail), pytest.raises(RuntimeError):
        consent.opt_out(e164, line=None, **SMS)
    db.session.rollback()
    assert not consent.is_opted_out(e164, None)


def test_the_history_refuses_to_be_changed(context: Flask) -> None:
    consent.opt_out(number(), line=None, **SMS)
    db.session.commit()
    for statement in (
        "UPDATE consent_records SET decision = 'given'",
        "DELETE FROM consent_records",
    ):
        with pytest.raises(DBAPIError, match="never change"):
            db.session.execute(text(statement))
        db.session.rollback()


def test_an_unknown_channel_is_a_defect(context: Flask) -> None:
    with pytest.raises(ValueError, match="carrier pigeon"):
        consent.opt_out(number(), line=None, channel="carrier pigeon", evidence="")


def test_many_at_once_stop_a_number_once(app: Flask) -> None:
    e164 = number()
    results: list[bool] = []
    ready = threading.Barrier(6)

    def stop() -> None:
        with app.app_context():
            ready.wait()
            results.append(consent.opt_out(e164, line="3000", **SMS))
            db.session.commit()

    threads = [threading.Thread(target=stop) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert Counter(results) == {True: 1, False: 5}
    with app.app_context():
        assert db.session.scalar(select(func.count()).select_from(ConsentRecord)) == 1
        assert db.session.scalar(select(func.count()).select_from(OptOut)) == 1


def test_an_imported_yes_does_not_lift_a_stop(context: Flask) -> None:
    stopped, fresh = number(), number()
    consent.opt_out(stopped, line="3000", **SMS)
    assert consent.agree_many([stopped, fresh], channel="import", evidence="list") == 1
    assert consent.agree_many([stopped, fresh], channel="import", evidence="list") == 0
    assert consent.is_opted_out(stopped, "3000")
    assert [record.decision for record in consent.history(fresh)] == ["given"]


def test_many_refusals_are_each_told_once(context: Flask) -> None:
    numbers = [number() for _ in range(5)]
    consent.opt_out(numbers[0], line=None, **SMS)
    told: list[object] = []

    def hear(_sender: object, **facts: object) -> None:
        told.append(facts["e164"])

    with signals.opted_out.connected_to(hear):
        stopped = consent.refuse_many(numbers * 2, channel="import", evidence="list")
    assert stopped == sorted(numbers[1:]) == told
    assert consent.suppressed(numbers, "x") == set(numbers)


LINES = st.sampled_from([None, "3000", "5000"])


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.lists(st.tuples(st.booleans(), LINES), max_size=8))
def test_the_last_word_about_a_line_counts(
    context: Flask, words: list[tuple[bool, str | None]]
) -> None:
    e164 = number()
    stopped: set[str] = set()
    changes = 0
    for stop, line in words:
        if stop:
            changed = consent.opt_out(e164, line=line, **SMS)
            assert changed == ((line or "") not in stopped)
            stopped.add(line or "")
        else:
            lifted = stopped if line is None else stopped & {line, ""}
            assert consent.rejoin(e164, line=line, **SMS) == bool(lifted)
            changed = bool(lifted)
            stopped -= lifted
        changes += changed
        for each in ("3000", "5000"):
            assert consent.is_opted_out(e164, each) == bool(stopped & {each, ""})
    assert len(consent.history(e164)) == changes
    db.session.rollback()
