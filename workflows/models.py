"""Every table of the plugin, for the migrations."""

from workflows.callins import models as callins
from workflows.cases import models as cases
from workflows.operations import models as operations
from workflows.packets import models as packets
from workflows.special import models as special

__all__ = ["callins", "cases", "operations", "packets", "special"]
