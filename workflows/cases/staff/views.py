"""All staff pages of cases on their blueprint."""

from workflows.cases.filters import bulk_views
from workflows.cases.filters import views as filter_pages
from workflows.cases.questions import views as question_pages
from workflows.cases.replies import views as reply_pages
from workflows.cases.rules import handover_views
from workflows.cases.rules import views as rule_pages
from workflows.cases.staff import (
    call_pages,
    case_pages,
    category_pages,
    clock_pages,
    detail_pages,
    list_pages,
    register_pages,
    step_pages,
)
from workflows.cases.staff.blueprint import blueprint

__all__ = [
    "blueprint",
    "bulk_views",
    "call_pages",
    "case_pages",
    "category_pages",
    "clock_pages",
    "detail_pages",
    "filter_pages",
    "handover_views",
    "list_pages",
    "question_pages",
    "register_pages",
    "reply_pages",
    "rule_pages",
    "step_pages",
]
