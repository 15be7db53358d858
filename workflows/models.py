"""Every table of the plugin, for the migrations."""

from workflows.callins import exchange_models as exchange
from workflows.callins import models as callins
from workflows.cases import call_models as feedback_calls
from workflows.cases import models as cases
from workflows.packets import models as packets

__all__ = ["callins", "cases", "exchange", "feedback_calls", "packets"]
