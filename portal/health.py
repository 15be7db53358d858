"""`/healthz` (the process answers), `/readyz` (its surroundings do), `/metrics`."""

from typing import Any

import redis
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from flask import Blueprint, Response, current_app, jsonify
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Gauge, generate_latest
from sqlalchemy import func, select, text
from sqlalchemy.exc import DBAPIError

from portal import beat, jobs
from portal.db import db
from portal.outbox import OutboxItem
from portal.security import local_or_bearer, public
from portal.services import ServiceError

blueprint = Blueprint("health", __name__)


def migrations_pending() -> list[str]:
    """Revisions of the code that the database does not have."""
    script = ScriptDirectory(str(current_app.extensions["migrate"].directory))
    with db.engine.connect() as connection:
        present = set(MigrationContext.configure(connection).get_current_heads())
    return sorted(set(script.get_heads()) - present)


def checks() -> dict[str, Any]:
    """name -> "ok" or a sentence that says what is wrong."""
    found: dict[str, Any] = {}
    try:
        db.session.execute(text("SELECT 1"))
        found["database"] = "ok"
        pending = migrations_pending()
        found["migrations"] = (
            "ok" if not pending else f"not applied: {', '.join(pending)}; run: flask db upgrade"
        )
        late = beat.late()
        found["sweeps"] = (
            "ok" if not late else f"late: {', '.join(late)}; are the worker and beat running?"
        )
    except (DBAPIError, ServiceError):
        found["database"] = "no answer"
    finally:
        db.session.rollback()
    try:
        jobs.connection().ping()
        found["queue"] = "ok"
    except redis.RedisError:
        found["queue"] = "no answer; work goes on in the beat, slower"
    return found


@blueprint.get("/healthz")
@public
def healthz() -> Response:
    return Response("ok\n", mimetype="text/plain")


@blueprint.get("/readyz")
@public
def readyz() -> tuple[Response, int]:
    found = checks()
    ready = all(value == "ok" for value in found.values())
    return jsonify(ready=ready, checks=found), 200 if ready else 503


@blueprint.get("/metrics")
@local_or_bearer
def metrics() -> Response:
    registry = CollectorRegistry()
    age = Gauge(
        "pasokh_sweep_age_seconds", "Since the job last finished", ["job"], registry=registry
    )
    for name, seconds in beat.ages().items():
        if seconds is not None:
            age.labels(name).set(seconds)
    waiting = Gauge("pasokh_outbox_open", "Outbox items not done", registry=registry)
    waiting.set(
        db.session.scalar(
            select(func.count()).select_from(OutboxItem).where(OutboxItem.done_at.is_(None))
        )
        or 0
    )
    queued = Gauge("pasokh_queue_length", "Jobs on the queue", registry=registry)
    try:
        queued.set(jobs.queue_length())
    except redis.RedisError:
        queued.set(-1)
    return Response(generate_latest(registry), content_type=CONTENT_TYPE_LATEST)
