"""The whole scheme over HTTP: proposals, screening, vote, paper, count, cases, news to voters."""

import io
import json
import re
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient, FlaskCliRunner
from PIL import Image
from sqlalchemy import func, select, update

from portal import clock
from portal.audit.models import AuditEntry
from portal.contacts.models import Contact
from portal.db import db
from portal.messaging import services as messaging
from portal.messaging.models import Message
from portal.text import ascii_digits
from surveys.ballots import jobs
from surveys.ballots.models import (
    BallotProposal,
    BallotResult,
    BallotScheme,
    BallotSheet,
    BallotVote,
    BallotVoter,
)
from surveys.ballots.services import counting, proposal_pages, proposals
from tests.factories.accounts import csrf_token, make_user, sign_in
from tests.factories.ballots import (
    Made,
    make_scheme,
    make_voters,
    open_vote,
    proposal,
    running,
    tokens,
)
from tests.factories.contacts import number
from tests.factories.units import make_unit
from tests.queries import count_queries
from tests.surveys.ballots.booth import Booth

START = "2026-05-01T08:00:00+00:00"


def photo() -> io.BytesIO:
    target = io.BytesIO()
    Image.new("RGB", (1600, 1200), "green").save(target, "JPEG")
    target.seek(0)
    return target


class Desk:
    """The browser of a member of staff."""

    def __init__(self, app: Flask, role: str) -> None:
        self.client = app.test_client()
        self.user = make_user((role,))
        sign_in(self.client, self.user)
        self.token = csrf_token(self.client, "/staff/ballots?lang=en")

    def get(self, url: str) -> Any:
        return self.client.get(url)

    def post(self, url: str, data: dict[str, Any] | None = None) -> Any:
        return self.client.post(url, data={**(data or {}), "csrf_token": self.token})


def staff(app: Flask, role: str = "communications") -> Desk:
    return Desk(app, role)


def propose(app: Flask, made: Made, **changes: Any) -> Any:
    data = {
        "area": made.slug,
        "title": "نیمکت در پارک",
        "description": "جایی برای نشستن سالمندان",
        "place": "پارک لاله",
        "mobile": "۰۹۱۲ ۳۴۵ ۶۷۸۹",
        **changes,
    }
    client = app.test_client(use_cookies=False)
    return client.post(
        f"/fa/ballots/{made.code.lower()}/propose", data=data, content_type="multipart/form-data"
    )


def last_code(app: Flask) -> str:
    with app.app_context():
        sent = db.session.scalars(select(Message).order_by(Message.id.desc()).limit(1)).one()
        assert sent.asked_for, "a stop of the line does not hold it back"
        body = messaging.text_of(sent)
    found = re.search(r"\d{6}", body)
    assert found, body
    return found[0]


def confirm(app: Flask, page: str, code: str) -> Any:
    return app.test_client(use_cookies=False).post(page, data={"code": code})


def rows(app: Flask, model: Any) -> list[Any]:
    with app.app_context():
        return list(db.session.scalars(select(model)))


def test_a_citizen_proposes_and_proves_the_number(app: Flask) -> None:
    made = make_scheme(projects=())
    public = app.test_client(use_cookies=False)
    assert public.get(f"/fa/ballots/{made.code.lower()}/propose").status_code == 200
    answer = propose(app, made, photo=(photo(), "a.jpg"))
    assert answer.status_code == 303
    address = f"/fa/ballots/{made.code.lower()}/{made.slug}"
    assert "نیمکت در پارک" not in public.get(address).text
    page = answer.headers["Location"]
    assert confirm(app, page, "no").status_code == 422
    code = last_code(app)
    assert confirm(app, page, str((int(code) + 1) % 1_000_000).zfill(6)).status_code == 422
    assert confirm(app, page, "é" * 6).status_code == 422
    assert confirm(app, page, "  " + code[:2] + " " + code[2:]).status_code == 303
    assert confirm(app, page, code).status_code == 303
    assert "Set-Cookie" not in public.get(page).headers
    (row,) = rows(app, BallotProposal)
    assert (row.state, row.number, row.e164) == ("submitted", 1, "+989123456789")
    shown = public.get(address).text
    assert "نیمکت در پارک" in shown and "989123456789" not in ascii_digits(shown)


