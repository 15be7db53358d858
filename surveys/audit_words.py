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
        "survey.retention_changed": _l("Retention rule changed"),
        "survey.answers_erased": _l("Answers erased under the retention rule"),
        "survey.exported": _l("Answers exported"),
        "survey.export_asked": _l("Large file of answers asked for"),
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
        "campaign.version_switched": _l("Campaign switched to another version"),
        "campaign.closed": _l("Campaign closed"),
        "campaign.cancelled": _l("Campaign cancelled"),
        "campaign.box_opened": _l("Sealed answers opened together"),
        "campaign.box_forced": _l("Decision to open few sealed answers"),
        "campaign.launch_planned": _l("Launch planned"),
        "campaign.launch_unplanned": _l("Planned launch taken back"),
        "campaign.launch_failed": _l("Planned launch refused"),
        "campaign.reminder_planned": _l("Reminder planned"),
        "campaign.reminder_unplanned": _l("Planned reminder taken back"),
        "campaign.reminder_skipped": _l("Planned reminder not sent"),
        "campaign.quotas_changed": _l("Quotas changed"),
        "entry.begun": _l("Telephone entry begun"),
        "entry.completed": _l("Telephone entry completed"),
    },
    {"survey": _l("Survey"), "campaign": _l("Campaign")},
)
