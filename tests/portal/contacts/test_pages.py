"""The bank's pages over HTTP, as officers use them."""

import csv
import io
import re

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from werkzeug.test import TestResponse

from portal import jobs
from portal.audit.models import AuditEntry
from portal.contacts import consent, uploads
from portal.contacts import jobs as contact_jobs
from portal.contacts.models import ConsentRecord, Contact, ContactImport
from portal.db import db
from tests.factories.accounts import csrf_token, make_user, sign_in
from tests.factories.contacts import make_contact
from tests.queries import count_queries

FILE = (
    "شماره همراه,نام,برچسب\n۰۹۱۲۳۴۵۶۷۸۹,زهرا,ورزش\n09123456789,دوباره,\n"
    "02112345678,=HYPERLINK(1),x\n"
)


@pytest.fixture
def officer(app: Flask, client: FlaskClient) -> FlaskClient:
    """Signed in as communications, reading English."""
    sign_in(client, make_user(roles=("communications",)))
    client.set_cookie("lang", "en")
    return client


def post(client: FlaskClient, page: str, url: str | None = None, **data: object) -> TestResponse:
    token = csrf_token(client, page)
    return client.post(url or page, data={"csrf_token": token, **data})


def upload(client: FlaskClient, content: bytes, name: str = "people.csv") -> TestResponse:
    return post(
        client,
        "/staff/contacts/imports/new",
        file=(io.BytesIO(content), name),
        source="Public meeting",
    )


def test_who_may_do_what(app: Flask) -> None:
    contact = make_contact()
    pages = {
        "/staff/contacts/": ("communications", "analyst", "administrator"),
        f"/staff/contacts/{contact.id}": ("communications", "analyst", "administrator"),
        f"/staff/contacts/{contact.id}/edit": ("communications", "administrator"),
        "/staff/contacts/new": ("communications", "administrator"),
        "/staff/contacts/imports/new": ("communications", "administrator"),
    }
    for role in ("communications", "analyst", "administrator", "operator", "council_member"):
        client = app.test_client()
        sign_in(client, make_user(roles=(role,)))
        for page, roles in pages.items():
            assert client.get(page).status_code == (200 if role in roles else 403), (role, page)
        if role == "analyst":
            assert "/edit" not in client.get(f"/staff/contacts/{contact.id}").text
            assert "imports/new" not in client.get("/staff/contacts/").text
    assert app.test_client().get("/staff/contacts/").status_code == 302


def test_a_file_goes_from_upload_to_the_bank(officer: FlaskClient, app: Flask) -> None:
    sent = upload(officer, FILE.encode())
    assert sent.status_code == 303
    page = sent.location
    waiting = officer.get(page)
    assert waiting.headers["Refresh"] == "3"
    assert "is being read" in waiting.text

    with app.app_context():
        import_id = db.session.scalars(select(ContactImport.id)).one()
        assert len(list(uploads.folder().iterdir())) == 1
        contact_jobs.read_import(import_id)
    preview = officer.get(page)
    assert "Refresh" not in preview.headers
    for words in ("The number stands in an earlier row", "This is a landline", "زهرا"):
        assert words in preview.text
    with app.app_context():
        assert not db.session.scalars(select(Contact)).all()

    rejected = officer.get(f"{page}/rejected.csv")
    assert rejected.mimetype == "text/csv"
    assert rejected.data.startswith(b"\xef\xbb\xbf")
    rows = list(csv.reader(io.StringIO(rejected.data.decode("utf-8-sig"))))
    assert rows == [
        ["Row", "Reason", "Mobile number", "Name", "Tags"],
        ["3", "duplicate of row 2", "09123456789", "دوباره", ""],
        [
            "4",
            "This is a landline; only mobile numbers can receive an SMS",
            "02112345678",
            "'=HYPERLINK(1)",
            "x",
        ],
    ]

    assert post(officer, page, f"{page}/commit").location == page
    assert "are being written" in officer.get(page).text
    # Pressed twice.
    assert (
        officer.post(
            f"{page}/commit", data={"csrf_token": csrf_token(officer, "/staff/contacts/new")}
        ).location
        == page
    )
    with app.app_context():
        contact_jobs.commit_import(import_id)
        assert db.session.scalars(select(Contact.e164)).all() == ["+989123456789"]
        entry = db.session.scalars(
            select(AuditEntry).where(AuditEntry.action == "contacts.imported")
        ).one()
        assert entry.actor == "مریم کاظمی"
    assert "1 contact was added" in officer.get(page).text
    assert "people.csv" in officer.get("/staff/contacts/imports/new").text


