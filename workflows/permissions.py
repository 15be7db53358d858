"""What of the pages of `workflows` is open to which role; the administrator holds all."""

from collections.abc import Mapping
from typing import Final

PERMISSIONS: Final[Mapping[str, frozenset[str]]] = {
    "calendars.close": frozenset({"communications"}),
    "calendars.edit": frozenset(),
    "callins.manage": frozenset({"operator", "communications"}),
    "callins.answer": frozenset({"operator", "official"}),
    "callins.brief": frozenset({"operator", "official", "communications"}),
    "rates.read": frozenset(
        {
            "operator",
            "unit_officer",
            "official",
            "communications",
            "evaluator",
            "analyst",
            "council_member",
        }
    ),
    "packets.read": frozenset({"council_member", "official", "communications", "evaluator"}),
    "packets.compile": frozenset({"communications"}),
    "packets.decide": frozenset({"council_member"}),
    "calls.take": frozenset({"operator"}),
    "calls.read": frozenset({"operator", "communications", "official", "evaluator"}),
    "cases.read": frozenset(
        {
            "operator",
            "unit_officer",
            "field_supervisor",
            "official",
            "evaluator",
            "communications",
        }
    ),
    "cases.register": frozenset({"operator"}),
    "cases.work": frozenset({"operator", "unit_officer", "field_supervisor"}),
    "cases.feedback": frozenset({"operator"}),
    "cases.categories": frozenset(),
    "workflows.read": frozenset(
        {"operator", "unit_officer", "official", "evaluator", "communications"}
    ),
    "workflows.publish": frozenset(),
    # The steps of a workflow that its definition gives to these roles.
    "cases.steps": frozenset(
        {"operator", "unit_officer", "field_supervisor", "communications", "official"}
    ),
    "cases.replies": frozenset({"operator", "communications"}),
    "cases.rules": frozenset(),
    "cases.handover": frozenset({"operator", "unit_officer"}),
    "letters.read": frozenset({"operator", "unit_officer", "official", "communications"}),
    "letters.write": frozenset({"operator", "unit_officer", "official"}),
    "letters.issue": frozenset({"official"}),
    "letters.settings": frozenset(),
    "open311.manage": frozenset(),
    "open311.release": frozenset({"operator", "communications"}),
    "operations.work": frozenset({"operator", "unit_officer"}),
    "field.visit": frozenset({"field_supervisor"}),
    "special.mark": frozenset({"operator", "official"}),
    "special.work": frozenset({"operator", "unit_officer", "official"}),
    "special.read": frozenset({"operator", "unit_officer", "official", "evaluator"}),
    "council.referrals": frozenset({"council_member"}),
    "cases.join": frozenset({"operator", "unit_officer"}),
    "cases.hide": frozenset({"operator"}),
    "cases.redact": frozenset(),
}
