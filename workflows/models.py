"""Every table of the plugin, for the migrations."""

from workflows.callins import models as callins
from workflows.cases import models as cases
from workflows.cases.tasks import models as tasks
from workflows.engine import models as engine
from workflows.packets import models as packets
from workflows.populations import models as populations

__all__ = ["callins", "cases", "engine", "packets", "populations", "tasks"]
