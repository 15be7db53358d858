"""Every table of the plugin, for the migrations."""

from workflows.calendars import models as calendars
from workflows.callins import exchange_models as callin_exchange
from workflows.callins import models as callins
from workflows.calls import models as calls
from workflows.cases import call_models as feedback_calls
from workflows.cases import clock_models as case_clocks
from workflows.cases import models as cases
from workflows.cases.filters import models as case_filters
from workflows.cases.matter import models as matters
from workflows.cases.questions import models as questions
from workflows.cases.redaction import models as redactions
from workflows.cases.replies import models as case_replies
from workflows.cases.rules import models as case_rules
from workflows.cases.tasks import models as tasks
from workflows.engine import models as engine
from workflows.letters import models as letters
from workflows.open311 import models as open311
from workflows.operations import models as operations
from workflows.packets import models as packets
from workflows.populations import models as populations
from workflows.special import models as special

__all__ = [
    "calendars",
    "callin_exchange",
    "callins",
    "calls",
    "case_clocks",
    "case_filters",
    "case_replies",
    "case_rules",
    "cases",
    "engine",
    "feedback_calls",
    "letters",
    "matters",
    "open311",
    "operations",
    "packets",
    "populations",
    "questions",
    "redactions",
    "special",
    "tasks",
]
