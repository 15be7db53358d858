"""Every table of the plugin, for the migrations."""

from surveys.analysis import models as analysis
from surveys.ballots import models as ballots
from surveys.campaigns import models as campaigns
from surveys.editor import models as editor
from surveys.questionnaires import models as questionnaires
from surveys.quotas import models as quotas
from surveys.responses import models as responses
from surveys.secrecy import models as secrecy

__all__ = [
    "analysis",
    "ballots",
    "campaigns",
    "editor",
    "questionnaires",
    "quotas",
    "responses",
    "secrecy",
]
