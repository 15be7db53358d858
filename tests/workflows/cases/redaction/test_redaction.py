"""A redacted sentence is in no table, index, log, packet, export or file afterwards."""

import contextlib
import datetime as dt
import hashlib
import io
import logging
import re
import secrets
import time
import zlib
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import delete, select, text
from sqlalchemy.exc import DBAPIError

from portal import audit, clock, jobs, outbox
from portal.audit import services as audits
from portal.audit.models import AuditEntry, AuditPayload
from portal.contacts.consent import opt_out
from portal.db import db
from portal.i18n import today, use_language
from portal.messaging import inbound
from portal.messaging.models import InboundMessage, Message
from tests.factories.accounts import csrf_token, make_user, sign_in
from tests.factories.callins import make_call, make_session
from tests.factories.cases import make_case
from tests.factories.messages import make_inbound
from tests.workflows.cases.redaction import planting
from tests.workflows.cases.redaction.searching import in_files, in_pages, in_tables
from workflows.callins.models import Call
from workflows.cases import exporter, feedback, photos, work
from workflows.cases.matter import joins
from workflows.cases.models import Case, CaseEvent, CasePhoto
from workflows.cases.redaction import hiding, packets, places, scrub, services
from workflows.cases.redaction.models import CaseRedaction
from workflows.cases.redaction.passage import MASK, Passage
from workflows.cases.redaction.phone import redact_phone
from workflows.cases.stages import OUTCOME_NAMES
from workflows.letters import files as letter_files
from workflows.letters.models import Letter, LetterDocument, LetterFile
from workflows.open311 import publishing
from workflows.operations.models import CaseProof
from workflows.packets import jobs as packet_jobs
from workflows.packets import services as packet_services
from workflows.packets import snapshots
from workflows.packets.models import PacketFile

NUMBER = "+989121119999"


@pytest.fixture
def sentence() -> str:
    """Of its own for each run: what an earlier test left in a page is not ours."""
    name = "".join(secrets.choice("ابپتجدرزسشفقکگلمنوهی") for _n in range(9))
    return f"همسایهٔ ما آقای {name} شب‌ها در خانه قمار می‌کند"


@pytest.fixture
def logged() -> Iterator[io.StringIO]:
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    logging.getLogger().addHandler(handler)
    yield stream
    logging.getLogger().removeHandler(handler)


# Finding it


@pytest.mark.parametrize(
    ("passage", "text", "left"),
    [
        ("آقای کریمی", "به آقاي كريمي بگویید", f"به {MASK} بگویید"),
        ("پلاک ۱۲", "خانهٔ پلاك 12 است", f"خانهٔ {MASK} است"),
        ("شب‌ها می‌آید", "شبها مي آيد و", f"{MASK} و"),
        ("خط اول خط دوم", "«خط اول،\nخط دوم»", f"«{MASK}»"),
        ("الأستاذ", "قال الاستاذ", f"قال {MASK}"),
        ("علی", "علیرضا و علی آمدند", f"علیرضا و {MASK} آمدند"),
        ("Mr Smith lives here", "… mr  smith LIVES\there!", f"… {MASK}!"),
        ("آقای کریمی همسایه", "بریده: آقای کریمی هم…", f"بریده: {MASK}…"),
        ("آقای کریمی همسایه", "پیام تا آقای کریمی", f"پیام تا {MASK}"),
        ("آقای کریمی همسایه", "کریمی همسایه است", f"{MASK} است"),
        ("آقای کریمی", "آقای رضایی", "آقای رضایی"),
    ],
)
def test_a_passage_is_found_however_it_is_written(passage: str, text: str, left: str) -> None:
    assert Passage.of(passage).out_of(text)[0] == left


@given(st.text(max_size=60), st.text(min_size=1, max_size=30), st.text(max_size=60))
def test_nothing_of_it_is_left(before: str, words: str, after: str) -> None:
    try:
        passage = Passage.of(words)
    except ValueError:
        return
    if len(passage.key) < 6:
        return
    clean, number = passage.out_of({"a": [f"{before} {words} {after}"], "b": 1})
    assert number >= 1
    assert passage.key not in Passage.of(f"xxx{clean['a'][0]}").key
    assert passage.out_of(clean, cut=False) == (clean, 0)


