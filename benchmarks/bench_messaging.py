"""How fast a campaign is stored and accepted, in a database of its own that is thrown away.

`python -m benchmarks.bench_messaging [MESSAGES] [BASELINE]` prints JSON; `make bench` takes 10,000
and 300. The gateway is the simulated one, unthrottled, in a process of its own. `baseline`: the
usual way, one rq job for each message, each with a row of its own read and written and one call,
on the same machine in the same run with the same number of workers. `rss_growth_mb`: of a
dispatching process, between its first thousand messages and its last.
"""

import functools
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any, Final

MESSAGES: Final = 10_000
BASELINE: Final = 300
WORKERS: Final = 2
SECRET: Final = "a-secret-of-22-characters-or-more"
_DISPATCH = """
import json, resource
from portal.app import create_app
from portal.messaging import dispatch
app = create_app()
def rss():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
with app.app_context():
    accepted, first = 0, None
    while True:
        more, goes_on = dispatch.run(0.5)
        accepted += more
        if first is None and accepted >= 1000:
            first = rss()
        if not goes_on:
            break
print(json.dumps({"accepted": accepted, "growth": rss() - (first or rss())}))
"""


def main(messages: int = MESSAGES, baseline: int = BASELINE) -> None:
    os.environ.setdefault("PASOKH_EMBEDDED_FAST", "1")
    from portal.messaging.simulator.testing import running_simulator

    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with running_simulator(folder) as simulator:
            environ = {
                **os.environ,
                "PASOKH_ENV": "test",
                "DATA_DIR": str(folder / "city"),
                "SECRET_KEY": "benchmark-secret-key-that-is-long-enough",
                "PUBLIC_URL": "http://localhost",
                "PLUGINS": "",
                "QUIET_HOURS": "",
                "LOG_LEVEL": "ERROR",
                "SMS_GATEWAY": "kavenegar",
                "SMS_LINE": "10004346",
                "SMS_HOOK_SECRET": SECRET,
                "KAVENEGAR_URL": simulator.url,
                "KAVENEGAR_API_KEY": simulator.api_key,
            }
            sys.stdout.write(json.dumps(_measured(environ, folder, messages, baseline)) + "\n")


def _measured(
    environ: dict[str, str], folder: Path, messages: int, baseline: int
) -> dict[str, Any]:
    from portal import services
    from portal.app import create_app
    from portal.cli import prepare_database
    from portal.config import Settings
    from portal.db import db

    app = create_app(Settings.from_environ(environ))
    try:
        prepare_database(app)
        with app.app_context():
            usual = _job_per_message(environ, baseline, "rq.Worker")
            unforked = _job_per_message(environ, baseline, "rq.SimpleWorker")
            started = time.perf_counter()
            _store(messages)
            stored = time.perf_counter() - started
            started = time.perf_counter()
            found = _run([_DISPATCH] * WORKERS, environ)
            accepted = time.perf_counter() - started
            db.session.remove()
            db.engine.dispose()
    finally:
        services.stop(folder / "city")
    assert sum(each["accepted"] for each in found) == messages
    rate = messages / accepted
    return {
        "messaging": messages,
        "workers": WORKERS,
        "store_seconds": round(stored, 2),
        "accept_seconds": round(accepted, 2),
        "per_second": round(rate),
        "rss_growth_mb": round(max(each["growth"] for each in found), 1),
        "baseline": {"messages": baseline, "per_second": round(usual, 1)},
        "baseline_without_fork": {"messages": baseline, "per_second": round(unforked, 1)},
        "times_the_baseline": round(rate / usual, 1),
        "times_the_baseline_without_fork": round(rate / unforked, 1),
    }


def _store(count: int) -> None:
    from portal.db import db
    from portal.messaging.services import NewMessage, create_batch, insert_messages

    batch = create_batch("benchmark", respects_quiet_hours=False)
    people = (
        NewMessage(None, f"+9891{n:08d}", "fa", "شهروند گرامی، نظر شما چیست؟") for n in range(count)
    )
    insert_messages(batch.id, people)
    db.session.commit()


def _job_per_message(environ: dict[str, str], count: int, worker_class: str) -> float:
    """Messages a second of the usual way."""
    from rq import Queue
    from sqlalchemy import select

    from portal import jobs
    from portal.db import db
    from portal.messaging.models import Message

    _store(count)
    ids = db.session.scalars(select(Message.id)).all()
    db.session.rollback()
    queue = Queue("baseline", connection=jobs.connection())
    started = time.perf_counter()
    for message_id in ids:
        queue.enqueue("benchmarks.bench_messaging.send_one_job", message_id)
    url = environ.get("REDIS_URL") or _redis_url()
    command = [sys.executable, "-m", "rq.cli", "worker", "--burst", "--url", url]
    command += ["--worker-class", worker_class, "baseline"]
    workers = [
        subprocess.Popen(command, env=environ, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        for _ in range(WORKERS)
    ]
    for worker in workers:
        worker.wait()
    seconds = time.perf_counter() - started
    left = db.session.scalars(select(Message.id).where(Message.state != "accepted")).all()
    assert not left, f"{len(left)} of the baseline were not sent"
    db.session.rollback()
    return count / seconds


def send_one_job(message_id: int) -> None:
    """What a job of the usual way does."""
    from portal.db import db
    from portal.messaging import account
    from portal.messaging.gateways.base import Accepted, Outgoing
    from portal.messaging.models import Message

    with _application().app_context():
        message = db.session.get_one(Message, message_id)
        (only,) = account.accounts()
        sms = Outgoing(message.local_id, message.e164, message.body, message.line)
        (outcome,) = only.gateway.send([sms])
        assert isinstance(outcome, Accepted)
        message.state, message.gateway = "accepted", only.name
        message.gateway_id, message.cost_rial = outcome.gateway_id, outcome.cost_rial
        db.session.commit()


@functools.cache
def _application() -> Any:
    from portal.app import create_app

    return create_app()


def _redis_url() -> str:
    from flask import current_app

    urls = current_app.extensions["pasokh_urls"]
    return str(urls.redis_url)


def _run(programs: list[str], environ: dict[str, str]) -> list[dict[str, Any]]:
    running = [
        subprocess.Popen([sys.executable, "-c", each], env=environ, stdout=subprocess.PIPE)
        for each in programs
    ]
    return [json.loads(each.communicate()[0]) for each in running]


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
