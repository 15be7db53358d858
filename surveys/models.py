"""Every table of the plugin, for the migrations."""

from surveys.campaigns import models as campaigns
from surveys.questionnaires import models as questionnaires
from surveys.quotas import models as quotas
from surveys.responses import models as responses
from surveys.secrecy import models as secrecy

__all__ = ["campaigns", "questionnaires", "quotas", "responses", "secrecy"]
