"""What the page of a case shows of the operations centre's work."""

from typing import Any

from portal.security import may
from workflows.cases.models import Case
from workflows.operations import labels, queries


def of_case(case: Case) -> dict[str, Any]:
    """Values of operations/_panel.html."""
    return {"work": queries.of_case(case.id), "words": labels, "can_work": may("operations.work")}
