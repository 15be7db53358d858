"""Attacks on a thousand anonymous answers, with a logical dump and with a physical copy.

The same attacks on confidential answers, and on a naive anonymous way (name left out, order and
id drawn by lot, but written in the respondent's own transaction), find nearly everybody: so these
tests can fail.
"""

import random
import re
import secrets
import shutil
import string
import struct
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import insert, text, update

from portal import clock, links, services
from portal.db import db
from surveys.campaigns.models import Campaign, Invitation
from surveys.responses.models import Response
from tests.factories.surveys import make_campaign, make_survey
from tests.surveys.secrecy.attacks import Facts, heap_tuples, limit, scores, shuffled
from tests.surveys.secrecy.boxes import DAY, MARK, answer, close, make_anonymous, sweep
from tests.surveys.secrecy.files import begin_new_files

RESPONDENTS = 1000
DAYS = (400, 330, 270)
OPENINGS = 4
"""One for each day, and one at the end."""
CONTROLS = 150


@dataclass
class Scene:
    campaign: Campaign
    lengths: int = 300
    """How many lengths the answers have: a size is a fact by which two rows may be joined."""
    prefix: str = field(default_factory=lambda: secrets.token_hex(4))
    truth: dict[int, str] = field(default_factory=dict)
    """Invitation -> what that person answered: unknown to the attacker."""
    envelopes: dict[int, Facts] = field(default_factory=dict)
    """xmin -> what dumps taken before each opening said of the envelope of that transaction."""
    waiting: list[int] = field(default_factory=list)

    def invite(self, number: int) -> None:
        made = db.session.scalars(
            insert(Invitation).returning(Invitation.id),
            [{"campaign_id": self.campaign.id, "language": "fa"} for _ in range(number)],
        ).all()
        db.session.execute(
            update(Invitation),
            [{"id": n, "token_digest": links.digest(links.token_for("survey", n))} for n in made],
        )
        db.session.commit()
        # People answer in no order of their ids, and what they say follows neither.
        self.waiting = [made[n] for n in shuffled(range(number))]
        for who, n in zip(made, shuffled(range(number)), strict=True):
            more = "".join(random.choices(string.ascii_lowercase, k=random.randrange(self.lengths)))
            self.truth[who] = f"{self.prefix}-{n:05d}-{more}"

    def people_answer(self, number: int) -> None:
        for _ in range(number):
            who = self.waiting.pop()
            clock.shift(seconds=20)
            assert answer(links.token_for("survey", who), mark=self.truth[who]) == "done"

    def people_answer_naively(self, number: int) -> None:
        for _ in range(number):
            who = self.waiting.pop()
            clock.shift(seconds=20)
            db.session.execute(
                update(Invitation)
                .where(Invitation.id == who)
                .values(state="answered", state_at=clock.now())
            )
            day = clock.now().replace(hour=0, minute=0, second=0, microsecond=0)
            db.session.execute(
                insert(Response).values(
                    id=secrets.randbelow(10**15),
                    campaign_id=self.campaign.id,
                    version_id=self.campaign.version_id,
                    state="complete",
                    language="fa",
                    answers={"mark": self.truth[who]},
                    started_at=day,
                    submitted_at=day,
                )
            )
            db.session.commit()

    def look_into_the_box(self) -> None:
        """A dump before an opening: each envelope with the transaction of its invitation."""
        for row in db.session.execute(
            text(
                "SELECT xmin::text::bigint AS xmin, ctid::text AS ctid, id, "
                "octet_length(ciphertext) AS size FROM sealed_answers"
            )
        ):
            self.envelopes[row.xmin] = {
                "envelope": row.id,
                "envelope place": place(row.ctid),
                "envelope size": row.size,
            }
        db.session.rollback()


def place(ctid: str) -> tuple[int, int]:
    block, line = ctid.strip("()").split(",")
    return int(block), int(line)


@pytest.fixture(autouse=True)
def morning(context: Flask) -> Iterator[None]:
    begin_new_files("invitations", "responses", "sealed_answers", "sealing_keys")
    with clock.freeze("2026-05-05T05:30:00+00:00"):
        yield


@pytest.fixture
def anonymous(morning: None) -> Scene:
    """A thousand people have answered in three days, the campaign is over and everything open."""
    scene = Scene(make_anonymous(MARK))
    scene.invite(RESPONDENTS)
    for number in DAYS:
        with clock.freeze():
            scene.people_answer(number)
            scene.look_into_the_box()
        clock.shift(DAY)
        sweep()
    scene.look_into_the_box()
    close(scene.campaign)
    sweep()
    return scene