def test_the_worker_does_both_steps(officer: FlaskClient, app: Flask) -> None:
    page = upload(officer, FILE.encode()).location
    jobs.work(app, fork=False, burst=True)
    post(officer, page, f"{page}/commit")
    jobs.work(app, fork=False, burst=True)
    assert "1 contact was added" in officer.get(page).text


def test_reading_can_be_broken_off(officer: FlaskClient, app: Flask) -> None:
    page = upload(officer, FILE.encode()).location
    assert post(officer, page, f"{page}/abandon").status_code == 303
    assert "put aside" in officer.get(page).text
    with app.app_context():
        assert not list(uploads.folder().iterdir())


def test_a_page_that_calls_itself_a_workbook(officer: FlaskClient, app: Flask) -> None:
    page = upload(officer, b"<html><table><tr><td>x</td></tr></table>", "list.xlsx").location
    jobs.work(app, fork=False, burst=True)
    shown = officer.get(page).text
    assert "could not be read" in shown
    assert "Nothing of it is in the bank" in shown


def test_an_upload_over_the_limit_is_explained(officer: FlaskClient, app: Flask) -> None:
    answer = officer.post(
        "/staff/contacts/imports/new",
        data=b"0912\n" * 10_000_000,
        content_type="multipart/form-data; boundary=x",
    )
    assert answer.status_code == 413
    assert "<html" in answer.text
    with app.app_context():
        assert not db.session.scalars(select(ContactImport)).all()
        assert not list(uploads.folder().iterdir())


def test_no_file_chosen(officer: FlaskClient) -> None:
    answer = post(officer, "/staff/contacts/imports/new", source="")
    assert answer.status_code == 422
    assert "Choose a file" in answer.text


def test_an_import_that_is_not_there(officer: FlaskClient) -> None:
    assert officer.get("/staff/contacts/imports/999").status_code == 404
    assert officer.get("/staff/contacts/imports/999/rejected.csv").status_code == 404


def test_a_contact_by_hand_and_its_twin(officer: FlaskClient, app: Flask) -> None:
    data = {"name": "علي كريمي", "language": "fa", "neighbourhood": "كوثر", "tags": "ورزش، بازار"}
    answer = post(officer, "/staff/contacts/new", phone="۰۹۱۲ ۳۴۵ ۶۷۸۹", **data)
    assert answer.status_code == 303
    with app.app_context():
        contact = db.session.scalars(select(Contact)).one()
        assert (contact.e164, contact.name) == ("+989123456789", "علی کریمی")
        assert (contact.neighbourhood, contact.tags) == ("کوثر", ["ورزش", "بازار"])
    again = post(officer, "/staff/contacts/new", phone="+989123456789", **data)
    assert again.location == answer.location
    wrong = post(officer, "/staff/contacts/new", phone="021", **data)
    assert wrong.status_code == 422
    assert 'aria-invalid="true"' in wrong.text
    cut = post(officer, "/staff/contacts/new", phone="09120000000", **{**data, "tags": "x" * 60})
    assert "At most 20 tags" in cut.text


