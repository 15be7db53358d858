"""Words for the states of a campaign."""

from portal.i18n import LazyText, _l

STATES: dict[str, LazyText] = {
    "draft": _l("Draft"),
    "waiting": _l("Waiting for approval"),
    "launched": _l("Running"),
    "paused": _l("Paused"),
    "closed": _l("Closed"),
    "cancelled": _l("Cancelled"),
}


def state_label(state: str) -> str:
    return str(STATES.get(state, state))