def test_codes_are_bounded_and_old_proposals_forgotten(app: Flask) -> None:
    made = make_scheme(projects=())
    with clock.freeze(START):
        page = propose(app, made).headers["Location"]
        code = last_code(app)
        for _try in range(proposals.CODE_TRIES):
            assert confirm(app, page, "999999" if code != "999999" else "111111").status_code == 422
        assert confirm(app, page, code).status_code == 422
        late = propose(app, made, photo=(photo(), "a.jpg")).headers["Location"]
        code = last_code(app)
        clock.shift(minutes=31)
        assert confirm(app, late, code).status_code == 422
        for _time in range(3):
            assert propose(app, made).status_code == 303
        sixth = propose(app, made)
        assert sixth.status_code == 429 and "نیمکت در پارک" in sixth.text
        clock.shift(days=2)
        with app.app_context():
            from surveys.ballots.services import pictures

            assert len(list(pictures.folder().iterdir())) >= 1
            before = set(pictures.folder().iterdir())
            jobs.erase_unconfirmed()
            assert len(before - set(pictures.folder().iterdir())) == 1
    assert rows(app, BallotProposal) == []


def test_a_code_that_comes_after_the_vote_opened_is_too_late(app: Flask) -> None:
    made = make_scheme()
    make_voters(made, 1)
    page = propose(app, made).headers["Location"]
    code = last_code(app)
    open_vote(made)
    answer = confirm(app, page, code)
    assert answer.status_code == 422
    assert "پیشنهاد" in answer.text
    assert {row.state for row in rows(app, BallotProposal)} == {"accepted", "unconfirmed"}


def test_who_only_answered_one_survey_is_not_invited_to_vote(app: Flask) -> None:
    made = make_scheme()
    make_voters(made, 3)
    with app.app_context():
        ids = db.session.scalars(select(Contact.id).order_by(Contact.id)).all()
        db.session.execute(update(Contact).where(Contact.id == ids[0]).values(only_answered=True))
        db.session.commit()
    assert len(open_vote(made)) == len(ids) - 1


def test_a_wrong_form_keeps_what_was_typed_and_days_are_kept(app: Flask) -> None:
    made = make_scheme(projects=())
    answer = propose(app, made, mobile="۰۲۱۸۸۸۸", title="")
    assert answer.status_code == 422
    assert 'id="mobile-error"' in answer.text and 'id="title-error"' in answer.text
    assert "پارک لاله" in answer.text
    with clock.freeze(START) as now, app.app_context():
        scheme = db.session.get_one(BallotScheme, made.scheme_id)
        scheme.proposals_until = now
        db.session.commit()
        assert propose(app, made).status_code == 410
    client = app.test_client(use_cookies=False)
    assert (
        client.post(
            f"/fa/ballots/{made.code.lower()}/propose",
            data={"title": "x"},
            headers={"Sec-Fetch-Site": "cross-site"},
        ).status_code
        == 403
    )


