"""Pages of the contact bank, under /staff/contacts."""

from portal.contacts.views import import_pages, list_pages, person_pages
from portal.contacts.views.blueprint import blueprint

__all__ = ["blueprint", "import_pages", "list_pages", "person_pages"]