def test_too_short_a_passage_is_refused() -> None:
    for words in ("", "...", "آن", "؟!"):
        with pytest.raises(services.RedactionRefused):
            services.passage_of(words)


# Planted everywhere


def plant(app: Flask, sentence: str) -> Case:
    """In everything of a case where words of people get, by the product's own ways."""
    session = make_session()
    said = make_inbound(f"سلام. {sentence}.", NUMBER)
    inbound.handle({"id": said.id})
    db.session.commit()
    case = db.session.scalars(select(Case).where(Case.origin_id == said.id)).one()
    work.first_action(case.id, by=None, text=f"گفت {sentence}", public=True)
    work.note(case.id, by=None, text=f"یادداشت: {sentence}")
    planting.everywhere(case, sentence)
    follower = make_case(text=f"من هم: {sentence}")
    joins.join(follower.id, case.id, by=None)
    call = make_call(session, e164=NUMBER, subject=sentence)
    db.session.get_one(Call, call.id).answer = f"دربارهٔ {sentence}"
    db.session.commit()
    # Frozen into a packet and its files.
    day = today()
    packet, _new = packet_services.request(day - dt.timedelta(days=1), day, by=None)
    db.session.commit()
    packet_jobs.compile_packet(packet.id)
    packet_services.comment(packet.id, f"می‌پرسم: {sentence}", user_id=make_user().id, author="x")
    work.finish(case.id, by=None, outcome="done", text=f"با {sentence} گفتگو شد")
    db.session.commit()
    planting.published(case, sentence, make_user().id)
    db.session.execute(text("UPDATE messages SET state = 'delivered', accepted_at = created_at"))
    db.session.commit()
    assert feedback.answer_by_sms(NUMBER, f"33 نه، {sentence}")
    opt_out(NUMBER, line=None, channel="sms", evidence=f"لغو {sentence}")
    make_inbound(f"31 {sentence}", NUMBER)
    audit.record("case.noted", "case", case.id, text=sentence)
    audit.record("case.noted", "unit", 1, text=f"جای دیگر: {sentence}")
    db.session.add(
        outbox.OutboxItem(
            kind="x", payload={"words": [sentence]}, available_at=clock.now(), attempts=99
        )
    )
    db.session.commit()
    while audits.seal():
        pass
    folder = Path(app.extensions["pasokh_settings"].data_dir)
    (folder / "log").mkdir(exist_ok=True)
    (folder / "log" / "web.log").write_text(f'{{"event": "{sentence}"}}\n{{"event": "next"}}\n')
    (folder / "cases.csv").write_text("".join(exporter.export()))
    return case


def scrubbed(redaction_id: int) -> CaseRedaction:
    """The job, as often as an ANALYZE of the server's own needs to end."""
    for _n in range(40):
        db.session.rollback()
        jobs.registered()["workflows.cases.redaction.jobs.scrub"]()
        row = db.session.get_one(CaseRedaction, redaction_id, populate_existing=True)
        if row.scrubbed_at is not None:
            return row
        time.sleep(0.1)
    raise AssertionError


