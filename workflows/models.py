"""Every table of the plugin, for the migrations."""

from workflows.calendars import models as calendars
from workflows.callins import models as callins
from workflows.cases import clock_models as case_clocks
from workflows.cases import models as cases
from workflows.packets import models as packets

__all__ = ["calendars", "callins", "case_clocks", "cases", "packets"]
