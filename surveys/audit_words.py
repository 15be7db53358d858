"""What the audit trail calls the changes of this plugin."""

from portal.audit.words import describe
from portal.i18n import _l

describe(
    {
        "survey.version_published": _l("Questionnaire published"),
        "survey.draft_begun": _l("Draft of a questionnaire begun"),
        "survey.draft_changed": _l("Draft of a questionnaire changed"),
        "survey.draft_discarded": _l("Draft of a questionnaire discarded"),
        "survey.tests_deleted": _l("Test answers deleted"),
        "survey.exported": _l("Answers exported"),
        "campaign.created": _l("Campaign drafted"),
        "campaign.changed": _l("Campaign changed"),
        "campaign.launched": _l("Campaign launched"),
        "campaign.tested": _l("Test SMS sent"),
        "campaign.paused": _l("Campaign paused"),
        "campaign.resumed": _l("Campaign resumed"),
        "campaign.reminded": _l("Reminder sent"),
        "campaign.closing_changed": _l("Last day of a campaign changed"),
        "campaign.version_switched": _l("Campaign switched to another version"),
        "campaign.closed": _l("Campaign closed"),
        "campaign.cancelled": _l("Campaign cancelled"),
    },
    {"survey": _l("Survey"), "campaign": _l("Campaign")},
)