def test_a_redacted_sentence_is_nowhere(
    app: Flask, context: Flask, client: FlaskClient, sentence: str, logged: io.StringIO
) -> None:
    case = plant(app, sentence)
    with db.engine.connect() as plain:
        plain.execution_options(isolation_level="AUTOCOMMIT").execute(text("ANALYZE"))
    planted = in_tables(sentence)
    assert planted >= {
        "cases.text", "case_words.words", "case_events.text", "messages.body",
        "inbound_messages.text", "inbound_messages.raw", "audit_payloads.body",
        "case_feedback_questions.words", "callin_calls.subject", "callin_calls.answer",
        "packet_snapshots.data", "packet_comments.text", "consent_records.evidence",
        "outbox.payload",
    } | planting.PLACES, planting.PLACES - planted  # fmt: skip
    document = db.session.scalars(select(LetterDocument)).first()
    assert document and sentence.split()[3] in read_letter(document.content)
    db.session.rollback()
    assert in_files(app, sentence) == {"web.log", "cases.csv"}
    assert in_pages(sentence), "the bytes are there, so they can be missed"
    administrator = make_user(("administrator",), language="en")
    sign_in(client, administrator)

    address = f"/staff/cases/{case.id}/redact"
    token = csrf_token(client, address)
    form = {"csrf_token": token, "what": "passage", "passage": sentence, "reason": "third_party"}
    page = client.post(address, data=form)
    assert page.status_code == 200
    assert in_tables(sentence) == planted, "the first step only looks"
    for place in planted - {
        "packet_snapshots.data",
        "case_events.text",
        "letter_documents.content",
    }:
        known = place in page.text
        assert known or place in services_names(), place
    assert client.post(f"{address}/confirm", data=form).status_code == 422, "not confirmed"
    done = client.post(f"{address}/confirm", data={**form, "elsewhere": "y", "sure": "y"})
    assert done.status_code == 303

    assert in_tables(sentence) == set()
    assert in_files(app, sentence) == set()
    row = db.session.scalars(select(CaseRedaction)).one()
    assert row.actor and row.places["cases.text"] == 2
    scrubbed(row.id)
    assert in_tables(sentence) == set()
    name = sentence.split()[3]
    assert in_pages(sentence, name) == set()
    assert name not in logged.getvalue()
    assert audits.verify().problems == ()
    while audits.seal():
        pass
    assert audits.verify().problems == ()
    # What is left can still be used.
    assert MASK in client.get(f"/staff/cases/{case.id}").text
    assert (Path(app.extensions["pasokh_settings"].data_dir) / "log" / "web.log").read_text().count(
        "\n"
    ) == 2
    packet_page(client, sentence)
    letter_pages(client, sentence)
    assert publishing.state_of(db.session.get_one(Case, case.id))[1] is False


def read_letter(content: bytes) -> str:
    """The words of a PDF that was made here: what is attached to it, as it is read aloud."""
    found = []
    for part in re.findall(rb"stream\r?\n(.*?)endstream", content, re.S):
        with contextlib.suppress(zlib.error):
            found.append(zlib.decompressobj().decompress(part).decode("utf-8", "ignore"))
    return "\n".join(found)


def letter_pages(client: FlaskClient, sentence: str) -> None:
    """Another edition, which says so; what was not removed is as it was issued."""
    name = sentence.split()[3]
    documents = db.session.scalars(select(LetterDocument)).all()
    assert len(documents) == 2
    for one in documents:
        assert hashlib.sha256(one.content).digest() == one.digest
        assert name not in (said := read_letter(one.content)) and "شهروند نوشته است" in said
        letter = db.session.get_one(Letter, one.letter_id)
        assert letter.redacted_at is not None and letter.number is not None
        page = client.get(f"/staff/letters/{one.letter_id}")
        assert page.status_code == 200 and name not in page.text and MASK in page.text
    told = select(AuditEntry.action).where(AuditEntry.subject_type == "letter")
    assert "letter.redacted" in set(db.session.scalars(told))


def services_names() -> set[str]:
    from workflows.cases.redaction.labels import PLACES

    return set(PLACES)


def packet_page(client: FlaskClient, sentence: str) -> None:
    """A new edition: digest and files fit, and the reader is told."""
    packet_id = db.session.scalars(select(PacketFile.packet_id)).first()
    assert packet_id is not None
    data = snapshots.read(packet_id).data
    assert [one["places"] for one in data["redactions"]] and data["words"]["redacted"]["fa"]
    files = db.session.scalars(select(PacketFile)).all()
    assert len(files) == 6
    page = client.get(f"/council/{packet_id}")
    assert page.status_code == 200
    assert sentence[:20] not in page.text


