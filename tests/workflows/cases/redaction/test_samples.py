"""The samples that the database keeps of a column's words go with the words."""

import threading

import pytest
from flask import Flask
from sqlalchemy import text

from portal.db import db
from tests.factories.cases import make_case
from workflows.cases.redaction import scrub, services
from workflows.cases.redaction.models import CaseRedaction


def test_whoever_looks_since_before_the_samples_is_waited_for(
    app: Flask, context: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    case = make_case(e164=None, text="نام همسایه فریدون کاشانی‌پور است")
    passage = services.passage_of("فریدون کاشانی‌پور")
    row_id = services.redact(case.id, passage, reason="third_party", by=None).id
    db.session.commit()
    looks, size = db.engine.connect(), scrub._size
    looked = threading.Event()

    def look(connection: object, name: str) -> int:
        if not looked.is_set():
            # After the redaction, before the samples: as an ANALYZE of the server's own does.
            looked.set()
            looks.execution_options(isolation_level="REPEATABLE READ").execute(text("SELECT 1"))
        return size(connection, name)  # type: ignore[arg-type]

    monkeypatch.setattr(scrub, "_size", look)
    try:
        assert scrub.scrub(row_id) is False
    finally:
        looks.close()
    assert scrub.scrub(row_id) is True
    assert db.session.get_one(CaseRedaction, row_id).scrubbed_at is not None
