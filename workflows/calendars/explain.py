"""A due time in sentences of the reader's language, calendar and digits."""

from collections.abc import Iterable
from datetime import UTC, date, datetime, time, timedelta

from portal.i18n import (
    _,
    digits,
    direction,
    format_date,
    ngettext,
    pick,
    use_language,
)

from .clock import Closed, Counted, Due, Interrupted, Step
from .model import Reason
from .models import CalendarClosure

MOST_COUNTED = 12
"""More stretches of open time than this are summed up in the middle."""
_FIRST, _LAST = 5, 3
_MOST_REASONS = 4


def explain(found: Due, lang: str | None = None) -> list[str]:
    """The way from start to due time, one sentence a step."""
    with use_language(lang):
        sentences = [_starting(found)]
        sentences += [_sentence(step) for step in _shortened(found.steps)]
        if any(reason.estimated for reason in _reasons(found.steps)):
            sentences.append(
                _(
                    "Holidays marked “estimated” follow the moon; if they are announced for "
                    "another day, this time changes."
                )
            )
        total = length(found.duration)
        sentences.append(_("Due: %(when)s, after %(length)s", when=when(found.local), length=total))
        return sentences


def when(local: datetime) -> str:
    """Date with weekday and time of a moment already in its own zone."""
    return _("%(date)s, %(time)s", date=_day(local.date()), time=_clock(local))


def length(span: timedelta) -> str:
    """Hours, minutes and seconds. Never days: a day of open time is no day."""
    seconds = round(span.total_seconds())
    hours, minutes, seconds = seconds // 3600, seconds // 60 % 60, seconds % 60
    parts = [ngettext("%(num)s hour", "%(num)s hours", hours)] if hours else []
    if minutes:
        parts.append(ngettext("%(num)s minute", "%(num)s minutes", minutes))
    if seconds or not parts:
        parts.append(ngettext("%(num)s second", "%(num)s seconds", seconds))
    phrase = parts[0]
    for part in parts[1:]:
        phrase = _("%(first)s and %(second)s", first=phrase, second=part)
    return phrase


def closure_words(row: CalendarClosure) -> str:
    """When an announced closure begins and ends; its hours are those of the wall clock."""
    if row.closes is not None and row.opens is not None:
        return _range(row.closes, row.opens)
    if row.first_day == row.last_day:
        return _day(row.first_day)
    return _("%(from)s to %(to)s", **{"from": _day(row.first_day), "to": _day(row.last_day)})


def cells(step: "Step | _Summary") -> tuple[str, str, timedelta | None]:
    """(when, what, open time that counts) of a step, for a table."""
    match step:
        case Counted():
            what = _("Within working hours")
            if step.start.utcoffset() != step.end.utcoffset():
                what = _("Open; the clock was changed in this time")
            return _range(step.start, step.end), what, step.length
        case Interrupted():
            return (
                _range(step.start, step.end),
                pick(step.titles) or _("closed by the city"),
                None,
            )
        case Closed():
            first, last = step.days[0][0], step.days[-1][0]
            days = _day(first)
            if first != last:
                days = _("%(from)s to %(to)s", **{"from": days, "to": _day(last)})
            reasons = [reason for _day_closed, found in step.days for reason in found]
            return days, _("Closed (%(reason)s)", reason=_reason_words(reasons)), None
        case _Summary():
            return (
                _(
                    "%(from)s to %(to)s",
                    **{
                        "from": _day(step.counted[0].start.date()),
                        "to": _day(step.counted[-1].end.date()),
                    },
                ),
                step.what(),
                step.length(),
            )


def shortened(steps: tuple[Step, ...]) -> "list[Step | _Summary]":
    """The steps, those in the middle of a long way in one."""
    return _shortened(steps)


def _day(day: date) -> str:
    return format_date(day, "full")


def _clock(moment: datetime) -> str:
    return digits(f"{moment:%H:%M:%S}" if moment.second else f"{moment:%H:%M}")


def _starting(found: Due) -> str:
    start = found.start.astimezone(found.calendar.zone)
    name = pick(found.calendar.titles) or found.calendar.name
    first = next((step for step in found.steps if isinstance(step, Counted)), None)
    # In UTC: within one zone Python compares the hands of the clock, and they can go back.
    if first is not None and first.start.astimezone(UTC) > found.start.astimezone(UTC):
        return _(
            "Calendar “%(name)s”. Start: %(when)s, outside its hours", name=name, when=when(start)
        )
    return _("Calendar “%(name)s”. Start: %(when)s", name=name, when=when(start))


def _sentence(step: "Step | _Summary") -> str:
    match step:
        case Counted():
            return _counted(step)
        case Closed():
            return _closed(step)
        case Interrupted():
            return _interrupted(step)
        case _Summary():
            return step.sentence()


