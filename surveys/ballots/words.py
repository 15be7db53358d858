"""Names of states, kinds and rules; amounts as people say them."""

from typing import Final

from portal.i18n import LazyText, _l, format_number

KINDS: Final[dict[str, LazyText]] = {
    "approval": _l("Choose some projects"),
    "ranked": _l("Put projects in order"),
    "points": _l("Distribute points"),
    "knapsack": _l("Fill the budget"),
}
RULES: Final[dict[str, LazyText]] = {
    "count": _l("Votes counted"),
    "greedy": _l("Most votes first, within the budget"),
    "equal-shares": _l("Method of Equal Shares"),
}
SCHEME_STATES: Final[dict[str, LazyText]] = {
    "draft": _l("Draft"),
    "proposals": _l("Proposals and screening"),
    "voting": _l("Vote running"),
    "closed": _l("Vote over, being counted"),
    "counted": _l("Result published"),
    "cancelled": _l("Called off"),
}
PROPOSAL_STATES: Final[dict[str, LazyText]] = {
    "unconfirmed": _l("Number not proven"),
    "submitted": _l("Waits for a decision"),
    "accepted": _l("On the ballot"),
    "merged": _l("Merged into another"),
    "declined": _l("Declined"),
}


def toman(rial: int) -> str:
    """An amount in toman (ten rial), in the reader's digits."""
    return format_number(rial // 10)
