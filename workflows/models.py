"""Every table of the plugin, for the migrations."""

from workflows.callins import models as callins
from workflows.cases import models as cases
from workflows.cases.matter import models as matters
from workflows.cases.redaction import models as redactions
from workflows.packets import models as packets

__all__ = ["callins", "cases", "matters", "packets", "redactions"]