def test_rows_that_never_change_change_only_so(context: Flask) -> None:
    case = make_case(text="این جمله را کسی نباید بخواند")
    for forged in ("", "1", str(case.id)):
        for statement in ("UPDATE case_events SET text = ''", "DELETE FROM case_events"):
            db.session.execute(
                text("SELECT set_config('pasokh.redaction', :id, true)"), {"id": forged}
            )
            with pytest.raises(DBAPIError, match="never change"):
                db.session.execute(text(statement))
            db.session.rollback()
    row = services.redact(
        case.id, Passage.of("این جمله را کسی نباید بخواند"), reason="court", by=None
    )
    row_id = row.id
    db.session.commit()
    # A redaction of another transaction opens nothing.
    db.session.execute(
        text("SELECT set_config('pasokh.redaction', :id, true)"), {"id": str(row_id)}
    )
    with pytest.raises(DBAPIError, match="never change"):
        db.session.execute(text("UPDATE case_events SET text = ''"))
    db.session.rollback()


def test_others_are_left_unless_wished(context: Flask) -> None:
    words = "فروشگاه آقای مرادی خیابان بهار"
    case, other = make_case(text=f"دربارهٔ {words}"), make_case(text=f"از {words} راضی‌ام")
    found = services.look(case.id, Passage.of(words))
    assert (found.here["cases.text"], found.elsewhere["cases.text"]) == (1, 1)
    services.redact(case.id, Passage.of(words), reason="own_wish", by=None)
    db.session.commit()
    assert db.session.get_one(Case, case.id, populate_existing=True).text == f"دربارهٔ {MASK}"
    assert words in db.session.get_one(Case, other.id, populate_existing=True).text
    with pytest.raises(services.RedactionRefused):
        services.redact(case.id, Passage.of("چنین چیزی نیست"), reason="own_wish", by=None)


def test_the_words_of_the_product_are_left(context: Flask) -> None:
    """A passage may be «sms» or «closed»: codes are not people's words."""
    case = make_case(text="I said closed, by phone, in fa", channel="phone", language="en")
    work.finish(case.id, by=None, outcome="irrelevant", text="the file is closed")
    db.session.commit()
    for words in ("closed", "phone", "irrelevant"):
        with contextlib.suppress(services.RedactionRefused):
            services.redact(case.id, Passage.of(words), reason="mistake", by=None, elsewhere=True)
        db.session.commit()
    case = db.session.get_one(Case, case.id, populate_existing=True)
    assert (case.stage, case.channel, case.outcome) == ("closed", "phone", "irrelevant")
    assert "closed" not in case.text + case.outcome_text


def test_the_beginning_in_an_sms_goes_too(context: Flask) -> None:
    words = "خانم فرشته نوروزی ساکن کوچهٔ یاس پلاک نه " * 6
    case = make_case(text="سلام", e164=NUMBER)
    work.finish(case.id, by=None, outcome="done", text=words.strip())
    db.session.commit()
    (body,) = db.session.scalars(select(Message.body).where(Message.body.contains("فرشته")))
    assert "…" in body
    services.redact(case.id, Passage.of(words), reason="mistake", by=None)
    db.session.commit()
    assert (
        db.session.scalars(select(Message.body).where(Message.body.contains("فرشته"))).all() == []
    )
    assert db.session.get_one(Case, case.id, populate_existing=True).outcome_text == MASK


def test_the_number_goes_from_the_case(context: Flask) -> None:
    said = make_inbound("شماره من 0912 111 9999 است، چاله هست", NUMBER)
    inbound.handle({"id": said.id})
    db.session.commit()
    case = db.session.scalars(select(Case)).one()
    work.note(case.id, by=None, text="زنگ زدم به ۰۹۱۲۱۱۱۹۹۹۹")
    db.session.commit()
    redact_phone(case.id, reason="own_wish", by=None)
    db.session.commit()
    case = db.session.get_one(Case, case.id, populate_existing=True)
    assert (case.e164, case.contact_id) == (None, None)
    # The contact bank keeps its own entry, and its own trail.
    bank = select(AuditEntry.id).where(AuditEntry.subject_type == "contact")
    db.session.execute(delete(AuditPayload).where(AuditPayload.entry_id.in_(bank)))
    db.session.commit()
    assert {place.split(".")[0] for place in in_tables("9121119999")} == {"contacts"}
    assert db.session.get_one(InboundMessage, said.id, populate_existing=True).e164 is None
    states = set(db.session.scalars(select(Message.state)))
    assert states == {"cancelled"}


