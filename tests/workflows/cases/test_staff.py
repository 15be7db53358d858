"""The work lists and the case page, as the people who work on cases use them."""

import datetime as dt
import re

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from portal import clock
from portal.accounts.models import User
from portal.db import db
from portal.messaging.models import Message
from tests.factories.accounts import csrf_token, make_user, sign_in
from tests.factories.cases import make_case, make_category
from tests.factories.units import make_unit
from tests.queries import count_queries
from workflows.cases import clocks
from workflows.cases.models import Case, CaseEvent

LIST = "/staff/cases/"


@pytest.fixture
def operator(client: FlaskClient) -> User:
    user = make_user(("operator",), language="en")
    sign_in(client, user)
    return user


def address(case: Case) -> str:
    return f"{LIST}{case.id}"


def version(page: str, action: str) -> str:
    found = re.search(rf'name="{action}-version"[^>]*value="(\d+)"', page)
    assert found, f"no form for {action}"
    return found[1]


def send(
    client: FlaskClient, case: Case, action: str, *, upon: str | None = None, **fields: str
) -> tuple[int, str]:
    """Fill in and send the form of an action; (status, page)."""
    page = client.get(address(case)).text
    prefix = action.replace("-", "_")
    data = {f"{prefix}-{name}": value for name, value in fields.items()}
    data[f"{prefix}-version"] = upon or version(page, prefix)
    data["csrf_token"] = csrf_token(client, address(case))
    answer = client.post(f"{address(case)}/{action}", data=data)
    return answer.status_code, answer.text


def now_is(case: Case, app: Flask) -> Case:
    with app.app_context():
        found = db.session.get_one(Case, case.id)
        db.session.refresh(found)
        db.session.expunge(found)
        return found


def kinds(case: Case, app: Flask) -> list[str]:
    with app.app_context():
        query = select(CaseEvent.kind).where(CaseEvent.case_id == case.id).order_by(CaseEvent.id)
        return list(db.session.scalars(query))


def codes_of(page: str) -> list[str]:
    return re.findall(r'rowheader"><a[^>]*><span class="ltr mono">(\w+)</span>', page)


# Lists


def test_the_list_begins_with_what_is_due_first_and_says_what_is_overdue(
    client: FlaskClient, operator: User
) -> None:
    later = make_case()
    urgent = make_case(urgency="danger")
    late = make_case(urgency="danger", received_at=clock.now() - dt.timedelta(hours=3))
    page = client.get(LIST).text
    assert codes_of(page) == [late.code, urgent.code, later.code]
    assert page.count(">Overdue</span>") == 1
    assert "1 hour ago" in page
    assert codes_of(client.get(LIST + "?view=overdue").text) == [late.code]
    assert codes_of(client.get(LIST + "?urgent=y").text) == [late.code, urgent.code]


def test_my_unit_is_the_unit_and_all_under_it(client: FlaskClient) -> None:
    district = make_unit()
    office = make_unit(parent_id=district.id)
    other = make_unit()
    sign_in(client, make_user(("unit_officer",), language="en", unit_id=district.id))
    mine = [make_case(unit_id=district.id), make_case(unit_id=office.id)]
    make_case(unit_id=other.id)
    # It is where an officer begins.
    assert sorted(codes_of(client.get(LIST).text)) == sorted(case.code for case in mine)
    assert len(codes_of(client.get(LIST + "?view=all").text)) == 3
    assert codes_of(client.get(f"{LIST}?view=all&unit={office.id}").text) == [mine[1].code]


def test_my_work_and_what_nobody_has(client: FlaskClient, operator: User) -> None:
    mine, free = make_case(assignee_id=operator.id), make_case()
    assert codes_of(client.get(LIST + "?view=mine").text) == [mine.code]
    assert codes_of(client.get(LIST + "?view=unassigned").text) == [free.code]


def test_filters_narrow_the_list(client: FlaskClient, operator: User) -> None:
    category = make_category()
    one = make_case(category_id=category.id, channel="sms")
    make_case()
    for narrowed in (f"category={category.id}", "channel=sms"):
        assert codes_of(client.get(f"{LIST}?{narrowed}").text) == [one.code]
    assert codes_of(client.get(LIST + "?stage=in_progress").text) == []
    # Nonsense in an address narrows nothing and breaks nothing.
    nonsense = "?view=x&stage=y&unit=z&category=-1&channel=%00&after=..&before=99999999999999999999"
    assert client.get(LIST + nonsense).status_code == 200


