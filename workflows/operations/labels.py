"""Words and colours of the operations centre's pages."""

from typing import Final

from portal.i18n import LazyText, _l

PROOF_KINDS: Final[dict[str, LazyText]] = {
    "before": _l("Before the work"),
    "after": _l("After the work"),
    "proof": _l("First action"),
}
VISIT_STATES: Final[dict[str, LazyText]] = {
    "ordered": _l("Ordered"),
    "done": _l("Visited"),
    "cancelled": _l("Called off"),
}
FINDINGS: Final[dict[str, LazyText]] = {
    "settled": _l("The matter is settled"),
    "not_settled": _l("Not settled"),
    "more": _l("More is needed"),
}
FINDING_TONES: Final = {"settled": "good", "not_settled": "bad", "more": "warn"}
VIEWS: Final[dict[str, LazyText]] = {
    "first": _l("First action pending"),
    "ongoing": _l("Being settled"),
    "feedback": _l("Citizen’s feedback pending"),
}
