"""A field supervisor's phone that loses its network: visits are read, recorded, kept, sent once."""

import datetime as dt
import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from flask import Flask, url_for
from PIL import Image
from playwright.sync_api import Page, expect
from sqlalchemy import select

from portal import clock
from portal.accounts.models import User
from portal.db import db
from tests.browser.checks import go, look
from tests.browser.conftest import LOOKS
from tests.factories.accounts import PASSWORD, make_user
from tests.factories.cases import make_case
from workflows.cases import photos, work
from workflows.operations import proofs, services
from workflows.operations.models import CaseProof, FieldEntry, Visit
from workflows.special import services as special

pytestmark = [pytest.mark.browser, pytest.mark.workflows]
PAGE = "/staff/field/"
COUNTS = "#field-counts"


def _picture(size: tuple[int, int] = (2400, 1800)) -> bytes:
    stream = io.BytesIO()
    Image.linear_gradient("L").resize(size).convert("RGB").save(stream, "JPEG")
    return stream.getvalue()


CAMERA: dict[str, Any] = {"name": "IMG_1.jpg", "mimeType": "image/jpeg", "buffer": _picture()}


@pytest.fixture
def supervisor(app: Flask) -> User:
    return make_user(("field_supervisor",), language="fa", name="لیلا صبوری")


def order(app: Flask, user: User, place: str, **values: Any) -> tuple[int, int]:
    """Ids of a case and of a visit to it."""
    with app.app_context():
        case = make_case(place=place, **values)
        photos.attach(case.id, photos.read(_picture((60, 40))))
        visit = services.order_visit(
            case.id,
            supervisor_id=user.id,
            due_at=clock.now() + dt.timedelta(hours=1),
            instructions="آیا چاله پر شده و نوار خطر جمع شده است؟",
            by=None,
        )
        db.session.commit()
        return case.id, visit.id


def enter(page: Page, live: str, user: User, language: str = "fa") -> None:
    page.goto(f"{live}/staff/login?lang={language}")
    page.fill("input[name=email]", user.email)
    page.fill("input[name=password]", PASSWORD)
    go(page, "main button[type=submit]")


def ready(page: Page, live: str) -> None:
    page.goto(f"{live}{PAGE}")
    page.wait_for_selector("#field[data-ready=yes]")


def open_visit(page: Page, place: str) -> None:
    page.click(f"#field-visits li:has-text('{place}') a")
    expect(page.locator("#field-title")).to_have_text(place)


def fill_settled(page: Page, words: str) -> None:
    page.check("[name=finding][value=settled]")
    page.fill("[name=words]", words)


def save(page: Page) -> None:
    page.click("#field-form button[type=submit]")
    page.wait_for_selector("#field-home", state="visible")


def entries(app: Flask) -> list[FieldEntry]:
    with app.app_context():
        return list(db.session.scalars(select(FieldEntry).order_by(FieldEntry.id)))


