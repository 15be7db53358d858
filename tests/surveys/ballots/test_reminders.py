"""Reminders of a vote go to those who were reached and have not voted, and to nobody else."""

import datetime as dt
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import pytest
from flask import Flask
from sqlalchemy import select

from portal import clock
from portal.contacts.models import Contact
from portal.db import db
from portal.i18n import local
from portal.messaging.models import Message
from surveys.ballots.errors import BallotError
from surveys.ballots.models import BallotScheme, BallotVoter
from surveys.ballots.services import choices, closing, reminding, schemes, voting
from surveys.ballots.services.voting import PURPOSE
from tests.factories.accounts import csrf_token, make_user, sign_in
from tests.factories.ballots import Made, running
from tests.surveys.campaigns.drafts import set_messages


def vote(made: Made, token: str) -> None:
    done = voting.cast(token, voting.new_page_key(), choices.Marked({made.projects[0]: 1}, {}))
    assert done is not None
    assert done.kind == "done"
    db.session.commit()


def remind(made: Made, wave: int = 0) -> int:
    number = reminding.remind(made.scheme_id, wave=wave)
    db.session.commit()
    return number


def waves(made: Made) -> list[int]:
    db.session.rollback()
    return list(db.session.get_one(BallotScheme, made.scheme_id).reminder_batches)


def reminded(made: Made, *states: str) -> list[int]:
    """Voters with a reminder in one of the states."""
    query = select(Message.link_id).where(
        Message.batch_id.in_(waves(made)),
        Message.link_purpose == PURPOSE,
        Message.state.in_(states or ("created",)),
    )
    return sorted(each for each in db.session.scalars(query) if each is not None)


def voters(made: Made, voted: bool) -> list[int]:
    query = select(BallotVoter.id).where(
        BallotVoter.scheme_id == made.scheme_id, BallotVoter.voted_by.is_not(None) == voted
    )
    return sorted(db.session.scalars(query))


def test_who_voted_gets_none_and_who_votes_before_it_goes_neither(
    app: Flask, context: Flask
) -> None:
    made, tokens = running(6)
    set_messages("delivered")
    vote(made, tokens[0])
    vote(made, tokens[1])
    assert remind(made) == 4
    assert reminded(made) == voters(made, voted=False)
    vote(made, tokens[2])
    assert reminded(made) == voters(made, voted=False)
    (gone,) = db.session.scalars(
        select(Message).where(Message.batch_id.in_(waves(made)), Message.state == "cancelled")
    )
    assert local(gone.state_at).time() == dt.time(0), "the day of voting and no more"


def test_who_votes_on_paper_gets_no_reminder_that_still_waits(app: Flask, context: Flask) -> None:
    made, _tokens = running(3, takes_paper=True)
    set_messages("delivered")
    assert remind(made) == 3
    voter = db.session.get_one(BallotVoter, voters(made, voted=False)[1])
    client = app.test_client()
    sign_in(client, make_user(("communications",), language="en"))
    page = f"/staff/ballots/areas/{made.area_id}/paper"
    mobile = db.session.get_one(Contact, voter.contact_id).e164
    data = {"csrf_token": csrf_token(client, page), "mobile": mobile}
    assert client.post(page, data=data).status_code == 303
    assert voters(made, voted=True) == [voter.id]
    assert reminded(made) == voters(made, voted=False)
    assert reminded(made, "cancelled") == [voter.id]
    (gone,) = db.session.scalars(select(Message).where(Message.state == "cancelled"))
    assert local(gone.state_at).time() == dt.time(0), "the day of voting and no more"
    set_messages("delivered")
    assert remind(made, wave=1) == 2, "nor the next one"
    assert voter.id not in reminded(made)


def test_who_was_not_reached_or_has_one_on_the_way_is_left_alone(
    app: Flask, context: Flask
) -> None:
    made, _tokens = running(3)
    with pytest.raises(BallotError) as refused:
        remind(made)
    assert refused.value.code == "nobody", "the invitations have not gone out"
    db.session.rollback()
    set_messages("delivered")
    assert remind(made) == 3
    with pytest.raises(BallotError) as refused:
        remind(made, wave=1)
    assert refused.value.code == "nobody"


def test_a_double_click_is_one_wave_and_three_are_the_most(app: Flask, context: Flask) -> None:
    made, _tokens = running(2)
    for wave in range(reminding.MOST_WAVES):
        set_messages("delivered")
        assert remind(made, wave) == 2
        with pytest.raises(BallotError) as refused:
            remind(made, wave)
        assert refused.value.code == "reminded"
        db.session.rollback()
    set_messages("delivered")
    with pytest.raises(BallotError) as refused:
        remind(made, reminding.MOST_WAVES)
    assert refused.value.code == "enough"


@pytest.mark.parametrize("end", ["close", "cancel"])
def test_the_end_of_the_vote_ends_the_reminders(app: Flask, context: Flask, end: str) -> None:
    made, _tokens = running(2)
    set_messages("delivered")
    remind(made)
    (closing.close if end == "close" else schemes.cancel)(made.scheme_id)
    db.session.commit()
    assert reminded(made) == []
    with pytest.raises(BallotError) as refused:
        remind(made, 1)
    assert refused.value.code == "not_voting"


def test_who_votes_while_reminders_are_made_gets_none(app: Flask, context: Flask) -> None:
    made, tokens = running(16)
    set_messages("delivered")

    def one(place: int) -> None:
        with app.app_context():
            try:
                if place % 5 == 4:
                    reminding.remind(made.scheme_id, wave=0)
                    db.session.commit()
                else:
                    vote(made, tokens[place])
            except BallotError:
                db.session.rollback()
            finally:
                db.session.remove()

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(one, range(12)))
    assert len(waves(made)) == 1
    assert reminded(made) == voters(made, voted=False)
    assert max(Counter(reminded(made)).values()) == 1


def test_the_button_on_the_page(app: Flask) -> None:
    made, tokens = running(3)
    set_messages("delivered")
    with app.app_context():
        vote(made, tokens[0])
    client = app.test_client()
    sign_in(client, make_user(("communications",), language="en"))
    page = f"/staff/ballots/{made.scheme_id}"
    client.get("/en/")
    assert "Reached and not voted yet: 2." in client.get(f"{page}?lang=en").text
    data = {"csrf_token": csrf_token(client, page), "wave": "0"}
    for _ in range(2):
        assert client.post(f"{page}/remind", data=data).status_code == 303
    with app.app_context():
        assert len(reminded(made)) == 2
    assert "Send the reminder" not in client.get(page).text
    with clock.freeze():
        clock.shift(days=30)
        assert "Send the reminder" not in client.get(page).text
