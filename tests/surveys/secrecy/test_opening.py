"""Opening the box: together, by lot, once, whatever is killed."""

import datetime as dt
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from flask import Flask
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select, update

from portal import clock, formats
from portal.audit.models import AuditEntry
from portal.db import db
from surveys.campaigns.errors import CampaignError
from surveys.questionnaires.services import load_version
from surveys.secrecy import envelope, keys, opening, services
from surveys.secrecy.envelope import Contents
from surveys.secrecy.models import SealedAnswer, SealingKey
from tests.factories.surveys import make_invitation, question
from tests.factories.surveys import questionnaire as form
from tests.surveys.secrecy.boxes import (
    DAY,
    answer,
    answered,
    close,
    epochs,
    key_files,
    make_anonymous,
    opened,
    sealed,
    sweep,
)


@pytest.fixture(autouse=True)
def noon(app: Flask) -> Iterator[None]:
    """The middle of a day in the city, so that no midnight comes by itself."""
    with app.app_context(), clock.freeze("2026-05-05T08:30:00+00:00"):
        yield


def test_nothing_opens_on_the_day_it_came(context: Flask) -> None:
    answered(make_anonymous(), 45)
    sweep()
    assert (len(sealed()), opened()) == (45, [])


def test_fewer_than_twice_the_minimum_wait_and_a_pool_stays_behind(context: Flask) -> None:
    campaign = make_anonymous()
    answered(campaign, 39)
    clock.shift(DAY)
    sweep()
    assert opened() == []
    answered(campaign, 6, first=39)
    sweep()
    assert opened() == [], "the next look is on the next day: the fortieth is not conspicuous"
    clock.shift(DAY)
    sweep()
    assert (len(opened()), len(sealed())) == (25, 20)
    assert epochs() == ["destroyed", "filling"]
    close(campaign)
    sweep()
    marks = [response.answers["mark"] for response in opened()]
    assert sorted(marks) == [f"mark-{n:05d}-" for n in range(45)]
    assert sealed() == []
    assert epochs() == ["destroyed", "destroyed"]


def test_an_opened_answer_leads_nowhere(context: Flask) -> None:
    campaign = make_anonymous()
    answered(campaign, 30)
    clock.shift(hours=3)
    close(campaign)
    sweep()
    day = formats.utc(dt.date(2026, 5, 5))
    for response in opened():
        assert response.invitation_id is None
        assert response.started_at == response.submitted_at == day
        assert (response.state, response.reached) == ("complete", "")
        assert 10**14 <= response.id < 10**15
    marks = [response.answers["mark"] for response in opened()]
    assert marks != sorted(marks)


def test_the_key_of_an_opened_epoch_is_gone_and_no_other(app: Flask, context: Flask) -> None:
    before = key_files(app)
    campaign, other = make_anonymous(), make_anonymous()
    answered(campaign, 20)
    answered(other, 1)
    assert len(key_files(app) - before) == 2
    envelopes = [each.ciphertext for each in sealed()]
    close(campaign)
    sweep()
    (left,) = key_files(app) - before
    private = keys.private_half(bytes.fromhex(left.removesuffix(".key")))
    assert private is not None
    readable = 0
    for each in envelopes:
        try:
            envelope.unseal(private, each)
            readable += 1
        except Exception:
            continue
    assert readable == 1


def test_key_files_are_for_the_service_alone(app: Flask, context: Flask) -> None:
    answered(make_anonymous(), 1)
    folder = app.extensions["pasokh_settings"].answer_keys
    assert folder.stat().st_mode & 0o777 == 0o700
    assert {path.stat().st_mode & 0o777 for path in folder.iterdir()} == {0o600}