@pytest.mark.parametrize("typed", ["code", "lower code", "number", "arabic number", "words"])
def test_search_finds_a_case_however_it_is_typed(
    client: FlaskClient, operator: User, typed: str
) -> None:
    case = make_case(e164="+989121112233", text="کيسه زباله کنار پارک لاله مانده‌است")
    make_case(text="چراغ خاموش")
    asked = {
        "code": case.code,
        "lower code": f"{case.code[:5]}-{case.code[5:]}".lower(),
        "number": "0912 111 2233",
        "arabic number": "٠٩١٢١١١٢٢٣٣",
        "words": "کیسه پارك",
    }[typed]
    answer = client.get(LIST, query_string={"q": asked})
    assert codes_of(answer.text) == [case.code]


def test_pages_go_by_key_and_come_back(
    client: FlaskClient, operator: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    from workflows.cases.staff import paging

    monkeypatch.setattr(paging.page, "__kwdefaults__", {"after": "", "before": "", "size": 3})
    begun = clock.now()
    made = [
        make_case(e164=None, due_at=begun + dt.timedelta(hours=10 + number)) for number in range(8)
    ]
    for order, expected in (("", made), ("&stage=any", made[::-1])):
        seen: list[list[str]] = []
        url = LIST + "?view=all" + order
        for _page in range(5):
            page = client.get(url).text
            seen.append(codes_of(page))
            following = re.search(r'rel="next" href="([^"]+)"', page)
            if following is None:
                break
            url = following[1].replace("&amp;", "&")
        assert [code for page_codes in seen for code in page_codes] == [
            case.code for case in expected
        ]
        back = re.search(r'rel="prev" href="([^"]+)"', page)
        assert back
        assert codes_of(client.get(back[1].replace("&amp;", "&")).text) == seen[-2]


def test_a_longer_list_asks_no_more(client: FlaskClient, operator: User) -> None:
    category, unit = make_category(), make_unit()
    for _number in range(2):
        make_case(category_id=category.id, unit_id=unit.id, assignee_id=operator.id)
    with count_queries() as few:
        client.get(LIST)
    for _number in range(6):
        make_case(category_id=category.id, unit_id=unit.id, assignee_id=operator.id)
    with count_queries() as many:
        client.get(LIST)
    assert many.count == few.count <= 10, many.statements


# The case page


def test_everything_is_on_one_page(client: FlaskClient, operator: User, app: Flask) -> None:
    unit = make_unit(names={"en": "District 12", "fa": "منطقهٔ ۱۲"})
    case = make_case(unit_id=unit.id, e164="+989121112233", place="خیابان ۱۷ شهریور")
    older = make_case(e164="+989121112233", text="پیام پیشین")
    page = client.get(address(case)).text
    with app.test_request_context(headers={"Accept-Language": "en"}):
        sentence = clocks.explain(db.session.get_one(Case, case.id), "en")
    assert sentence in page
    for words in (case.text, "District 12", "خیابان ۱۷ شهریور", older.code, "+989121112233"):
        assert words in page
    assert "Message received" in page


def test_a_number_is_shown_to_those_who_ring(client: FlaskClient) -> None:
    case = make_case(e164="+989121112233")
    sign_in(client, make_user(("evaluator",), language="en"))
    page = client.get(address(case)).text
    assert "9121112233" not in page
    assert "ends in 233" in page
    assert "first_action-text" not in page
    # Nor can it be found out by searching for it digit by digit.
    assert codes_of(client.get(LIST + "?q=912111").text) == []
    assert codes_of(client.get(LIST + "?q=09121112233").text) == []


def test_from_first_action_to_the_answer(client: FlaskClient, operator: User, app: Flask) -> None:
    case = make_case(language="ar", text="حفرة كبيرة")
    status, _page = send(client, case, "first-action", text="گروه فرستاده شد", public="y")
    assert status == 303
    assert now_is(case, app).stage == "in_progress"
    status, _page = send(client, case, "finish", outcome="done", text="تم الردم")
    assert status == 303
    found = now_is(case, app)
    assert (found.stage, found.outcome) == ("feedback", "done")
    assert kinds(case, app)[:4] == ["received", "assigned", "first_action", "answered"]
    with app.app_context():
        body = db.session.scalars(select(Message.body)).one()
    assert "تم الردم" in body
    assert "٣١" in body
    # Steps that are not possible now are not offered.
    page = client.get(address(case)).text
    assert "finish-text" not in page
    assert "reopen-text" in page


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("أُرسل فريق الإنارة إلى المكان.", "أُرسل فريق الإنارة إلى المكان."),
        ("فریق الإنارة، المکان", "فریق الإنارة، المكان"),
        ("گروه به كوچه رفت", "گروه به کوچه رفت"),
    ],
)
def test_what_is_said_on_an_arabic_case_keeps_its_letters(
    client: FlaskClient, operator: User, typed: str, kept: str
) -> None:
    """The citizen reads it; only a note in Persian between colleagues is spelt as Persian."""
    case = make_case(language="ar", text="مصباح معطل")
    assert send(client, case, "first-action", text=typed, public="y")[0] == 303
    assert kept in client.get(address(case)).text