def test_staff_drafts_screens_opens_counts_and_tells(app: Flask) -> None:
    unit = make_unit(kind="neighbourhood", names={"fa": "سنگلج", "ar": "سنكلج", "en": "Sangelaj"})
    browser = staff(app)
    with clock.freeze(START):
        form = {
            "name_fa": "من شهردارم ۱۴۰۵",
            "name_en": "I am Mayor 1405",
            "code": "mayor-1405",
            "year": "۱۴۰۵",
            "kind": "approval",
            "max_choices": "۲",
            "points": "10",
            "rule": "count",
            "proposals_until": "1405/03/31",
            "done_by": "1406/01/31",
        }
        wrong = browser.post("/staff/ballots/new?lang=fa", {**form, "year": "x", "code": "م"})
        assert wrong.status_code == 422 and "من شهردارم ۱۴۰۵" in wrong.text
        page = browser.post("/staff/ballots/new?lang=fa", form).headers["Location"]
        made_id = int(page.rsplit("/", 1)[1])
        assert app.test_client().get("/fa/ballots/mayor-1405").status_code == 404
        browser.post(f"{page}/areas", {"unit_id": unit.id, "budget": "۱٬۰۰۰٬۰۰۰٬۰۰۰"})
        browser.post(f"{page}/publish")
        (scheme,) = rows(app, BallotScheme)
        assert (scheme.state, scheme.year, scheme.max_choices) == ("proposals", 1405, 2)
        with app.app_context():
            area = db.session.get_one(BallotScheme, made_id).areas[0]
            made = Made(made_id, scheme.code, area.id, area.slug, "سنگلج", ())
            assert area.budget == 10_000_000_000
        for title in ("نیمکت", "چراغ", "نیمکت دوباره", "آسفالت بزرگراه"):
            with app.app_context():
                from portal import ratelimit

                ratelimit.limiter.reset()
            answer = propose(app, made, title=title, mobile=number())
            assert confirm(app, answer.headers["Location"], last_code(app)).status_code == 303
        bench, light, again, road = (row.id for row in rows(app, BallotProposal))
        # Nothing goes onto the ballot without a cost within the budget.
        project = "/staff/ballots/projects/{}"
        fields = {"title_fa": "نیمکت", "title_en": "Benches", "place": "پارک", "go": "accept"}
        assert browser.post(project.format(bench), fields).status_code == 422
        dear = browser.post(project.format(bench), {**fields, "cost": "۲٬۰۰۰٬۰۰۰٬۰۰۰"})
        assert dear.status_code == 422 and "Benches" in dear.text
        for each, name, cost in ((bench, "نیمکت", "600000000"), (light, "چراغ", "۵۰۰٬۰۰۰٬۰۰۰")):
            done = browser.post(project.format(each), {**fields, "title_fa": name, "cost": cost})
            assert done.status_code == 302, done.text
        browser.post(project.format(again) + "/merge", {"into": bench})
        declined = project.format(road) + "/decline"
        assert browser.post(declined, {"reason": "other"}).status_code == 422
        browser.post(declined, {"reason": "not_municipal", "reason_fa": "راه‌سازی می‌سازد"})
        assert [proposal(each).state for each in (bench, light, again, road)] == [
            "accepted",
            "accepted",
            "merged",
            "declined",
        ]
        public = app.test_client().get(f"/fa/ballots/mayor-1405/{made.slug}").text
        assert "راه‌سازی می‌سازد" in public
        # The vote.
        make_voters(made, 3)
        invitation = {"sms_fa": "رأی:\n{link}", "until": "1405/02/25"}
        early = browser.post(f"{page}/open", {**invitation, "sms_fa": "بی‌پیوند", "go": "open"})
        assert early.status_code == 422
        opened = browser.post(f"{page}/open", {**invitation, "go": "open", "expected": "3"})
        assert opened.status_code in {302, 303}, opened.text
        assert browser.post(project.format(bench), {**fields, "cost": "1"}).status_code == 422
        links = tokens(made)
        Booth(app, links[0]).vote({bench: 1, light: 1})
        receipt = Booth(app, links[1]).vote({light: 1})
        browser.post(f"{page}/close")
        with app.app_context():
            jobs.advance()
        (result,) = rows(app, BallotResult)
        assert result.data["winners"] == [str(light)]
        assert result.digest == counting.digest_of(result.data)
        assert result.data["budget"] == 1_000_000_000
        public_page = app.test_client().get(f"/fa/ballots/mayor-1405/{made.slug}").text
        assert result.data["projects"][0]["explanation"]["fa"] in public_page.replace("&#34;", '"')
        votes = f"/en/ballots/mayor-1405/{made.slug}/votes"
        found = app.test_client().get(f"{votes}?receipt={receipt.lower()}")
        assert found.status_code == 200 and receipt in found.text
        assert app.test_client().get(f"{votes}?receipt=0000-0000-0000").status_code == 404
        assert len(app.test_client().get(f"{votes}.csv").text.splitlines()) == 3
        assert "VOTES" in app.test_client().get(f"{votes}.pb").text
        # Told once.
        browser.post(f"{page}/announce")
        browser.post(f"{page}/announce")
        with app.app_context():
            told = db.session.get_one(BallotScheme, made_id).announced_batch_id
            found_messages = db.session.scalars(select(Message).filter_by(batch_id=told)).all()
            assert len(found_messages) == 3
            assert all("/b/" in messaging.text_of(message) for message in found_messages)
            actions = set(
                db.session.scalars(
                    select(AuditEntry.action).where(AuditEntry.action.like("ballot.%"))
                )
            )
    assert actions == {
        "ballot.created", "ballot.area_added", "ballot.published", "ballot.proposed",
        "ballot.proposal_changed", "ballot.proposal_accepted", "ballot.proposal_merged",
        "ballot.proposal_declined", "ballot.opened", "ballot.closed", "ballot.box_opened",
        "ballot.counted", "ballot.announced",
    }  # fmt: skip


