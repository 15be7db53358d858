"""The city's accounts at its gateways: the adapters, and whether each may be called now."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from flask import current_app
from sqlalchemy import select, update
from sqlalchemy.dialects.postgresql import insert

from portal import audit, clock
from portal.config import Settings
from portal.db import db
from portal.messaging import gateways, hints
from portal.messaging.gateways import catalog
from portal.messaging.gateways.base import Gateway
from portal.messaging.models import GatewayState
from portal.messaging.segments import DEFAULT_PLAN, LinePlan

MAX_REST: Final = dt.timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class Account:
    """A gateway with what the city says of it.

    `line` is the sending line there; `rate` the most segments a second, None without a limit;
    `plan` what a part holds on that line.
    """

    gateway: Gateway
    line: str
    rate: int | None
    plan: LinePlan

    @property
    def name(self) -> str:
        return self.gateway.name

    @property
    def batch(self) -> int:
        """Most messages in one call: a fifth of the limit, so that others' turns come often."""
        most = self.gateway.max_batch
        return most if self.rate is None else max(1, min(most, self.rate // 5))

    def line_for(self, line: str) -> str:
        """The line to send over: the wanted one, unless it is another gateway's or none."""
        elsewhere = line in {each.line for each in accounts() if each.name != self.name}
        return self.line if not line or (elsewhere and line != self.line) else line


def accounts() -> tuple[Account, ...]:
    """The configured gateways, the preferred one first; made once per application."""
    extensions = current_app.extensions
    if "pasokh_accounts" not in extensions:
        settings: Settings = extensions["pasokh_settings"]
        extensions["pasokh_accounts"] = tuple(
            _account(name, settings.gateway_options.get(name, {}), settings)
            for name in settings.gateways
        )
    found: tuple[Account, ...] = extensions["pasokh_accounts"]
    return found


def get(name: str) -> Account | None:
    """A configured gateway by its name."""
    return next((each for each in accounts() if each.name == name), None)


def plan() -> LinePlan:
    """What a part holds on the line that sends as a rule."""
    first = next(iter(accounts()), None)
    return first.plan if first else DEFAULT_PLAN


def others_open(name: str) -> bool:
    """Whether another gateway could send now."""
    return any(each.name != name and standing(each.name).open for each in accounts())


def lines() -> list[str]:
    """Every line the city sends from."""
    return list(dict.fromkeys(each.line for each in accounts() if each.line))


def _account(name: str, given: Mapping[str, str], settings: Settings) -> Account:
    options = {"line": settings.sms_line, **_status_hook(name, settings), **given}
    rate = options.get("rate", "")
    return Account(
        gateways.create(name, options),
        options["line"],
        int(rate) if rate else None,
        LinePlan.with_part(int(options.get("part") or 70)),
    )


def _status_hook(name: str, settings: Settings) -> dict[str, str]:
    """Where reports go, for a gateway that is told with each message."""
    takes = any(option.name == "status_callback" for option in catalog.known()[name].options)
    if not takes or not settings.sms_hook_secret:
        return {}
    path = f"/hooks/sms/{name}/{settings.sms_hook_secret}/status"
    return {"status_callback": settings.public_url + path}


@dataclass(frozen=True, slots=True)
class Standing:
    """paused: only a person ends it. rest_seconds: 0 when it may be called."""

    paused: bool
    rest_seconds: float
    reason: str | None

    @property
    def open(self) -> bool:
        return not self.paused and self.rest_seconds <= 0


def standing(name: str) -> Standing:
    """Whether the gateway may be called now."""
    row = db.session.scalar(
        select(GatewayState)
        .where(GatewayState.gateway == name)
        .execution_options(populate_existing=True)
    )
    if row is None:
        return Standing(False, 0.0, None)
    left = (row.resting_until - clock.now()).total_seconds() if row.resting_until else 0.0
    paused = row.paused_at is not None
    reason = row.paused_reason if paused else row.rest_reason if left > 0 else None
    return Standing(paused, max(0.0, left), reason)


def _row(name: str) -> GatewayState:
    db.session.execute(
        insert(GatewayState).values(gateway=name, failures=0).on_conflict_do_nothing()
    )
    return db.session.get_one(GatewayState, name, with_for_update=True, populate_existing=True)


def rest(name: str, reason: str, seconds: float | None = None) -> None:
    """Do not call it for a while: `seconds`, or twice as long after each further failure.

    Does not commit. A rest is never shortened: several workers fail at the same time.
    """
    row, now = _row(name), clock.now()
    if row.resting_until and row.resting_until > now:
        return
    wait = dt.timedelta(seconds=2 ** min(row.failures, 12) if seconds is None else seconds)
    row.failures += 1
    row.resting_until, row.rest_reason = now + min(wait, MAX_REST), reason
    db.session.flush()


def worked(name: str) -> None:
    """A call was answered: the next failure begins with a short rest again. Does not commit."""
    db.session.execute(
        update(GatewayState)
        .where(GatewayState.gateway == name, GatewayState.failures > 0)
        .values(failures=0, resting_until=None, rest_reason=None)
        .execution_options(synchronize_session=False)
    )


def pause(name: str, reason: str) -> None:
    """Do not call it until somebody has put it right. Does not commit."""
    row = _row(name)
    if row.paused_at is None:
        row.paused_at, row.paused_reason = clock.now(), reason
        audit.record("messages.gateway_paused", "gateway", name, reason=reason)
    db.session.flush()


def resume(name: str) -> bool:
    """Call it again. False where it was not paused. Does not commit."""
    row = _row(name)
    row.resting_until = row.rest_reason = None
    row.failures = 0
    if row.paused_at is None:
        return False
    was, row.paused_at, row.paused_reason = row.paused_reason, None, None
    audit.record("messages.gateway_resumed", "gateway", name, was=was)
    db.session.flush()
    hints.dispatch_soon()
    return True
