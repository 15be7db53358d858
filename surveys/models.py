"""Every table of the plugin, for the migrations."""

from surveys.analysis import models as analysis
from surveys.ballots import models as ballots
from surveys.campaigns import models as campaigns
from surveys.editor import models as editor
from surveys.entry import models as entry
from surveys.interviews import models as interviews
from surveys.openlinks import models as openlinks
from surveys.paper import models as paper
from surveys.questionnaires import models as questionnaires
from surveys.quotas import models as quotas
from surveys.replies import models as replies
from surveys.responses import models as responses
from surveys.retention import models as retention
from surveys.sampling import models as sampling
from surveys.secrecy import models as secrecy
from surveys.ways import models as ways

__all__ = [
    "analysis",
    "ballots",
    "campaigns",
    "editor",
    "entry",
    "interviews",
    "openlinks",
    "paper",
    "questionnaires",
    "quotas",
    "replies",
    "responses",
    "retention",
    "sampling",
    "secrecy",
    "ways",
]