@pytest.mark.workflows
def test_every_winner_is_a_case_that_everybody_can_follow(app: Flask) -> None:
    from workflows.cases.models import Case

    made, (token,) = running(1)
    Booth(app, token).vote({made.projects[0]: 1})
    _count(app, made)
    won = proposal(made.projects[0])
    with app.app_context():
        (case,) = db.session.scalars(select(Case)).all()
        assert (case.origin_type, case.origin_id, case.code) == (
            "project",
            won.id,
            won.tracking_code,
        )
        assert case.neighbourhood == made.name and "زمین بازی" in case.text
    assert proposal(made.projects[1]).tracking_code is None
    public = app.test_client().get(f"/en/ballots/{made.code.lower()}/{made.slug}").text
    assert f"/t/{won.tracking_code}" in public
    assert app.test_client().get(f"/t/{won.tracking_code}").status_code == 200


def test_without_workflows_a_winner_is_planned(app: Flask, make_app: Any) -> None:
    made, (token,) = running(1)
    Booth(app, token).vote({made.projects[0]: 1})
    alone = make_app(plugins=("surveys",))
    _count(alone, made)
    assert proposal(made.projects[0]).tracking_code is None
    page = alone.test_client().get(f"/en/ballots/{made.code.lower()}/{made.slug}")
    assert "Planned." in page.text and "/t/" not in page.text


def _count(app: Flask, made: Made) -> None:
    from surveys.ballots.services import closing

    with app.app_context():
        closing.close(made.scheme_id)
        db.session.commit()
        jobs.advance()
        jobs.advance()


def test_paper_is_typed_twice_and_nobody_votes_both_ways(app: Flask) -> None:
    made = make_scheme(takes_paper=True, kind="ranked", max_choices=3)
    make_voters(made, 3, "en")
    first, second, third = open_vote(made)
    Booth(app, first).vote({made.projects[0]: 1})
    with app.app_context():
        from portal.contacts.models import Contact

        numbers = db.session.scalars(select(Contact.e164).order_by(Contact.id)).all()
    one, two, three = staff(app), staff(app, "operator"), staff(app, "operator")
    page = f"/staff/ballots/areas/{made.area_id}"
    voted = one.post(f"{page}/paper", {"mobile": numbers[0]})
    assert voted.status_code == 422 and numbers[0] in voted.text
    assert one.post(f"{page}/paper", {"mobile": numbers[1]}).status_code == 303
    assert one.post(f"{page}/paper", {"mobile": numbers[1]}).status_code == 422
    assert "You have voted on paper" in Booth(app, second).open().text
    assert two.post(f"{page}/paper", {"mobile": number()}).status_code == 303
    late = Booth(app, third)
    late.open()
    late.send("review", {made.projects[0]: 1})
    assert one.post(f"{page}/paper", {"mobile": numbers[2]}).status_code == 303
    assert "You have voted on paper" in late.send("final").text
    # Sheets: the same person never twice, equal entries settle, others need a third person.
    a, b, c, _d = made.projects
    sheet = f"{page}/sheets/new"
    assert one.post(sheet, {"label": "۱", f"p{a}": "1", f"p{b}": "1"}).status_code == 422
    assert one.post(sheet, {"label": "۱", f"p{a}": "1", f"p{b}": "۲"}).status_code == 303
    assert one.post(sheet, {"label": "1", f"p{a}": "1", f"p{b}": "2"}).status_code == 422
    assert two.post(sheet, {"label": "1", f"p{a}": "1", f"p{b}": "2"}).status_code == 303
    assert one.post(sheet, {"label": "2", f"p{c}": "1"}).status_code == 303
    assert two.post(sheet, {"label": "2", f"p{b}": "1"}).status_code == 303
    (settled, differs) = sorted(rows(app, BallotSheet), key=lambda row: row.label)
    assert (settled.state, differs.state) == ("settled", "differs")
    decision = f"/staff/ballots/sheets/{differs.id}"
    assert three.get(decision).status_code == 200
    assert one.post(decision, {f"p{c}": "1"}).status_code == 422
    _count(app, made)
    (scheme,) = rows(app, BallotScheme)
    assert scheme.state == "closed", "it waits for the sheets"
    assert one.post(f"/staff/ballots/{made.scheme_id}/count").status_code == 303
    assert rows(app, BallotResult) == []
    assert three.post(decision, {f"p{c}": "1"}).status_code == 303
    one.post(f"/staff/ballots/{made.scheme_id}/count")
    (result,) = rows(app, BallotResult)
    assert (result.data["ballots"], result.data["paper_ballots"]) == (3, 2)
    assert sorted((vote.channel, vote.choices) for vote in rows(app, BallotVote)) == [
        ("link", [[a, 1]]),
        ("paper", [[a, 1], [b, 2]]),
        ("paper", [[c, 1]]),
    ]


