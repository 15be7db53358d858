"""Reading and writing `.pb`."""

import json
from fractions import Fraction
from pathlib import Path

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from surveys.ballots import pabulib
from surveys.ballots.rules import Ballot, BallotError, Instance, Project, tally
from surveys.ballots.tally_cli import tally_command
from tests.surveys.ballots.elections import elections

EXAMPLES = Path(__file__).parent / "examples"
GOOD = (EXAMPLES / "approval.pb").read_text()


def read(text: str) -> pabulib.Reading:
    return pabulib.read(text.encode())


def codes(reading: pabulib.Reading) -> list[tuple[str | None, int | None, str]]:
    return [(each.sheet, each.row, each.code) for each in reading.problems]


def _writable(given_election):
    instance, ballots = given_election
    amounts = [instance.budget, *(each.cost for each in instance.projects)]
    amounts += [points for ballot in ballots for points in ballot.points]
    return all((Fraction(each) * 10**9).denominator == 1 for each in amounts)


@given(elections().filter(_writable), st.sampled_from(["", 'پارک; "نو"', "=1+1"]))
def test_what_is_written_is_read_again(given_election, name):
    instance, ballots = given_election
    instance = Instance(
        instance.budget,
        tuple(
            Project(each.id, each.cost, {"fa": name} if name else {}) for each in instance.projects
        ),
    )
    kind = ballots[0].kind if ballots else "approval"
    votes = [pabulib.Vote(ballot, f"v{n}", {"age": "30"}) for n, ballot in enumerate(ballots)]
    text = "".join(pabulib.write(instance, kind, votes, len(votes), meta={"unit": "تهران"}))
    reading = read(text)
    assert reading.problems == () or kind == "knapsack"
    election = reading.election
    assert election is not None
    assert election.instance == instance
    assert list(election.votes) == votes
    assert election.meta["unit"] == "تهران"
    assert "".join(pabulib.write_election(election)) == text
    # Of the development environment only.
    pabutools = pytest.importorskip("pabutools.election.pabulib")
    other, profile = pabutools.parse_pabulib_from_string(text)
    assert {(each.name, each.cost) for each in other} == {
        (each.id, each.cost) for each in instance.projects
    }
    assert len(profile) == len(votes)


def test_columns_of_others_are_kept():
    election = read(GOOD).election
    assert election is not None
    assert election.project_fields["1"] == {"category": "parks", "selected": "1"}
    assert election.votes[0] == pabulib.Vote(
        Ballot("approval", ("1", "2", "5")), "a1", {"age": "34", "voting_method": "internet"}
    )
    again = read("".join(pabulib.write_election(election))).election
    assert again == election


def test_a_budget_ballot_is_a_knapsack():
    reading = read(GOOD.replace("max_length;3", "max_sum_cost;1000000"))
    assert {vote.ballot.kind for vote in reading.election.votes} == {"knapsack"}


def test_all_problems_are_listed():
    broken = (
        "META\nkey;value\nbudget;lots\nvote_type;approval\nmax_length;1\n"
        "PROJECTS\nproject_id;cost\na;5\na;6\nb;-1\nc;1;2\n"
        "VOTES\nvoter_id;vote\n1;a\n1;b\n2;a,z\n3;a,a\n4;a,b\n"
    )
    reading = read(broken)
    assert reading.election is None
    assert codes(reading) == [
        ("META", 3, "number"),
        ("PROJECTS", 9, "project_twice"),
        ("PROJECTS", 10, "number"),
        ("PROJECTS", 11, "too_many_fields"),
        ("VOTES", 15, "voter_twice"),
        ("VOTES", 16, "unknown_project"),
        ("VOTES", 17, "choice_twice"),
        ("VOTES", 18, "limit"),
    ]
    assert [each.severity for each in reading.problems] == ["error"] * 7 + ["warning"]


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "section_missing"),
        ("a;b\n", "no_section"),
        (GOOD.replace("META\n", "PROJECTS\n", 1), "section_order"),
        (GOOD.replace("vote_type;approval", "vote_type;lots"), "vote_type"),
        (GOOD.replace("budget;1000000\n", ""), "budget"),
        (GOOD.replace("project_id;cost", "id;cost"), "column_missing"),
        (GOOD.replace("age;vote;voting", "vote;vote;voting"), "column_twice"),
        (GOOD.replace("vote_type;approval", "vote_type;choose-1"), "choose_one"),
        (GOOD.replace("vote_type;approval", "vote_type;cumulative"), "column_missing"),
        (GOOD + "VOTES\nvoter_id;vote\n", "section_twice"),
        (GOOD + "x" * 30_000, "line"),
        (GOOD.replace("1000000", "٩" * 40), "number"),
    ],
)
def test_each_mistake_has_its_name(text: str, code: str):
    reading = read(text)
    assert reading.election is None
    assert code in {each.code for each in reading.problems}
    assert all(str(each.message) for each in reading.problems)


