"""Days on which the city sends no campaign, for `Plugin.closed_day`."""

import datetime as dt
import logging

from workflows.calendars import services
from workflows.calendars.timeline import CalendarError

log = logging.getLogger(__name__)


def closed_day(day: dt.date) -> bool:
    """Whether the city's calendar has a holiday or a closure (of mourning, say) on a day.

    A weekend is none: people read their messages on it. A calendar that cannot be read closes no
    day, for else a broken file would stop every campaign.
    """
    try:
        reasons = services.calendar(services.CITY).closed_because(day)
    except CalendarError:
        log.exception("The city's calendar cannot be used", extra={"calendar": services.CITY})
        return False
    return any(reason.kind != "weekly" for reason in reasons)
