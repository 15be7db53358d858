"""What workflows tells the council: every number with where it comes from.

Cases of citizens are named by their number: the tracking code is the citizen's own key.
"""

import datetime as dt
from typing import Any, Final

from portal import clock
from portal.i18n import _l
from portal.packet import (
    Cell,
    PacketSection,
    Period,
    code,
    day,
    figures,
    moment,
    note,
    number,
    rate,
    section,
    table,
    words,
)
from workflows.callins.figures import figures as callin_figures
from workflows.callins.labels import PROMISE_STATES
from workflows.cases.persons import without_person
from workflows.cases.stages import (
    CHANNEL_NAMES,
    CONFIRMATION_NAMES,
    OUTCOME_NAMES,
    STAGE_NAMES,
    URGENCY_NAMES,
)
from workflows.packets import counting

EXCERPT: Final = 160


def earlier_decisions(_period: Period) -> dict[str, Any]:
    """Decisions taken on earlier packets, and what has become of each."""
    now = clock.now()
    rows: list[list[Cell]] = []
    done = late = 0
    for decision, packet, case, unit in counting.decisions():
        finished = case.done_at is not None
        overdue = not finished and Period(decision.due_on, decision.due_on).until <= now
        done += finished
        late += overdue
        rows.append(
            [
                decision.text,
                day(packet.last_day),
                words(unit) if unit else None,
                day(decision.due_on),
                words(_decision_state(case, overdue)),
                code(case.code),
            ]
        )
    return section(
        figures(
            (_l("Done, of all decisions"), rate(done, len(rows))),
            (_l("Overdue"), number(late)),
        ),
        table(
            _l("Earlier decisions and their state"),
            [
                (_l("Decision"), "text"),
                (_l("Packet until"), "day"),
                (_l("Owner"), "text"),
                (_l("Due"), "day"),
                (_l("State"), "text"),
                (_l("Case"), "code"),
            ],
            rows,
            _l("No decision was taken on an earlier packet."),
        ),
    )


def _decision_state(case: Any, overdue: bool) -> Any:
    if case.outcome is not None:
        return OUTCOME_NAMES[case.outcome]
    return _l("Overdue") if overdue else STAGE_NAMES[case.stage]


def call_ins(period: Period) -> dict[str, Any]:
    """Sessions that began in the period, and every promise made in them."""
    found = callin_figures(period.since, period.until)
    made = found["promises"]
    officials: list[list[Cell]] = [
        [
            words(line["officials"]),
            number(line["sessions"]),
            rate(line["answered_at_once"], line["calls"]),
            rate(line["promises"]["kept"], line["promises"]["made"]),
            rate(line["promises"]["late"], line["promises"]["made"]),
            rate(line["promises"]["open"] + line["promises"]["overdue"], line["promises"]["made"]),
        ]
        for line in found["by_official"]
    ]
    promises: list[list[Cell]] = [
        [
            line["subject"] or line["text"][:EXCERPT],
            words(line["officials"]),
            words(line["unit"]) if line["unit"] else None,
            _moment(line["due_at"]),
            words(PROMISE_STATES[line["state"]]),
            code(str(line["case_id"])),
        ]
        for line in found["list"]
    ]
    return section(
        figures(
            (_l("Sessions held"), number(found["sessions"])),
            (_l("Calls taken"), number(found["calls"])),
            (
                _l("Answered at once, of the calls taken"),
                rate(found["answered_at_once"], found["calls"]),
            ),
            *(
                [
                    (
                        _l("Answered, of the calls that the exchange offered"),
                        rate(found["picked_up"], found["offered"]),
                    )
                ]
                if found["offered"]
                else []
            ),
            (_l("Promises kept in time, of those made"), rate(made["kept"], made["made"])),
            (_l("Promises overdue, of those made"), rate(made["overdue"], made["made"])),
        ),
        table(
            _l("By official"),
            [
                (_l("Official"), "text"),
                (_l("Sessions"), "number"),
                (_l("Answered at once, of the calls taken"), "rate"),
                (_l("Promises kept in time, of those made"), "rate"),
                (_l("Promises kept late, of those made"), "rate"),
                (_l("Promises still open, of those made"), "rate"),
            ],
            officials,
            _l("No call-in was held in this period."),
        ),
        table(
            _l("Promises"),
            [
                (_l("Subject"), "text"),
                (_l("Official"), "text"),
                (_l("Unit"), "text"),
                (_l("Due"), "moment"),
                (_l("State"), "text"),
                (_l("Case number"), "code"),
            ],
            promises,
            _l("No promise was made in this period."),
        ),
    )


def _moment(value: str | None) -> Cell:
    return moment(dt.datetime.fromisoformat(value)) if value else None


