"""Numbers without gaps, letters that never change, and who may do what with them."""

import datetime as dt
import io
import threading
from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from portal import clock
from portal.db import db
from tests.factories.accounts import make_user
from tests.factories.units import make_unit
from tests.workflows.letters.desk import LETTERS, PDF, Desk, make_letter, picture
from workflows.cases.moves import InputRefused
from workflows.letters import files, heads, services
from workflows.letters.models import Letter, LetterCounter, LetterDocument, LetterFile

NOW = "2026-11-28T07:00:00+00:00"  # 7 Azar 1405


@pytest.fixture(autouse=True)
def _still() -> Iterator[None]:
    with clock.freeze(NOW):
        yield


def head(app: Flask, unit_id: int, **overrides: Any) -> None:
    values = {
        "numbering": "own",
        "prefix": "",
        "calendar": "always",
        "reply_days": 10,
        "signatory_name": {},
        "signatory_position": {},
        "address": {},
        **overrides,
    }
    with app.app_context():
        heads.change(unit_id, values, None, drop=False)
        db.session.commit()


def now_is(app: Flask, letter: Letter) -> Letter:
    with app.app_context():
        return db.session.get_one(Letter, letter.id)


def test_many_issues_at_once_leave_no_gap_and_a_failed_one_gives_its_number_back(
    app: Flask,
) -> None:
    unit = make_unit(code="d2")
    made = [make_letter(unit.id) for _each in range(6)]
    official = make_user(("official",))
    start = threading.Barrier(len(made))

    def issue(place: int) -> None:
        with app.app_context():
            start.wait()
            services.issue(made[place].id, by=official.id)
            # Every third process dies before its commit.
            (db.session.rollback if place % 3 == 0 else db.session.commit)()
            db.session.remove()

    threads = [threading.Thread(target=issue, args=(place,)) for place in range(len(made))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    numbers = sorted(found for one in made if (found := now_is(app, one).number))
    assert numbers == [1, 2, 3, 4]
    with app.app_context():
        assert db.session.get_one(LetterCounter, (unit.id, 1405, "out")).last == 4


def test_each_unit_and_each_persian_year_begins_anew(app: Flask) -> None:
    one, other = make_unit(code="d1"), make_unit(code="d9")
    head(app, other.id, prefix="ص")
    assert make_letter(one.id, issue=True).reference == "d1/1405/1"
    assert make_letter(one.id, issue=True).reference == "d1/1405/2"
    assert make_letter(other.id, issue=True).reference == "ص/1405/1"
    # 1 Farvardin 1406 begins in Tehran while it is still the day before in London.
    clock.shift(dt.datetime(2027, 3, 20, 21, 0, tzinfo=dt.UTC) - clock.now())
    assert make_letter(one.id, issue=True).reference == "d1/1406/1"


def test_the_secretariat_numbers_where_the_unit_says_so(app: Flask) -> None:
    unit = make_unit(code="d5")
    head(app, unit.id, numbering="secretariat")
    made = make_letter(unit.id)
    desk = Desk(app, "official")
    address = f"{LETTERS}{made.id}"
    assert desk.post(f"{address}/issue").status_code == 422
    future = desk.post(f"{address}/issue", external_number="۱۲/۹۹", external_date="۱۴۰۵/۰۹/۰۸")
    assert future.status_code == 422
    done = desk.post(f"{address}/issue", external_number="۱۲/۹۹", external_date="۱۴۰۵/۰۹/۰۶")
    assert done.status_code == 303
    found = now_is(app, made)
    assert (found.number, found.reference, found.dated_on) == (None, "12/99", dt.date(2026, 11, 27))
    # The days for the reply count from the date of the letter.
    assert found.due_at is not None
    assert (found.due_at - dt.datetime(2026, 11, 27, 20, 30, tzinfo=dt.UTC)).days == 10
    twice = make_letter(unit.id)
    again = desk.post(
        f"{LETTERS}{twice.id}/issue", external_number="12/99", external_date="۱۴۰۵/۰۹/۰۶"
    )
    assert again.status_code == 422
    assert now_is(app, twice).state == "draft"


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE letters SET subject = 'x'",
        "UPDATE letters SET body = body || '.'",
        "UPDATE letters SET copies = '[\"x\"]'",
        "UPDATE letters SET state = 'draft', reference = NULL",
        "UPDATE letters SET number = 9",
        "UPDATE letter_documents SET content = ''",
        "DELETE FROM letter_documents",
        "DELETE FROM letter_files",
        "DELETE FROM letters",
    ],
)
def test_nothing_changes_an_issued_letter(app: Flask, change: str) -> None:
    made = make_letter(make_unit().id)
    with app.app_context():
        services.add_files(made.id, [files.Sent("a.pdf", files.PDF, PDF)])
        services.issue(made.id, by=make_user(("official",)).id)
        db.session.commit()
        with pytest.raises(DBAPIError, match=r"never change|append-only|refused"):
            db.session.execute(text(change))
        db.session.rollback()
        with pytest.raises(InputRefused):
            services.add_files(made.id, [files.Sent("b.pdf", files.PDF, PDF)])


