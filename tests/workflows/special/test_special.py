"""Special messages: three ways, council members, done when all have ended; who may do what."""

import datetime as dt
import re
from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select
from werkzeug.test import TestResponse

from portal import clock
from portal.accounts.models import User
from portal.db import db
from portal.i18n import digits
from tests.factories.accounts import make_user
from tests.factories.cases import make_case
from tests.factories.units import make_unit
from tests.queries import count_queries
from tests.workflows.operations.desk import Desk
from workflows.cases import work
from workflows.cases.matter import joins
from workflows.cases.models import Case, CaseEvent
from workflows.cases.moves import InputRefused
from workflows.cases.stages import StageError
from workflows.special import jobs, services
from workflows.special.models import Referral, SpecialCase, SpecialWay

NOW = "2026-11-22T08:00:00+00:00"
SPECIAL = "/staff/special/"
COUNCIL = "/council/referrals/"


@pytest.fixture(autouse=True)
def _still() -> Iterator[None]:
    with clock.freeze(NOW):
        yield


@pytest.fixture
def desk(app: Flask) -> Desk:
    return Desk(app, make_user(("operator",), language="en"))


@pytest.fixture
def member(app: Flask) -> User:
    return make_user(("council_member",), language="fa", name="ناهید شریفی")


def marked(app: Flask, case: Case) -> int:
    with app.app_context():
        special_id = services.mark(case.id, why="رسانه‌ها نوشته‌اند", by=None).id
        db.session.commit()
        return special_id


def begun(app: Flask, special_id: int, kind: str = "unit", days: int = 3, **values: Any) -> int:
    unit = make_unit()
    needed = {"social": {"network": "X"}, "letter": {"addressee": "آب", "subject": "نشت"}}
    with app.app_context():
        way = services.Way(
            kind=kind,
            unit_id=unit.id,
            owner_id=None,
            due_at=clock.now() + dt.timedelta(days=days),
            **{**needed.get(kind, {}), **values},
        )
        way_id = services.begin_way(special_id, way, by=None).id
        db.session.commit()
        return way_id


def referred(app: Flask, special_id: int, member: User) -> int:
    with app.app_context():
        row = services.refer(
            special_id,
            member_id=member.id,
            request="با شرکت آب گفت‌وگو کنید",
            letter_number="۱۴۰۵/۱۲",
            letter_date=dt.date(2026, 11, 20),
            due_at=clock.now() + dt.timedelta(days=10),
            by=None,
        )
        db.session.commit()
        return row.id


def post(desk: Desk, path: str, page: str, prefix: str = "", **fields: str) -> TestResponse:
    data = {f"{prefix}{name}": value for name, value in fields.items()}
    return desk.post(path, page, **data)


def kinds(case: Case) -> list[str]:
    query = select(CaseEvent.kind).where(CaseEvent.case_id == case.id).order_by(CaseEvent.id)
    return list(db.session.scalars(query))


def state(app: Flask, special_id: int) -> SpecialCase:
    with app.app_context():
        return db.session.get_one(SpecialCase, special_id, populate_existing=True)


def test_a_message_is_marked_once_with_a_reason(app: Flask, desk: Desk) -> None:
    case = make_case()
    page = desk.get(f"/staff/cases/{case.id}")
    assert f"{SPECIAL}cases/{case.id}/mark" in page
    url = f"{SPECIAL}cases/{case.id}/mark"
    assert desk.post(url, url, why=" ").status_code == 422
    done = desk.post(url, url, why="The press wrote of it")
    assert done.status_code == 303
    assert desk.client.get(url).location == done.location
    with app.app_context():
        assert kinds(case).count("special") == 1
    assert "The press wrote of it" in desk.get(f"/staff/cases/{case.id}")
    assert case.code in desk.get(SPECIAL)


