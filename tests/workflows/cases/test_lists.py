"""The lists people live in: saved lists, the map, what changed, counts, search beyond the probe."""

import datetime as dt
import re

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select, text

from portal import clock
from portal.accounts.models import User
from portal.db import db
from tests.factories.accounts import csrf_token, make_user, sign_in
from tests.factories.cases import make_case, make_category
from tests.factories.units import make_unit
from tests.queries import count_queries
from tests.workflows.cases.test_staff import codes_of
from workflows.cases import work
from workflows.cases.models import Case
from workflows.cases.staff import counting, lists, paging

LIST = "/staff/cases/"


@pytest.fixture
def operator(client: FlaskClient) -> User:
    user = make_user(("operator",), language="en")
    sign_in(client, user)
    return user


def post(client: FlaskClient, url: str, page: str = LIST, **data: object) -> int:
    values = {"csrf_token": csrf_token(client, page + "?view=all"), **data}
    return client.post(url, data=values).status_code


# Search and counts


def test_rare_words_are_found_beyond_what_is_read_through(
    client: FlaskClient, operator: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(paging, "PROBED", 3)
    old = [make_case(text="جشنوارهٔ گل سرخ"), make_case(text="گل‌های جشنواره خشک شد")]
    for _number in range(5):
        make_case()
    assert codes_of(client.get(LIST + "?q=جشنواره").text) == [old[1].code, old[0].code]
    # By due time, as open lists are.
    assert codes_of(client.get(LIST + "?stage=assigned&q=جشنواره").text) == [
        old[0].code,
        old[1].code,
    ]


@pytest.mark.parametrize("probed", [1, 10_000])
def test_a_case_is_found_by_what_it_is_called_and_by_its_words(
    client: FlaskClient, operator: User, monkeypatch: pytest.MonkeyPatch, probed: int
) -> None:
    monkeypatch.setattr(paging, "PROBED", probed)
    case = make_case(e164="+989121234567", text="نور خیابان كم است", place="میدان قیام")
    make_case(text="x")
    for typed in (case.code.lower(), "0912 123 4567", str(case.id), "خیابان کم", "قيام"):
        for stage in ("", "&stage=assigned"):
            found = codes_of(client.get(f"{LIST}?q={typed}{stage}").text)
            assert found == [case.code], (typed, stage)
    assert codes_of(client.get(LIST + "?q=؟").text) == []


def test_words_follow_the_case_through_its_end_and_back(
    client: FlaskClient, operator: User, app: Flask
) -> None:
    case = make_case(e164=None, text="سنگ‌فرش شکسته")
    case_id, code = case.id, case.code

    def found() -> dict[str, bool]:
        stages = ("any", "assigned", "closed")
        pages = {one: client.get(f"{LIST}?stage={one}&q=سنگ فرش").text for one in stages}
        return {one: codes_of(page) == [code] for one, page in pages.items()}

    def is_open() -> bool:
        search = lists.search("سنگ فرش", lists.Reader(1, None, False))
        with app.app_context():
            return db.session.scalars(search.ids(only_open=True)).all() == [case_id]

    assert found() == {"any": True, "assigned": True, "closed": False}
    assert is_open()
    with app.app_context():
        work.finish(case_id, by=None, outcome="done", text="تعمیر شد")
        db.session.commit()
    assert found() == {"any": True, "assigned": False, "closed": True}
    assert not is_open()
    with app.app_context():
        work.reopen(case_id, by=None, text="باز شکست")
        db.session.commit()
    assert found()["closed"] is False
    assert is_open()


@pytest.mark.parametrize("probed", [1, 3, 5, 100])
@pytest.mark.parametrize("stage", ["", "any", "assigned", "closed"])
@pytest.mark.parametrize("view", ["all", "mine"])
def test_pages_of_a_search_join_however_it_is_made(
    context: Flask, monkeypatch: pytest.MonkeyPatch, probed: int, stage: str, view: str
) -> None:
    monkeypatch.setattr(paging, "PROBED", probed)
    person = make_user(("unit_officer",)).id
    ids = [
        make_case(e164=None, text="سنگ شکسته" if number % 3 else "دیگر چیز").id
        for number in range(12)
    ]
    for statement, some in (
        ("UPDATE cases SET assignee_id = NULL WHERE id = ANY(:ids)", ids),
        ("UPDATE cases SET assignee_id = :person WHERE id = ANY(:ids)", ids[1:10]),
        ("UPDATE cases SET next_due_at = NULL WHERE id = ANY(:ids)", ids[::2]),
        ("UPDATE cases SET stage = 'closed' WHERE id = ANY(:ids)", ids[::4]),
    ):
        db.session.execute(text(statement), {"ids": some, "person": person})
    reader = lists.Reader(person, None, False)
    for typed in ("سنگ", "شکسته سنگ", str(ids[3])):
        wanted = lists.CaseFilter(view=view, q=typed, stage=stage)
        found = db.session.scalars(
            select(Case.id).where(
                *lists.conditions(wanted, reader),
                Case.id.in_(lists.search(typed, reader).ids(only_open=False)),
            )
        ).all()
        whole = [row.case.id for row in paging.page(wanted, reader).rows]
        assert sorted(whole) == sorted(found)
        if wanted.newest_first:
            assert whole == sorted(whole, reverse=True)
        for size in (1, 3):
            page = paging.page(wanted, reader, size=size)
            forth = [row.case.id for row in page.rows]
            while page.after:
                page = paging.page(wanted, reader, after=page.after, size=size)
                forth += [row.case.id for row in page.rows]
            assert forth == whole
            back = [row.case.id for row in page.rows]
            while page.before:
                page = paging.page(wanted, reader, before=page.before, size=size)
                back = [row.case.id for row in page.rows] + back
            assert back == whole


def test_two_letters_are_a_word_of_their_own(client: FlaskClient, operator: User) -> None:
    water = make_case(text="نشت آب\nدر کوچه")
    at_end = make_case(text="کمبود آب")
    make_case(text="آبی کردن دیوار و کباب")
    assert codes_of(client.get(LIST + "?q=آب").text) == [at_end.code, water.code]


def test_counts_end_at_a_bound(
    client: FlaskClient, operator: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(counting, "MOST", 2)
    for _number in range(4):
        make_case()
    page = client.get(LIST).text
    assert '<span class="badge">2+</span>' in page
    assert '<span class="badge">0</span>' in page  # my work


def test_pages_with_and_without_a_due_time_join(
    client: FlaskClient, operator: User, app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(paging.page, "__kwdefaults__", {"after": "", "before": "", "size": 2})
    made = [make_case(e164=None, due_at=clock.now() + dt.timedelta(hours=n)) for n in range(10, 17)]
    with app.app_context():
        # A case whose clocks all stand still.
        db.session.execute(
            text("UPDATE cases SET next_due_at = NULL WHERE id = ANY(:ids)"),
            {"ids": [case.id for case in made[4:]]},
        )
        db.session.commit()
    seen, url = [], LIST + "?view=all"
    pages = []
    for _page in range(6):
        page = client.get(url).text
        pages.append(codes_of(page))
        seen += codes_of(page)
        following = re.search(r'rel="next" href="([^"]+)"', page)
        if following is None:
            break
        url = following[1].replace("&amp;", "&")
    assert seen == [case.code for case in made]
    for expected in pages[-2::-1]:
        back = re.search(r'rel="prev" href="([^"]+)"', page)
        assert back
        page = client.get(back[1].replace("&amp;", "&")).text
        assert codes_of(page) == expected


# Saved lists


def test_a_list_is_saved_shared_begun_with_and_deleted(client: FlaskClient, app: Flask) -> None:
    above = make_unit()
    unit = make_unit(parent_id=above.id)
    sign_in(client, make_user(("unit_officer",), language="en", unit_id=above.id))
    urgent, _other = make_case(urgency="danger", unit_id=unit.id), make_case(unit_id=unit.id)
    narrowed = {"view": "unit", "urgent": "y"}
    assert post(client, LIST + "filters", name="  Hot  ones ", share="y", **narrowed) == 303
    page = client.get(LIST + "?view=unit").text
    link = re.search(r'href="([^"]+saved=\d+)"', page)
    assert link
    assert "Hot ones" in page
    assert codes_of(client.get(link[1].replace("&amp;", "&")).text) == [urgent.code]
    # The numbers come by themselves, once the page stands.
    assert '<span class="badge">1</span>' in client.get(LIST + "filters/counts").text

    number = re.search(r"saved=(\d+)", link[1])
    assert number
    below, elsewhere = app.test_client(), app.test_client()
    sign_in(below, make_user(("unit_officer",), language="en", unit_id=unit.id))
    sign_in(elsewhere, make_user(("unit_officer",), language="en", unit_id=make_unit().id))
    assert "Hot ones" in below.get(LIST + "filters").text
    assert "Hot ones" not in elsewhere.get(LIST + "filters").text
    # Who sees it may begin with it; only its owner may delete it.
    assert post(below, LIST + "filters/default", filter=number[1]) == 303
    assert f"saved={number[1]}" in below.get(LIST).location
    assert below.get(LIST + "?view=unit").status_code == 200
    assert post(elsewhere, LIST + "filters/default", filter=number[1]) == 404
    assert post(below, f"{LIST}filters/{number[1]}/delete") == 404
    assert post(client, f"{LIST}filters/{number[1]}/delete", LIST + "filters") == 303
    assert below.get(LIST).status_code == 200
    assert "Hot ones" not in client.get(LIST + "filters").text


def test_a_saved_list_needs_a_name(client: FlaskClient, operator: User) -> None:
    assert post(client, LIST + "filters", name=" ", view="all") == 303
    assert client.get(LIST + "filters").text.count("rowheader") == 0
    post(client, LIST + "filters", name="a", view="all")
    post(client, LIST + "filters", name="a", view="overdue")
    assert client.get(LIST + "filters").text.count('scope="row"') == 1


# What changed


def test_changes_of_others_are_told_and_do_not_prolong_the_session(
    client: FlaskClient, operator: User, app: Flask
) -> None:
    mine, other = make_case(assignee_id=operator.id), make_case()
    page = client.get(LIST + "?view=mine").text
    address = re.search(r'hx-get="([^"]+changes[^"]+)"', page)
    assert address
    url = address[1].replace("&amp;", "&") + f"&shown={mine.id}"
    quiet = client.get(url, headers={"HX-Request": "true"})
    assert quiet.text.strip() == ""
    assert "Set-Cookie" not in quiet.headers
    with app.app_context():
        work.note(mine.id, by=operator.id, text="own words")
        work.note(other.id, by=None, text="not in my list")
        db.session.commit()
    assert client.get(url).text.strip() == ""
    colleague = make_user(("operator",))
    with app.app_context():
        # It leaves the list: that is a change of the list too.
        work.assign(mine.id, unit_id=make_unit().id, assignee_id=colleague.id, by=colleague.id)
        db.session.commit()
    assert "1 case of this list has changed" in client.get(url).text
    assert client.get(LIST + "changes?since=x").status_code == 404


# The map


def test_the_map_counts_by_district_and_gathers_points(
    client: FlaskClient, operator: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    city = make_unit(kind="city")
    district = make_unit(kind="district", parent_id=city.id, names={"en": "District 5"})
    office = make_unit(kind="office", parent_id=district.id, names={"en": "Lights"})
    late = make_case(
        unit_id=office.id,
        urgency="danger",
        received_at=clock.now() - dt.timedelta(hours=3),
        latitude=32.66,
        longitude=51.67,
    )
    near = [make_case(unit_id=office.id, latitude=32.61, longitude=51.62) for _n in range(3)]
    make_case(unit_id=district.id)
    page = client.get(LIST + "map").text
    row = re.search(r"District 5.*?</tr>", page, re.S)
    assert row
    assert re.findall(r">(\d+)</a>", row[0]) == ["5", "1", "1"]
    circles = re.findall(r'<a href="([^"]+)" aria-label="(\d+) open case', page)
    assert sorted(number for _url, number in circles) == ["1", "3"]
    urls = {number: url.replace("&amp;", "&") for url, number in circles}
    assert urls["1"].endswith(f"/{late.id}")
    assert sorted(codes_of(client.get(urls["3"]).text)) == sorted(one.code for one in near)
    inside = client.get(f"{LIST}map?unit={district.id}").text
    assert "Lights" in inside
    assert "scatter__point--bad" in inside
    assert client.get(f"{LIST}map?unit={district.id}&urgent=y").text.count("<circle") == 1
    assert "<circle" not in client.get(f"{LIST}map?unit={make_unit().id}").text
    assert client.get(LIST + "map?unit=99999999").status_code == 200


# However much lies there, a page asks no more


def test_no_list_page_asks_more_for_more_rows(client: FlaskClient, operator: User) -> None:
    category, unit = make_category(), make_unit()
    pages = [
        LIST + "?view=mine",
        LIST + "?view=overdue",
        LIST + "?view=unassigned",
        LIST + "?q=چاله",
        LIST + f"?view=all&unit={unit.id}&category={category.id}",
        LIST + "map",
        LIST + "filters",
        LIST + "filters/counts",
        LIST + "changes?since=0",
        LIST + "replies",
        LIST + "handover",
        f"{LIST}handover/{operator.id}",
    ]

    def more(number: int) -> None:
        for n in range(number):
            late = clock.now() - dt.timedelta(hours=9)
            make_case(
                category_id=category.id,
                unit_id=unit.id,
                assignee_id=operator.id if n % 2 else None,
                urgency="danger",
                received_at=late,
                latitude=32.6 + n / 100,
                longitude=51.6,
            )
            make_user(("unit_officer",))

    def asked() -> list[int]:
        found = []
        for url in pages:
            with count_queries() as queries:
                assert client.get(url).status_code == 200
            found.append(queries.count)
        return found

    more(2)
    few = asked()
    more(6)
    assert asked() == few
    assert max(few) <= 16, dict(zip(pages, few, strict=True))
