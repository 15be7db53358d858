"""The pages of campaigns."""

from surveys.campaigns.views import approval as _approval
from surveys.campaigns.views import drafts as _drafts
from surveys.campaigns.views import plans as _plans
from surveys.campaigns.views import running as _running
from surveys.campaigns.views.common import blueprint

__all__ = ["blueprint"]

ROUTES = (_approval, _drafts, _plans, _running)
"""Imported for their routes."""