def test_a_correction_is_a_letter_of_its_own_that_names_the_first(app: Flask) -> None:
    unit = make_unit(code="d3")
    first = make_letter(unit.id, issue=True)
    desk = Desk(app, "official")
    kept = desk.client.get(f"{LETTERS}{first.id}/letter.pdf").data
    assert desk.client.get(f"{LETTERS}{first.id}/edit").status_code == 303
    values = {
        "relation": "correction",
        "unit_id": str(unit.id),
        "language": "fa",
        "subject": "اصلاح",
        "body": "تاریخ نادرست بود.",
        "party_organisation": "شرکت آب",
        "signatory_name": "مریم کاظمی",
        "calendar": "always",
    }
    made = desk.post(f"{LETTERS}new?refers_to={first.id}", **values)
    assert made.status_code == 303, made.text
    assert desk.post(f"{made.location}/issue").status_code == 303
    with app.app_context():
        second = db.session.query(Letter).order_by(Letter.id.desc()).first()
        assert second is not None
        assert (second.relation, second.refers_to_id) == ("correction", first.id)
        assert second.reference == "d3/1405/2"
        # No reply was expected, so no clock runs.
        assert (second.due_at, second.act_at) == (None, None)
    assert "d3/1405/1" in desk.get(f"{made.location}/print")
    assert made.location in desk.get(f"{LETTERS}{first.id}")
    assert desk.client.get(f"{LETTERS}{first.id}/letter.pdf").data == kept


def test_cancelled_and_closed_letters_keep_their_number_and_say_why(app: Flask) -> None:
    unit = make_unit(code="d4")
    first, second = make_letter(unit.id, issue=True), make_letter(unit.id, issue=True)
    desk = Desk(app, "official")
    assert desk.post(f"{LETTERS}{first.id}/cancel", **{"cancel-why": "  "}).status_code == 422
    assert (
        desk.post(f"{LETTERS}{first.id}/cancel", **{"cancel-why": "اشتباه بود"}).status_code == 303
    )
    assert desk.post(f"{LETTERS}{second.id}/close", **{"close-why": "حل شد"}).status_code == 303
    found = now_is(app, first)
    assert (found.state, found.reference, found.act_at) == ("cancelled", "d4/1405/1", None)
    assert now_is(app, second).state == "closed"
    assert make_letter(unit.id, issue=True).reference == "d4/1405/3"
    # What ended is not ended again; a late reply can still come to a closed one.
    assert desk.post(f"{LETTERS}{first.id}/cancel", **{"cancel-why": "x"}).status_code == 409
    reply = {
        "their_reference": "7",
        "their_date": "۱۴۰۵/۰۹/۰۷",
        "party_organisation": "شرکت",
        "subject": "پاسخ",
        "unit_id": str(unit.id),
        "language": "fa",
    }
    assert desk.post(f"{LETTERS}incoming?reply_to={first.id}", **reply).status_code == 422
    assert desk.post(f"{LETTERS}incoming?reply_to={second.id}", **reply).status_code == 303
    assert now_is(app, second).state == "answered"


def test_a_letter_without_words_signatory_or_addressee_is_not_issued(app: Flask) -> None:
    unit = make_unit()
    desk = Desk(app, "official")
    for missing in ("body", "signatory_name", "party_organisation"):
        made = make_letter(unit.id, **{missing: ""})
        assert desk.post(f"{LETTERS}{made.id}/issue").status_code == 409
        assert now_is(app, made).state == "draft"
    with app.app_context():
        assert db.session.query(LetterCounter).count() == 0
        assert db.session.query(LetterDocument).count() == 0


