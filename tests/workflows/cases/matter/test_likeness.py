"""Whether two messages are one matter: the labelled pairs, and what must never count."""

import datetime as dt
import re

import pytest
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import given
from hypothesis import strategies as st

from portal import clock
from tests.factories.accounts import csrf_token, make_user, sign_in
from tests.factories.cases import make_case, make_category
from tests.queries import count_queries
from tests.workflows.cases.matter.pairs import NEW_OTHER, NEW_SAME, OTHER, SAME, Said, matter
from workflows.cases import work
from workflows.cases.matter import candidates
from workflows.cases.matter.likeness import Matter, compare, distance
from workflows.cases.matter.words import words

FRAGMENT = "/staff/cases/same"


def suggested(pairs: list[tuple[Said, Said]]) -> int:
    return sum(compare(matter(one), matter(other)).is_suggested for one, other in pairs)


def test_the_labelled_pairs() -> None:
    """The figures of docs/same-matter.md: the pairs the weights were chosen on, and new ones."""
    assert (len(SAME), len(OTHER), len(NEW_SAME), len(NEW_OTHER)) == (22, 22, 10, 10)
    assert suggested(SAME) == 22
    assert suggested(OTHER) == 0
    assert suggested(NEW_SAME) >= 8
    assert suggested(NEW_OTHER) <= 4


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("چاله‌های کوچهٔ یاس", "چاله هاي كوچه ياس"),
        ("می‌ریزد", "ميريزد"),
        ("نمی شود چراغ", "نمی‌شود چراغ"),
        ("پلاک ۱۲", "پلاک ١٢"),
        ("الحفرة", "حفره"),
    ],
)
def test_one_word_however_it_is_typed(one: str, other: str) -> None:
    assert words(one) == words(other)


@given(st.text(max_size=200), st.text(max_size=200))
def test_likeness_is_symmetric_and_bounded(one: str, other: str) -> None:
    now = clock.now()
    first, second = Matter(one, received_at=now), Matter(other, place=one[:50], received_at=now)
    score = compare(first, second).score
    assert 0.0 <= score <= 1.0
    assert score == compare(second, first).score


def test_far_apart_is_never_the_same() -> None:
    here = Matter("چاله بزرگ جلوی مدرسه", latitude=35.70, longitude=51.40, category_id=1)
    there = Matter("چاله بزرگ جلوی مدرسه", latitude=35.71, longitude=51.40, category_id=1)
    metres = distance(here, there)
    assert metres is not None and 1_100 < metres < 1_125, "a hundredth of a degree of latitude"
    assert compare(here, there).score == 0.0


# Found in the tables


def typed(text: str, **fields: object) -> list[str]:
    return [one.case.code for one in candidates.like(candidates.typed(text=text, **fields))]


def test_each_way_finds_an_open_case_and_none_a_closed_one(context: Flask) -> None:
    category = make_category()
    case = make_case(
        text="چاله بزرگی جلوی داروخانه شبانه‌روزی دهان باز کرده",
        place="خیابان شکوفه",
        neighbourhood="شهرک‌غرب",
        latitude=35.7,
        longitude=51.4,
        category_id=category.id,
    )
    make_case(text="سگ ولگرد در پارک", neighbourhood="شهرک غرب", category_id=make_category().id)
    said = "گودال جلوی داروخانه شبانه روزی"
    assert typed(said, latitude=35.7001, longitude=51.4001) == [case.code]
    assert typed(said, neighbourhood="شهرک غرب", place="شکوفه") == [case.code]
    assert typed(said, category_id=category.id, place="خ شکوفه") == [case.code]
    assert typed("داروخانه شبانه روزی شکوفه چاله دارد", place="خیابان شکوفه") == [case.code]
    assert typed("چاله") == [], "too little is said"
    work.finish(case.id, by=None, outcome="irrelevant", text="پایان")
    assert typed(said, latitude=35.7001, longitude=51.4001) == []


def test_the_number_of_statements_does_not_grow(context: Flask) -> None:
    category = make_category()
    fields = {"neighbourhood": "گلستان", "place": "خیابان لاله", "category_id": category.id}
    for _n in range(3):
        make_case(text="چراغ خیابان لاله خاموش است", **fields)
    counts = []
    for _round in range(2):
        with count_queries() as queries:
            found = typed("چراغ خیابان لاله خاموش شده است", **fields)
        counts.append(queries.count)
        for _n in range(6):
            make_case(text="چراغ خیابان لاله خاموش است", **fields)
    assert len(found) == candidates.SHOWN
    assert counts[0] == counts[1] <= 8


def test_while_typing_the_operator_sees_it_with_the_reason(client: FlaskClient) -> None:
    case = make_case(text="زباله‌های میدان شهدا را سه روز است نبرده‌اند", place="میدان شهدا")
    sign_in(client, make_user(("operator",), language="en"))
    page = client.get("/staff/cases/new").text
    assert f'hx-post="{FRAGMENT}' in page
    data = {
        "csrf_token": csrf_token(client, "/staff/cases/new"),
        "text": "اشغال ميدان شهدا سه روز است مانده",
        "place": "شهدا",
        "category_id": "x",
        "latitude": "nan",
        "longitude": "۹۹۹",
    }
    part = client.post(FRAGMENT, data=data)
    assert part.status_code == 200
    assert case.code in part.text
    assert f'name="same_as" value="{case.id}"' in part.text
    assert client.post(FRAGMENT, data={**data, "text": "اب"}).text.strip() == ""


def test_registered_as_the_same_it_is_joined_at_once(client: FlaskClient, app: Flask) -> None:
    from workflows.cases.matter import heads

    case = make_case()
    sign_in(client, make_user(("operator",), language="en"))
    answer = client.post(
        "/staff/cases/new",
        data={
            "csrf_token": csrf_token(client, "/staff/cases/new"),
            "do": "register",
            "channel": "phone",
            "language": "fa",
            "text": "همان چاله را می‌گویم",
            "urgency": "",
            "category_id": "",
            "same_as": str(case.id),
        },
    )
    made = re.search(r"/staff/cases/(\d+)/registered", answer.headers["Location"])
    assert made is not None
    with app.app_context():
        assert heads.follower_ids(case.id) == [int(made[1])]


def test_the_case_page_shows_what_may_be_the_same(client: FlaskClient) -> None:
    text, place = "چراغ کوچه نرگس خاموش است", "کوچه نرگس"
    one = make_case(text=text, place=place, received_at=clock.now() - dt.timedelta(days=2))
    other = make_case(text="لامپ کوچه نرگس سوخته", place=place)
    sign_in(client, make_user(("evaluator",)))
    assert one.code in client.get(f"/staff/cases/{other.id}").text
