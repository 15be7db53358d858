"""The draft of a survey, edited as an analyst edits it, up to the next version."""

import re
from threading import Barrier, Thread

import pytest
from flask import Flask
from sqlalchemy import select, text

from portal.audit.models import AuditEntry
from portal.db import db
from surveys.editor import services
from surveys.editor.models import SurveyDraft, SurveyDraftRevision
from surveys.questionnaires.models import SurveyVersion
from surveys.questionnaires.services import load_version
from tests.factories.surveys import make_survey, question
from tests.factories.surveys import questionnaire as form
from tests.queries import count_queries
from tests.surveys.campaigns.test_pages import shown
from tests.surveys.editor.pages import ALL, begin, definition, fields, press, send, staff

CODE = "CITY-9"
FORM = form(
    [
        question("way", "select_one", "bus walk"),
        question("why", label={"fa": "چرا؟"}, relevant="${way} = 'bus'"),
    ],
    [question("age", "integer", hint={"fa": "به سال", "en": "In years"})],
)


def audited(app: Flask) -> list[str]:
    with app.app_context():
        return list(db.session.scalars(select(AuditEntry.action).order_by(AuditEntry.id)))


def test_from_a_version_to_the_next_without_script(app: Flask) -> None:
    make_survey(CODE, FORM)
    analyst = staff(app)
    draft = begin(analyst, CODE)
    page = f"{draft}/texts?page=p1"
    answer = send(analyst, page, **{"t:questions/why/label:en": "Why the bus?"})
    assert answer.status_code == 303, answer.text
    review = shown(analyst.get(f"{draft}/review").text)
    assert "why Changed Text (English) — Why the bus?" in review
    assert "is missing in the language “ar”" in review
    done = send(analyst, f"{draft}/publish", f"{draft}/review")
    assert done.status_code == 303
    assert "Version 2 is published." in analyst.get(done.headers["Location"]).text
    with app.app_context():
        versions = list(db.session.scalars(select(SurveyVersion).order_by(SurveyVersion.number)))
        assert [version.number for version in versions] == [1, 2]
        assert load_version(versions[0].id) == FORM
        assert load_version(versions[1].id).by_name["why"].label["en"] == "Why the bus?"
        assert versions[1].question_count == 3
        assert db.session.query(SurveyDraft).count() == 0
        assert db.session.query(SurveyDraftRevision).count() == 0
    assert audited(app) == [
        "survey.version_published",
        "survey.draft_begun",
        "survey.draft_changed",
        "survey.version_published",
    ]
    compared = shown(analyst.get(f"{ALL}/{CODE}/changes").text)
    assert "From version 1 to version 2" in compared
    assert "Why the bus?" in compared


def test_a_published_version_cannot_be_changed_even_by_hand(app: Flask) -> None:
    make_survey(CODE, FORM)
    with app.app_context(), pytest.raises(Exception, match="never change"):
        db.session.execute(text("UPDATE survey_versions SET number = 5"))


def test_one_draft_however_often_it_is_begun(app: Flask) -> None:
    make_survey(CODE, FORM)
    one, two = staff(app), staff(app)
    begin(one, CODE)
    send(one, f"{ALL}/{CODE}/draft/texts?page=p2", **{"t:questions/age/label:ar": "العمر"})
    begin(two, CODE)
    assert definition(app)["pages"][1]["questions"][0]["label"]["ar"] == "العمر"
    with app.app_context():
        assert db.session.query(SurveyDraft).count() == 1


# Texts


def test_texts_stand_side_by_side_with_what_is_missing(app: Flask) -> None:
    make_survey(CODE, FORM)
    analyst = staff(app)
    draft = begin(analyst, CODE)
    found = analyst.get(f"{draft}/texts?page=p1").text
    assert re.search(r'name="t:questions/way/choices/bus/label:ar" lang="ar" dir="rtl"', found)
    assert re.search(r'name="t:questions/why/label:en" lang="en" dir="ltr"', found)
    assert len(re.findall(r">missing<", found)) == 2
    missing = analyst.get(f"{draft}/texts?only=missing").text
    assert set(re.findall(r'name="t:([^"]+):fa"', missing)) == {
        "questions/why/label",
        "questions/age/hint",
    }
    assert shown(found).count("9 of 9") == 1, "fa"