def test_what_hangs_on_a_case_goes_without_looking_at_others(context: Flask) -> None:
    """A short passage is nobody's else: it goes from this case alone, wherever it stands there."""
    case = make_case(e164=NUMBER)
    planting.everywhere(case, "گلپونه")
    # What belongs to no case: a filter of somebody's.
    apart = {"case_filters.args", "case_filters.name"}
    planted = in_tables("گلپونه")
    services.redact(case.id, Passage.of("گلپونه"), reason="own_wish", by=None)
    db.session.commit()
    assert planted >= planting.PLACES - {
        "feedback_calls.words", "open311_requests.answer", "open311_requests.description",
    }  # fmt: skip
    assert in_tables("گلپونه") == apart


def test_no_column_of_words_is_left_out(context: Flask) -> None:
    """Every column that can hold words is searched, or is one of those known to hold none."""
    searched = {(one.name, name) for one in places.tables() for name, _kind in one.columns}
    left = {
        (row.table_name, row.column_name)
        for row in db.session.execute(places._COLUMNS)
        if row.data_type in places.TEXTS
        and row.udt_name != "_int8"
        and row.table_name not in places.NEVER
        and row.column_name not in places.CODES | {places.NUMBER}
    } - searched
    listed = {
        (row.table_name, row.column_name)
        for row in db.session.execute(places._KEYS)
        if row.kind in {"c", b"c"}
    }
    keyless = {"case_redactions"}
    assert {one for one in left if one not in listed and one[0] not in keyless} == set()
    # A name in the list of codes must be no column that is written in freely anywhere.
    for table, column in (("special_ways", "outcome"), ("case_dispatches", "crew")):
        assert (table, column) in searched


def test_what_refuses_a_change_is_known(context: Flask) -> None:
    """A table that always refuses makes a redaction fail as a whole: it is told of instead."""
    refusing = set(
        db.session.scalars(
            text(
                "SELECT t.tgrelid::regclass::text FROM pg_trigger t "
                "JOIN pg_proc p ON p.oid = t.tgfoid WHERE p.proname = 'pasokh_refuse_change'"
            )
        )
    )
    assert refusing <= places.FIXED | places.NEVER


def test_an_issued_letter_changes_only_so(context: Flask) -> None:
    case = make_case(e164=NUMBER)
    letter = planting.letters(case, "خانم بهاره نیک‌اندیش", make_user(("official",)).id)
    for statement in (
        "UPDATE letters SET body = 'x'",
        "UPDATE letters SET redacted_at = now()",
        "DELETE FROM letters",
        "UPDATE letter_files SET name = 'x'",
        "DELETE FROM letter_files",
        "UPDATE letter_documents SET content = ''",
        "DELETE FROM letter_documents",
    ):
        with pytest.raises(DBAPIError):
            db.session.execute(text(statement))
        db.session.rollback()
    # A redaction opens the words, not the number, and throws no letter away.
    for statement in (
        "UPDATE letters SET reference = reference || '1'",
        "UPDATE letters SET dated_on = '2020-01-01' WHERE direction = 'out'",
        "DELETE FROM letters",
        "UPDATE letter_files SET stored_path = 'x'",
        "DELETE FROM letter_files",
    ):
        services.begin(db.session.get_one(Case, case.id), "passage", "court", None)
        with pytest.raises(DBAPIError):
            db.session.execute(text(statement))
        db.session.rollback()
    kept = (letter.number, letter.reference, letter.dated_on, letter.due_at)
    services.redact(case.id, Passage.of("بهاره نیک‌اندیش"), reason="court", by=None)
    db.session.commit()
    after = db.session.get_one(Letter, letter.id, populate_existing=True)
    assert (after.number, after.reference, after.dated_on, after.due_at) == kept
    assert after.party_name == f"خانم {MASK}"