def test_doubts_do_not_stop_it():
    reading = read(
        GOOD.replace("num_votes;9", "num_votes;10").replace("a7;52;1,3", "a7;52;1,2,3,4")
    )
    assert reading.ok
    assert [each.code for each in reading.problems] == ["limit", "count"]


def test_not_utf_8():
    reading = pabulib.read("META\nkey;value\nunit;پارک\n".encode("windows-1256"))
    assert codes(reading) == [(None, 3, "encoding")]


@given(st.text(alphabet="META\nPROJECTS;VOTES,key;value\"'abc123\r\x00٣", max_size=300))
def test_nothing_is_raised_for_any_text(text):
    read(text)
    read(GOOD + text)
    read(text.join(GOOD.split("VOTES")))


@given(st.binary(max_size=100))
def test_nothing_is_raised_for_any_bytes(content):
    pabulib.read(content)
    pabulib.read(GOOD.encode() + content)


def test_an_id_or_an_amount_that_the_format_cannot_hold():
    for project in (Project("a,b", 1), Project(" a", 1), Project("a", Fraction(1, 3))):
        with pytest.raises(BallotError):
            "".join(pabulib.write(Instance(5, (project,)), "approval", [], 0))


def run(*arguments: object):
    return CliRunner().invoke(tally_command, [str(argument) for argument in arguments])


def test_the_command_prints_one_document():
    result = run(
        "--pb", EXAMPLES / "approval.pb", "--rule", "equal-shares", "--completion", "add1u",
        "--json", "--lang", "en",
    )  # fmt: skip
    assert result.exit_code == 0
    document = json.loads(result.stdout)
    election = pabulib.read(GOOD.encode()).election
    expected = tally(election.instance, election.ballots, "equal-shares", completion="add1u")
    assert document["ok"] is True
    assert document["winners"] == [project.id for project in expected.winners]
    assert document["budget"] == 1_000_000
    assert document["projects"][0]["explanation"].startswith("Funded in round 1:")
    assert {each["cost"] for each in document["projects"]} >= {"500001/2"}


def test_the_command_speaks_to_people():
    result = run("--pb", EXAMPLES / "approval.pb", "--lang", "fa")
    assert result.exit_code == 0
    assert result.stdout.startswith("✓ ۱. کتابخانه")


def test_the_command_lists_what_is_wrong(tmp_path: Path):
    file = tmp_path / "broken.pb"
    file.write_text(GOOD.replace("a4;45;4;", "a4;45;9;"))
    result = run("--pb", file, "--json", "--lang", "en")
    assert result.exit_code == 1
    assert json.loads(result.stdout) == {
        "ok": False,
        "problems": [
            {
                "sheet": "VOTES",
                "row": 28,
                "column": "vote",
                "severity": "error",
                "message": "The vote names the project 9, which is not in PROJECTS.",
            }
        ],
    }
    assert run("--pb", tmp_path / "none.pb").exit_code == 2
    assert run("--pb", file, "--rule", "lots").exit_code == 2
