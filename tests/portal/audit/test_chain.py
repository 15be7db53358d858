"""The chain: what was altered shows, what was erased does not matter."""

import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from flask import Flask
from flask.testing import FlaskCliRunner
from sqlalchemy import func, select, text
from sqlalchemy.exc import DatabaseError

from portal import audit
from portal.audit import queries, services
from portal.audit.models import AuditEntry
from portal.db import db


def write(count: int = 3) -> list[int]:
    entries = [audit.record("unit.changed", "unit", n, name=f"نام {n}") for n in range(count)]
    db.session.commit()
    return [entry.id for entry in entries]


def as_superuser(statement: str, **values: object) -> None:
    with db.engine.begin() as connection:
        connection.execute(text("SET LOCAL session_replication_role = replica"))
        assert connection.execute(text(statement), values).rowcount == 1


def test_an_untouched_chain_verifies(context: Flask) -> None:
    write(5)
    assert services.seal() == 5
    write(2)
    found = services.verify()
    assert (found.ok, found.sealed, found.unsealed, found.erased) == (True, 5, 2, 0)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE audit_entries SET actor = 'another' WHERE id = :id",
        "UPDATE audit_entries SET actor_id = 7 WHERE id = :id",
        "UPDATE audit_entries SET action = 'unit.created' WHERE id = :id",
        "UPDATE audit_entries SET subject_id = '99' WHERE id = :id",
        "UPDATE audit_entries SET at = at - interval '1 day' WHERE id = :id",
        "UPDATE audit_entries SET payload_digest = '\\x00' WHERE id = :id",
        "UPDATE audit_entries SET chain_digest = '\\x00' WHERE id = :id",
        'UPDATE audit_payloads SET body = \'{"name": "other"}\' WHERE entry_id = :id',
        "DELETE FROM audit_entries WHERE id = :id",
        "UPDATE audit_entries SET sequence = 99 WHERE id = :id",
        "UPDATE audit_entries SET sequence = NULL, chain_digest = NULL WHERE id = :id",
    ],
)
def test_tampering_by_a_superuser_is_found(context: Flask, statement: str) -> None:
    ids = write(5)
    services.seal()
    as_superuser(statement, id=ids[2])
    found = services.verify()
    assert not found.ok
    assert found.problems


def test_two_entries_that_change_places_are_found(context: Flask) -> None:
    ids = write(4)
    services.seal()
    as_superuser("UPDATE audit_entries SET sequence = -1 WHERE id = :id", id=ids[1])
    as_superuser("UPDATE audit_entries SET sequence = 2 WHERE id = :id", id=ids[2])
    as_superuser("UPDATE audit_entries SET sequence = 3 WHERE id = :id", id=ids[1])
    assert not services.verify().ok


def test_without_such_rights_the_database_refuses(context: Flask) -> None:
    (entry_id,) = write(1)
    services.seal()
    for statement in ("UPDATE audit_entries SET actor = 'x'", "DELETE FROM audit_entries"):
        with pytest.raises(DatabaseError), db.engine.begin() as connection:
            connection.execute(text(statement))
    assert db.session.get_one(AuditEntry, entry_id).sequence == 1


def test_erased_details_leave_the_chain_whole(context: Flask) -> None:
    ids = write(3)
    services.seal()
    assert queries.erase_payload(ids[1], "request 12")
    db.session.commit()
    services.seal()
    found = services.verify()
    assert (found.ok, found.erased, found.sealed) == (True, 1, 4)
    assert not queries.erase_payload(ids[1], "again")
    assert queries.get(ids[1]).payload is None


def test_many_sealers_seal_each_entry_once(app: Flask) -> None:
    with app.app_context():
        write(40)

    def seal(_number: int) -> int:
        with app.app_context():
            return sum(services.seal(limit=3) for _round in range(12))

    with ThreadPoolExecutor(4) as pool:
        sealed = sum(pool.map(seal, range(4)))
    with app.app_context():
        sealed += services.seal()
        assert sealed == 40
        assert services.verify().ok
        assert db.session.scalar(select(func.max(AuditEntry.sequence))) == 40


def test_what_is_rolled_back_was_never_there(context: Flask) -> None:
    audit.record("unit.changed", "unit", 1)
    db.session.flush()
    db.session.rollback()
    services.seal()
    assert services.verify().sealed == 0


def test_entries_that_commit_late_are_sealed_later(
    app: Flask, context: Flask, make_app: Callable[..., Flask]
) -> None:
    audit.record("unit.changed", "unit", "early id, late commit")
    db.session.flush()
    with app.app_context():
        write(1)
        assert services.seal() == 1
    db.session.commit()
    assert services.seal() == 1
    assert services.verify().ok
    late = db.session.scalars(select(AuditEntry).order_by(AuditEntry.id)).first()
    assert late is not None
    assert late.sequence == 2


def verify(runner: FlaskCliRunner) -> tuple[int, dict[str, object]]:
    result = runner.invoke(args=["audit", "verify", "--json"])
    return result.exit_code, json.loads(result.stdout)


def test_the_command_lists_every_problem(app: Flask, runner: FlaskCliRunner) -> None:
    assert verify(runner)[0] == 0
    with app.app_context():
        ids = write(6)
        services.seal()
    code, found = verify(runner)
    assert (code, found["ok"], found["sealed"]) == (0, True, 6)
    assert len(str(found["head"])) == 64
    with app.app_context():
        for entry_id in (ids[1], ids[4]):
            as_superuser("UPDATE audit_entries SET actor = 'x' WHERE id = :id", id=entry_id)
        as_superuser("UPDATE audit_payloads SET salt = '\\x00' WHERE entry_id = :id", id=ids[2])
    code, found = verify(runner)
    assert code == 1
    problems = found["problems"]
    assert isinstance(problems, list)
    assert len(problems) == 3
    for entry_id in (ids[1], ids[2], ids[4]):
        assert any(f"ntry {entry_id}" in problem for problem in problems)
    plain = runner.invoke(args=["audit", "verify"])
    assert plain.exit_code == 1
    assert "broken" in plain.stderr


def test_the_command_erases(app: Flask, runner: FlaskCliRunner) -> None:
    with app.app_context():
        (entry_id,) = write(1)
    args = ["audit", "erase", str(entry_id), "--reason", "request 12", "--json"]
    assert json.loads(runner.invoke(args=args).stdout) == {"ok": True, "erased": True}
    assert json.loads(runner.invoke(args=args).stdout) == {"ok": True, "erased": False}
    missing = runner.invoke(args=["audit", "erase", "999999", "--reason", "x", "--json"])
    assert missing.exit_code == 1
    with app.app_context():
        services.seal()
        assert services.verify().ok


def test_details_that_vanish_without_a_word_are_a_problem(context: Flask) -> None:
    ids = write(3)
    services.seal()
    as_superuser("DELETE FROM audit_payloads WHERE entry_id = :id", id=ids[0])
    found = services.verify()
    assert not found.ok
    assert f"entry {ids[0]} is gone" in found.problems[0]