def control(kind: str) -> Scene:
    """The same with confidential answers, or with the naive way to make them anonymous."""
    # Of one length: a row that no longer fits on the page goes to any earlier page with room, and
    # by chance that shifted so many ranks that a dump's order found nearly nobody.
    scene = Scene(make_campaign(make_survey(form=MARK)), lengths=1)
    scene.invite(CONTROLS)
    if kind == "naive":
        scene.people_answer_naively(CONTROLS)
    else:
        scene.people_answer(CONTROLS)
    return scene


def selected(scene: Scene) -> tuple[list[Facts], list[Facts]]:
    """What SELECT and pg_dump show, in the order in which the tables show it."""
    people = []
    rows = db.session.execute(
        text(
            "SELECT xmin::text::bigint AS xmin, ctid::text AS ctid, id, state_at, token_digest "
            "FROM invitations WHERE state = 'answered'"
        )
    ).all()
    for n, row in enumerate(rows):
        known = {"row": n, "xmin": row.xmin, "ctid": place(row.ctid), "time": row.state_at}
        known |= {"id": row.id, "number": row.id, "digest": bytes(row.token_digest)}
        if scene.envelopes:
            known |= scene.envelopes[row.xmin]
        people.append(known)
    answers = [
        {
            "mark": row.answers["mark"],
            "row": n,
            "xmin": row.xmin,
            "ctid": place(row.ctid),
            "number": row.id,
            "started": row.started_at,
            "time": row.submitted_at,
            "size": len(row.answers["mark"]),
        }
        for n, row in enumerate(
            db.session.execute(
                text(
                    "SELECT xmin::text::bigint AS xmin, ctid::text AS ctid, id, answers, "
                    "started_at, submitted_at FROM responses"
                )
            )
        )
    ]
    db.session.rollback()
    return people, answers


def pg_dump(urls: services.ServiceUrls) -> str:
    program = services.postgres_program("pg_dump")
    url = urls.database_url.replace("postgresql+psycopg", "postgresql")
    return subprocess.run(
        [str(program), "--data-only", "-d", url], capture_output=True, check=True, text=True
    ).stdout


def dumped(scene: Scene, dump: str) -> tuple[list[Facts], list[Facts]]:
    """People and answers of a pg_dump: the order of the rows and their columns."""
    people = [
        {"id": int(row["id"]), "row": n, "number": int(row["id"]), "time": row["state_at"]}
        for n, row in enumerate(copied(dump, "invitations"))
        if row["state"] == "answered"
    ]
    answers = []
    for n, row in enumerate(copied(dump, "responses")):
        mark = re.search(rf"{scene.prefix}-\d{{5}}-[a-z]*", row["answers"])
        assert mark
        number = int(row["id"])
        answers.append({"mark": mark[0], "row": n, "number": number, "time": row["submitted_at"]})
    return people, answers


def copied(dump: str, table: str) -> Iterator[dict[str, str]]:
    found = re.search(
        rf"^COPY public\.{table} \(([^)]+)\) FROM stdin;\n(.*?)^\\\.$", dump, re.M | re.S
    )
    assert found, table
    names = [name.strip('" ') for name in found[1].split(",")]
    for line in found[2].splitlines():
        yield dict(zip(names, line.split("\t"), strict=True))


def physical_copy(app: Flask, urls: services.ServiceUrls, to: Path) -> dict[str, Path]:
    """Copy the data directory after a checkpoint, while it runs; table -> its file in the copy."""
    with db.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("CHECKPOINT"))
        root = Path(str(connection.scalar(text("SHOW data_directory"))))
        oid = connection.scalar(
            text("SELECT oid FROM pg_database WHERE datname = current_database()")
        )
        files = {
            table: str(connection.scalar(text(f"SELECT pg_relation_filepath('{table}')")))
            for table in ("invitations", "responses", "sealed_answers", "sealing_keys")
        }
    shutil.copytree(root / "base" / str(oid), to / "base" / str(oid))
    shutil.copytree(root / "pg_wal", to / "pg_wal", ignore_dangling_symlinks=True)
    return {table: to / name for table, name in files.items()}


