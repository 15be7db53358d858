"""Pages of letters; importing them gives the blueprint its routes."""

from workflows.letters.views import head_pages, incoming_pages, letter_pages, list_pages
from workflows.letters.views.blueprint import blueprint

__all__ = ["blueprint", "head_pages", "incoming_pages", "letter_pages", "list_pages"]