def test_the_three_ways_through_their_forms(app: Flask, desk: Desk) -> None:
    case = make_case()
    special_id = marked(app, case)
    own = f"{SPECIAL}{special_id}"
    unit = make_unit(names={"en": "Special unit"})
    day = {"unit_id": str(unit.id), "due_on": "2026/11/25"}
    wrong = [
        ("unit", {**day, "due_on": "2026/11/20"}),
        ("unit", {"due_on": "2026/11/25"}),
        ("unit", {**day, "due_on": "soon"}),
        ("social", day),
        ("letter", {**day, "addressee": "Water"}),
    ]
    for kind, fields in wrong:
        assert post(desk, f"{own}/ways/{kind}", own, f"{kind}-", **fields).status_code == 422
    good = [
        ("unit", day),
        ("social", {**day, "network": "X"}),
        ("letter", {**day, "addressee": "Water company", "subject": "Leak"}),
    ]
    for kind, fields in good:
        answer = post(desk, f"{own}/ways/{kind}", own, f"{kind}-", **fields)
        assert answer.status_code == 303, answer.text
    # Sent again it is no second way of the kind, and nothing that was typed is lost.
    again = post(desk, f"{own}/ways/unit", own, "unit-", **day, task="Meet the neighbours")
    assert again.status_code == 409
    assert "Meet the neighbours" in again.text
    with app.app_context():
        ways = {way.kind: way for way in db.session.scalars(select(SpecialWay))}
        assert len(ways) == 3
        assert ways["unit"].due_at.isoformat() == "2026-11-25T20:29:00+00:00"
    social, letter = ways["social"].id, ways["letter"].id
    for link in ("", "javascript:alert(1)", "https:// x", "//x"):
        refused = post(
            desk, f"{SPECIAL}ways/{social}/end", own, f"end{social}-",
            state="ended", outcome="Answered", link=link,
        )  # fmt: skip
        assert refused.status_code == 422, link
    done = post(
        desk, f"{SPECIAL}ways/{social}/end", own, f"end{social}-",
        state="ended", outcome="Answered", link="https://x.example/1", reach="۱۲٬۵۰۰",
        reply="We are on it", replied_on="2026/11/22",
    )  # fmt: skip
    assert done.status_code == 303, done.text
    given_up = post(
        desk, f"{SPECIAL}ways/{letter}/end", own, f"end{letter}-",
        state="dropped", outcome="They called first",
    )  # fmt: skip
    assert given_up.status_code == 303
    assert state(app, special_id).state == "open"
    with app.app_context():
        row = db.session.get_one(SpecialWay, social)
        assert (row.reach, row.reply, row.state) == (12_500, "We are on it", "ended")
        assert db.session.get_one(SpecialWay, letter).state == "dropped"
    page = desk.get(own)
    assert "12,500" in page and 'href="https://x.example/1"' in page
    ended = post(
        desk, f"{SPECIAL}ways/{ways['unit'].id}/end", own, f"end{ways['unit'].id}-",
        state="ended", outcome="Settled with the neighbours",
    )  # fmt: skip
    assert ended.status_code == 303
    late = post(
        desk, f"{SPECIAL}ways/{ways['unit'].id}/end", own, f"end{ways['unit'].id}-",
        state="ended", outcome="My own words of it",
    )  # fmt: skip
    assert late.status_code == 409
    assert "My own words of it" in late.text
    assert state(app, special_id).state == "done"
    assert case.code not in desk.get(SPECIAL)
    assert case.code in desk.get(f"{SPECIAL}?view=done")
    # Another way opens it again.
    begun(app, special_id, "letter")
    assert state(app, special_id).state == "open"


def test_the_case_is_answered_only_when_all_have_ended(
    app: Flask, desk: Desk, member: User
) -> None:
    case = make_case()
    special_id = marked(app, case)
    way_id, referral_id = begun(app, special_id), referred(app, special_id, member)
    with app.app_context():
        with pytest.raises(StageError):
            work.finish(case.id, by=None, outcome="done", text="انجام شد")
        db.session.rollback()
        services.end_way(way_id, services.Outcome("پیگیری شد"), by=None)
        db.session.commit()
        with pytest.raises(StageError):
            work.finish(case.id, by=None, outcome="done", text="انجام شد")
        db.session.rollback()
    answer = desk.post(f"{SPECIAL}referrals/{referral_id}/withdraw", f"{SPECIAL}{special_id}")
    assert answer.status_code == 303
    with app.app_context():
        assert work.finish(case.id, by=None, outcome="done", text="شد").stage == "feedback"


def test_what_is_open_keeps_a_special_message_from_being_joined(app: Flask, member: User) -> None:
    case, leading = make_case(), make_case()
    special_id = marked(app, case)
    way_id, referral_id = begun(app, special_id), referred(app, special_id, member)
    ends = (
        lambda: services.end_way(way_id, services.Outcome("پیگیری شد"), by=None),
        lambda: services.withdraw(referral_id, by=None),
    )
    with app.app_context():
        for end in ends:
            with pytest.raises(joins.JoinRefused):
                joins.join(case.id, leading.id, by=None)
            db.session.rollback()
            end()
            db.session.commit()
        joins.join(case.id, leading.id, by=None)
        # Others may be joined to it, whatever is open.
        first, other = make_case(), make_case()
        begun(app, marked(app, first))
        joins.join(other.id, first.id, by=None)


