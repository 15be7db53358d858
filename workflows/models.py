"""Every table of the plugin, for the migrations."""

from workflows.callins import models as callins
from workflows.calls import models as calls
from workflows.cases import models as cases
from workflows.cases.questions import models as questions
from workflows.packets import models as packets

__all__ = ["callins", "calls", "cases", "packets", "questions"]
