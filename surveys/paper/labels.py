"""Words for sheets."""

from portal.i18n import LazyText, _l
from surveys.paper.models import COMPLETE, DIFFERS, FIRST, PRINTED, SECOND, VOID
from surveys.paper.services import FULL, OVER

STATES: dict[str, LazyText] = {
    PRINTED: _l("Printed"),
    FIRST: _l("Typed once"),
    SECOND: _l("Typed twice, to be decided"),
    DIFFERS: _l("Entries differ"),
    COMPLETE: _l("Counts"),
    VOID: _l("Void"),
}
TONES: dict[str, str] = {FIRST: "info", SECOND: "warn", DIFFERS: "warn", COMPLETE: "good"}
REASONS: dict[str, LazyText] = {
    FULL: _l("Enough people like this person have answered."),
    OVER: _l("It was not finished when the campaign ended."),
}
"""Reasons that the product gives itself; all others are a person's own words."""