def test_more_sheets_than_voters_on_paper_are_not_counted(app: Flask) -> None:
    made = make_scheme(takes_paper=True)
    make_voters(made, 1)
    open_vote(made)
    one, two = staff(app), staff(app, "operator")
    sheet = f"/staff/ballots/areas/{made.area_id}/sheets/new"
    for browser in (one, two):
        browser.post(sheet, {"label": "1", f"p{made.projects[0]}": "1"})
    _count(app, made)
    one.post(f"/staff/ballots/{made.scheme_id}/count")
    assert rows(app, BallotResult) == []
    assert "people are marked as voters" in one.get(f"/staff/ballots/{made.scheme_id}?lang=en").text


@pytest.mark.parametrize("rule", ["count", "greedy", "equal-shares"])
def test_the_command_counts_a_scheme_by_any_rule(
    app: Flask, runner: FlaskCliRunner, rule: str
) -> None:
    made, links = running(3, kind="points")
    for token in links:
        Booth(app, token).vote({made.projects[1]: 6, made.projects[2]: 4})
    early = runner.invoke(args=["surveys", "tally", made.code, "--json"])
    assert early.exit_code == 1
    _count(app, made)
    done = runner.invoke(args=["surveys", "tally", made.code, "--rule", rule, "--json"])
    assert done.exit_code == 0, done.output
    (ballot,) = json.loads(done.stdout)["ballots"]
    assert set(ballot["winners"]) == {str(made.projects[1]), str(made.projects[2])}
    assert ballot["ballots"] == 3
    assert runner.invoke(args=["surveys", "tally", "--json"]).exit_code == 2


