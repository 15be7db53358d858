"""`make chaos-messaging`: a campaign while workers, queue server and web are killed at random.

`python -m benchmarks.chaos_messaging [GATEWAY …]` runs once for each gateway (kavenegar, which
knows our local ids, and smsir, which does not), with 10,000 recipients, at least 100 kills, 5 % of
the sending calls accepted and not answered, 2 % answered with an error. The simulated gateway's
own ledger is the judge: it counts what it accepted, for whom, and how often.
"""

import contextlib
import json
import os
import random
import shlex
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Any, Final

import redis

from portal import services
from portal.app import create_app
from portal.cli import prepare_database
from portal.config import ROOT, Settings
from portal.db import db
from portal.messaging.services import NewMessage, create_batch, insert_messages, progress
from portal.messaging.simulator.testing import RunningSimulator, running_simulator

RECIPIENTS: Final = 10_000
KILLS: Final = 100
PAUSE: Final = (0.1, 1.0)
"""Seconds between two kills, from and to."""
TORMENT: Final = 300
"""Seconds of killing at least; what is unknown after that is asked about in peace."""
PATIENCE: Final = 2400
WORKERS: Final = 4
RATE: Final = 100
"""Segments a second: slow enough that the campaign outlives the kills."""
SECRET: Final = "a-secret-of-22-characters-or-more"
SETTLED: Final = frozenset(
    {"accepted", "at_operator", "delivered", "undelivered", "blocked", "failed"}
)


class City:
    """Web, workers and beat, started again whenever they die, as a supervisor would."""

    def __init__(self, folder: Path, environ: dict[str, str], port: int) -> None:
        self.folder = folder
        self._environ = {**os.environ, **environ}
        line = next(
            text.removeprefix("web: ")
            for text in (ROOT / "Procfile").read_text().splitlines()
            if text.startswith("web: ")
        )
        for name, value in {"$HOST": "127.0.0.1", "$PORT": str(port), "$WEB_WORKERS": "1"}.items():
            line = line.replace(name, value)
        flask = [sys.executable, "-m", "flask", "--app", "wsgi"]
        self.commands = {
            "web": [sys.executable, *shlex.split(line)[1:]],
            "beat": [*flask, "beat"],
            **{f"worker-{n}": [*flask, "worker"] for n in range(WORKERS)},
        }
        self._running: dict[str, subprocess.Popen[bytes]] = {}

    def keep(self) -> None:
        for name, command in self.commands.items():
            process = self._running.get(name)
            if process is None or process.poll() is not None:
                self._running[name] = subprocess.Popen(
                    command,
                    cwd=ROOT,
                    env=self._environ,
                    stdout=subprocess.DEVNULL,
                    stderr=subprocess.DEVNULL,
                    start_new_session=True,
                )

    def kill(self, name: str) -> None:
        """kill -9, with everything it forked; of the queue server also what it knew."""
        if name == "flushall":
            with contextlib.suppress(redis.RedisError, services.ServiceError):
                urls = services.ensure_running(self.folder)
                redis.from_url(urls.redis_url, socket_timeout=2).flushall()
        elif name == "queue":
            server = services.status(self.folder)["servers"].get("queue")
            if server and server.get("pid"):
                with contextlib.suppress(ProcessLookupError):
                    os.kill(server["pid"], signal.SIGKILL)
        elif process := self._running.pop(name, None):
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()

    def stop(self) -> None:
        for name in list(self._running):
            self.kill(name)