def test_editing(officer: FlaskClient, app: Flask) -> None:
    contact = make_contact(name="الف", tags=["بازار"])
    page = f"/staff/contacts/{contact.id}/edit"
    html = officer.get(page).text
    version = re.search(r'name="version"[^>]*value="([^"]+)"', html)
    assert version
    new = {"name": "ب", "language": "ar", "neighbourhood": "", "tags": "بازار، نو"}
    assert post(officer, page, version=version[1], **new).status_code == 303
    stale = post(officer, page, version=version[1], **{**new, "name": "پ"})
    assert stale.status_code == 422
    assert "Somebody else changed this contact" in stale.text
    with app.app_context():
        assert db.session.get_one(Contact, contact.id).name == "ب"


def test_an_officer_stops_and_allows_messages(officer: FlaskClient, app: Flask) -> None:
    contact = make_contact()
    page = f"/staff/contacts/{contact.id}"
    assert post(officer, page, f"{page}/opt-out", note="").status_code == 422
    post(officer, page, f"{page}/opt-out", note="به تلفن گفت")
    shown = officer.get(page).text
    assert "Opted out" in shown
    assert "به تلفن گفت" in shown
    assert "Opted out" in officer.get("/staff/contacts/").text
    with app.app_context():
        record = db.session.scalars(select(ConsentRecord)).one()
        assert record.channel == "staff"
        assert record.recorded_by is not None
        assert consent.is_opted_out(contact.e164, "3000")
    post(officer, page, f"{page}/rejoin", note="پشیمان شد")
    with app.app_context():
        assert not consent.is_opted_out(contact.e164, None)
    assert "پشیمان شد" in officer.get(page).text


def test_a_get_changes_nothing(officer: FlaskClient) -> None:
    contact = make_contact()
    for path in ("opt-out", "rejoin"):
        assert officer.get(f"/staff/contacts/{contact.id}/{path}").status_code == 405
    assert officer.get("/staff/contacts/tags").status_code == 405


def test_a_tag_for_all_found(officer: FlaskClient, app: Flask) -> None:
    for name in ("علی", "عباس", "زهرا"):
        make_contact(name=name)
    list_page, url = "/staff/contacts/?q=ع", "/staff/contacts/tags?q=ع"
    answer = post(officer, list_page, url, tag="بازار", action="add")
    assert answer.status_code == 303
    shown = officer.get(answer.location).text
    assert "2 contacts got the tag" in shown
    answer = post(officer, list_page, url, tag="بازار", action="remove")
    assert "2 contacts lost the tag" in officer.get(answer.location).text
    assert post(officer, list_page, url, tag="a,b", action="add").status_code == 422


@pytest.mark.parametrize("language", ["fa", "ar", "en"])
def test_every_page_in_every_language(officer: FlaskClient, language: str) -> None:
    contact = make_contact(name="<script>alert(1)</script>", tags=["<b>"], neighbourhood='"x')
    for page in ("", "new", "imports/new", str(contact.id), f"{contact.id}/edit"):
        shown = officer.get(f"/staff/contacts/{page}?lang={language}")
        assert shown.status_code == 200
        assert f'<html lang="{language}"' in shown.text
        assert "<script>alert" not in shown.text
        assert " style=" not in shown.text


@pytest.mark.parametrize(
    "query", ["after=x", "before=-1", "after=99999999999999999999", "q=%00", "tag=%F0%9F%98%80"]
)
def test_odd_addresses_are_no_errors(officer: FlaskClient, query: str) -> None:
    make_contact()
    assert officer.get(f"/staff/contacts/?{query}").status_code == 200


def test_the_list_asks_the_database_the_same_few_questions(officer: FlaskClient) -> None:
    for n in range(3):
        make_contact(name=f"نام {n}", tags=["الف"], neighbourhood="کوثر")
    with count_queries() as few:
        officer.get("/staff/contacts/")
    for n in range(60):
        make_contact(name=f"نام {n}", tags=[f"ت {n}"], neighbourhood=f"م {n}")
    with count_queries() as many:
        officer.get("/staff/contacts/")
    assert many.count == few.count <= 9, many.statements