def test_ten_minutes_without_a_network(
    app: Flask, live: str, open_page: Callable[..., Page], supervisor: User, shots: Path
) -> None:
    case_id, visit_id = order(app, supervisor, "خیابان ۱۷ شهریور، روبه‌روی مدرسه", urgency="danger")
    order(app, supervisor, "میدان ونک")
    page = open_page(360)
    enter(page, live, supervisor)
    ready(page, live)
    page.context.set_offline(True)
    page.reload()
    page.wait_for_selector("#field[data-ready=yes]")
    assert page.locator("#field-visits li").count() == 2
    # By the keyboard: to the first visit, and through its form.
    page.focus("#field-visits a >> nth=0")
    page.keyboard.press("Enter")
    expect(page.locator("#field-title")).to_be_focused()
    assert page.evaluate("document.querySelector('#field-facts img').naturalWidth") == 60
    page.focus("#field-arrive")
    page.keyboard.press("Enter")
    expect(page.locator("[name=finding] >> nth=0")).to_be_focused()
    page.keyboard.press("Space")
    page.focus("#field-form button[type=submit]")
    page.keyboard.press("Enter")
    expect(page.locator("#field-errors")).to_be_focused()
    problems = look(page, "field-error", "fa", 360, shots)
    page.focus("[name=words]")
    page.keyboard.type("چاله پر شده است")
    page.set_input_files("[name=before]", CAMERA)
    page.set_input_files("[name=after]", [CAMERA, {**CAMERA, "name": "IMG_2.jpg"}])
    page.wait_for_selector("#field-after img >> nth=1")
    page.click("#field-after button >> nth=1")
    expect(page.locator("#field-after img")).to_have_count(1)
    problems += look(page, "field-visit", "fa", 360, shots)
    page.wait_for_timeout(600)
    # The phone is closed in the middle, without a network still.
    page.reload()
    page.wait_for_selector("#field-before img")
    expect(page.locator("#field-after img")).to_have_count(1)
    assert page.input_value("[name=words]") == "چاله پر شده است"
    assert page.is_hidden("#field-arrive")
    page.fill("[name=answer]", "چاله پر شد")
    page.focus("#field-form button[type=submit]")
    page.keyboard.press("Enter")
    expect(page.locator(COUNTS)).to_have_text(counted(page, 2, 0))
    page.reload()
    page.wait_for_selector("#field[data-ready=yes]")
    expect(page.locator(COUNTS)).to_have_text(counted(page, 2, 0))
    problems += look(page, "field-home", "fa", 360, shots)
    assert entries(app) == []
    page.context.set_offline(False)
    expect(page.locator(COUNTS)).to_have_text(counted(page, 0, 2))
    assert page.locator("#field-visits li").count() == 1
    page.reload()
    page.wait_for_selector("#field[data-ready=yes]")
    assert [(each.kind, each.state) for each in entries(app)] == [
        ("arrival", "taken"),
        ("finding", "taken"),
    ]
    with app.app_context():
        visit = db.session.get_one(Visit, visit_id)
        assert (visit.finding, visit.words) == ("settled", "چاله پر شده است")
        pictures = proofs.of_cases([case_id])
        assert sorted(each.kind for each in pictures) == ["after", "before"]
        # Made small on the phone.
        assert {max(each.width, each.height) for each in pictures} == {1600}
        assert visit.case_id == case_id
    assert problems == []


def counted(page: Page, waiting: int, sent: int) -> str:
    """The line of figures as the page writes it."""
    return str(
        page.evaluate(
            """([waiting, sent]) => {
              const texts = JSON.parse(document.getElementById('field-texts').textContent);
              const digits = n => String(n).replace(/[0-9]/g, d => texts.digits[d]);
              return texts.counts.replace('{waiting}', digits(waiting))
                .replace('{sent}', digits(sent));
            }""",
            [waiting, sent],
        )
    )


def test_a_refused_record_holds_up_no_other_and_a_late_one_is_a_note(
    app: Flask, live: str, open_page: Callable[..., Page], supervisor: User
) -> None:
    first, _visit = order(app, supervisor, "یک")
    order(app, supervisor, "دو")
    order(app, supervisor, "سه")
    page = open_page(360)
    enter(page, live, supervisor)
    ready(page, live)
    page.context.set_offline(True)
    for place in ("یک", "دو", "سه"):
        open_visit(page, place)
        # The second is longer than the server takes: a phone with a script that let it pass.
        page.evaluate("document.querySelector('[name=words]').removeAttribute('maxlength')")
        fill_settled(page, place * (1_200 if place == "دو" else 1))
        save(page)
    with app.app_context():
        work.finish(first, by=None, outcome="done", text="گروه دیگری رفت")
        db.session.commit()
    page.context.set_offline(False)
    expect(page.locator(COUNTS)).to_have_text(counted(page, 0, 2))
    assert sorted(each.state for each in entries(app)) == ["note", "taken"]
    assert page.locator("#field-records li[data-state=sent]").count() == 1
    refused = page.locator("#field-records li[data-state=refused]")
    refused.locator("button >> nth=0").click()
    expect(page.locator("#field-title")).to_have_text("دو")
    fill_settled(page, "دو")
    save(page)
    expect(page.locator(COUNTS)).to_have_text(counted(page, 0, 3))
    assert len(entries(app)) == 3


