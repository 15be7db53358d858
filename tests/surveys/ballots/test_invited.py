"""People are invited to propose by SMS; the personal link proves the number, once and in time."""

import datetime as dt
import html
import re
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select, update

from portal import clock, links, ratelimit
from portal.audit.models import AuditEntry
from portal.contacts import consent
from portal.contacts.models import Contact
from portal.db import db
from portal.messaging import services as messaging
from portal.messaging.models import Message
from portal.text import ascii_digits
from surveys.ballots import jobs
from surveys.ballots.errors import BallotError
from surveys.ballots.models import BallotProposal, BallotProposer, BallotScheme
from surveys.ballots.services import inviting, pictures, proposals, schemes
from tests.factories.accounts import csrf_token, make_user, sign_in
from tests.factories.ballots import TEXTS, Made, make_scheme, make_voters, open_vote
from tests.surveys.ballots.test_the_scheme import photo

START = "2026-05-01T08:00:00+00:00"
WORDS = {
    "title": "نیمکت در پارک",
    "description": "جایی برای نشستن سالمندان",
    "place": "پارک لاله",
}


def invite(app: Flask, made: Made, expected: int) -> list[str]:
    """Invite; the tokens of everybody invited so far."""
    with app.app_context():
        inviting.invite(made.scheme_id, texts=TEXTS, expected=expected)
        db.session.commit()
        query = select(BallotProposer.id).where(BallotProposer.scheme_id == made.scheme_id)
        ids = db.session.scalars(query.order_by(BallotProposer.contact_id)).all()
        return [links.token_for(inviting.PURPOSE, each) for each in ids]


def invited(app: Flask, count: int = 1, language: str = "fa") -> tuple[Made, list[str]]:
    made = make_scheme(projects=())
    make_voters(made, count, language)
    return made, invite(app, made, count)


def hidden(page: str, name: str) -> str:
    found = re.search(rf'name="{re.escape(name)}" value="([^"]*)"', page)
    assert found, page[:3000]
    return html.unescape(found[1])


def send(app: Flask, token: str, **changes: Any) -> Any:
    """Open the link and send the form."""
    client = app.test_client(use_cookies=False)
    page = client.get(f"/p/{token}").text
    data = {**WORDS, ".go": "send", ".key": hidden(page, ".key"), ".lang": hidden(page, ".lang")}
    return client.post(f"/p/{token}", data={**data, **changes}, content_type="multipart/form-data")


def kept(app: Flask) -> list[BallotProposal]:
    with app.app_context():
        return list(db.session.scalars(select(BallotProposal).order_by(BallotProposal.id)))


def change(app: Flask, made: Made, **values: Any) -> None:
    with app.app_context():
        db.session.execute(
            update(BallotScheme).where(BallotScheme.id == made.scheme_id).values(**values)
        )
        db.session.commit()


# Staff


def test_staff_invites_from_the_page_of_the_scheme(app: Flask) -> None:
    made = make_scheme(projects=())
    ids = make_voters(made, 3, "en")
    make_voters(make_scheme(projects=()), 1, "en")
    with app.app_context():
        gone = db.session.get_one(Contact, ids[0])
        consent.opt_out(gone.e164, line=None, channel="staff", evidence="test")
        db.session.execute(update(Contact).where(Contact.id == ids[1]).values(only_answered=True))
        db.session.commit()
    make_voters(made, 2, "fa")
    client = app.test_client()
    sign_in(client, make_user(("communications",), language="en"))
    scheme = f"/staff/ballots/{made.scheme_id}"
    page = f"{scheme}/invite"
    assert page in client.get(f"{scheme}?lang=en").text
    first = client.get(page).text
    assert "Send the invitations (3 SMS)" in first
    assert first.count("As the phone shows it:") == 3 and "/p/TEST0000000" in first
    data = {
        "csrf_token": csrf_token(client, page),
        "sms_en": "Propose:\n{link}",
        "sms_fa": "بدون پیوند",
        "expected": "3",
        "go": "count",
    }
    cost = client.post(f"{page}/cost/en", data=data).text
    assert "1 part" in cost and "recipients: 1" in cost
    again = client.post(page, data=data)
    assert again.status_code == 200 and "Send the invitations" not in again.text
    assert client.post(page, data={**data, "go": "send"}).status_code == 422
    data |= {"sms_fa": "پیشنهاد:\n{link}", "go": "send"}
    assert client.post(page, data={**data, "expected": "2"}).status_code == 422
    assert client.post(page, data=data).status_code == 303
    double = client.post(page, data=data)
    assert double.status_code == 422 and "Nobody is left to invite" in double.text
    with app.app_context():
        messages = db.session.scalars(select(Message).order_by(Message.id)).all()
        assert len(messages) == 3
        assert not {ids[0], ids[1]} & {message.contact_id for message in messages}
        for message in messages:
            proposer = db.session.get_one(BallotProposer, message.link_id)
            token = links.token_for(inviting.PURPOSE, proposer.id)
            assert f"http://localhost/p/{token}" in messaging.text_of(message)
            assert token not in message.body and proposer.token_digest == links.digest(token)
        (entry,) = db.session.scalars(
            select(AuditEntry).where(AuditEntry.action == "ballot.invited_to_propose")
        )
        assert entry.subject_id == str(made.scheme_id)
        with pytest.raises(BallotError) as refused:
            schemes.remove_area(made.area_id)
        assert refused.value.code == "invited"
    # Who joins later is invited by a second wave, and nobody twice.
    make_voters(made, 1, "en")
    assert client.post(page, data={**data, "expected": "1"}).status_code == 303
    with app.app_context():
        assert len(set(db.session.scalars(select(Message.contact_id)))) == 4
        assert inviting.invited(made.scheme_id) == 4


