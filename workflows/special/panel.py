"""What the page of a case shows of a special message."""

from typing import Any

from portal.security import may
from workflows.cases.models import Case
from workflows.special import labels, queries


def of_case(case: Case) -> dict[str, Any]:
    """Values of special/_panel.html."""
    return {
        "line": queries.of_case(case.id),
        "words": labels,
        "can_mark": may("special.mark") and case.stage != "closed",
        "can_read": may("special.read"),
    }
