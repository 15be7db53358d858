"""From a file to the bank, as services: twice, killed, at once by several."""

import datetime as dt
import io
import threading
import zipfile
from collections.abc import Iterator

import pytest
from flask import Flask
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select

from demo import contacts as dirty
from portal import clock, jobs
from portal.audit.models import AuditEntry
from portal.contacts import committing, consent, imports, staging, uploads
from portal.contacts import jobs as contact_jobs
from portal.contacts.models import ConsentRecord, Contact, ContactImport, ContactImportRow
from portal.db import db
from tests.factories.contacts import commit, make_contact, make_import, read, start

HEADER = "موبایل,نام,زبان,محله,برچسب,رضایت\n"


def record_of(import_id: int) -> ContactImport:
    return db.session.get_one(ContactImport, import_id, populate_existing=True)


def the_bank() -> dict[str, tuple[str, str, str, list[str]]]:
    rows = db.session.execute(
        select(Contact.e164, Contact.name, Contact.language, Contact.neighbourhood, Contact.tags)
    )
    return {row.e164: (row.name, row.language, row.neighbourhood, list(row.tags)) for row in rows}


def numbered(rows: int, first: int = 0) -> str:
    return HEADER + "".join(
        f"0912{n:07d},نام {n},fa,محله {n % 7},گروه {n % 3},بله\n"
        for n in range(first, first + rows)
    )


def test_reading_writes_nothing_to_the_bank_and_deletes_the_upload(context: Flask) -> None:
    known = make_contact("+989120000001", name="قدیمی", neighbourhood="بازار", tags=["الف"])
    make_contact("+989120000002", name="سارا", tags=["ب"])
    import_id = start(
        HEADER + "۰۹۱۲۰۰۰۰۰۰۱,نو,fa,,الف,\n"
        "0098 912 000 0002,سارا,,,ب,\n"
        "+989120000003,علی,ar,کوثر,ب;ج,بله\n"
        "9120000003,تکراری,,,,\n"
        "02112345678,ثابت,,,,\n"
    )
    read(import_id)
    record = record_of(import_id)
    assert record.state == "preview"
    counts = record.total, record.new, record.changed, record.unchanged, record.duplicates
    assert (*counts, record.rejected) == (5, 1, 1, 1, 1, 1)
    assert the_bank()[known.e164][0] == "قدیمی"
    assert not list(uploads.folder().iterdir())
    found = imports.preview(import_id)
    assert set(found.samples) == {"new", "changed", "unchanged", "duplicate", "rejected"}
    assert found.samples["duplicate"][0].repeats_row == 4
    assert dict(found.reasons) == {"duplicate": 1, "landline": 1}


def test_a_commit_adds_merges_and_leaves_what_the_file_does_not_say(context: Flask) -> None:
    make_contact("+989120000001", name="قدیمی", language="ar", neighbourhood="بازار", tags=["الف"])
    import_id = make_import(
        HEADER + "09120000001,نو,,,ب،الف,\n09120000002,,,,,\n09120000003,Sara,en,کوثر,,\n"
    )
    assert the_bank() == {
        "+989120000001": ("نو", "ar", "بازار", ["الف", "ب"]),
        "+989120000002": ("", "fa", "", []),
        "+989120000003": ("Sara", "en", "کوثر", []),
    }
    record = record_of(import_id)
    assert (record.state, record.imported, record.updated) == ("done", 2, 1)
    contact = db.session.scalars(select(Contact).filter_by(e164="+989120000001")).one()
    assert "نو" in contact.search_key
    assert "قدیمی" not in contact.search_key
    entry = db.session.scalars(select(AuditEntry)).one()
    assert entry.action == "contacts.imported"
    assert entry.payload is not None
    assert (entry.payload.body["imported"], entry.payload.body["updated"]) == (2, 1)


def test_the_same_file_twice_changes_nothing_the_second_time(context: Flask) -> None:
    make_import(numbered(50))
    before, stamps = the_bank(), db.session.scalars(select(Contact.updated_at)).all()
    import_id = make_import(numbered(50))
    record = record_of(import_id)
    assert (record.new, record.changed, record.unchanged) == (0, 0, 50)
    assert (record.imported, record.updated) == (0, 50)
    assert the_bank() == before
    assert db.session.scalars(select(Contact.updated_at)).all() == stamps
    assert db.session.scalar(select(func.count()).select_from(ConsentRecord)) == 50