def _range(start: datetime, end: datetime) -> str:
    """Both ends of a time that may cross midnight; the end of a day is 24:00."""
    if end.time() == time(0) and end.date() - start.date() == timedelta(1):
        return _(
            "%(date)s: %(from)s to %(to)s",
            **{"date": _day(start.date()), "from": _clock(start), "to": digits("24:00")},
        )
    if start.date() == end.date():
        return _(
            "%(date)s: %(from)s to %(to)s",
            **{"date": _day(start.date()), "from": _clock(start), "to": _clock(end)},
        )
    return _("%(from)s to %(to)s", **{"from": when(start), "to": when(end)})


def _counted(step: Counted) -> str:
    told = _(
        "%(range)s, %(length)s", range=_range(step.start, step.end), length=length(step.length)
    )
    if step.start.utcoffset() != step.end.utcoffset():
        return _("%(told)s (the clock was changed in this time)", told=told)
    return told


def _interrupted(step: Interrupted) -> str:
    told = _range(step.start, step.end)
    if title := pick(step.titles):
        return _("%(when)s, closed (%(reason)s)", when=told, reason=title)
    return _("%(when)s, closed", when=told)


def _closed(step: Closed) -> str:
    first, last = step.days[0][0], step.days[-1][0]
    reason = _reason_words([reason for _day, reasons in step.days for reason in reasons])
    if len(step.days) == 1:
        return _("%(date)s: closed (%(reason)s)", date=_day(first), reason=reason)
    if len(step.days) == 2:
        return _(
            "%(first)s and %(last)s: closed (%(reason)s)",
            first=_day(first),
            last=_day(last),
            reason=reason,
        )
    return ngettext(
        "%(first)s to %(last)s: closed for %(num)s day (%(reason)s)",
        "%(first)s to %(last)s: closed for %(num)s days (%(reason)s)",
        len(step.days),
        first=_day(first),
        last=_day(last),
        reason=reason,
    )


def _reason_words(reasons: Iterable[Reason]) -> str:
    words: list[str] = []
    for reason in reasons:
        if reason.kind == "weekly":
            word = _("weekly day off")
        else:
            word = pick(reason.titles) or (
                _("holiday") if reason.kind == "holiday" else _("closed by the city")
            )
            if reason.estimated:
                word = _("%(holiday)s, estimated", holiday=word)
        if word not in words:
            words.append(word)
    more = len(words) - _MOST_REASONS
    if more > 0:
        words = words[:_MOST_REASONS]
        words.append(ngettext("%(num)s other reason", "%(num)s other reasons", more))
    return ("؛ " if direction() == "rtl" else "; ").join(words)


def _reasons(steps: Iterable[Step]) -> Iterable[Reason]:
    for step in steps:
        if isinstance(step, Closed):
            for _day_closed, reasons in step.days:
                yield from reasons


class _Summary:
    """The middle of a long way."""

    def __init__(self, steps: list[Step]) -> None:
        self.counted = [step for step in steps if isinstance(step, Counted)]
        self.closed_days = sum(len(step.days) for step in steps if isinstance(step, Closed))
        self.special = [r for r in _reasons(steps) if r.kind != "weekly"]

    def length(self) -> timedelta:
        return sum((step.length for step in self.counted), timedelta())

    def what(self) -> str:
        told = ngettext("Open %(num)s time", "Open %(num)s times", len(self.counted))
        if not self.closed_days:
            return told
        days = ngettext("%(num)s closed day", "%(num)s closed days", self.closed_days)
        if self.special:
            days = _(
                "%(days)s (among them: %(reason)s)",
                days=days,
                reason=_reason_words(self.special),
            )
        return _("%(told)s; between them %(days)s", told=told, days=days)

    def sentence(self) -> str:
        span = self.length()
        told = ngettext(
            "%(first)s to %(last)s: open %(num)s time, %(length)s in all",
            "%(first)s to %(last)s: open %(num)s times, %(length)s in all",
            len(self.counted),
            first=_day(self.counted[0].start.date()),
            last=_day(self.counted[-1].end.date()),
            length=length(span),
        )
        if not self.closed_days:
            return told
        days = ngettext("%(num)s closed day", "%(num)s closed days", self.closed_days)
        if self.special:
            days = _("%(days)s (among them: %(reason)s)", days=days,
                     reason=_reason_words(self.special))  # fmt: skip
        return _("%(told)s; between them %(days)s", told=told, days=days)


def _shortened(steps: tuple[Step, ...]) -> list[Step | _Summary]:
    places = [index for index, step in enumerate(steps) if isinstance(step, Counted)]
    if len(places) <= MOST_COUNTED:
        return list(steps)
    head, tail = places[_FIRST - 1] + 1, places[-_LAST - 1] + 1
    return [*steps[:head], _Summary(list(steps[head:tail])), *steps[tail:]]
