"""The operations centre: its queue, dispatch, first action with a proof, orders of visits."""

import io
import re

import pytest
from flask import Flask
from PIL import Image
from sqlalchemy import select

from portal import clock
from portal.accounts.models import User
from portal.db import db
from tests.factories.accounts import make_user
from tests.factories.cases import make_case, make_category
from tests.factories.units import make_unit
from tests.queries import count_queries
from tests.workflows.operations.desk import Desk
from workflows.cases import clocks, photos, urgency, work
from workflows.cases.models import Case, CaseEvent
from workflows.operations import services
from workflows.operations.models import CaseProof, Dispatch, Visit

QUEUE = "/staff/operations/"


@pytest.fixture
def desk(app: Flask) -> Desk:
    return Desk(app, make_user(("operator",), language="en"))


@pytest.fixture
def supervisor(app: Flask) -> User:
    return make_user(("field_supervisor",), language="fa", name="لیلا صبوری")


def page_of(case: Case) -> str:
    return f"{QUEUE}cases/{case.id}"


def codes(page: str) -> list[str]:
    return re.findall(r'id="case-\d+"[^>]*><span class="ltr mono">(\w+)</span>', page)


def events(case: Case, kind: str) -> list[CaseEvent]:
    query = select(CaseEvent).where(CaseEvent.case_id == case.id, CaseEvent.kind == kind)
    return list(db.session.scalars(query.order_by(CaseEvent.id)))


def picture(color: str = "red", size: tuple[int, int] = (40, 30)) -> io.BytesIO:
    """A photo that says where it was taken."""
    stream = io.BytesIO()
    exif = Image.Exif()
    exif[0x010E] = "secret place"
    Image.new("RGB", size, color).save(stream, "JPEG", exif=exif)
    stream.seek(0)
    return stream


def test_an_urgent_message_goes_straight_to_the_centres_own_queue(app: Flask, desk: Desk) -> None:
    district = make_unit()
    category = make_category(unit_id=district.id)
    usual = make_case(urgency="danger", category_id=category.id)
    centre = make_unit(code="operations-centre")
    urgent = make_case(urgency="danger", category_id=category.id)
    triaged = make_case(category_id=category.id)
    ordinary = make_case(category_id=category.id)
    with app.app_context():
        urgency.mark_urgent(triaged.id, by=None, urgency="waste")
        db.session.commit()
        found = {row.id: row.unit_id for row in db.session.scalars(select(Case))}
        assert events(triaged, "assigned")[-1].data["from_unit"] == district.id
    assert found == {
        usual.id: district.id,
        urgent.id: centre.id,
        triaged.id: centre.id,
        ordinary.id: district.id,
    }
    page = desk.get(QUEUE)
    assert codes(page) == [usual.code, urgent.code, triaged.code]


def test_the_queue_goes_by_the_time_that_is_left_and_refreshes_itself(desk: Desk) -> None:
    with clock.freeze("2026-11-22T08:00:00+00:00"):
        late = make_case(urgency="danger")
        clock.shift(minutes=95)
        soon = make_case(urgency="waste")
        clock.shift(minutes=30)
        page = desk.get(QUEUE)
        assert codes(page) == [late.code, soon.code]
        assert 'hx-get="/staff/operations/queue?view=first' in page
        assert "1 message is late" in page
        with count_queries() as few:
            fragment = desk.get(f"{QUEUE}queue")
        assert "<html" not in fragment
        assert "1 hour and 30 minutes" in fragment
        for _each in range(6):
            make_case(urgency="danger", category_id=make_category().id, unit_id=make_unit().id)
        with count_queries() as many:
            desk.get(f"{QUEUE}queue")
    assert many.count <= few.count + 1  # the names of units


