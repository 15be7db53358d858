"""The states of a message and the only moves between them. A final state is never left."""

from collections.abc import Mapping
from typing import Final

from portal.messaging.models import FINAL_STATES, STATES

ALLOWED: Final[Mapping[str, frozenset[str]]] = {
    "created": frozenset({"claimed", "suppressed", "cancelled", "failed"}),
    # Back to created only what was surely not accepted.
    "claimed": frozenset(
        {
            "created",
            "unknown",
            "accepted",
            "at_operator",
            "delivered",
            "undelivered",
            "blocked",
            "suppressed",
            "cancelled",
            "failed",
        }
    ),
    # Back to created only where the gateway says that it never saw the local id; suppressed where
    # the claim lapsed and its dispatcher says later that it held the message back.
    "unknown": frozenset(
        {
            "created",
            "accepted",
            "at_operator",
            "delivered",
            "undelivered",
            "blocked",
            "suppressed",
            "cancelled",
            "expired",
            "failed",
        }
    ),
    "accepted": frozenset(
        {"at_operator", "delivered", "undelivered", "blocked", "cancelled", "expired", "failed"}
    ),
    "at_operator": frozenset(
        {"delivered", "undelivered", "blocked", "cancelled", "expired", "failed"}
    ),
    **{state: frozenset() for state in FINAL_STATES},
}

PAIRS: Final = sorted(f"{old}>{new}" for old, news in ALLOWED.items() for new in news)
"""The same table for SQL: `state || '>' || new_state = ANY (:pairs)`."""

WAITING: Final = ("created", "claimed")
ON_THE_WAY: Final = ("accepted", "at_operator", "unknown")


def may_move(old: str, new: str) -> bool:
    """Whether a message may go from `old` to `new`. Raises KeyError for a word that is no state."""
    if new not in STATES:
        raise KeyError(new)
    return new in ALLOWED[old]


def sources(new: str) -> list[str]:
    """The states from which a message may become `new`."""
    return sorted(old for old, news in ALLOWED.items() if new in news)