def dug_up(scene: Scene, files: dict[str, Path], wal: Path) -> tuple[list[Facts], list[Facts]]:
    """People and answers from the pages of a copy, row versions that died included."""
    envelopes = {row["xmin"]: row for row in heap_tuples(files["sealed_answers"])}
    in_wal = wal_order(scene, wal)
    people: dict[int, Facts] = {}
    for row in heap_tuples(files["invitations"]):
        if b"answered" not in row["data"]:
            continue
        (who,) = struct.unpack_from("<q", row["data"])
        people[who] = {"id": who, "number": who, "xmin": row["xmin"], "ctid": row["ctid"]}
        if envelope := envelopes.get(row["xmin"]):
            people[who] |= {
                "envelope": envelope["data"][:16],
                "envelope place": envelope["ctid"],
                "envelope size": len(envelope["data"]),
                "envelope end": envelope["xmax"],
            }
    known = set.intersection(*(set(facts) for facts in people.values()))
    answers = []
    for row in heap_tuples(files["responses"]):
        mark = re.search(rb"%s-\d{5}-[a-z]*" % scene.prefix.encode(), row["data"])
        if mark:
            answers.append(
                {
                    "mark": mark[0].decode(),
                    "number": struct.unpack_from("<q", row["data"])[0],
                    "xmin": row["xmin"],
                    "ctid": row["ctid"],
                    "size": len(row["data"]),
                    "wal": in_wal.get(mark[0][:14].decode(), 0),
                }
            )
    return [{key: facts[key] for key in known} for facts in people.values()], answers


def wal_order(scene: Scene, wal: Path) -> dict[str, int]:
    """Beginning of a mark -> where the write-ahead log first holds it."""
    found: dict[str, int] = {}
    pattern = re.compile(rb"%s-\d{5}" % scene.prefix.encode())
    for number, segment in enumerate(sorted(path for path in wal.iterdir() if path.is_file())):
        data = segment.read_bytes()
        for each in pattern.finditer(data):
            found.setdefault(each[0].decode(), (number << 32) + each.start())
    return found


def worst(found: dict[str, int]) -> tuple[str, int]:
    return max(found.items(), key=lambda item: item[1])


def test_a_thousand_answers_withstand_dump_and_copy(
    app: Flask, urls: services.ServiceUrls, anonymous: Scene, tmp_path: Path
) -> None:
    scene = anonymous
    dump = pg_dump(urls)
    files = physical_copy(app, urls, tmp_path)
    dug = dug_up(scene, files, tmp_path / "pg_wal")
    for name, (people, answers) in {
        "tables": selected(scene),
        "dump": dumped(scene, dump),
        "copy": dug,
    }.items():
        assert len(people) == RESPONDENTS, name
        assert {each["mark"] for each in answers} == set(scene.truth.values()), name
        found = scores(people, answers, scene.truth)
        assert worst(found)[1] <= limit(OPENINGS, len(found)), (name, worst(found))
    assert len({each["xmin"] for each in dug[1]}) == OPENINGS
    assert {size["envelope size"] for size in scene.envelopes.values()} == {32 * 1024 + 48}
    assert "sealed" in dump
    assert list(copied(dump, "sealed_answers")) == []


def test_a_copy_taken_before_the_opening_holds_no_answer_at_all(
    app: Flask, urls: services.ServiceUrls, context: Flask, tmp_path: Path
) -> None:
    scene = Scene(make_anonymous(MARK))
    scene.invite(30)
    scene.people_answer(30)
    physical_copy(app, urls, tmp_path)
    held = [
        path.name
        for path in tmp_path.rglob("*")
        if path.is_file() and scene.prefix.encode() in path.read_bytes()
    ]
    assert held == []
    assert scene.prefix not in pg_dump(urls)
    sweep()
    close(scene.campaign)
    sweep()
    again = tmp_path / "again"
    physical_copy(app, urls, again)
    assert any(
        scene.prefix.encode() in path.read_bytes() for path in again.rglob("*") if path.is_file()
    ), "the search finds what is there"


@pytest.mark.parametrize("kind", ["confidential", "naive"])
def test_the_same_attacks_find_everybody_where_there_is_no_box(
    app: Flask, urls: services.ServiceUrls, context: Flask, tmp_path: Path, kind: str
) -> None:
    scene = control(kind)
    files = physical_copy(app, urls, tmp_path)
    for people, answers in (selected(scene), dug_up(scene, files, tmp_path / "pg_wal")):
        found = scores(people, answers, scene.truth)
        assert found["equal xmin"] >= CONTROLS * 0.9, worst(found)
    by_order = scores(*dumped(scene, pg_dump(urls)), scene.truth)
    assert by_order["time beside row"] > limit(1, len(by_order)), "a dump without xmin is enough"


def test_the_bound_is_one_hit_a_batch_and_what_chance_adds() -> None:
    assert limit(1, 100) <= 20
    assert limit(4, 500) <= 40
    people = [{"id": n, "row": n} for n in range(RESPONDENTS)]
    given = shuffled(range(RESPONDENTS))
    answers = [{"mark": str(mark), "row": n} for n, mark in enumerate(given)]
    found = scores(people, answers, {n: str(n) for n in range(RESPONDENTS)})
    assert worst(found)[1] <= limit(1, len(found))