def test_assign_take_note_and_reopen(client: FlaskClient, operator: User, app: Flask) -> None:
    above = make_unit()
    unit = make_unit(parent_id=above.id)
    person = make_user(("unit_officer",), unit_id=unit.id, name="رضا صادقی")
    case = make_case(e164=None)
    status, _page = send(
        client, case, "assign", unit_id=str(unit.id), assignee_id=str(person.id), note="بروید"
    )
    assert status == 303
    assert (now_is(case, app).unit_id, now_is(case, app).assignee_id) == (unit.id, person.id)
    status, _page = send(client, case, "take")
    assert status == 303
    assert now_is(case, app).assignee_id == operator.id
    assert send(client, case, "note", text="شب دوباره ببینید")[0] == 303
    page = client.get(address(case)).text
    assert "Internal note" in page
    assert "شب دوباره ببینید" in page
    send(client, case, "finish", outcome="irrelevant", text="موضوع شهری نیست")
    assert now_is(case, app).stage == "closed"
    assert send(client, case, "reopen", text="اشتباه بود")[0] == 303
    assert (now_is(case, app).stage, now_is(case, app).unit_id) == ("assigned", above.id)


def test_what_somebody_else_did_meanwhile_is_shown_and_nothing_typed_is_lost(
    client: FlaskClient, operator: User, app: Flask
) -> None:
    case = make_case()
    opened_upon = version(client.get(address(case)).text, "finish")
    colleague = app.test_client()
    sign_in(colleague, make_user(("unit_officer",)))
    send(colleague, case, "first-action", text="پمپ روشن شد", public="y")

    status, page = send(
        client, case, "finish", upon=opened_upon, outcome="done", text="پاسخ من که دراز است"
    )
    assert status == 409
    assert "Somebody else has changed this case" in page
    assert "پمپ روشن شد" in page
    assert "پاسخ من که دراز است</textarea>" in page
    assert now_is(case, app).stage == "in_progress"
    # Read and sent again, it goes through.
    again = version(page, "finish")
    status, _page = send(
        client, case, "finish", upon=again, outcome="done", text="پاسخ من که دراز است"
    )
    assert status == 303

    # A step that is over cannot be repeated, and its words are still there to be copied.
    status, page = post_stale(client, case, again)
    assert status == 409
    assert "دوباره" in page
    assert kinds(case, app).count("answered") == 1


def post_stale(client: FlaskClient, case: Case, upon: str) -> tuple[int, str]:
    """Send a form that the page does not offer any more."""
    answer = client.post(
        f"{address(case)}/finish",
        data={
            "finish-version": upon,
            "finish-outcome": "done",
            "finish-text": "دوباره",
            "csrf_token": csrf_token(client, address(case)),
        },
    )
    return answer.status_code, answer.text