def test_lost_letters_are_marked(app: Flask) -> None:
    make_survey(CODE, form([question("a", label={"fa": "????? ??", "ar": "س", "en": "A"})]))
    analyst = staff(app)
    draft = begin(analyst, CODE)
    assert "letters lost" in analyst.get(f"{draft}/texts?page=p1").text
    assert "questions/a/label" in analyst.get(f"{draft}/texts?only=missing").text


def test_two_people_on_one_page_do_not_overwrite_each_other(app: Flask) -> None:
    make_survey(CODE, FORM)
    one, two = staff(app), staff(app)
    draft = begin(one, CODE)
    page = f"{draft}/texts?page=p1"
    mine, theirs = fields(one.get(page).text), fields(two.get(page).text)
    way, why = "t:questions/way/label:en", "t:questions/why/label:en"
    assert one.post(page, data={**mine, way: "How?", why: "Why then?"}).status_code == 303
    # Another text of the same old form: both are kept.
    assert two.post(page, data={**theirs, "t:questions/way/label:fa": "چگونه؟"}).status_code == 303
    label = definition(app)["pages"][0]["questions"][0]["label"]
    assert (label["en"], label["fa"]) == ("How?", "چگونه؟")
    # The same text: told, nothing stored, everything typed stands in the form.
    late = two.post(page, data={**theirs, why: "Reason?", "t:questions/way/label:ar": "كيف؟"})
    assert late.status_code == 409
    again = fields(late.text)
    assert again[why] == "Reason?"
    assert again["t:questions/way/label:ar"] == "كيف؟"
    assert again[way] == "How?", "what I did not touch is what stands there now"
    assert "Why then?" in late.text
    assert definition(app)["pages"][0]["questions"][1]["label"]["en"] == "Why then?"
    # Having seen it, the person decides.
    assert two.post(page, data=again).status_code == 303
    now = definition(app)["pages"][0]["questions"]
    assert now[1]["label"]["en"] == "Reason?"
    assert now[0]["label"] == {"fa": "چگونه؟", "ar": "كيف؟", "en": "How?"}


def test_a_wrong_text_keeps_everything_typed(app: Flask) -> None:
    make_survey(CODE, FORM)
    analyst = staff(app)
    draft = begin(analyst, CODE)
    answer = send(
        analyst,
        f"{draft}/texts?page=p1",
        **{"t:questions/why/label:en": "Why ${nobody}?", "t:questions/why/label:ar": "لماذا؟"},
    )
    assert answer.status_code == 422
    assert "There is no question “nobody”" in answer.text
    assert fields(answer.text)["t:questions/why/label:en"] == "Why ${nobody}?"
    assert fields(answer.text)["t:questions/why/label:ar"] == "لماذا؟"
    assert "ar" not in definition(app)["pages"][0]["questions"][1]["label"]