def test_too_few_at_the_end_wait_for_a_decision_with_a_reason(context: Flask) -> None:
    campaign = make_anonymous()
    answered(campaign, 7)
    with pytest.raises(CampaignError) as refused:
        services.force_opening(campaign.id, "because")
    assert refused.value.code == "not_over"
    close(campaign)
    for _ in range(3):
        sweep()
        clock.shift(DAY)
    assert opened() == []
    assert services.hidden([campaign]) == [campaign]
    with pytest.raises(CampaignError) as refused:
        services.force_opening(campaign.id, "  ")
    assert refused.value.code == "reason_missing"
    assert services.force_opening(campaign.id, "The council asked for all") == 7
    db.session.commit()
    sweep()
    assert len(opened()) == 7
    assert services.hidden([campaign]) == []
    entry = db.session.scalars(
        select(AuditEntry).where(AuditEntry.action == "campaign.box_forced")
    ).one()
    assert entry.payload is not None
    assert entry.payload.body == {"answers": 7, "reason": "The council asked for all"}
    with pytest.raises(CampaignError):
        services.force_opening(campaign.id, "again")


class Killed(Exception):
    """Stands for the end of the process: everything not committed is gone."""


STEPS = (
    (keys, "make_pair"),
    (services, "prepare_next"),
    (opening, "_row"),
    (opening, "_seal_again"),
    (opening, "what_may_be_told"),
    (keys, "destroy"),
)


@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize("place", range(len(STEPS)))
def test_killed_anywhere_it_is_whole_after_the_next_sweep(
    app: Flask, context: Flask, monkeypatch: pytest.MonkeyPatch, place: int, after: bool
) -> None:
    campaign = make_anonymous()
    answered(campaign, 45)
    clock.shift(DAY)
    module, name = STEPS[place]
    real = getattr(module, name)
    killed = []

    def dies(*args: object, **named: object) -> object:
        if after:
            real(*args, **named)
        killed.append(name)
        raise Killed

    with monkeypatch.context() as patched:
        patched.setattr(module, name, dies)
        with pytest.raises(Killed):
            sweep()
    db.session.rollback()
    assert killed
    assert len(opened()) in {0, 25}
    assert len(opened()) + len(sealed()) == 45
    sweep()
    assert (len(opened()), len(sealed())) == (25, 20)
    assert epochs() == ["destroyed", "filling"]
    close(campaign)
    sweep()
    marks = [response.answers["mark"] for response in opened()]
    assert sorted(marks) == [f"mark-{n:05d}-" for n in range(45)]


def test_six_sweeps_at_once_open_once(app: Flask, context: Flask) -> None:
    campaign = make_anonymous()
    answered(campaign, 45)
    close(campaign)

    def run(_: int) -> None:
        with app.app_context():
            try:
                sweep()
            finally:
                db.session.remove()

    with ThreadPoolExecutor(6) as pool:
        list(pool.map(run, range(6)))
    sweep()
    assert len({response.answers["mark"] for response in opened()}) == len(opened()) == 45
    entries = db.session.scalars(
        select(AuditEntry).where(AuditEntry.action == "campaign.box_opened")
    ).all()
    assert len(entries) == 1


def test_who_answers_while_the_box_is_shut_falls_into_the_next_epoch(
    app: Flask, context: Flask
) -> None:
    campaign = make_anonymous()
    answered(campaign, 40)
    tokens = [make_invitation(campaign)[1] for _ in range(30)]
    clock.shift(DAY)

    def press(token: str) -> str:
        with app.app_context():
            try:
                return answer(token, mark="late")
            finally:
                db.session.remove()

    def run() -> None:
        with app.app_context():
            try:
                sweep()
            finally:
                db.session.remove()

    with ThreadPoolExecutor(8) as pool:
        pool.submit(run)
        assert set(pool.map(press, tokens)) == {"done"}
    sweep()
    close(campaign)
    sweep()
    assert len(opened()) == 70
    assert epochs().count("destroyed") == len(epochs())


