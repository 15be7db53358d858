"""Every table of the plugin, for the migrations."""

from workflows.callins import models as callins
from workflows.cases import models as cases
from workflows.letters import models as letters
from workflows.open311 import models as open311
from workflows.packets import models as packets

__all__ = ["callins", "cases", "letters", "open311", "packets"]