def test_a_lost_answer_an_ended_session_and_a_new_release_lose_and_double_nothing(
    app: Flask,
    live: str,
    open_page: Callable[..., Page],
    supervisor: User,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    order(app, supervisor, "یک")
    order(app, supervisor, "دو")
    page = open_page(360)
    enter(page, live, supervisor)
    ready(page, live)
    records = f"{live}{PAGE}records"

    def lose(route: Any) -> None:
        route.fetch()
        route.abort()

    page.route(records, lose)
    open_visit(page, "یک")
    fill_settled(page, "یک")
    save(page)
    expect(page.locator("#field-said")).not_to_be_empty()
    expect(page.locator("#field-send")).to_be_enabled()
    assert len(entries(app)) == 1
    page.unroute(records, lose)
    page.context.set_offline(True)
    open_visit(page, "دو")
    fill_settled(page, "دو")
    save(page)
    # Meanwhile the session ends, and another release is put on the server.
    page.context.clear_cookies()
    page.context.set_offline(False)
    page.wait_for_selector("#field-said a")
    assert len(entries(app)) == 1
    newer = {"asset": lambda name: url_for("static", filename=name, v="release-2")}
    processors = [*app.template_context_processors[None], lambda: newer]
    monkeypatch.setitem(app.template_context_processors, None, processors)
    page.click("#field-said a")
    page.wait_for_selector("input[name=email]")
    page.fill("input[name=email]", supervisor.email)
    page.fill("input[name=password]", PASSWORD)
    go(page, "main button[type=submit]")
    page.wait_for_selector("#field[data-ready=yes]")
    expect(page.locator(COUNTS)).to_have_text(counted(page, 0, 2))
    assert len(entries(app)) == 2
    kept = page.evaluate(
        "caches.open('pasokh-field').then(c => c.keys()).then(r => r.map(x => x.url))"
    )
    scripts = [url for url in kept if "field-page.js" in url]
    assert len(scripts) == 1 and "release-2" in scripts[0]


def test_two_people_on_one_phone(
    app: Flask, live: str, open_page: Callable[..., Page], supervisor: User
) -> None:
    order(app, supervisor, "یک")
    other = make_user(("field_supervisor",), language="fa")
    page = open_page(360)
    enter(page, live, supervisor)
    ready(page, live)
    page.context.set_offline(True)
    open_visit(page, "یک")
    fill_settled(page, "یک")
    save(page)
    page.context.route(f"{live}{PAGE}records", lambda route: route.abort())
    page.context.set_offline(False)
    asked: list[str] = []

    def answer(dialog: Any) -> None:
        asked.append(dialog.message)
        dialog.accept()

    page.once("dialog", answer)
    with page.expect_navigation():
        page.click("form[data-sign-out] button")
    assert len(asked) == 1
    assert page.evaluate("caches.has('pasokh-field')") is False
    page.context.set_offline(True)
    with pytest.raises(Exception, match=r"ERR_INTERNET_DISCONNECTED|ERR_FAILED"):
        page.goto(f"{live}{PAGE}")
    page.context.set_offline(False)
    enter(page, live, other)
    ready(page, live)
    assert page.is_hidden("#field-records")
    assert "یک" not in page.inner_text("#field-visits")
    page.context.unroute(f"{live}{PAGE}records")
    with page.expect_navigation():
        page.click("form[data-sign-out] button")
    enter(page, live, supervisor)
    ready(page, live)
    expect(page.locator(COUNTS)).to_have_text(counted(page, 0, 1))
    assert [each.user_id for each in entries(app)] == [supervisor.id]


def test_a_full_phone_and_a_broken_server_lose_nothing(
    app: Flask, live: str, open_page: Callable[..., Page], supervisor: User
) -> None:
    order(app, supervisor, "یک")
    order(app, supervisor, "دو")
    page = open_page(360)
    enter(page, live, supervisor)
    ready(page, live)
    page.context.set_offline(True)
    open_visit(page, "یک")
    page.evaluate(
        """() => { window.realPut = IDBObjectStore.prototype.put;
          IDBObjectStore.prototype.put = function () {
            throw new DOMException('full', 'QuotaExceededError'); }; }"""
    )
    fill_settled(page, "پر شد")
    page.click("#field-form button[type=submit]")
    expect(page.locator("#field-form-said")).not_to_be_empty()
    assert page.is_visible("#field-one")
    assert page.input_value("[name=words]") == "پر شد"
    page.evaluate("() => { IDBObjectStore.prototype.put = window.realPut; }")
    save(page)
    expect(page.locator(COUNTS)).to_have_text(counted(page, 1, 0))
    open_visit(page, "دو")
    fill_settled(page, "پر شد")
    save(page)
    # A server that breaks at one record holds up no other.
    broken: list[int] = []

    def break_once(route: Any) -> None:
        if broken:
            route.continue_()
        else:
            broken.append(1)
            route.fulfill(status=500, body="x")

    page.route(f"{live}{PAGE}records", break_once)
    page.context.set_offline(False)
    expect(page.locator(COUNTS)).to_have_text(counted(page, 1, 1))
    page.click("#field-send")
    expect(page.locator(COUNTS)).to_have_text(counted(page, 0, 2))
    assert len(entries(app)) == 2


@pytest.mark.parametrize(("language", "width"), LOOKS)
def test_pages(
    app: Flask,
    live: str,
    open_page: Callable[..., Page],
    shots: Path,
    supervisor: User,
    language: str,
    width: int,
) -> None:
    case_id, visit_id = order(app, supervisor, "خیابان ۱۷ شهریور", urgency="danger")
    with app.app_context():
        drawn = [photos.read(_picture((300, 200)))]
        for kind in ("before", "after"):
            services.add_photos(case_id, kind=kind, photos=drawn, by=None)
        services.dispatch(
            case_id,
            unit_id=None,
            crew="اکیپ امداد",
            expected_at=clock.now() + dt.timedelta(minutes=20),
            note="",
            by=None,
        )
        db.session.commit()
        assert len(db.session.scalars(select(CaseProof)).all()) == 2
    page = open_page(width)
    enter(page, live, supervisor, language)
    problems: list[str] = []
    ready(page, live)
    problems += look(page, "field-list", language, width, shots)
    page.goto(f"{live}{PAGE}visits/{visit_id}")
    problems += look(page, "field-plain", language, width, shots)
    page.context.clear_cookies()
    enter(page, live, make_user(("operator",), language=language), language)
    for name, path in (
        ("operations-queue", "operations/"),
        ("operations-case", f"operations/cases/{case_id}"),
        ("operations-panel", f"cases/{case_id}"),
    ):
        page.goto(f"{live}/staff/{path}")
        problems += look(page, name, language, width, shots)
    assert problems == []


@pytest.mark.parametrize(("language", "width"), LOOKS)
def test_special_pages(
    app: Flask, live: str, open_page: Callable[..., Page], shots: Path, language: str, width: int
) -> None:
    member = make_user(("council_member",), language=language)
    case = make_case(text="فاضلاب در کوچه بالا می‌زند", place="کوچهٔ لاله")
    plain = make_case()
    due = clock.now() + dt.timedelta(days=3)
    with app.app_context():
        special_id = special.mark(case.id, why="سه ماه بی‌پاسخ", by=None).id
        for kind in ("unit", "social", "letter"):
            way = special.Way(
                kind, None, member.id, due, network="ایتا", addressee="آبفا", subject="فاضلاب"
            )
            row = special.begin_way(special_id, way, by=None)
            if kind == "social":
                outcome = special.Outcome(
                    "پاسخ داده شد", link="https://eitaa.example/a/17", reach=8400, reply="پیگیریم"
                )
                special.end_way(row.id, outcome, by=None)
        referral_id = special.refer(
            special_id,
            member_id=member.id,
            request="با مدیر آبفا گفت‌وگو کنید",
            letter_number="۱۴۰۵/۸۸۱",
            letter_date=clock.now().date(),
            due_at=due,
            by=None,
        ).id
        db.session.commit()
    page = open_page(width)
    problems: list[str] = []
    visited = {
        "operator": {
            "special-list": "/staff/special/",
            "special-one": f"/staff/special/{special_id}",
            "special-mark": f"/staff/special/cases/{plain.id}/mark",
            "special-panel": f"/staff/cases/{case.id}",
        },
        "council_member": {
            "special-council": "/council/referrals/",
            "special-referral": f"/council/referrals/{referral_id}",
        },
    }
    for role, pages in visited.items():
        user = member if role == "council_member" else make_user((role,), language=language)
        page.context.clear_cookies()
        enter(page, live, user, language)
        for name, path in pages.items():
            page.goto(f"{live}{path}")
            page.evaluate("document.querySelectorAll('main details').forEach(e => e.open = true)")
            problems += look(page, name, language, width, shots)
    assert problems == []


SLOW = """ms => { const real = PasokhField.shrink;
  const wait = () => new Promise(done => setTimeout(done, ms));
  PasokhField.shrink = file => wait().then(() => real(file)); }"""


def test_a_photo_that_takes_its_time_is_in_the_record_and_with_no_other_visit(
    app: Flask, live: str, open_page: Callable[..., Page], supervisor: User
) -> None:
    first, _visit = order(app, supervisor, "یک")
    second, _other = order(app, supervisor, "دو")
    page = open_page(360)
    enter(page, live, supervisor)
    ready(page, live)
    page.evaluate(SLOW, 900)
    # Chosen for one visit; before it is ready another one is open.
    open_visit(page, "یک")
    page.fill("[name=words]", "پر شد")
    page.set_input_files("[name=before]", CAMERA)
    page.click("#field-back")
    open_visit(page, "دو")
    page.wait_for_timeout(1_500)
    assert page.locator("#field-before img").count() == 0
    # Saved before it is ready.
    fill_settled(page, "خشک است")
    page.set_input_files("[name=after]", CAMERA)
    save(page)
    expect(page.locator(COUNTS)).to_have_text(counted(page, 0, 1))
    open_visit(page, "یک")
    expect(page.locator("#field-before img")).to_have_count(1)
    # The last words were typed a moment before the way back.
    assert page.input_value("[name=words]") == "پر شد"
    page.check("[name=finding][value=settled]")
    save(page)
    expect(page.locator(COUNTS)).to_have_text(counted(page, 0, 2))
    with app.app_context():
        kinds = [[each.kind for each in proofs.of_cases([case])] for case in (first, second)]
        assert kinds == [["before"], ["after"]]
    # No draft is left behind that would warn whoever signs out.
    page.wait_for_timeout(600)
    assert page.evaluate(f"localStorage.getItem('pasokh-field-unsent-{supervisor.id}')") == "0"


def test_a_tap_that_has_begun_outlives_the_list_being_drawn_again(
    app: Flask, live: str, open_page: Callable[..., Page], supervisor: User
) -> None:
    order(app, supervisor, "یک")
    page = open_page(360)
    enter(page, live, supervisor)
    ready(page, live)
    page.hover("#field-visits a")
    page.mouse.down()
    page.evaluate("window.dispatchEvent(new Event('offline'))")
    page.wait_for_timeout(300)
    page.mouse.up()
    expect(page.locator("#field-title")).to_have_text("یک")


def test_what_is_saved_while_another_is_on_its_way_goes_by_itself(
    app: Flask, live: str, open_page: Callable[..., Page], supervisor: User
) -> None:
    order(app, supervisor, "یک")
    order(app, supervisor, "دو")
    page = open_page(360)
    enter(page, live, supervisor)
    ready(page, live)
    held: list[Any] = []

    def hold(route: Any) -> None:
        if held:
            route.continue_()
        else:
            held.append(route)

    page.route(f"{live}{PAGE}records", hold)
    for place in ("یک", "دو"):
        open_visit(page, place)
        fill_settled(page, place)
        save(page)
    page.wait_for_timeout(300)
    held[0].continue_()
    expect(page.locator(COUNTS)).to_have_text(counted(page, 0, 2))
    assert len(entries(app)) == 2


def test_a_server_that_is_being_restarted_is_no_network(
    app: Flask,
    live: str,
    open_page: Callable[..., Page],
    supervisor: User,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    order(app, supervisor, "یک")
    page = open_page(360)
    enter(page, live, supervisor)
    ready(page, live)

    def down() -> tuple[str, int]:
        return "restarted", 503

    down.access_rule = app.view_functions["field.index"].access_rule  # type: ignore[attr-defined]
    for name in ("field.index", "field.visits_json"):
        monkeypatch.setitem(app.view_functions, name, down)
    page.reload()
    page.wait_for_selector("#field[data-ready=yes]")
    expect(page.locator("#field-visits")).to_contain_text("یک")