def test_a_change_made_after_the_preview_is_not_lost(context: Flask) -> None:
    contact = make_contact("+989120000001", name="الف", tags=["یک"])
    import_id = start(HEADER + "09120000001,,,,دو,\n09120000002,نو,,,دو,\n")
    read(import_id)
    contact = db.session.get_one(Contact, contact.id)
    contact.name, contact.tags = "ب", ["یک", "سه"]
    make_contact("+989120000002", name="از راه دیگر", tags=["چهار"])
    commit(import_id)
    assert the_bank() == {
        "+989120000001": ("ب", "fa", "", ["یک", "سه", "دو"]),
        "+989120000002": ("نو", "fa", "", ["چهار", "دو"]),
    }


def test_consent_of_the_file(context: Flask) -> None:
    stopped = make_contact("+989120000003")
    consent.opt_out(stopped.e164, line="3000", channel="sms", evidence="11")
    import_id = start(
        HEADER + "09120000001,,,,,بله\n09120000002,,,,,خیر\n09120000003,,,,,بله\n"
        "09120000004,,,,,بله\n09120000004,,,,,خیر\n09120000005,,,,,\n",
        source="دیدار بهار",
    )
    read(import_id)
    found = imports.preview(import_id)
    assert (found.already_stopped, found.refusing) == (1, 2)
    commit(import_id)
    assert record_of(import_id).refused == 2
    decisions = {
        e164: [(item.decision, item.channel) for item in consent.history(e164)]
        for e164 in the_bank()
    }
    assert decisions == {
        "+989120000001": [("given", "import")],
        "+989120000002": [("withdrawn", "import")],
        "+989120000003": [("withdrawn", "sms")],
        "+989120000004": [("withdrawn", "import")],
        "+989120000005": [],
    }
    assert consent.history("+989120000001")[0].evidence == "دیدار بهار"


def test_a_no_far_behind_its_yes_still_counts(context: Flask) -> None:
    content = numbered(2100) + "09120000000,,,,,خیر\n"
    make_import(content)
    assert consent.is_opted_out("+989120000000", None)
    assert not consent.is_opted_out("+989120000001", None)


def test_reading_goes_on_where_it_was_killed(context: Flask) -> None:
    import_id = start(numbered(2500) + numbered(10).removeprefix(HEADER))
    steps = staging.read(import_id)
    for _row in range(2):  # the start, and one batch
        next(steps)
        db.session.commit()
    steps.close()  # as a killed process leaves it
    assert record_of(import_id).cursor == 1001
    contact_jobs.read_import(import_id)
    contact_jobs.read_import(import_id)
    record = record_of(import_id)
    assert (record.state, record.total, record.new) == ("preview", 2510, 2500)
    assert record.duplicates == 10


def test_a_commit_goes_on_where_it_was_killed(context: Flask) -> None:
    import_id = start(numbered(2500))
    read(import_id)
    imports.request_commit(import_id, None)
    db.session.commit()
    steps = committing.commit(import_id)
    next(steps)
    db.session.commit()
    next(steps)
    db.session.rollback()  # killed before this batch was committed
    steps.close()
    assert len(the_bank()) == 1000
    contact_jobs.commit_import(import_id)
    contact_jobs.commit_import(import_id)
    record = record_of(import_id)
    assert (record.state, record.imported, record.updated) == ("done", 2500, 0)
    assert len(the_bank()) == 2500
    assert db.session.scalar(select(func.count()).select_from(AuditEntry)) == 1
    assert db.session.scalar(select(func.count()).select_from(ConsentRecord)) == 2500


def test_the_sweep_takes_over_what_stands_still(context: Flask) -> None:
    with clock.freeze():
        import_id = start(numbered(5))
        contact_jobs.sweep()
        assert record_of(import_id).state == "reading"
        clock.shift(minutes=2)
        jobs.connection().flushdb()
        contact_jobs.sweep()
        assert record_of(import_id).state == "preview"
        imports.request_commit(import_id, None)
        db.session.commit()
        clock.shift(minutes=2)
        contact_jobs.sweep()
        assert record_of(import_id).state == "done"
        assert len(the_bank()) == 5


