"""What the audit trail calls the changes of this plugin."""

from portal.audit.words import describe
from portal.i18n import _l

describe(
    {
        "survey.version_published": _l("Questionnaire published"),
        "survey.exported": _l("Answers exported"),
        "campaign.created": _l("Campaign drafted"),
        "campaign.changed": _l("Campaign changed"),
        "campaign.ways_changed": _l("Ways to answer changed"),
        "campaign.script_changed": _l("Telephone script changed"),
        "campaign.sample_changed": _l("Sample plan changed"),
        "campaign.launched": _l("Campaign launched"),
        "campaign.tested": _l("Test SMS sent"),
        "campaign.paused": _l("Campaign paused"),
        "campaign.resumed": _l("Campaign resumed"),
        "campaign.reminded": _l("Reminder sent"),
        "campaign.closing_changed": _l("Last day of a campaign changed"),
        "campaign.closed": _l("Campaign closed"),
        "campaign.cancelled": _l("Campaign cancelled"),
        "entry.begun": _l("Telephone entry begun"),
        "entry.completed": _l("Telephone entry completed"),
    },
    {"survey": _l("Survey"), "campaign": _l("Campaign")},
)
