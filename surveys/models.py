"""Every table of the plugin, for the migrations."""

from surveys.ballots import models as ballots
from surveys.campaigns import models as campaigns
from surveys.questionnaires import models as questionnaires
from surveys.responses import models as responses

__all__ = ["ballots", "campaigns", "questionnaires", "responses"]
