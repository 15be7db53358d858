"""Words for dispositions."""

from portal.i18n import LazyText, _l

DISPOSITIONS: dict[str, LazyText] = {
    "complete": _l("Complete"),
    "partial": _l("Partial: begun, not finished"),
    "refused": _l("Refused: opted out"),
    "screened": _l("Turned away: the quota of the group was full"),
    "delivered": _l("Delivered, no answer"),
    "sent": _l("Sent, no delivery report, no answer"),
    "unknown": _l("Outcome of the SMS unknown"),
    "undeliverable": _l("Undeliverable"),
    "waiting": _l("Not sent yet"),
    "not_sent": _l("Cancelled before sending"),
}
