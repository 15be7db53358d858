"""Every table of the plugin, for the migrations."""

from surveys.campaigns import models as campaigns
from surveys.entry import models as entry
from surveys.openlinks import models as openlinks
from surveys.questionnaires import models as questionnaires
from surveys.replies import models as replies
from surveys.responses import models as responses
from surveys.sampling import models as sampling
from surveys.ways import models as ways

__all__ = [
    "campaigns",
    "entry",
    "openlinks",
    "questionnaires",
    "replies",
    "responses",
    "sampling",
    "ways",
]