def test_a_key_that_is_gone_is_told_and_stops_nobody_else(app: Flask, context: Flask) -> None:
    lost, fine = make_anonymous(), make_anonymous()
    answered(lost, 21)
    answered(fine, 20)
    (public,) = db.session.scalars(
        select(SealingKey.public_key).where(SealingKey.campaign_id == lost.id)
    )
    keys.destroy(public)
    close(lost)
    close(fine)
    sweep()
    assert {response.campaign_id for response in opened()} == {fine.id}
    assert services.state(lost) == services.BoxState(0, 0, 21, False)


def test_a_damaged_envelope_does_not_bar_the_others(context: Flask) -> None:
    campaign = make_anonymous()
    answered(campaign, 25)
    victim = sealed()[0].id
    db.session.execute(
        update(SealedAnswer).where(SealedAnswer.id == victim).values(ciphertext=b"x" * 100)
    )
    db.session.commit()
    close(campaign)
    sweep()
    assert len(opened()) == 24
    assert sealed() == []


def test_a_rare_language_is_not_kept(context: Flask) -> None:
    campaign = make_anonymous()
    answered(campaign, 24)
    answered(campaign, 1, first=24, lang="ar")
    close(campaign)
    sweep()
    assert {response.language for response in opened()} == {""}
    assert {response.mode for response in opened()} == {"link"}


def test_a_common_language_is_kept(context: Flask) -> None:
    campaign = make_anonymous()
    answered(campaign, 20)
    answered(campaign, 20, first=20, lang="ar")
    close(campaign)
    sweep()
    assert Counter(response.language for response in opened()) == {"fa": 20, "ar": 20}


@given(
    st.dictionaries(
        st.tuples(st.sampled_from(["fa", "ar", "en"]), st.sampled_from(["link", "paper"])),
        st.integers(1, 60),
        min_size=1,
    ),
    st.integers(5, 30),
)
def test_whatever_is_kept_is_shared_by_many(found: dict[tuple[str, str], int], least: int) -> None:
    language, mode = opening.what_may_be_told(Counter(found), least)
    groups: Counter[tuple[str, str]] = Counter()
    for (lang, way), number in found.items():
        groups[lang if language else "", way if mode else ""] += number
    assert not (language or mode) or min(groups.values()) >= least


TEXTS = form([question("a", "select_one", "x yyyyyyyyyyyyyyyyyyyyyyyyyyy"), question("t")])


@given(st.text(max_size=5000), st.sampled_from(["x", None]))
def test_every_envelope_of_a_questionnaire_has_one_size(text: str, choice: str | None) -> None:
    answers = {"t": text.replace("\x00", "").replace('"', ""), "a": choice}
    answers["t"] = "".join(c for c in answers["t"] if c.isprintable() and c != "\\")
    size = envelope.size_for(TEXTS)
    from nacl.public import PrivateKey

    pair = PrivateKey.generate()
    sealed = envelope.seal(bytes(pair.public_key), Contents(answers, "fa", "link"), size)
    assert len(sealed) == size + 48
    assert envelope.unseal(pair, sealed) == Contents(answers, "fa", "link")


def test_sizes_follow_the_questionnaire(context: Flask) -> None:
    assert envelope.size_for(form([question("a", "select_one", "x y")])) == 1024
    assert envelope.size_for(TEXTS) == 32 * 1024
    assert envelope.size_for(form([question(f"t{n}") for n in range(40)])) == 64 * 1024


def test_no_time_travels_in_a_calculation(context: Flask) -> None:
    q = form([question("mark"), question("n", "calculate", calculation="now()")])
    launched = clock.now() - dt.timedelta(days=3)
    campaign = make_anonymous(q, launched_at=launched)
    answered(campaign, 20)
    close(campaign)
    sweep()
    midnight = formats.local(launched).date().isoformat()
    assert {response.answers["n"][:16] for response in opened()} == {f"{midnight}T00:00"}
    assert load_version(campaign.version_id)