def test_a_member_sees_the_referred_cases_alone_and_not_the_citizen(
    app: Flask, member: User
) -> None:
    case = make_case(
        text="من زهرا احمدی هستم، ۰۹۱۲۱۱۱۲۲۳۳؛ لوله شکسته است",
        citizen_name="زهرا احمدی",
        e164="+989121112233",
    )
    mine = referred(app, marked(app, case), member)
    other = make_user(("council_member",), language="fa")
    theirs = referred(app, marked(app, make_case()), other)
    desk = Desk(app, member)
    number = f"پروندهٔ شمارهٔ \u2066{digits(case.id, 'fa')}\u2069"
    listed, page = desk.get(COUNCIL), desk.get(f"{COUNCIL}{mine}")
    assert number in listed and number in page
    assert "لوله شکسته است" in page
    # With the code anybody could answer in the citizen's place.
    for secret in ("احمدی", "۰۹۱۲۱۱۱۲۲۳۳", "09121112233", "989121112233", case.code):
        assert secret not in page and secret not in listed
    assert desk.client.get(f"{COUNCIL}{theirs}").status_code == 404
    stolen = desk.post(f"{COUNCIL}{theirs}/report", f"{COUNCIL}{mine}", report="x", do="done")
    assert stolen.status_code == 404
    assert desk.client.get(f"/staff/cases/{case.id}").status_code == 403
    assert desk.client.get(SPECIAL).status_code == 403


def test_member_and_unit_name_a_case_by_its_number(app: Flask, desk: Desk, member: User) -> None:
    case, other = make_case(), make_case()
    special_id = marked(app, case)
    referred(app, special_id, member)
    for path in (f"{SPECIAL}{special_id}", f"/staff/cases/{case.id}"):
        assert re.search(rf"\D{case.id}\D", re.sub(r"<[^>]*>", "", desk.get(path)))
    found = desk.get(f"/staff/cases/?q={digits(case.id, 'fa')}")
    assert case.code in found and other.code not in found


def test_a_withdrawn_referral_shows_the_message_no_longer(app: Flask, member: User) -> None:
    case = make_case(text="لولهٔ خانهٔ همسایه شکسته است", place="کوچهٔ سرو")
    mine = referred(app, marked(app, case), member)
    with app.app_context():
        services.withdraw(mine, by=None)
        db.session.commit()
    page = Desk(app, member).get(f"{COUNCIL}{mine}")
    assert "با شرکت آب گفت‌وگو کنید" in page
    assert "همسایه" not in page and "سرو" not in page


def test_a_member_keeps_a_draft_and_reports_once(app: Flask, desk: Desk, member: User) -> None:
    case = make_case()
    special_id = marked(app, case)
    mine = referred(app, special_id, member)
    own, council = f"{COUNCIL}{mine}", Desk(app, member)
    label = re.search(r'<label[^>]*for="report"[^>]*>(.*?)</label>', council.get(own), re.S)
    assert label and "اختیاری" not in label[1], "without it nothing can be sent"
    kept = council.post(f"{own}/report", own, report="گفت‌وگو شد", do="keep")
    assert kept.status_code == 303
    assert "گفت‌وگو شد" in council.get(own)
    assert "گفت‌وگو شد" not in desk.get(f"{SPECIAL}{special_id}"), "not sent yet"
    with app.app_context():
        assert "reported" not in kinds(case)
    assert council.post(f"{own}/report", own, report=" ", do="done").status_code == 422
    for _twice in range(2):
        answer = council.post(
            f"{own}/report", COUNCIL, report="توافق شد", proposal="بودجه", do="done"
        )
        assert answer.status_code == 303
    with app.app_context():
        assert kinds(case).count("reported") == 1
        assert db.session.get_one(Referral, mine).proposal == "بودجه"
    assert state(app, special_id).state == "done"
    assert "توافق شد" in desk.get(f"{SPECIAL}{special_id}")


def test_overdue_is_noted_once(app: Flask, member: User) -> None:
    case = make_case()
    special_id = marked(app, case)
    begun(app, special_id, days=2)
    referred(app, special_id, member)
    with app.app_context():
        jobs.sweep()
        assert "special_overdue" not in kinds(case)
        clock.shift(days=3)
        for _twice in range(2):
            jobs.sweep()
        assert kinds(case).count("special_overdue") == 1
        clock.shift(days=8)
        jobs.sweep()
        assert kinds(case).count("special_overdue") == 2