def test_the_queue_is_paged_by_key(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    from workflows.operations import queries

    monkeypatch.setattr(queries, "PAGE", 2)
    with clock.freeze("2026-11-22T08:00:00+00:00"):
        made = [make_case(urgency="danger").code for _each in range(5)]
        seen, url = [], QUEUE
        while url:
            page = desk.get(url)
            seen += codes(page)
            found = re.search(r'rel="next" href="([^"]+)"', page)
            url = found[1].replace("&amp;", "&") if found else ""
        assert seen == made
        assert desk.client.get(f"{QUEUE}?after=x.y&view=z").status_code == 200


def test_somebody_is_sent_with_a_time(app: Flask, desk: Desk) -> None:
    crew = make_unit(names={"fa": "امداد برق", "en": "Power rescue"})
    case = make_case(urgency="danger")
    with clock.freeze("2026-11-22T08:00:00+00:00"):
        nobody = desk.fill(page_of(case), "dispatch", day="2026/11/22", at="12:00")
        assert nobody.status_code == 422
        past = desk.fill(page_of(case), "dispatch", crew="ABC", day="2026/11/22", at="10:00")
        assert past.status_code == 422
        done = desk.fill(
            page_of(case),
            "dispatch",
            unit_id=str(crew.id),
            crew="Rezaei",
            day="2026/11/22",
            at="۱۲:۰۰",
            note="Cut the power",
        )
        assert done.status_code == 303, done.text
    with app.app_context():
        (row,) = db.session.scalars(select(Dispatch))
        assert (row.unit_id, row.crew) == (crew.id, "Rezaei")
        assert row.expected_at.isoformat() == "2026-11-22T08:30:00+00:00"
        assert events(case, "dispatched")[0].unit_id == crew.id
        assert db.session.get_one(Case, case.id).unit_id == case.unit_id
    assert "Power rescue · Rezaei" in desk.get(QUEUE)


def test_a_form_sent_twice_sends_nobody_twice(app: Flask, desk: Desk) -> None:
    case = make_case(urgency="danger")
    with clock.freeze("2026-11-22T08:00:00+00:00"):
        typed = {"crew": "A", "day": "2026/11/22", "at": "12:00"}
        token, version = desk.opened(page_of(case), "dispatch")
        answers = [
            desk.post_form(page_of(case), "dispatch", token, version, **typed).status_code
            for _each in range(2)
        ]
    assert answers == [303, 409]


def test_the_first_action_needs_a_photo_or_a_reason(app: Flask, desk: Desk) -> None:
    case, other = make_case(urgency="danger"), make_case(urgency="waste")
    bare = desk.fill(page_of(case), "first_action", text="Cable cut off")
    assert bare.status_code == 422
    text = desk.fill(
        page_of(case), "first_action", text="Cable cut off", photos=(io.BytesIO(b"x"), "a.jpg")
    )
    assert text.status_code == 422
    done = desk.fill(
        page_of(case), "first_action", text="Cable cut off", photos=(picture(), "a.jpg")
    )
    assert done.status_code == 303, done.text
    reason = desk.fill(
        page_of(other), "first_action", text="Water shut", no_photo="Night, no light"
    )
    assert reason.status_code == 303
    with app.app_context():
        (proof,) = db.session.scalars(select(CaseProof))
        assert (proof.case_id, proof.kind) == (case.id, "proof")
        kept = photos.path_of(proof.stored_path).read_bytes()
        assert b"secret" not in kept and b"Exif" not in kept
        assert db.session.get_one(Case, case.id).first_action_at is not None
        assert events(other, "no_photo")[0].text == "Night, no light"
        assert events(case, "no_photo") == []
    shown = desk.client.get(f"{QUEUE}photos/{proof.id}")
    assert (shown.status_code, shown.data) == (200, kept)
    shown.close()
    # Not past the page of the case, where no proof is asked for.
    third = make_case(urgency="danger")
    assert 'name="first_action-text"' not in desk.get(f"/staff/cases/{third.id}")
    token = desk.token(f"/staff/cases/{third.id}")
    desk.client.post(
        f"/staff/cases/{third.id}/first-action",
        data={"csrf_token": token, "first_action-text": "x", "first_action-version": "1"},
    )
    with app.app_context():
        assert db.session.get_one(Case, third.id).first_action_at is None


def test_before_and_after_stand_side_by_side(app: Flask, desk: Desk) -> None:
    case = make_case(urgency="danger")
    assert desk.fill(page_of(case), "photos", kind="before").status_code == 422
    for kind in ("before", "after"):
        done = desk.fill(page_of(case), "photos", kind=kind, photos=(picture(), "a.jpg"))
        assert done.status_code == 303
    for page in (page_of(case), f"/staff/cases/{case.id}"):
        text = desk.get(page)
        assert text.count("data-side-by-side") == 1
        assert text.count('src="/staff/operations/photos/') == 2


def test_a_visit_is_ordered_and_called_off(app: Flask, desk: Desk, supervisor: User) -> None:
    case = make_case(urgency="danger")
    with clock.freeze("2026-11-22T08:00:00+00:00"):
        typed = {"day": "2026/11/22", "at": "13:00", "instructions": "Is the hole closed?"}
        operator = str(desk.user.id)
        nobody = desk.fill(page_of(case), "visit", supervisor_id=operator, **typed)
        assert nobody.status_code == 422
        done = desk.fill(page_of(case), "visit", supervisor_id=str(supervisor.id), **typed)
        assert done.status_code == 303, done.text
        with app.app_context():
            (visit,) = db.session.scalars(select(Visit))
            assert visit.due_at.isoformat() == "2026-11-22T09:30:00+00:00"
        assert "Is the hole closed?" in desk.get(page_of(case))
        for _twice in range(2):
            url = f"{QUEUE}visits/{visit.id}/cancel"
            assert desk.post(url, page_of(case)).status_code == 303
    with app.app_context():
        assert db.session.get_one(Visit, visit.id).state == "cancelled"
        assert len(events(case, "visit_cancelled")) == 1


def test_nothing_is_left_on_the_disk_when_the_change_fails(
    app: Flask, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    case = make_case(urgency="danger")

    def broken(*_arguments: object, **_values: object) -> None:
        raise RuntimeError("disk full")

    with app.app_context():
        before = set(photos.folder().iterdir())
        monkeypatch.setattr(services, "note_photos", broken)
        drawn = photos.read(picture().read())
        with pytest.raises(RuntimeError):
            services.add_photos(case.id, kind="before", photos=[drawn], by=None)
        assert set(photos.folder().iterdir()) == before


def test_the_citizen_is_asked_where_it_is_needed(app: Flask) -> None:
    quiet = make_category(asks_feedback=False)
    silent, urgent = (
        make_case(category_id=quiet.id),
        make_case(category_id=quiet.id, urgency="danger"),
    )
    with app.app_context():
        for case in (silent, urgent):
            work.finish(case.id, by=None, outcome="done", text="انجام شد")
        db.session.commit()
        found = {row.id: (row.stage, row.confirmation) for row in db.session.scalars(select(Case))}
        kinds = {row.kind for row in clocks.running(urgent.id)}
    assert found == {silent.id: ("closed", "not_asked"), urgent.id: ("feedback", None)}
    assert kinds == {"feedback"}


def test_a_time_that_has_passed_is_said_beside_its_field(app: Flask, desk: Desk) -> None:
    case = make_case(urgency="danger")
    page = page_of(case)
    late = desk.fill(page, "dispatch", crew="گروه ۲", day="2026/01/02", at="10:00")
    assert late.status_code == 422
    assert re.search(r'id="dispatch-at-error', late.text)
    assert "گروه ۲" in late.text