def test_scans_and_photos_of_the_work_are_removed_one_by_one(
    client: FlaskClient, context: Flask
) -> None:
    case = make_case(e164=NUMBER)
    planting.letters(case, "نامه", make_user(("official",)).id)
    proof = planting.picture(case)
    enclosure, scan = planting.scans()
    paths = [photos.path_of(proof.stored_path), letter_files.path_of(scan.stored_path)]
    assert all(path.is_file() for path in paths)
    sign_in(client, make_user(("administrator",)))
    address = f"/staff/cases/{case.id}/redact"
    shown = client.get(f"/staff/cases/{case.id}").text
    assert f"redact?what=proof-{proof.id}" in shown
    page = client.get(f"{address}?what=proof-{proof.id}").text
    assert f"/staff/letters/{scan.letter_id}/files/{scan.id}" in page
    assert f'value="file-{enclosure.id}"' in page
    token = csrf_token(client, address)
    for what in (f"proof-{proof.id}", f"file-{scan.id}"):
        form = {"csrf_token": token, "what": what, "reason": "third_party"}
        assert client.post(address, data=form).status_code == 200
        done = client.post(f"{address}/confirm", data={**form, "sure": "y"})
        assert done.status_code == 303
    again = {"csrf_token": token, "what": f"file-{scan.id}", "reason": "court", "sure": "y"}
    assert client.post(f"{address}/confirm", data=again).status_code == 422
    assert not any(path.exists() for path in paths)
    assert db.session.get(CaseProof, proof.id, populate_existing=True) is None
    kept = db.session.get_one(LetterFile, scan.id, populate_existing=True)
    assert (kept.removed_at is not None, kept.name, kept.size) == (True, MASK, 0)
    file_url = f"/staff/letters/{scan.letter_id}/files/{scan.id}"
    assert file_url not in client.get(f"/staff/letters/{scan.letter_id}").text
    assert client.get(file_url).status_code == 404
    kinds = set(db.session.scalars(select(CaseRedaction.kind)))
    assert kinds == {"proof", "file"}
    # A file of a letter about another case is nobody's here.
    with pytest.raises(services.RedactionRefused):
        services.redact_file(make_case().id, enclosure.id, reason="court", by=None)


def test_hiding_takes_back_what_was_released(context: Flask) -> None:
    case = make_case(e164=None)
    work.first_action(case.id, by=None, text="همسایه گفت", public=True)
    work.finish(case.id, by=None, outcome="done", text="پاسخ تند")
    publishing.release(case.id, by=make_user().id, description="کوچه", answer="پاسخ تند")
    db.session.commit()
    hiding.hide(case.id, event_id=None, reason="insult", by=None)
    db.session.commit()
    row, listed, _sender = publishing.state_of(db.session.get_one(Case, case.id))
    assert row is not None and (row.description, row.answer, listed) == ("", "", False)
    before = db.session.query(CaseEvent).filter_by(kind="open311_withheld").count()
    # Never published, so there is nothing to take back.
    other = make_case(text="جملهٔ تنهای من")
    services.redact(other.id, Passage.of("جملهٔ تنهای من"), reason="court", by=None)
    db.session.commit()
    assert db.session.query(CaseEvent).filter_by(kind="open311_withheld").count() == before == 1


def test_a_number_goes_from_calls_too_and_the_case_does_not_wait(context: Flask) -> None:
    case = make_case(e164=NUMBER)
    planting.everywhere(case, "متن")
    work.finish(case.id, by=None, outcome="done", text="پاسخ")
    db.session.commit()
    assert db.session.get_one(Case, case.id, populate_existing=True).stage == "feedback"
    db.session.execute(text("UPDATE messages SET state = 'delivered'"))
    before = db.session.scalar(text("SELECT max(id) FROM messages"))
    redact_phone(case.id, reason="own_wish", by=None)
    db.session.commit()
    assert db.session.get_one(Case, case.id, populate_existing=True).stage == "closed"
    # Nor is anybody asked whether they were content with the end.
    assert db.session.scalar(text("SELECT max(id) FROM messages")) == before
    for table in ("calls", "callbacks"):
        assert db.session.scalar(text(f"SELECT count(*) FROM {table} WHERE e164 = '{NUMBER}'")) == 0