def test_a_draft_is_thrown_away_with_its_files(app: Flask) -> None:
    made = make_letter(make_unit().id)
    desk = Desk(app, "unit_officer")
    address = f"{LETTERS}{made.id}"
    sent = {"files": (io.BytesIO(picture(exif=True)), "عکس.png")}
    assert desk.post(f"{address}/files", **sent).status_code == 303
    with app.app_context():
        (row,) = db.session.query(LetterFile).all()
        path = files.path_of(row.stored_path)
        assert (row.mimetype, row.name) == ("image/jpeg", "عکس.jpg")
        assert b"secret place" not in path.read_bytes()
    assert desk.post(f"{address}/discard").status_code == 303
    assert desk.client.get(address).status_code == 404
    assert not path.exists()


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.pdf", b"<html><script>alert(1)</script></html>"),
        ("a.pdf", b"%PDF-1.7 but it never ends"),
        ("a.jpg", b"MZ" + b"x" * 100),
        ("a.svg", b"<svg xmlns='http://www.w3.org/2000/svg'/>"),
        ("big.pdf", b"%PDF-1.7\n" + b"x" * 400_000 + b"%%EOF"),
    ],
)
def test_a_file_is_taken_by_what_it_is_not_by_its_name(
    app: Flask, name: str, content: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(files, "MOST_BYTES", 300_000)
    made = make_letter(make_unit().id)
    desk = Desk(app, "unit_officer")
    with app.app_context():
        before = set(files.folder().iterdir())
    refused = desk.post(f"{LETTERS}{made.id}/files", files=(io.BytesIO(content), name))
    assert refused.status_code == 422
    with app.app_context():
        assert db.session.query(LetterFile).count() == 0
        assert set(files.folder().iterdir()) == before


def test_the_administrator_sets_letterheads_and_nobody_else(app: Flask) -> None:
    unit = make_unit(code="d8")
    below = make_unit(parent_id=unit.id)
    assert Desk(app, "official").client.get(f"{LETTERS}letterheads").status_code == 403
    desk = Desk(app, "administrator")
    address = f"{LETTERS}letterheads/{unit.id}"
    values = {"numbering": "own", "prefix": "۱۲", "calendar": "tehran-office", "reply_days": "۷"}
    bad = desk.post(address, **values, emblem=(io.BytesIO(b"nothing"), "e.png"))
    assert bad.status_code == 422
    kept = desk.post(
        address, **values, signatory_name_fa="مریم کاظمی", emblem=(io.BytesIO(picture()), "e.png")
    )
    assert kept.status_code == 303, kept.text
    page = desk.get(f"{LETTERS}new")
    assert desk.client.get(f"{LETTERS}emblem/{below.id}").mimetype == "image/jpeg"
    assert "<form" in page
    assert make_letter(unit.id, issue=True).reference == "12/1405/1"


def test_two_units_never_print_the_same_number(app: Flask) -> None:
    one, other = make_unit(code="d21"), make_unit(code="d22")
    head(app, one.id, prefix="ص")
    admin = Desk(app, "administrator")
    values = {"numbering": "own", "calendar": "always", "reply_days": "10"}
    for taken in ("ص", "ص-in"):
        answer = admin.post(f"{LETTERS}letterheads/{other.id}", prefix=taken, **values)
        assert answer.status_code == 422, taken
    head(app, other.id, prefix="خ")
    # The code of a unit that has no prefix of its own is taken too.
    third = make_unit(code="d23")
    assert admin.post(f"{LETTERS}letterheads/{one.id}", prefix="d23", **values).status_code == 422
    assert admin.post(f"{LETTERS}letterheads/{third.id}", prefix="d23", **values).status_code == 303


def incoming(unit_id: int, **more: Any) -> dict[str, Any]:
    return {
        "their_reference": "الف/۷",
        "their_date": "۱۴۰۵/۰۹/۰۷",
        "party_organisation": "شرکت آب",
        "subject": "پاسخ",
        "unit_id": str(unit_id),
        "language": "fa",
        **more,
    }


def test_the_button_pressed_twice_registers_one_incoming_letter(app: Flask) -> None:
    unit = make_unit(code="d24")
    desk = Desk(app, "official")
    first = desk.post(f"{LETTERS}incoming", **incoming(unit.id))
    assert first.status_code == 303
    again = desk.post(f"{LETTERS}incoming", **incoming(unit.id))
    assert again.status_code == 422
    assert "d24-in/1405/1" in again.text
    # Another letter of the same sender gets the next number, without a gap.
    assert desk.post(f"{LETTERS}incoming", **incoming(unit.id, subject="دیگر")).status_code == 303
    with app.app_context():
        rows = db.session.query(Letter.reference).filter_by(direction="in").all()
        assert sorted(row.reference for row in rows) == ["d24-in/1405/1", "d24-in/1405/2"]


def test_a_number_of_the_secretariat_is_not_dropped_where_the_unit_numbers_itself(
    app: Flask,
) -> None:
    own, given = make_unit(code="d25"), make_unit(code="d26")
    head(app, given.id, numbering="secretariat")
    desk = Desk(app, "official", unit_id=own.id)
    refused = desk.post(f"{LETTERS}incoming", **incoming(own.id, register_number="۹۹/۱"))
    assert refused.status_code == 422
    assert "۹۹/۱" in refused.text
    assert desk.post(f"{LETTERS}incoming", **incoming(own.id)).status_code == 303


def test_two_clerks_with_one_number_of_the_secretariat_are_told(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    unit = make_unit(code="d27")
    head(app, unit.id, numbering="secretariat")
    desk = Desk(app, "official", unit_id=unit.id)
    values = incoming(unit.id, register_number="99/1")
    assert desk.post(f"{LETTERS}incoming", **values).status_code == 303
    made = make_letter(unit.id)
    issued = {"external_number": "۷/۱", "external_date": "۱۴۰۵/۰۹/۰۶"}
    assert desk.post(f"{LETTERS}{made.id}/issue", **issued).status_code == 303
    # The other one looked before the first had committed.
    monkeypatch.setattr(services, "refuse_used", lambda _letter: None)
    other = desk.post(f"{LETTERS}incoming", **{**values, "subject": "دیگر"})
    assert other.status_code == 422
    assert "99/1" in other.text
    late = desk.post(f"{LETTERS}{make_letter(unit.id).id}/issue", **issued)
    assert late.status_code == 409
    assert "۷/۱" in late.text
    # Nor is it lost where something else is missing.
    empty = make_letter(unit.id, body="")
    missing = desk.post(f"{LETTERS}{empty.id}/issue", **issued)
    assert missing.status_code == 409
    assert "۷/۱" in missing.text
