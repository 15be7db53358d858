"""All staff pages of cases on their blueprint."""

from workflows.cases.filters import bulk_views
from workflows.cases.filters import views as filter_pages
from workflows.cases.staff import (
    call_pages,
    case_pages,
    category_pages,
    list_pages,
    register_pages,
)
from workflows.cases.staff.blueprint import blueprint

__all__ = [
    "blueprint",
    "bulk_views",
    "call_pages",
    "case_pages",
    "category_pages",
    "filter_pages",
    "list_pages",
    "register_pages",
]
