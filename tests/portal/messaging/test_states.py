"""Random deaths, timeouts, reports and opt-outs: what must hold of every message, always."""

import itertools
from collections.abc import Callable

import pytest
from flask import Flask
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from sqlalchemy import select, text

from portal import clock
from portal.db import db
from portal.messaging import account, delivery, dispatch, reconcile, record, services, states
from portal.messaging.gateways.base import Delivery, DeliveryState, GatewayError, Outcome, Outgoing
from portal.messaging.models import FINAL_STATES, STATES, Message
from tests.factories.messages import FakeGateway, make_batch, make_message, use_gateways

REPORTS: list[DeliveryState] = [
    "accepted", "at_operator", "delivered", "undelivered", "blocked", "cancelled", "failed",
    "unknown",
]  # fmt: skip


def test_the_table_knows_every_state_and_leaves_no_final_one() -> None:
    assert set(states.ALLOWED) == set(STATES)
    assert all(not states.ALLOWED[state] for state in FINAL_STATES)
    assert states.may_move("created", "claimed")
    assert not states.may_move("delivered", "accepted")
    assert states.sources("created") == ["claimed", "unknown"]
    with pytest.raises(KeyError):
        states.may_move("created", "elsewhere")


class Life(RuleBasedStateMachine):
    """A few messages, a gateway, and everything that can happen to them."""

    app: Flask
    local_ids = True

    def __init__(self) -> None:
        super().__init__()
        self.context = self.app.app_context()
        self.context.push()
        self.freeze = clock.freeze()
        self.freeze.__enter__()
        self.gateway = FakeGateway(max_batch=3, supports_local_id=self.local_ids)
        use_gateways(self.app, self.gateway)
        (self.account,) = account.accounts()
        self.final: dict[int, str] = {}
        self.gateway_ids: dict[int, str] = {}
        self.held: list[dispatch.Claim] = []
        self.batch_id = 0

    def teardown(self) -> None:
        try:
            self._settle()
        finally:
            db.session.rollback()
            for name in ("messages", "message_batches", "gateway_states"):
                db.session.execute(text(f"DELETE FROM {name}"))
            db.session.commit()
            db.session.remove()
            del self.app.extensions["pasokh_accounts"]
            self.freeze.__exit__(None, None, None)
            self.context.pop()

    def _settle(self) -> None:
        """With a gateway that works, nothing is lost in the end."""
        self.gateway.answer, self.gateway.lose = None, lambda _sms: False
        self.gateway.read_error = None
        services.resume_batch(self.batch_id)
        db.session.commit()
        for _ in range(4):
            clock.shift(minutes=31)
            reconcile.run()
            dispatch.run(5)
        db.session.rollback()
        left = set(db.session.scalars(select(Message.state)))
        assert "created" not in left
        assert "claimed" not in left
        if self.local_ids:
            assert "unknown" not in left

    @initialize(count=st.integers(1, 5))
    def begin(self, count: int) -> None:
        self.batch_id = make_batch().id
        for _ in range(count):
            make_message(batch_id=self.batch_id)

    @rule(fates=st.lists(st.sampled_from(["ok", "lost", "never", "busy"]), min_size=1, max_size=4))
    def dispatch_once(self, fates: list[str]) -> None:
        clock.shift(seconds=20)
        fate = itertools.cycle(fates)
        chosen: dict[int, str] = {}

        def answer(sms: Outgoing) -> Outcome | None:
            chosen[sms.local_id] = next(fate)
            if chosen[sms.local_id] == "never":
                raise GatewayError("ambiguous", "timeout", "no answer")
            if chosen[sms.local_id] == "busy" and len(chosen) == 1:
                raise GatewayError("retry", "connect", "no connection", retry_after=1)
            return None

        self.gateway.answer = answer
        self.gateway.lose = lambda sms: chosen.get(sms.local_id) == "lost"
        held = dispatch.claim(self.account, 3)
        if held and held.rows:
            dispatch.send(held)
        db.session.remove()

    @rule(sends=st.booleans())
    def a_dispatcher_dies(self, sends: bool) -> None:
        held = dispatch.claim(self.account, 3)
        if held is None:
            return
        self.held.append(held)
        if sends:
            for row in held.rows:
                self.gateway.accept(Outgoing(row.local_id, row.e164, row.body))

    @precondition(lambda self: self.held)
    @rule(state=st.sampled_from(["accepted", "failed", "unknown"]))
    def it_was_only_asleep(self, state: str) -> None:
        held = self.held.pop()
        found = []
        for row in held.rows:
            gateway_id = self.gateway.by_local.get(row.local_id)
            if state == "accepted" and gateway_id is not None:
                found.append(record.Result(row.id, held.id, "accepted", None, gateway_id))
            elif state == "unknown":
                found.append(record.Result(row.id, held.id, "unknown"))
        record.results(found)
        db.session.commit()

    @rule(seconds=st.sampled_from([6, 61, 600]))
    def time_passes(self, seconds: int) -> None:
        clock.shift(seconds=seconds)

    @rule(away=st.booleans())
    def settle_some(self, away: bool) -> None:
        self.gateway.read_error = GatewayError("retry", "connect", "away") if away else None
        reconcile.run()

    @rule(number=st.integers(1000, 1010), state=st.sampled_from(REPORTS))
    def a_report_comes(self, number: int, state: DeliveryState) -> None:
        record.deliveries("fake", [Delivery(str(number), state)])
        db.session.commit()

    @rule()
    def states_are_pulled(self) -> None:
        self.gateway.read_error = None
        delivery.pull()

    @rule(stop=st.booleans())
    def the_batch_is_paused_or_resumed(self, stop: bool) -> None:
        (services.pause_batch if stop else services.resume_batch)(self.batch_id)
        db.session.commit()

    @rule(pick=st.integers(0, 4))
    def somebody_opts_out(self, pick: int) -> None:
        numbers = db.session.scalars(select(Message.e164).order_by(Message.id)).all()
        services.suppress_waiting(numbers[pick % len(numbers)], None)
        db.session.commit()

    @invariant()
    def nothing_impossible_happened(self) -> None:
        db.session.rollback()
        left = [sms.local_id for sms in self.gateway.ledger]
        assert len(left) == len(set(left)), "an SMS went out twice"
        for row in db.session.scalars(select(Message)):
            assert self.final.get(row.id, row.state) == row.state, "a final state was left"
            if row.state in FINAL_STATES:
                self.final[row.id] = row.state
            if row.gateway_id is not None:
                assert self.gateway_ids.setdefault(row.id, row.gateway_id) == row.gateway_id
                assert row.gateway_id == self.gateway.by_local[row.local_id]
            if row.state == "suppressed":
                assert row.local_id not in self.gateway.by_local, "sent, and called unsent"


class LifeWithoutLocalIds(Life):
    local_ids = False


@pytest.mark.parametrize("machine", [Life, LifeWithoutLocalIds])
def test_every_life_of_a_message_keeps_the_rules(
    app: Flask, machine: type[Life], run_machine: Callable[[type[Life]], None]
) -> None:
    machine.app = app
    run_machine(machine)


@pytest.fixture
def run_machine() -> Callable[[type[Life]], None]:
    from hypothesis.stateful import run_state_machine_as_test

    limits = settings(
        max_examples=25,
        stateful_step_count=20,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )
    return lambda machine: run_state_machine_as_test(machine, settings=limits)
