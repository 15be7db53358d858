"""Words of the pages of workflows."""

from portal.i18n import LazyText, _l

MOVE_STATES: dict[str, LazyText] = {
    "waiting": _l("Waits for a second person"),
    "declined": _l("Declined"),
    "running": _l("Under way"),
    "done": _l("Carried out"),
    "undoing": _l("Being undone"),
    "undone": _l("Undone"),
}
MOVE_TONES = {"waiting": "warn", "declined": "bad", "running": "info", "done": "good"}
