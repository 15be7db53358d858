"""Words for codes: states, verdicts, reasons, channels."""

from portal.contacts.models import ContactImportRow
from portal.contacts.rows import REASONS, WARNINGS
from portal.i18n import LazyText, _, _l, digits

IMPORT_STATES: dict[str, LazyText] = {
    "reading": _l("Being read"),
    "preview": _l("Waiting for your decision"),
    "committing": _l("Being written"),
    "done": _l("In the bank"),
    "failed": _l("Not readable"),
    "abandoned": _l("Abandoned"),
}
VERDICTS: dict[str, LazyText] = {
    "new": _l("New"),
    "changed": _l("Changed"),
    "unchanged": _l("Already known"),
    "duplicate": _l("Repeated in the file"),
    "rejected": _l("Rejected"),
}
CHANNELS: dict[str, LazyText] = {
    "sms": _l("By SMS"),
    "import": _l("From a file"),
    "staff": _l("By an officer"),
    "link": _l("By a link"),
    "gateway": _l("At the gateway"),
}
DECISIONS: dict[str, LazyText] = {
    "given": _l("Agreed to messages"),
    "withdrawn": _l("Stopped messages"),
}
MESSAGE_STATES: dict[str, LazyText] = {
    "created": _l("Waiting to be sent"),
    "claimed": _l("Being sent"),
    "accepted": _l("Accepted by the gateway"),
    "at_operator": _l("At the operator"),
    "delivered": _l("Delivered"),
    "undelivered": _l("Not delivered"),
    "blocked": _l("Blocked by the receiver"),
    "expired": _l("Expired"),
    "unknown": _l("Outcome unknown"),
    "suppressed": _l("Held back"),
    "cancelled": _l("Cancelled"),
    "failed": _l("Failed"),
}
COLUMNS: dict[str, LazyText] = {
    "phone": _l("Mobile number"),
    "name": _l("Name"),
    "first_name": _l("First name"),
    "last_name": _l("Last name"),
    "language": _l("Language"),
    "neighbourhood": _l("Neighbourhood"),
    "district": _l("District"),
    "tags": _l("Tags"),
    "consent": _l("Consent"),
}


def reason_of(code: str) -> str:
    """A reason for not using a row, without its details."""
    if code == "duplicate":
        return _("The number stands in an earlier row")
    return str(REASONS.get(code, code))


def reason_text(row: ContactImportRow) -> str:
    """Why this row is not used; for a repeated number with the row that came first."""
    if row.verdict == "duplicate":
        return _("duplicate of row %(row)s", row=digits(row.repeats_row))
    return reason_of(row.reason or "")


def warning_of(code: str) -> str:
    return str(WARNINGS.get(code, code))