def test_what_is_planned_has_a_day_that_the_citizen_is_told(
    client: FlaskClient, app: Flask
) -> None:
    sign_in(client, make_user(("operator",), language="fa"))
    case = make_case(e164="+989121112233")
    with clock.freeze(dt.datetime(2026, 11, 27, 9, tzinfo=dt.UTC)):
        answer = {"outcome": "planned", "text": "آسفالت می‌شود"}
        for wrong, told in (
            ("", "روزی را که وعده داده می‌شود بنویسید."),
            ("۱۴۰۵/۰۹/۰۵", "این روز گذشته است."),
            ("۱۴۰۵/۱۲/۳۰", "چنین روزی در تقویم نیست"),
            ("2027-01-05", "سال باید میان ۱۲۵۰ و ۱۵۰۰ باشد"),
        ):
            status, page = send(client, case, "finish", promised_on=wrong, **answer)
            assert status == 422 and told in page and "آسفالت می‌شود</textarea>" in page
            assert now_is(case, app).outcome is None
        assert send(client, case, "finish", promised_on="۱۴۰۵/۱۰/۱۵", **answer)[0] == 303
    assert now_is(case, app).outcome_text == "موعد: ۱۵ دی ۱۴۰۵.\nآسفالت می‌شود"
    with app.app_context():
        assert any("۱۵ دی ۱۴۰۵" in body for body in db.session.scalars(select(Message.body)))
        (event,) = db.session.scalars(select(CaseEvent).where(CaseEvent.kind == "answered"))
        assert event.data["promised_on"] == "2027-01-05"


def test_a_text_that_is_too_long_is_told_in_the_digits_of_the_reader(client: FlaskClient) -> None:
    sign_in(client, make_user(("operator",), language="fa"))
    status, page = send(client, make_case(), "note", text="ن" * 4001)
    assert status == 422
    assert "لطفاً کوتاه‌تر بنویسید: حداکثر ۴۰۰۰ حرف." in page


def test_the_sweep_disturbs_nobody_who_is_typing(
    client: FlaskClient, operator: User, app: Flask
) -> None:
    case = make_case(urgency="waste", received_at=clock.now() - dt.timedelta(minutes=100))
    upon = version(client.get(address(case)).text, "finish")
    with app.app_context():
        assert clocks.sweep() == 1
        db.session.commit()
    answer = {"outcome": "done", "text": "آب بسته شد"}
    assert send(client, case, "finish", upon=upon, **answer)[0] == 303
    assert "Deadline is near" in client.get(address(case)).text


@pytest.mark.parametrize(
    ("action", "fields"),
    [
        ("first-action", {"text": "  "}),
        ("finish", {"text": "پاسخ"}),
        ("finish", {"outcome": "nonsense", "text": "پاسخ"}),
        ("note", {"text": ""}),
        ("assign", {"unit_id": "999999999"}),
        ("note", {"text": "x" * 4001}),
    ],
)
def test_bad_input_is_explained_and_kept(
    client: FlaskClient, operator: User, app: Flask, action: str, fields: dict[str, str]
) -> None:
    case = make_case()
    before = kinds(case, app)
    status, page = send(client, case, action, **fields)
    assert status == 422
    assert 'id="error-summary" autofocus' in page  # where the keyboard goes on
    assert kinds(case, app) == before
    for value in fields.values():
        if value == "پاسخ":
            assert value in page


def test_a_case_that_is_not_there(client: FlaskClient, operator: User) -> None:
    assert client.get(LIST + "999999999").status_code == 404
    token = csrf_token(client, LIST)
    for action in ("assign", "take", "first-action", "note", "finish", "reopen", "call"):
        answer = client.post(f"{LIST}999999999/{action}", data={"csrf_token": token})
        assert answer.status_code == 404, action


def test_the_dashboard_counts(client: FlaskClient, operator: User) -> None:
    make_case()
    make_case(urgency="danger", received_at=clock.now() - dt.timedelta(hours=3))
    page = client.get("/staff/").text
    assert "Open cases" in page
    assert "Urgent open cases" in page
    assert client.get(LIST + "overdue").location.endswith("view=overdue")
    assert "urgent=y" in client.get(LIST + "urgent").location


def test_a_case_is_marked_as_urgent(client: FlaskClient, operator: User, app: Flask) -> None:
    case = make_case()
    page = client.get(address(case)).text
    answer = client.post(
        f"{address(case)}/urgent",
        data={
            "mark_urgent-urgency": "waste",
            "mark_urgent-version": version(page, "mark_urgent"),
            "csrf_token": csrf_token(client, address(case)),
        },
    )
    assert answer.status_code == 303
    found = now_is(case, app)
    assert found.urgency == "waste"
    assert found.next_due_at == found.received_at + dt.timedelta(hours=2)
    assert "mark_urgent-urgency" not in client.get(address(case)).text
