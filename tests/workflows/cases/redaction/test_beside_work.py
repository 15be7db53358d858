"""Redaction while somebody works on another case that has the same words."""

import threading
from typing import Any

import pytest
from flask import Flask

from portal.db import db
from tests.factories.cases import make_case
from workflows.cases import moves, work
from workflows.cases.redaction import places, services


def test_a_case_may_end_while_its_words_are_taken_out(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = make_case(e164=None, text="نام همسایه فریدون کاشانی‌پور است").id
    other = make_case(e164=None, text="همسایه فریدون کاشانی‌پور سر و صدا می‌کند").id
    failed: list[BaseException] = []
    writes, holds = threading.Event(), threading.Event()
    write = places.write

    def write_slowly(table: places.Table, row: places.Row, changed: dict[str, Any]) -> None:
        write(table, row, changed)
        if row.key.get("case_id") == other and table.name == "case_words":
            writes.set()
            # Where the case is ours already, he who wants it waits, and we go on.
            holds.wait(1)

    monkeypatch.setattr(places, "write", write_slowly)

    def redact() -> None:
        services.redact(
            first,
            services.passage_of("فریدون کاشانی‌پور"),
            reason="third_party",
            by=None,
            elsewhere=True,
        )

    def end() -> None:
        writes.wait(10)
        moves.lock(other)
        holds.set()
        work.finish(other, by=None, outcome="done", text="رسیدگی شد")

    def run(what: Any) -> None:
        with app.app_context():
            try:
                what()
                db.session.commit()
            except Exception as error:
                db.session.rollback()
                failed.append(error)
            finally:
                db.session.remove()

    threads = [threading.Thread(target=run, args=(what,)) for what in (redact, end)]
    for each in threads:
        each.start()
    for each in threads:
        each.join(30)
    assert failed == []