def test_a_form_older_than_all_that_is_remembered_is_shown_again(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(services, "KEPT_REVISIONS", 2)
    make_survey(CODE, FORM)
    analyst = staff(app)
    draft = begin(analyst, CODE)
    page = f"{draft}/texts?page=p1"
    old = fields(analyst.get(page).text)
    for number in range(4):
        send(analyst, page, **{"t:questions/way/label:en": f"How {number}?"})
    late = analyst.post(page, data={**old, "t:questions/why/label:en": "Typed long ago"})
    assert late.status_code == 409
    assert "Typed long ago" in late.text
    assert "How 3?" in late.text
    assert "en" not in definition(app)["pages"][0]["questions"][1]["label"]


def test_hundreds_of_texts_come_in_portions(app: Flask) -> None:
    big = form(
        *[[question(f"q{p}_{n}", "select_one", "a b c") for n in range(30)] for p in range(8)]
    )
    make_survey(CODE, big)
    analyst = staff(app)
    draft = begin(analyst, CODE)
    first = analyst.get(f"{draft}/texts?page=p3").text
    assert len(set(re.findall(r'name="t:([^"]+):fa"', first))) == 40
    assert "start=40" in first
    second = analyst.get(f"{draft}/texts?page=p3&start=40").text
    assert not set(re.findall(r'name="t:[^"]+"', first)) & set(
        re.findall(r'name="t:[^"]+"', second)
    )
    answer = send(analyst, f"{draft}/texts?page=p3&start=40", **{"t:questions/q2_10/label:en": "X"})
    assert answer.headers["Location"].endswith("page=p3&start=40")


def test_an_added_language_has_a_column(app: Flask) -> None:
    make_survey(CODE, form([question("a", label={"fa": "نام"})], title={"fa": "نظر"}))
    with app.app_context():
        services.begin(CODE, None)
        db.session.commit()
        draft = db.session.query(SurveyDraft).one()
        draft.definition = {**draft.definition, "languages": ["fa"]}
        db.session.commit()
    analyst = staff(app)
    draft_url = f"{ALL}/{CODE}/draft"
    assert press(analyst, f"{draft_url}/languages", draft_url, language="en").status_code == 303
    assert definition(app)["languages"] == ["fa", "en"]
    assert 'name="t:questions/a/label:en"' in analyst.get(f"{draft_url}/texts?page=p1").text
    assert press(analyst, f"{draft_url}/languages", draft_url, language="xx").status_code == 400


# Questions


def test_a_question_is_changed(app: Flask) -> None:
    make_survey(CODE, FORM)
    analyst = staff(app)
    draft = begin(analyst, CODE)
    page = f"{draft}/questions/age"
    answer = send(
        analyst,
        page,
        **{
            "required": "y",
            "required_message-en": "Type your age.",
            "constraint": ". <= ۱۲۰",
            "constraint_message-fa": "تا ۱۲۰",
            "do": "save",
        },
    )
    assert answer.status_code == 303, answer.text
    assert definition(app)["pages"][1]["questions"][0] == {
        **FORM.to_json()["pages"][1]["questions"][0],
        "required": True,
        "required_message": {"en": "Type your age."},
        "constraint": ". <= ۱۲۰",
        "constraint_message": {"fa": "تا ۱۲۰"},
    }


def test_choices_are_added_moved_and_removed_without_script(app: Flask) -> None:
    make_survey(CODE, FORM)
    analyst = staff(app)
    draft = begin(analyst, CODE)
    page = f"{draft}/questions/way"
    form_now = fields(analyst.get(page).text)
    added = analyst.post(page, data={**form_now, "label-en": "How?", "do": "add"})
    assert added.status_code == 200
    now = fields(added.text)
    assert now["label-en"] == "How?", "what was typed stays when a row is added"
    now |= {"choice-2-name": "bike", "choice-2-en": "Bicycle"}
    now = fields(analyst.post(page, data={**now, "do": "up:2"}).text)
    assert now["choice-1-name"] == "bike"
    now = fields(analyst.post(page, data={**now, "do": "remove:2"}).text)
    assert definition(app) == FORM.to_json(), "nothing is stored before it is saved"
    assert analyst.post(page, data={**now, "do": "save"}).status_code == 303
    way = definition(app)["pages"][0]["questions"][0]
    assert way["label"]["en"] == "How?"
    assert [choice["name"] for choice in way["choices"]] == ["bus", "bike"]
    assert way["choices"][0]["label"] == FORM.by_name["way"].choices[0].label


def test_a_removed_choice_that_logic_asks_for_is_warned_of(app: Flask) -> None:
    make_survey(CODE, FORM)
    analyst = staff(app)
    draft = begin(analyst, CODE)
    page = f"{draft}/questions/way"
    now = fields(analyst.post(page, data={**fields(analyst.get(page).text), "do": "remove:0"}).text)
    analyst.post(page, data={**now, "do": "save"})
    assert "“bus” is no choice of “way”" in analyst.get(f"{draft}/review").text


def test_a_question_is_added_and_published(app: Flask) -> None:
    make_survey(CODE, FORM)
    analyst = staff(app)
    draft = begin(analyst, CODE)
    page = f"{draft}/pages/p2/new"
    data = {
        "name": "district",
        "type": "select_one",
        "label-fa": "محله",
        "choice-0-fa": "بازار",
        "choice-1-name": "iran",
        "choice-1-fa": "ایران",
        "do": "save",
    }
    assert send(analyst, page, **{**data, "name": ""}).status_code == 422
    assert send(analyst, page, **{**data, "name": "way"}).status_code == 422
    twice = send(analyst, page, **{**data, "name": "1 x"})
    assert twice.status_code == 422
    assert fields(twice.text)["choice-1-fa"] == "ایران"
    assert send(analyst, page, **data).status_code == 303
    assert definition(app)["pages"][1]["questions"][1] == {
        "name": "district",
        "type": "select_one",
        "label": {"fa": "محله"},
        "choices": [
            {"name": "choice_1", "label": {"fa": "بازار"}},
            {"name": "iran", "label": {"fa": "ایران"}},
        ],
    }
    assert send(analyst, f"{draft}/publish", f"{draft}/review").status_code == 303
    assert "district" in analyst.get(f"{ALL}/{CODE}/changes").text


def test_broken_logic_is_said_at_its_field(app: Flask) -> None:
    make_survey(CODE, FORM)
    analyst = staff(app)
    draft = begin(analyst, CODE)
    answer = send(analyst, f"{draft}/questions/age", relevant="${wau} = 'bus'", do="save")
    assert answer.status_code == 422
    assert 'id="relevant-error"' in answer.text
    assert fields(answer.text)["relevant"] == "${wau} = 'bus'"
    assert "relevant" not in definition(app)["pages"][1]["questions"][0]


def test_a_question_others_depend_on_is_not_removed(app: Flask) -> None:
    make_survey(CODE, FORM)
    analyst = staff(app)
    draft = begin(analyst, CODE)
    press(analyst, f"{draft}/remove", draft, name="way")
    assert "“way” cannot be removed: why depend on it" in analyst.get(draft).text
    press(analyst, f"{draft}/remove", draft, name="why")
    press(analyst, f"{draft}/remove", draft, name="way")
    assert [page["name"] for page in definition(app)["pages"]] == ["p2"]


def test_order_within_a_page(app: Flask) -> None:
    make_survey(CODE, FORM)
    analyst = staff(app)
    draft = begin(analyst, CODE)
    answer = press(analyst, f"{draft}/move", draft, name="way", to="down")
    assert answer.headers["Location"].endswith("#q-way")
    assert [q["name"] for q in definition(app)["pages"][0]["questions"]] == ["why", "way"]
    # A button of a page that is no longer true does nothing: pressed twice is moved once.
    press(analyst, f"{draft}/move", draft, name="way", to="up", revision="1")
    assert [q["name"] for q in definition(app)["pages"][0]["questions"]] == ["why", "way"]
    assert "Somebody else has changed the draft" in analyst.get(draft).text


def test_two_people_on_one_question(app: Flask) -> None:
    make_survey(CODE, FORM)
    one, two = staff(app), staff(app)
    draft = begin(one, CODE)
    page = f"{draft}/questions/age"
    mine, theirs = fields(one.get(page).text), fields(two.get(page).text)
    assert one.post(page, data={**mine, "hint-ar": "بالسنوات", "do": "save"}).status_code == 303
    late = two.post(page, data={**theirs, "hint-en": "Full years", "do": "save"})
    assert late.status_code == 409
    assert fields(late.text)["hint-en"] == "Full years"
    assert "بالسنوات" in late.text
    assert definition(app)["pages"][1]["questions"][0]["hint"]["en"] == "In years"
    # Another question is nobody's conflict.
    way = fields(two.get(f"{draft}/questions/way").text)
    answer = two.post(
        f"{draft}/questions/way", data={**way, "revision": "1", "label-en": "How?", "do": "save"}
    )
    assert answer.status_code == 303


def test_saves_at_the_same_moment_are_all_kept(app: Flask) -> None:
    names = [f"q{n}" for n in range(8)]
    make_survey(CODE, form([question(name) for name in names]))
    with app.app_context():
        services.begin(CODE, None)
        db.session.commit()
    together = Barrier(len(names))

    def save(name: str) -> None:
        with app.app_context():
            together.wait(10)
            merge, wrong = services.save_texts(
                CODE, 1, {(f"questions/{name}/label", "en"): f"by {name}"}, None
            )
            assert merge.ok
            assert not wrong
            db.session.commit()
            db.session.remove()

    threads = [Thread(target=save, args=(name,)) for name in names]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    labels = [q["label"]["en"] for q in definition(app)["pages"][0]["questions"]]
    assert labels == [f"by {name}" for name in names]


# Publishing


def test_nothing_is_published_unread_or_twice(app: Flask) -> None:
    make_survey(CODE, FORM)
    analyst = staff(app)
    draft = begin(analyst, CODE)
    data = {"newest": "1"}
    same = press(analyst, f"{draft}/publish", draft, **data)
    assert "says the same" in analyst.get(same.headers["Location"]).text
    send(analyst, f"{draft}/texts?page=p1", **{"t:questions/why/label:en": "Why?"})
    press(analyst, f"{draft}/publish", draft, revision="1", **data)
    assert "Somebody else has changed the draft" in analyst.get(draft).text
    make_survey(CODE, form([question("from_a_file")]))
    press(analyst, f"{draft}/publish", draft, **data)
    review = analyst.get(f"{draft}/review").text
    assert "A new version was published meanwhile" in review
    assert "but version 2 was published meanwhile" in review
    assert press(analyst, f"{draft}/publish", draft, newest="2").status_code == 303
    gone = analyst.get(draft)
    assert gone.status_code == 303
    with app.app_context():
        assert db.session.query(SurveyVersion).count() == 3


def test_a_draft_with_an_error_is_not_published(app: Flask) -> None:
    make_survey(CODE, FORM)
    analyst = staff(app)
    draft = begin(analyst, CODE)
    with app.app_context():
        row = db.session.query(SurveyDraft).one()
        broken = FORM.to_json()
        broken["pages"][0]["questions"][1]["relevant"] = "${nobody} = 1"
        row.definition = broken
        db.session.commit()
    page = shown(analyst.get(f"{draft}/review").text)
    assert "1 error must be corrected first" in page
    press(analyst, f"{draft}/publish", draft, newest="1")
    with app.app_context():
        assert db.session.query(SurveyVersion).count() == 1


def test_a_discarded_draft_is_gone(app: Flask) -> None:
    make_survey(CODE, FORM)
    analyst = staff(app)
    draft = begin(analyst, CODE)
    press(analyst, f"{draft}/discard", draft)
    assert audited(app)[-1] == "survey.draft_discarded"
    for path in ("", "/texts", "/review", "/questions/age", "/frame", "/preview"):
        assert analyst.get(f"{draft}{path}").status_code == 303, path
    assert "There is no open draft" in analyst.get(f"{ALL}/{CODE}").text
    assert analyst.get(f"{ALL}/NOBODY/draft").status_code == 404


def test_the_pages_cost_the_same_for_a_large_questionnaire(app: Flask) -> None:
    analyst = staff(app)
    counts = []
    for code, pages in (("SMALL", 1), ("LARGE", 20)):
        make_survey(code, form(*[[question(f"q{p}_{n}") for n in range(9)] for p in range(pages)]))
        draft = begin(analyst, code)
        for path in ("", "/texts?page=p1", "/texts?only=missing", "/review", "/questions/q0_1"):
            with count_queries() as queries:
                assert analyst.get(f"{draft}{path}").status_code == 200
            counts.append((path, queries.count))
    half = len(counts) // 2
    assert counts[:half] == counts[half:]
    assert max(count for _path, count in counts) <= 8