def test_an_import_that_always_fails_does_not_hold_up_the_others(
    context: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    read_one = staging.read

    def broken_or_not(import_id: int) -> Iterator[int]:
        if import_id == broken:
            raise RuntimeError("a defect")
        return read_one(import_id)

    monkeypatch.setattr(staging, "read", broken_or_not)
    with clock.freeze():
        broken, sound = start(numbered(2)), start(numbered(2))
        clock.shift(minutes=2)
        contact_jobs.sweep()
        assert record_of(broken).state == "reading"
        assert record_of(sound).state == "preview"


def test_the_sweep_forgets_what_has_served(context: Flask) -> None:
    with clock.freeze():
        done, waiting = make_import(numbered(2) + "021,,,,,\n"), start(numbered(2))
        read(waiting)
        clock.shift(days=8)
        contact_jobs.sweep()
        assert record_of(waiting).state == "abandoned"
        kept = select(ContactImportRow.import_id).distinct()
        assert set(db.session.scalars(kept)) == {done}
        clock.shift(days=30)
        contact_jobs.sweep()
        assert not set(db.session.scalars(kept))
        assert record_of(done).imported == 2


def test_abandoning_leaves_nothing_behind(context: Flask) -> None:
    import_id = start(numbered(5))
    read(import_id)
    assert imports.abandon(import_id)
    assert not imports.abandon(import_id)
    assert not imports.request_commit(import_id, None)
    db.session.commit()
    contact_jobs.commit_import(import_id)
    assert the_bank() == {}
    assert not db.session.scalars(select(ContactImportRow)).all()


def test_abandoning_stops_the_reader(context: Flask) -> None:
    import_id = start(numbered(2500))
    steps = staging.read(import_id)
    next(steps)
    next(steps)
    db.session.commit()
    imports.abandon(import_id)
    db.session.commit()
    assert list(steps) == []
    assert record_of(import_id).state == "abandoned"


def in_threads(app: Flask, *calls: object) -> list[BaseException]:
    errors: list[BaseException] = []
    ready = threading.Barrier(len(calls))

    def run(call: object) -> None:
        with app.app_context():
            try:
                ready.wait()
                call()  # type: ignore[operator]
            except BaseException as error:
                errors.append(error)
            finally:
                db.session.remove()

    threads = [threading.Thread(target=run, args=(call,)) for call in calls]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return errors


def test_two_readers_of_one_import_stage_each_row_once(app: Flask) -> None:
    with app.app_context():
        import_id = start(numbered(3000))
    assert not in_threads(app, *[lambda: contact_jobs.read_import(import_id)] * 3)
    with app.app_context():
        contact_jobs.read_import(import_id)
        record = record_of(import_id)
        assert (record.state, record.total, record.new) == ("preview", 3000, 3000)


def test_two_commits_of_one_import_write_once(app: Flask) -> None:
    with app.app_context():
        import_id = start(numbered(3000))
        read(import_id)
        assert imports.request_commit(import_id, None)
        assert not imports.request_commit(import_id, None)
        db.session.commit()
    assert not in_threads(app, *[lambda: contact_jobs.commit_import(import_id)] * 3)
    with app.app_context():
        record = record_of(import_id)
        assert (record.state, record.imported, record.updated) == ("done", 3000, 0)
        assert db.session.scalar(select(func.count()).select_from(AuditEntry)) == 1


def test_two_imports_of_the_same_numbers_at_once(app: Flask) -> None:
    forwards = numbered(2500)
    lines = forwards.removeprefix(HEADER).splitlines(keepends=True)
    backwards = (HEADER + "".join(reversed(lines))).replace("گروه", "دسته")
    with app.app_context():
        ids = [start(forwards), start(backwards)]
        for import_id in ids:
            read(import_id)
            imports.request_commit(import_id, None)
        db.session.commit()
    errors = in_threads(
        app,
        lambda: contact_jobs.commit_import(ids[0]),
        lambda: contact_jobs.commit_import(ids[1]),
    )
    assert not errors
    with app.app_context():
        records = [record_of(import_id) for import_id in ids]
        assert sum(record.imported for record in records) == 2500
        assert sum(record.updated for record in records) == 2500
        bank = the_bank()
        assert len(bank) == 2500
        # No tag of either file was lost.
        assert all(len(tags) == 2 for _name, _language, _place, tags in bank.values())


def bomb() -> bytes:
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("[Content_Types].xml", "<Types/>")
        archive.writestr("xl/worksheets/sheet1.xml", b"0" * 50_000_000)
    return data.getvalue()


@pytest.mark.parametrize(
    ("content", "filename"),
    [
        (b"", "empty.csv"),
        (b"<html><body><table><tr><td>hello</td></tr></table></body></html>", "page.xlsx"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" * 100, "old.xls"),
        (b"%PDF-1.7 nothing", "letter.csv"),
        (b"PK\x03\x04 not a workbook", "broken.xlsx"),
        (b"\x89PNG\r\n\x1a\n" + b"\0" * 200, "photo.csv"),
        ("نام,شهر\nعلی,تهران\n".encode(), "no-number.csv"),
        (bomb(), "bomb.xlsx"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_file_that_is_none_is_refused_in_three_languages(
    context: Flask, content: bytes, filename: str
) -> None:
    known = make_contact()
    import_id = start(content, filename)
    read(import_id)
    record = record_of(import_id)
    assert record.state == "failed"
    assert set(record.error or {}) == {"fa", "ar", "en"}
    assert all((record.error or {}).values())
    assert not list(uploads.folder().iterdir())
    assert not imports.request_commit(import_id, None)
    assert set(the_bank()) == {known.e164}


def test_an_upload_that_vanished_fails_the_import(context: Flask) -> None:
    import_id = start(numbered(5))
    for path in uploads.folder().iterdir():
        path.unlink()
    read(import_id)
    assert record_of(import_id).state == "failed"


def test_orphaned_uploads_go_after_a_day(context: Flask) -> None:
    import os

    import_id = start(numbered(2))
    orphan = uploads.path_of(uploads.keep(io.BytesIO(b"x")))
    fresh = uploads.path_of(uploads.keep(io.BytesIO(b"x")))
    day_ago = clock.now() - dt.timedelta(days=2)
    kept = uploads.path_of(record_of(import_id).stored_path or "")
    for path in (orphan, kept):
        os.utime(path, (day_ago.timestamp(), day_ago.timestamp()))
    imports.forget_old()
    db.session.commit()
    assert (orphan.exists(), fresh.exists(), kept.exists()) == (False, True, True)
    fresh.unlink()
    kept.unlink()
    assert uploads.path_of("../../etc/passwd").parent == uploads.folder()


def test_the_dirty_file_of_the_demonstration(context: Flask) -> None:
    cells = [dirty.HEADERS, *(line.cells for line in dirty.lines(600, 3))]
    content = "\n".join(",".join(f'"{cell}"' for cell in row) for row in cells)
    import_id = make_import(content)
    expected = dirty.expected_valid(600, 3)
    assert set(the_bank()) == expected
    record = record_of(import_id)
    assert record.imported == len(expected)
    assert record.imported + record.updated + record.duplicates + record.rejected == 600


CELLS = st.text(
    st.characters(exclude_categories=["Cs"]) | st.sampled_from("0912+۰۹٫،\"',;=\u200c"), max_size=14
)
NUMBERS = st.integers(0, 12).map("0912000{:04d}".format)


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    st.lists(
        st.tuples(NUMBERS | CELLS, CELLS, st.sampled_from(["", "fa", "ar", "?"]), CELLS, CELLS),
        max_size=25,
    )
)
def test_every_row_is_accounted_for(context: Flask, rows: list[tuple[str, ...]]) -> None:
    import csv

    stream = io.StringIO()
    out = csv.writer(stream)
    out.writerow(["mobile", "name", "language", "neighbourhood", "tags"])
    out.writerow(["09120000000", "a", "", "", ""])
    out.writerows(rows)
    before = len(the_bank())
    import_id = make_import(stream.getvalue().encode())
    record = record_of(import_id)
    if record.state == "failed":
        return  # an unclosed quotation mark, say
    assert record.imported + record.updated + record.duplicates + record.rejected == record.total
    assert len(the_bank()) == before + record.imported
    assert len(list(imports.unused(import_id))) == record.duplicates + record.rejected