@pytest.mark.surveys
def test_the_question_about_satisfaction_does_not_say_whose_case_it_was(context: Flask) -> None:
    case = make_case(e164=NUMBER)
    work.finish(case.id, by=None, outcome="done", text="پاسخ")
    feedback.answer_by_call(case.id, by=None, accepted=True)
    db.session.execute(text("UPDATE messages SET state = 'delivered'"))
    db.session.commit()

    def asked(condition: str) -> int | None:
        statement = f"SELECT count(*) FROM invitations WHERE {condition}"
        return db.session.scalar(text(statement))

    assert asked(f"occasion = {case.id}") == 1
    redact_phone(case.id, reason="own_wish", by=None)
    db.session.commit()
    assert asked(f"occasion = {case.id}") == 0 and asked("true") == 1


def test_a_photo_and_its_file_go(context: Flask, app: Flask) -> None:
    case = make_case()
    row = photos.attach(case.id, photos.Photo(b"\xff\xd8 some picture", 10, 10))
    db.session.commit()
    path, photo_id = photos.path_of(row.stored_path), row.id
    assert path.is_file()
    with pytest.raises(services.RedactionRefused):
        services.redact_photo(make_case().id, photo_id, reason="court", by=None)
    db.session.rollback()
    services.redact_photo(case.id, photo_id, reason="third_party", by=None)
    db.session.commit()
    assert not path.exists()
    assert db.session.get(CasePhoto, photo_id) is None


def test_an_old_snapshot_makes_the_cleaning_wait(context: Flask) -> None:
    case = make_case(text="جمله‌ای که باید برود امروز")
    with db.engine.connect() as reader:
        reader.execution_options(isolation_level="REPEATABLE READ").execute(text("SELECT 1"))
        row = services.redact(
            case.id, Passage.of("جمله‌ای که باید برود امروز"), reason="court", by=None
        )
        row_id = row.id
        db.session.commit()
        assert scrub.scrub(row_id) is False
        reader.rollback()
    assert scrubbed(row_id).scrubbed_at is not None


# Hiding


def test_hidden_texts_are_left_out_and_come_back(client: FlaskClient, context: Flask) -> None:
    case = make_case(e164=None)
    work.first_action(case.id, by=None, text="همسایه‌تان گفت", public=True)
    work.finish(case.id, by=None, outcome="done", text="پاسخ تند")
    db.session.commit()
    event = db.session.scalars(select(CaseEvent).where(CaseEvent.kind == "first_action")).one()
    sign_in(client, make_user(("operator",)))
    address = f"/staff/cases/{case.id}/hide"
    token = csrf_token(client, address)

    def post(path: str, what: object) -> int:
        data = {"csrf_token": token, "what": str(what), "reason": "insult"}
        return client.post(f"/staff/cases/{case.id}/{path}", data=data).status_code

    assert post("hide", event.id) == post("hide", "answer") == 303
    seen = client.get(f"/t/{case.code}").text
    assert "همسایه‌تان گفت" not in seen and "پاسخ تند" not in seen
    assert "پاسخ تند" in client.get(f"/staff/cases/{case.id}").text
    assert post("show", event.id) == post("show", "answer") == 303
    seen = client.get(f"/t/{case.code}").text
    assert "همسایه‌تان گفت" in seen and "پاسخ تند" in seen
    assert post("hide", 999_999) == 303
    assert hiding.of_case(case.id) == []


def test_a_hidden_answer_is_hidden_from_all_who_follow_and_comes_back(
    client: FlaskClient, context: Flask
) -> None:
    leading, follower, parted = (make_case(e164=None) for _case in range(3))
    for one in (follower, parted):
        joins.join(one.id, leading.id, by=None)
    work.finish(leading.id, by=make_user().id, outcome="irrelevant", text="پاسخ تند")
    joins.part(parted.id, by=None)
    db.session.commit()

    def seen() -> list[bool]:
        codes = [one.code for one in (leading, follower, parted)]
        return ["پاسخ تند" in client.get(f"/t/{code}").text for code in codes]

    assert seen() == [True, True, True]
    hiding.hide(leading.id, event_id=None, reason="insult", by=None)
    db.session.commit()
    assert seen() == [False, False, False]
    hiding.show(leading.id, event_id=None, by=None)
    db.session.commit()
    assert seen() == [True, True, True]
    # What a follower's own page hides is hidden there alone.
    hiding.hide(follower.id, event_id=None, reason="own_wish", by=None)
    db.session.commit()
    assert seen() == [True, False, True]


