"""Every table of the plugin, for the migrations."""

from workflows.callins import models as callins
from workflows.cases import models as cases
from workflows.packets import models as packets

__all__ = ["callins", "cases", "packets"]
