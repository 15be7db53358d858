"""Actions and subjects of the audit trail in words. Features add theirs with `describe`."""

from collections.abc import Mapping
from typing import Any

from portal.i18n import LazyText, _l

ACTIONS: dict[str, LazyText] = {
    "account.created": _l("Account created"),
    "account.changed": _l("Account changed"),
    "account.deactivated": _l("Account deactivated"),
    "account.password_changed": _l("Own password changed"),
    "account.password_reset": _l("Password reset"),
    "account.second_factor_set": _l("Second factor set up"),
    "account.second_factor_switched_off": _l("Second factor switched off"),
    "account.second_factor_reset": _l("Second factor reset"),
    "unit.created": _l("Unit created"),
    "unit.changed": _l("Unit changed"),
    "audit.payload_erased": _l("Details of an audit entry erased"),
    "contact.added": _l("Contact added"),
    "contact.changed": _l("Contact changed"),
    "contact.opted_out": _l("Messages stopped"),
    "contact.opted_in": _l("Messages resumed"),
    "contacts.imported": _l("Contact file imported"),
    "contacts.import_abandoned": _l("Contact file put aside"),
    "contacts.tag_added": _l("Tag added to contacts"),
    "contacts.tag_removed": _l("Tag removed from contacts"),
    "messages.batch_paused": _l("Sending paused"),
    "messages.batch_resumed": _l("Sending resumed"),
    "messages.batch_cancelled": _l("Sending cancelled"),
    "launch.approval_requested": _l("Approval of a launch asked for"),
    "launch.approved": _l("Launch approved by a second person"),
    "launch.declined": _l("Launch declined by a second person"),
    "launch.approval_withdrawn": _l("Wish for an approval taken back"),
    "message_template.changed": _l("Text of messages changed"),
    "messages.gateway_paused": _l("SMS gateway paused"),
    "messages.gateway_resumed": _l("SMS gateway resumed"),
    "messages.prices_changed": _l("Prices of SMS changed"),
    "messages.budget_changed": _l("Budget of a sending changed"),
}
SUBJECTS: dict[str, LazyText] = {
    "account": _l("Account"),
    "unit": _l("Unit"),
    "audit_entry": _l("Audit entry"),
    "contact": _l("Contact"),
    "contact_import": _l("Contact file"),
    "tag": _l("Tag"),
    "message_batch": _l("Batch of messages"),
    "message_template": _l("Message template"),
    "gateway": _l("SMS gateway"),
}


def describe(
    actions: Mapping[str, LazyText], subjects: Mapping[str, LazyText] | None = None
) -> None:
    """Name further actions ("contact.opted_out") and kinds of subject ("contact")."""
    ACTIONS.update(actions)
    SUBJECTS.update(subjects or {})


def action_words(action: str) -> Any:
    """The action in the reader's language; its code where nobody described it."""
    return ACTIONS.get(action, action)


def subject_words(subject_type: str) -> Any:
    return SUBJECTS.get(subject_type, subject_type)