def test_two_clicks_at_once_are_one_invitation(app: Flask) -> None:
    made = make_scheme(projects=())
    make_voters(made, 4)

    def one(_n: int) -> str:
        with app.app_context():
            try:
                inviting.invite(made.scheme_id, texts=TEXTS, expected=4)
                db.session.commit()
                return "sent"
            except BallotError as error:
                db.session.rollback()
                return error.code
            finally:
                db.session.remove()

    with ThreadPoolExecutor(4) as pool:
        found = sorted(pool.map(one, range(4)))
    assert found == ["sent", "wrong", "wrong", "wrong"]
    with app.app_context():
        assert len(db.session.scalars(select(Message.id)).all()) == 4


@pytest.mark.parametrize("role", ["operator", "analyst"])
def test_only_who_manages_ballots_invites(app: Flask, role: str) -> None:
    made = make_scheme(projects=())
    client = app.test_client()
    sign_in(client, make_user((role,), language="en"))
    assert client.get(f"/staff/ballots/{made.scheme_id}/invite").status_code == 403
    assert "/invite" not in client.get(f"/staff/ballots/{made.scheme_id}").text


def test_outside_the_days_for_proposals_nobody_is_invited(app: Flask) -> None:
    with clock.freeze(START):
        made = make_scheme(projects=(), proposals_until=clock.now() + dt.timedelta(days=1))
        make_voters(made, 1)
        clock.shift(days=2)
        with app.app_context(), pytest.raises(BallotError) as refused:
            inviting.invite(made.scheme_id, texts=TEXTS, expected=1)
        assert refused.value.code == "wrong"


@pytest.mark.parametrize("end", ["days", "vote", "cancel"])
def test_the_end_of_the_proposals_ends_the_invitations_that_wait(app: Flask, end: str) -> None:
    with clock.freeze(START):
        made = make_scheme(proposals_until=clock.now() + dt.timedelta(days=1))
        make_voters(made, 1)
        invite(app, made, 1)
        with app.app_context():
            jobs.advance()
            assert db.session.scalar(select(Message.state)) == "created"
            if end == "days":
                clock.shift(days=1)
                jobs.advance()
                jobs.advance()
            elif end == "vote":
                open_vote(made)
            else:
                schemes.cancel(made.scheme_id)
            db.session.commit()
            query = select(Message.state).where(Message.link_purpose == inviting.PURPOSE)
            assert db.session.scalars(query).all() == ["cancelled"]
            cancelled = select(AuditEntry).where(AuditEntry.action == "messages.batch_cancelled")
            assert len(db.session.scalars(cancelled).all()) == 1


# Citizens


@pytest.mark.parametrize(
    ("language", "words", "thanks"),
    [
        ("fa", "پیشنهاد", "سپاس"),
        ("ar", "اقترا", "شكر"),
        ("en", "Propose a project for Quarter", "Thank you: your proposal has arrived"),
    ],
)
def test_somebody_invited_proposes_without_a_code(
    app: Flask, language: str, words: str, thanks: str
) -> None:
    made, (token,) = invited(app, 1, language)
    public = app.test_client(use_cookies=False)
    page = public.get(f"/p/{token}")
    assert page.status_code == 200 and f'<html lang="{language}"' in page.text
    assert words in page.text and 'name="mobile"' not in page.text
    assert "Set-Cookie" not in page.headers and page.headers["Cache-Control"] == "no-store"
    assert page.headers["Referrer-Policy"] == "no-referrer"
    answer = send(app, token, title="نخل", photo=(photo(), "a.jpg"))
    assert answer.status_code == 303 and "Set-Cookie" not in answer.headers
    (row,) = kept(app)
    with app.app_context():
        number = db.session.scalars(select(Contact.e164)).one()
        (entry,) = db.session.scalars(
            select(AuditEntry).where(AuditEntry.action == "ballot.proposed")
        )
        assert entry.subject_id == str(row.id)
        assert pictures.path_of(row.photo or "").is_file()
        texts = db.session.scalars(select(Message.link_purpose)).all()
        assert texts == [inviting.PURPOSE], "no code was sent"
    assert (row.state, row.number, row.e164) == ("submitted", 1, number)
    assert row.area_id == made.area_id and row.titles == {language: "نخل"}
    shown = ascii_digits(re.sub(r"<[^>]*>", "", page.text))
    assert number[-4:] not in shown, "a link that was passed on tells no number"
    done = public.get(answer.headers["Location"])
    assert done.status_code == 200 and thanks in done.text
    area = public.get(f"/{language}/ballots/{made.code.lower()}/{made.slug}").text
    assert "نخل" in area and number.removeprefix("+98") not in ascii_digits(area)
    # The link stays good for a second idea.
    assert send(app, token, title="درخت").status_code == 303
    assert [each.number for each in kept(app)] == [1, 2]