def run(gateway: str, *, seed: int = 1) -> dict[str, Any]:
    """The counts of one run. Times in seconds."""
    chance = random.Random(seed)
    with tempfile.TemporaryDirectory() as name, socket.socket() as probe:
        folder = Path(name)
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        probe.close()
        hook = f"http://127.0.0.1:{port}/hooks/sms/{gateway}/{SECRET}"
        with running_simulator(
            folder,
            dialect=gateway,
            latency_ms=100,
            timeout_rate=0.05,
            hang_seconds=5,
            error_rate=0.02,
            status_callback=f"{hook}/status",
            inbound_callback=f"{hook}/inbound",
            seed=seed,
        ) as simulator:
            environ = {
                "PASOKH_ENV": "test",
                "DATA_DIR": str(folder / "city"),
                "SECRET_KEY": "s" * 40,
                "PUBLIC_URL": f"http://127.0.0.1:{port}",
                "PLUGINS": "",
                "QUIET_HOURS": "",
                "LOG_LEVEL": "ERROR",
                "SMS_GATEWAY": gateway,
                "SMS_LINE": "10004346",
                "SMS_HOOK_SECRET": SECRET,
                f"{gateway}_URL".upper(): simulator.url,
                f"{gateway}_API_KEY".upper(): simulator.api_key,
                f"{gateway}_RATE".upper(): str(RATE),
                f"{gateway}_READ_TIMEOUT".upper(): "3",
            }
            app = create_app(Settings.from_environ(environ))
            prepare_database(app)
            city = City(folder / "city", environ, port)
            try:
                with app.app_context():
                    batch_id = _campaign()
                    return {"gateway": gateway, **_torment(city, simulator, batch_id, chance)}
            finally:
                city.stop()
                with app.app_context():
                    db.session.remove()
                    db.engine.dispose()
                services.stop(folder / "city")


def _campaign() -> int:
    batch = create_batch("chaos", respects_quiet_hours=False)
    people = (
        # Endings 97 to 99 are not reached, by the simulator's rule; that is no loss.
        NewMessage(None, f"+9891{number:06d}{number % 90:02d}", "fa", f"پیام {number}")
        for number in range(RECIPIENTS)
    )
    insert_messages(batch.id, people)
    batch_id = batch.id
    db.session.commit()
    return batch_id


def _torment(
    city: City, simulator: RunningSimulator, batch_id: int, chance: random.Random
) -> dict[str, Any]:
    kills: Counter[str] = Counter()
    victims = [*city.commands, "queue", "flushall"]
    started = time.monotonic()
    ended_at_kill = 0
    city.keep()
    while time.monotonic() - started < PATIENCE:
        time.sleep(chance.uniform(*PAUSE))
        counts = _progress(batch_id)
        if set(counts) <= SETTLED | {"unknown"} and sum(kills.values()) >= KILLS:
            break
        if set(counts) <= SETTLED:
            break
        if sum(kills.values()) < KILLS or time.monotonic() - started < TORMENT:
            victim = chance.choice(victims)
            city.kill(victim)
            kills[victim.split("-")[0]] += 1
            ended_at_kill = sum(kills.values())
        city.keep()
    # What is unknown may still become known: the gateway is asked for a while.
    # What it surely never saw is sent anew.
    while not set(_progress(batch_id)) <= SETTLED and time.monotonic() - started < PATIENCE:
        city.keep()
        time.sleep(1)
    counts = _progress(batch_id)
    ledger = simulator.ledger()
    return {
        "recipients": RECIPIENTS,
        "kills": ended_at_kill,
        "killed": dict(kills),
        "seconds": round(time.monotonic() - started, 1),
        "accepted_by_gateway": ledger["accepted"],
        "distinct_recipients": ledger["distinct_receptors"],
        "duplicates": ledger["accepted"] - ledger["distinct_receptors"],
        "lost": RECIPIENTS - ledger["distinct_receptors"],
        "answers_lost": {
            fate: n for fate, n in ledger["calls"]["by_fate"].items() if fate != "answer"
        },
        "codes": ledger["calls"]["by_result"],
        "states": counts,
        "left_unknown": counts.get("unknown", 0),
    }


def _progress(batch_id: int) -> dict[str, int]:
    counts = progress([batch_id])
    db.session.rollback()
    return counts


def main() -> int:
    gateways = sys.argv[1:] or ["kavenegar", "smsir"]
    bad = 0
    for gateway in gateways:
        found = run(gateway)
        sys.stdout.write(json.dumps(found) + "\n")
        sys.stdout.flush()
        bad += bool(
            found["duplicates"]
            # What is still unknown is not lost: nobody is told that it went.
            or found["lost"] > found["left_unknown"]
            or found["kills"] < KILLS
            or found["left_unknown"] > RECIPIENTS / 1000
        )
    return 1 if bad else 0


if __name__ == "__main__":
    os.environ.setdefault("PASOKH_EMBEDDED_FAST", "1")
    sys.exit(main())
