"""All staff pages of cases on their blueprint."""

from workflows.cases.questions import views as question_pages
from workflows.cases.staff import (
    call_pages,
    case_pages,
    category_pages,
    detail_pages,
    list_pages,
    register_pages,
)
from workflows.cases.staff.blueprint import blueprint

__all__ = [
    "blueprint",
    "call_pages",
    "case_pages",
    "category_pages",
    "detail_pages",
    "list_pages",
    "question_pages",
    "register_pages",
]
