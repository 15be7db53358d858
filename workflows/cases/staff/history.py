"""The history of a case as the timeline macro draws it."""

import datetime as dt
from typing import Any

from portal.i18n import _, digits, format_datetime, pick
from workflows.cases.following import clock_title
from workflows.cases.models import Case, CaseEvent
from workflows.cases.redaction import labels as removing
from workflows.cases.rules import words
from workflows.cases.staff import clock_history, labels
from workflows.cases.staff.detail import Detail


def timeline(detail: Detail) -> list[dict[str, Any]]:
    """Newest first: {at, title, text, who, tone}."""
    return [
        {
            "at": event.at,
            "title": _title(event),
            "text": _text(event, detail),
            "who": event.actor,
            "tone": labels.EVENT_TONES.get(event.kind, ""),
        }
        for event in detail.events
    ]


def _title(event: CaseEvent) -> str:
    if event.kind == "note":
        return _("Note that the citizen sees") if event.public else _("Internal note")
    if event.kind in {"step", "task_opened", "task_done"} and event.data.get("titles"):
        return pick(event.data["titles"])
    return str(labels.EVENTS.get(event.kind, event.kind))


def _text(event: CaseEvent, detail: Detail) -> str:
    unit = detail.unit_names.get(event.unit_id or 0, "")
    lines: list[str] = []
    match event.kind:
        case "received":
            # The message itself stands at the head of the page.
            channel = event.data.get("channel", detail.case.channel)
            return str(labels.CHANNELS.get(channel, channel))
        case "assigned" | "reopened" | "dispatched" | "special_way":
            if unit:
                lines.append(_("To: %(unit)s", unit=unit))
            lines += words.reasons(event.data)
        case "warned" | "escalated":
            if event.kind == "escalated" and unit:
                lines.append(_("To: %(unit)s", unit=unit))
            lines.append(_reason(detail.case, event.data))
        case "answered":
            outcome = event.data.get("outcome", "")
            lines.append(str(labels.OUTCOMES.get(outcome, outcome)))
        case "closed":
            how = event.data.get("confirmation", "")
            lines.append(str(labels.CONFIRMATIONS.get(how, how)))
        case "accepted" | "objected":
            lines.append(_how(event.data.get("channel", "")))
        case "call_unanswered":
            if result := labels.CALL_RESULTS.get(str(event.data.get("result"))):
                lines.append(str(result))
            if when := _moment(event.data.get("retry_at")):
                lines.append(_("Again from %(when)s", when=format_datetime(when, "day")))
        case "task_opened" | "task_done":
            lines.append(str(labels.EVENTS[event.kind]))
        case "categorised":
            lines.append(pick(event.data.get("names", {})))
        case (
            "joined" | "follower_joined" | "parted" | "follower_parted" | "divided" | "divided_from"
        ):
            lines.append(_("Case %(code)s", code=str(event.data.get("other", ""))))
        case "redacted" | "hidden":
            reason = removing.REASONS.get(str(event.data.get("reason")))
            lines.append(str(reason or ""))
        case "paused" | "resumed" | "rebased" | "redated":
            lines += clock_history.lines(detail.case, event.kind, event.data)
        case "timed_out":
            if isinstance(calls := event.data.get("calls"), int):
                lines.append(_("%(n)s calls reached nobody", n=digits(calls)))
        case "feedback_asked":
            number = event.data.get("round")
            if isinstance(number, int) and number > 1:
                lines.append(_("Round %(n)s", n=digits(number)))
    lines.append(event.text)
    return "\n".join(line for line in lines if line)


def _how(channel: str) -> str:
    return {
        "sms": _("By SMS"),
        "call": _("In a feedback call"),
        "link": _("On the tracking page"),
    }.get(channel, "")


def _reason(case: Case, data: dict[str, Any]) -> str:
    due = _moment(data.get("due_at"))
    if due is None:
        return ""
    what = clock_title(case, str(data.get("clock")))
    return _("%(what)s, due %(when)s", what=what, when=format_datetime(due, "day"))


def _moment(value: object) -> dt.datetime | None:
    try:
        return dt.datetime.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        return None