def test_the_same_form_sent_twice_is_one_proposal_and_other_words_are_another(app: Flask) -> None:
    _made, (token,) = invited(app)
    client = app.test_client(use_cookies=False)
    key = hidden(client.get(f"/p/{token}").text, ".key")

    def press(title: str) -> str:
        data = {**WORDS, "title": title, ".key": key, ".lang": "fa", ".go": "send"}
        answer = app.test_client(use_cookies=False).post(f"/p/{token}", data=data)
        assert answer.status_code == 303, answer.text
        return str(answer.headers["Location"])

    with ThreadPoolExecutor(4) as pool:
        pages = set(pool.map(press, ["نیمکت"] * 6))
    assert len(pages) == 1 and len(kept(app)) == 1
    # Back to the form, another idea.
    assert press("چراغ") not in pages
    assert len(kept(app)) == 2


def test_what_is_wrong_is_said_and_a_change_of_language_loses_nothing(app: Flask) -> None:
    _made, (token,) = invited(app, 1, "en")
    wrong = send(app, token, title="", photo=(photo(), "a.jpg"))
    assert wrong.status_code == 422 and 'id="title-error"' in wrong.text
    assert WORDS["place"] in wrong.text and "choose the photo again" in wrong.text
    other = send(app, token, **{".go": "lang:ar"})
    assert other.status_code == 200 and '<html lang="ar"' in other.text
    assert WORDS["description"] in other.text and hidden(other.text, ".lang") == "ar"
    assert send(app, token).status_code == 303
    assert len(kept(app)) == 1


def test_a_number_proposes_as_often_by_link_as_by_code(app: Flask) -> None:
    made, (token,) = invited(app, 1, "en")
    with app.app_context():
        number = db.session.scalars(select(Contact.e164)).one()
    most = proposals.CODES_A_DAY.amount
    for n in range(most - 1):
        assert send(app, token, title=f"idea {n}").status_code == 303
    by_code = {**WORDS, "area": made.slug, "mobile": number}
    client = app.test_client(use_cookies=False)
    address = f"/en/ballots/{made.code.lower()}/propose"
    assert client.post(address, data=by_code).status_code == 303
    over = send(app, token, title="one more")
    assert over.status_code == 429 and "one more" in over.text
    assert "Several proposals came from this number today" in over.text
    assert client.post(address, data=by_code).status_code == 429
    assert len(kept(app)) == most
    with app.app_context():
        ratelimit.limiter.reset()
    assert send(app, token, title="one more").status_code == 303


def test_when_the_days_are_over_the_link_says_so_kindly(app: Flask) -> None:
    with clock.freeze(START) as now:
        made, (token,) = invited(app, 1, "en")
        client = app.test_client(use_cookies=False)
        key = hidden(client.get(f"/p/{token}").text, ".key")
        data = {**WORDS, ".key": key, ".lang": "en", ".go": "send"}
        change(app, made, proposals_from=now + dt.timedelta(days=1))
        early = client.get(f"/p/{token}")
        assert early.status_code == 200 and "Proposals are not taken yet" in early.text
        change(app, made, proposals_from=None, proposals_until=now)
        for page in (client.get(f"/p/{token}"), client.post(f"/p/{token}", data=data)):
            assert page.status_code == 410 and "The days for proposals are over" in page.text
            assert f"/en/ballots/{made.code.lower()}/{made.slug}" in page.text
        change(app, made, state="voting", proposals_until=None)
        assert "The vote is running" in client.get(f"/p/{token}").text
        change(app, made, state="cancelled")
        gone = client.post(f"/p/{token}", data=data)
        assert gone.status_code == 410 and "was called off" in gone.text
        assert kept(app) == []


def test_a_wrong_link_and_another_site(app: Flask) -> None:
    _made, (token,) = invited(app)
    client = app.test_client(use_cookies=False)
    for address in ("/p/00000000000?lang=en", "/p/x?lang=en"):
        page = client.get(address)
        assert page.status_code == 404 and "We do not know this link" in page.text
    assert client.post("/p/00000000000", data=WORDS).status_code == 404
    assert client.get(f"/b/{token}").status_code == 404, "it is no ballot"
    evil = client.post(f"/p/{token}", data=WORDS, headers={"Sec-Fetch-Site": "cross-site"})
    assert evil.status_code == 403
    assert kept(app) == []