def test_the_list_goes_by_due_time_in_pages_and_asks_no_more_for_many(
    app: Flask, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    from workflows.special import queries

    cases = [make_case() for _each in range(5)]
    specials = [marked(app, case) for case in cases]
    for number, special_id in enumerate(specials[:4]):
        begun(app, special_id, days=9 - number)
    expected = [cases[number].code for number in (3, 2, 1, 0, 4)]
    with count_queries() as many:
        page = desk.get(SPECIAL)
    assert codes(page) == expected
    monkeypatch.setattr(queries, "PAGE", 2)
    with count_queries() as few:
        desk.get(SPECIAL)
    assert many.count == few.count
    seen: list[str] = []
    url = SPECIAL
    while url:
        page = desk.get(url)
        seen += codes(page)
        found = re.search(r'rel="next" href="([^"]+)"', page)
        url = found[1].replace("&amp;", "&") if found else ""
    assert seen == expected
    assert desk.client.get(f"{SPECIAL}?after=x&view=z").status_code == 200


def codes(page: str) -> list[str]:
    return re.findall(r'rowheader"><a[^>]*><span class="ltr mono">(\w+)</span>', page)


STEPS = st.lists(
    st.tuples(
        st.sampled_from(("unit", "social", "letter", "member", "end", "drop")), st.integers(0, 3)
    ),
    max_size=12,
)


@given(steps=STEPS)
@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
def test_done_means_that_everything_begun_has_ended(app: Flask, member: User, steps: Any) -> None:
    """Any order of beginnings and ends; the model counts beside it."""
    with app.app_context():
        case = make_case()
        special = services.mark(case.id, why="x", by=None)
        open_ways: dict[str, int] = {}
        referral: int | None = None
        anything = False
        due = clock.now() + dt.timedelta(days=1)
        for step, number in steps:
            try:
                if step == "member":
                    row = services.refer(
                        special.id, member_id=member.id, request="x", letter_number="",
                        letter_date=None, due_at=due, by=None,
                    )  # fmt: skip
                    assert referral is None
                    referral, anything = row.id, True
                elif step in ("end", "drop"):
                    if number == 3 and referral is not None:
                        services.report(referral, member.id, report="x", proposal="", done=True)
                        referral = None
                    elif open_ways:
                        kind = sorted(open_ways)[number % len(open_ways)]
                        outcome = services.Outcome("x", step == "drop", link="https://x.example")
                        services.end_way(open_ways.pop(kind), outcome, by=None)
                else:
                    way = services.Way(
                        step, None, member.id, due, network="x", addressee="x", subject="x"
                    )
                    row_id = services.begin_way(special.id, way, by=None).id
                    assert step not in open_ways
                    open_ways[step], anything = row_id, True
            except StageError:
                assert step in open_ways or (step == "member" and referral is not None)
            is_done = anything and not open_ways and referral is None
            assert special.state == ("done" if is_done else "open")
            assert (special.next_due_at is None) == (not open_ways and referral is None)
        db.session.rollback()


def test_what_a_service_refuses(app: Flask, member: User) -> None:
    case = make_case()
    special_id = marked(app, case)
    with app.app_context():
        for person in (0, make_user(("operator",)).id):
            with pytest.raises(InputRefused):
                services.refer(
                    special_id, member_id=person, request="x", letter_number="",
                    letter_date=None, due_at=clock.now() + dt.timedelta(days=1), by=None,
                )  # fmt: skip
        with pytest.raises(LookupError):
            services.end_way(999_999_999, services.Outcome("x"), by=None)
        with pytest.raises(LookupError):
            services.report(999_999_999, member.id, report="x", proposal="", done=True)
        work.finish(case.id, by=None, outcome="irrelevant", text="x")
        other = make_case()
        work.finish(other.id, by=None, outcome="irrelevant", text="x")
        with pytest.raises(StageError):
            services.mark(other.id, why="x", by=None)


def test_nothing_is_begun_for_a_case_that_is_closed(app: Flask, desk: Desk, member: User) -> None:
    case = make_case()
    special_id = marked(app, case)
    with app.app_context():
        db.session.get_one(Case, case.id).stage = "closed"
        db.session.commit()
    for begin in (lambda: begun(app, special_id), lambda: referred(app, special_id, member)):
        with pytest.raises(StageError):
            begin()
    assert state(app, special_id).next_due_at is None


def test_a_report_on_a_referral_that_was_withdrawn_is_not_lost(app: Flask, member: User) -> None:
    case = make_case()
    special_id = marked(app, case)
    referral_id = referred(app, special_id, member)
    page = f"{COUNCIL}{referral_id}"
    own = Desk(app, member)
    token = own.token(page)
    with app.app_context():
        services.withdraw(referral_id, by=None)
        db.session.commit()
    late = own.client.post(
        f"{page}/report",
        data={"csrf_token": token, "report": "با مدیر شرکت آب گفتم", "do": "done"},
    )
    assert late.status_code == 409
    assert "با مدیر شرکت آب گفتم" in late.text