def urgent_cycle(period: Period) -> dict[str, Any]:
    """Registered, first action within 2 hours, the citizen's feedback within 24."""
    found = counting.urgent(period)
    reasons: list[list[Cell]] = [
        [words(label), number(found.by_reason.get(reason, 0))]
        for reason, label in URGENCY_NAMES.items()
    ]
    return section(
        figures(
            (_l("Urgent messages registered"), number(found.registered)),
            (_l("First action within 2 hours"), rate(found.in_time, found.registered)),
            (
                _l("Citizen's feedback within 24 hours, of those asked"),
                rate(found.feedback_in_time, found.asked),
            ),
        ),
        table(
            _l("Why they were urgent"),
            [(_l("Reason"), "text"), (_l("Messages"), "number")],
            reasons,
            _l("No urgent message was registered in this period."),
        ),
        note(
            _l(
                "Counted are messages received in the period. One whose 2 hours are still running "
                "counts as not yet in time."
            )
        ),
    )


def observed_and_answered(period: Period) -> dict[str, Any]:
    """By channel and by unit."""
    channels = counting.by_channel(period)
    units = counting.by_unit(period)
    return section(
        figures(
            (
                _l("Answered, of the messages observed"),
                rate(sum(g.answered for g in channels), sum(g.observed for g in channels)),
            )
        ),
        table(
            _l("By channel"),
            [(_l("Channel"), "text"), (_l("Answered, of those observed"), "rate")],
            [[words(CHANNEL_NAMES[g.key]), rate(g.answered, g.observed)] for g in channels],
            _l("No message was received in this period."),
        ),
        table(
            _l("By unit"),
            [(_l("Unit"), "text"), (_l("Answered, of those observed"), "rate")],
            [[words(g.key or _l("No unit yet")), rate(g.answered, g.observed)] for g in units],
            _l("No message was received in this period."),
        ),
        note(
            _l(
                "Observed: received in the period by any channel of citizens. Answered: finished "
                "with an answer that stands; a reopened message does not count. Every percentage "
                "is computed from the two numbers beside it."
            )
        ),
    )


def outcomes(period: Period) -> dict[str, Any]:
    """How they ended, and what the citizens said of it."""
    ended = counting.outcomes(period)
    all_ended = sum(ended.values())
    said = counting.confirmations(period)
    asked = sum(said.get(name, 0) for name in ("accepted", "objected", "timed_out"))
    return section(
        figures(
            (_l("Confirmed by the citizen, of those asked"), rate(said.get("accepted", 0), asked))
        ),
        table(
            _l("Outcomes of the answered messages"),
            [(_l("Outcome"), "text"), (_l("Of the answered"), "rate")],
            [
                [words(label), rate(ended.get(outcome, 0), all_ended)]
                for outcome, label in OUTCOME_NAMES.items()
            ],
            _l("No message was answered in this period."),
        ),
        table(
            _l("What citizens said of the end"),
            [(_l("Answer"), "text"), (_l("Messages"), "number")],
            [
                [words(label), number(said.get(name, 0))]
                for name, label in CONFIRMATION_NAMES.items()
            ],
            _l("No message was answered in this period."),
        ),
    )


def open_follow_ups(period: Period) -> dict[str, Any]:
    """The oldest open matters, without long numbers and the sender's own name."""
    total, rows = counting.oldest_open(period)
    now = clock.now()
    lines: list[list[Cell]] = []
    for case, category, unit in rows:
        late = case.next_due_at is not None and case.next_due_at < now
        lines.append(
            [
                _excerpt(without_person(case.text, case.citizen_name or "")),
                words(category) if category else None,
                words(unit) if unit else None,
                day_of(case.received_at),
                words(_l("Overdue") if late else STAGE_NAMES[case.stage]),
                code(str(case.id)),
            ]
        )
    return section(
        figures((_l("Open messages"), number(total))),
        table(
            _l("The oldest"),
            [
                (_l("Subject"), "text"),
                (_l("Category"), "text"),
                (_l("Unit"), "text"),
                (_l("Received"), "day"),
                (_l("State"), "text"),
                (_l("Case number"), "code"),
            ],
            lines,
            _l("Nothing is open."),
        ),
    )


def day_of(value: dt.datetime) -> Cell:
    """The day of a moment in the city's zone."""
    from portal.formats import local

    return day(local(value).date())


def _excerpt(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= EXCERPT else line[: EXCERPT - 1].rstrip() + "…"


SECTIONS = (
    PacketSection("decisions", _l("Decisions of earlier packets"), earlier_decisions, 10),
    PacketSection("call_ins", _l("Call-ins and promises"), call_ins, 20),
    PacketSection("urgent", _l("Urgent messages"), urgent_cycle, 30),
    PacketSection("answered", _l("Observed and answered"), observed_and_answered, 40),
    PacketSection("outcomes", _l("Outcomes and what citizens said"), outcomes, 50),
    PacketSection("open", _l("Open follow-ups"), open_follow_ups, 60, new_page=True),
)