def test_a_hidden_answer_is_not_written_to_the_citizen_afterwards(context: Flask) -> None:
    """The question about it waited for another one of the same number."""
    first, second, follower = make_case(e164=NUMBER), make_case(e164=NUMBER), make_case()
    joins.join(follower.id, second.id, by=None, tell=False)
    work.finish(first.id, by=None, outcome="done", text="چراغ روشن شد")
    day = today() + dt.timedelta(days=30)
    work.finish(second.id, by=None, outcome="planned", text="پاسخ تند", promised_on=day)
    hiding.hide(second.id, event_id=None, reason="insult", by=None)
    db.session.commit()
    feedback.answer_by_sms(NUMBER, "۳۱")
    db.session.commit()
    sent = db.session.scalars(
        select(Message).where(Message.e164 == NUMBER).order_by(Message.id.desc())
    ).first()
    assert sent is not None
    assert second.code in sent.body and "۳۳" in sent.body
    assert "پاسخ تند" not in sent.body
    with use_language("fa"):
        assert str(OUTCOME_NAMES["planned"]) in sent.body


def test_a_new_answer_is_seen_though_the_one_before_was_hidden(
    client: FlaskClient, context: Flask
) -> None:
    case = make_case(e164=None)
    work.finish(case.id, by=None, outcome="irrelevant", text="پاسخ تند")
    hiding.hide(case.id, event_id=None, reason="insult", by=None)
    work.reopen(case.id, by=None, text="نادرست بود")
    work.finish(case.id, by=None, outcome="irrelevant", text="پاسخ مؤدبانه")
    db.session.commit()
    seen = client.get(f"/t/{case.code}").text
    assert seen.count("پاسخ مؤدبانه") == 2 and "پاسخ تند" not in seen


@pytest.mark.parametrize(
    "wrong", [{"reason": "no-such"}, {"what": "nothing"}, {"passage": "آ"}, {"passage": "جای دیگر"}]
)
def test_a_confirmation_that_is_not_right_begins_again(
    client: FlaskClient, context: Flask, wrong: dict[str, str]
) -> None:
    case = make_case(text="در کوچهٔ سرو چاله است")
    sign_in(client, make_user(("administrator",)))
    address = f"/staff/cases/{case.id}/redact"
    data = {"what": "passage", "reason": "insult", "passage": "کوچهٔ سرو", **wrong}
    data["csrf_token"] = csrf_token(client, address)
    answer = client.post(f"{address}/confirm", data=data)
    assert answer.status_code == 422
    assert data["passage"] in answer.text


def test_who_may(client: FlaskClient, app: Flask) -> None:
    case = make_case()
    sign_in(client, make_user(("operator",)))
    assert client.get(f"/staff/cases/{case.id}/hide").status_code == 200
    assert client.get(f"/staff/cases/{case.id}/redact").status_code == 403


def test_a_log_keeps_no_row_that_the_database_refused() -> None:
    from portal.logs import redact

    error = (
        "NotNullViolation: null value in column\nDETAIL:  Failing row contains (1, آقای کریمی\n"
        "دو).\n[SQL: INSERT INTO cases]"
    )
    assert "کریمی" not in redact(error) and "دو)" not in redact(error)
    assert "[SQL: INSERT INTO cases]" in redact(error)


def test_erased_payloads_are_explained(context: Flask) -> None:
    case = make_case(text="یک جملهٔ معمولی برای حذف")
    work.note(case.id, by=None, text="یک جملهٔ معمولی برای حذف")
    db.session.commit()
    before = db.session.query(AuditPayload).count()
    services.redact(case.id, Passage.of("یک جملهٔ معمولی برای حذف"), reason="court", by=None)
    db.session.commit()
    while audits.seal():
        pass
    found = audits.verify()
    assert (found.problems, found.erased) == ((), 1)
    assert db.session.query(AuditPayload).count() == before - 1 + 2
    assert packets.undrawn() == []