@pytest.mark.parametrize("name", ["approval.pb", "ordinal.pb", "cumulative.pb"])
def test_a_pabulib_file_goes_in_and_comes_out_the_same(
    app: Flask, runner: FlaskCliRunner, tmp_path: Path, name: str
) -> None:
    from surveys.ballots import pabulib

    example = (Path(__file__).parent / "examples" / name).read_text()
    source = tmp_path / name
    # Amounts are kept in rial, a tenth of a toman: no finer.
    source.write_text(example.replace("120.5", "120").replace("60.25", "60.5"))
    done = runner.invoke(args=["surveys", "ballot-import", str(source), "--code", "X-1", "--json"])
    assert done.exit_code == 0, done.output
    target = tmp_path / "out.pb"
    back = runner.invoke(args=["surveys", "ballot-export", "X-1", "file", "-o", str(target)])
    assert back.exit_code == 0, back.output
    before = pabulib.read(source.read_bytes()).election
    after = pabulib.read(target.read_bytes()).election
    assert before and after
    assert len(before.votes) == len(after.votes)
    assert before.instance.budget == after.instance.budget

    def plain(election: pabulib.Election) -> list[Any]:
        places = {project.id: n for n, project in enumerate(election.instance.projects)}
        found = []
        for vote in election.votes:
            chosen = [places[each] for each in vote.ballot.choices]
            pairs = list(zip(chosen, vote.ballot.points or [1] * len(chosen), strict=True))
            is_ranked = vote.ballot.kind == "ranked"
            found.append(tuple(pairs if is_ranked else sorted(pairs)))
        return sorted(found)

    assert plain(before) == plain(after)
    assert app.test_client().get("/en/ballots/x-1").status_code == 404
    first = runner.invoke(args=["surveys", "tally", "X-1", "--json"])
    second = runner.invoke(args=["surveys", "tally", "--pb", str(target), "--json"])
    (ballot,) = json.loads(first.stdout)["ballots"]
    assert len(ballot["winners"]) == len(json.loads(second.stdout)["winners"])


def test_proposals_come_in_pages_and_their_links_lead_to_the_right_one(app: Flask) -> None:
    made = make_scheme()
    with app.app_context():
        for n in range(proposal_pages.PAGE + 20):
            row = proposals.add(made.area_id, language="en", titles={"en": f"idea-{n}-"},
                                descriptions={}, place="", cost=10)  # fmt: skip
            last = row.id
        first = made.projects[0]
        proposals.merge(first, last, user_id=None)
        db.session.commit()
    browser = staff(app)
    public = f"/en/ballots/{made.code.lower()}/{made.slug}"
    for start in (public, f"/staff/ballots/areas/{made.area_id}"):
        text, seen = browser.get(start).text, []
        while True:
            rows = re.findall(r"idea-(\d+)-", re.sub(r"Merged into.*", "", text))
            seen += [int(each) for each in rows]
            older = re.search(r'rel="next" href="([^"]+)"', text)
            if not older:
                break
            text = browser.get(older[1].replace("&amp;", "&")).text
        assert sorted(set(seen)) == list(range(proposal_pages.PAGE + 20))
        back = re.search(r'rel="prev" href="([^"]+)"', text)
        assert back
        assert back[1] == start, "the second page leads back to the first"
    merged = re.search(r'Merged into:[^<]*<a href="([^"#]+)#(p\d+)"', browser.get(public).text)
    assert merged
    assert f'id="{merged[2]}"' in browser.get(merged[1].replace("&amp;", "&")).text
    submitted = browser.get(f"/staff/ballots/areas/{made.area_id}?state=submitted").text
    older = re.search(r'rel="next" href="([^"]+)"', submitted)
    assert older
    assert "state=submitted" in older[1]
    for odd in ("-1", "x", str(2**70), "999999"):
        assert browser.get(f"{public}?after={odd}").status_code == 200


def test_lists_ask_the_database_as_often_for_many_as_for_few(
    app: Flask, client: FlaskClient
) -> None:
    made, (token,) = running(1)
    Booth(app, token).vote({made.projects[0]: 1})
    browser = staff(app)
    pages = (
        "/staff/ballots",
        f"/staff/ballots/{made.scheme_id}",
        f"/staff/ballots/areas/{made.area_id}",
        f"/fa/ballots/{made.code.lower()}/{made.slug}",
        "/fa/ballots",
    )

    def statements() -> list[int]:
        found = []
        for page in pages:
            with count_queries() as queries:
                assert browser.get(page).status_code == 200
            found.append(queries.count)
        return found

    statements()
    few = statements()
    for _n in range(4):
        running(1)
    with app.app_context():
        for n in range(proposal_pages.PAGE + 9):
            db.session.add(
                BallotProposal(
                    area_id=made.area_id, number=100 + n, state="declined", language="fa",
                    titles={"fa": f"طرح {n}"}, descriptions={}, reason_code="planned",
                )
            )  # fmt: skip
        db.session.commit()
    assert statements() == few
    assert max(few) <= 16, few
    with app.app_context():
        assert db.session.scalar(select(func.count()).select_from(BallotVoter)) == 5
