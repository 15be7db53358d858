"""`flask surveys sample`: the plan and its seed are stored, and the launch draws by them."""

import json
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskCliRunner

from portal.audit.models import AuditEntry
from portal.contacts.models import Contact
from portal.db import db
from surveys.sampling import drawing, services
from tests.factories.contacts import make_contact
from tests.surveys.campaigns.drafts import invitations, launch, make_draft

PLACES = ["سنگلج"] * 12 + ["بازار"] * 6 + [""] * 2


@pytest.fixture
def people(app: Flask) -> list[Contact]:
    return [
        make_contact(neighbourhood=place, language="ar" if n % 3 == 0 else "fa", tags=["کسبه"])
        for n, place in enumerate(PLACES)
    ]


def run(runner: FlaskCliRunner, *arguments: object) -> dict[str, Any]:
    done = runner.invoke(args=["surveys", "sample", *map(str, arguments), "--json"])
    assert done.exit_code == 0, done.output
    return dict(json.loads(done.stdout))


def test_a_stratified_sample_with_a_recorded_seed(
    app: Flask, people: list[Contact], runner: FlaskCliRunner
) -> None:
    draft = make_draft()
    found = run(runner, draft, "--by", "neighbourhood", "--size", 10, "--seed", "abcd-1405")
    assert (found["stored"], found["seed"], found["frame"], found["wanted"]) == (
        True, "abcd-1405", 20, 10,
    )  # fmt: skip
    assert {each["key"][0]: each["wanted"] for each in found["strata"]} == {
        "سنگلج": 6, "بازار": 3, "": 1,
    }  # fmt: skip
    assert {each["probability"] for each in found["strata"]} == {0.5}
    assert launch(draft) == 10
    with app.app_context():
        sample = drawing.of(draft)
        assert sample is not None
        assert sample.seed == "abcd-1405"
        entry = db.session.query(AuditEntry).filter_by(action="campaign.sample_changed").one()
        assert entry.payload.body["seed"] == "abcd-1405"
        assert len(invitations()) == 10


def test_a_seed_is_made_and_a_dry_run_stores_nothing(
    app: Flask, people: list[Contact], runner: FlaskCliRunner
) -> None:
    draft = make_draft()
    dry = run(runner, draft, "--size", 5, "--dry-run")
    assert (dry["stored"], dry["seed"], dry["wanted"]) == (False, None, 5)
    with app.app_context():
        assert drawing.of(draft) is None
    made = run(runner, draft, "--size", 5)
    assert services.SEED.fullmatch(made["seed"])
    assert run(runner, draft, "--size", 6)["seed"] == made["seed"], "a new size keeps the seed"
    text = runner.invoke(args=["surveys", "sample", str(draft), "--size", "5"]).stdout
    assert "all: 5 of 20" in text
    assert made["seed"] in text


def test_numbers_of_each_stratum(people: list[Contact], runner: FlaskCliRunner) -> None:
    draft = make_draft()
    found = run(
        runner, draft, "--by", "language", "--by", "neighbourhood",
        "--stratum", "سنگلج/fa=4", "--stratum", "بازار / ar = 1".replace(" = ", "="),
    )  # fmt: skip
    wanted = {tuple(each["key"]): each["wanted"] for each in found["strata"]}
    assert wanted[("سنگلج", "fa")] == 4
    assert wanted[("بازار", "ar")] == 1
    assert sum(wanted.values()) == 5


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        ((), 2, "either --size or --stratum"),
        (("--size", "5", "--stratum", "x=1"), 2, "either --size or --stratum"),
        (("--size", "5", "--by", "tag"), 2, "belong together"),
        (("--stratum", "x=1"), 2, "needs --by"),
        (("--by", "language", "--stratum", "fa=many"), 2, "PART=20"),
        (("--by", "language", "--stratum", "fa/x=1"), 2, "written language here"),
        (("--by", "language", "--stratum", "de=1"), 1, "Nobody in the audience belongs to: de"),
        (("--size", "5", "--seed", "a b"), 1, "بذر"),
        (("--size", "0"), 2, "0"),
    ],
)
def test_what_cannot_be_is_said(
    people: list[Contact], runner: FlaskCliRunner, arguments: tuple[str, ...], code: int, said: str
) -> None:
    done = runner.invoke(args=["surveys", "sample", str(make_draft()), *arguments])
    assert done.exit_code == code, done.output
    assert said in done.output


def test_only_a_draft_takes_a_sample(people: list[Contact], runner: FlaskCliRunner) -> None:
    draft = make_draft()
    launch(draft)
    for number, said in ((draft, "was launched"), (999_999, "no campaign")):
        done = runner.invoke(args=["surveys", "sample", str(number), "--size", "5"])
        assert done.exit_code == 1
        assert said in done.output
