"""What the host learns of `surveys`."""

from portal.beat import Periodic
from portal.i18n import _l
from portal.messaging.inbound import InboundHandler
from portal.plugin import DashboardCard, Door, HomeTile, NavigationItem, Plugin
from surveys import audit_words, message_purposes, models
from surveys.analysis.jobs import count_due, make_files_due
from surveys.analysis.packet import SECTIONS
from surveys.analysis.views import blueprint as results
from surveys.ballots import audit_words as ballot_words
from surveys.ballots import jobs as ballot_jobs
from surveys.ballots.views import BLUEPRINTS as BALLOTS
from surveys.campaigns import figures, history
from surveys.campaigns.jobs import close_due, launch_due, remind_due
from surveys.campaigns.views import blueprint as campaigns
from surveys.cli import surveys
from surveys.editor.jobs import forget_pictures
from surveys.editor.views import blueprint as editor
from surveys.entry.views import blueprint as entry
from surveys.interviews.views import blueprint as interviews
from surveys.openlinks.jobs import forget_challenges
from surveys.openlinks.views import blueprint as openlinks
from surveys.paper.jobs import forget_unfinished
from surveys.paper.views import blueprint as paper
from surveys.questionnaires.picture_views import blueprint as survey_pictures
from surveys.questionnaires.views import blueprint as questionnaires
from surveys.quotas.jobs import settle_counts
from surveys.replies import services as replies
from surveys.responses import signals
from surveys.responses.jobs import forget_trial_photos
from surveys.responses.views import blueprint as responses
from surveys.retention.jobs import erase_due
from surveys.retention.views import blueprint as retention
from surveys.sampling.views import blueprint as sampling
from surveys.satisfaction import signals as satisfaction
from surveys.satisfaction.figures import SATISFIED
from surveys.secrecy.jobs import open_boxes
from surveys.ways.views import blueprint as ways

MODELS = (models, audit_words, ballot_words)
"""Imported so that the tables are known to the session and the migrations, and the words of the
audit trail to its pages."""


def _connect_signals() -> None:
    signals.connect()
    satisfaction.connect()


plugin = Plugin(
    name="surveys",
    blueprints=(
        questionnaires,
        survey_pictures,
        editor,
        retention,
        campaigns,
        responses,
        results,
        ways,
        openlinks,
        sampling,
        entry,
        interviews,
        paper,
        *BALLOTS,
    ),
    cli=(surveys,),
    navigation=(
        NavigationItem(_l("Surveys"), "questionnaires.index", "surveys.read", "ask", order=10),
        NavigationItem(_l("Campaigns"), "campaigns.index", "campaigns.read", "ask", order=20),
        NavigationItem(_l("Telephone entry"), "entry.index", "entry.phone", "ask", order=25),
        NavigationItem(_l("Interviews"), "interviews.index", "interviews.collect", "ask", order=26),
        NavigationItem(_l("Paper questionnaires"), "paper.index", "paper.type", "ask", order=27),
        NavigationItem(_l("Results"), "results.index", "results.read", "ask", order=30),
        NavigationItem(_l("Ballots"), "ballots.index", "ballots.read", "ask", order=40),
    ),
    home_tiles=(
        HomeTile(
            _l("I am Mayor"),
            _l("Propose projects for your neighbourhood and see what won."),
            "ballots_public.index",
            "vote",
            order=30,
        ),
    ),
    periodic=(
        Periodic(close_due, 60, _l("Close campaigns on their last day")),
        Periodic(launch_due, 30, _l("Launch campaigns at their planned moment")),
        Periodic(remind_due, 60, _l("Send planned reminders")),
        Periodic(open_boxes, 60, _l("Open sealed answers of anonymous surveys together")),
        Periodic(settle_counts, 300, _l("Write down the quotas of anonymous surveys that ended")),
        Periodic(forget_challenges, 3600, _l("Forget numbers that asked for a code")),
        Periodic(forget_trial_photos, 3600, _l("Delete photos of unfinished previews")),
        Periodic(forget_pictures, 86400, _l("Forget pictures of forms that nobody published")),
        Periodic(forget_unfinished, 3600, _l("Forget sheets that were never finished")),
        Periodic(count_due, 300, _l("Count the answers of large surveys")),
        Periodic(make_files_due, 60, _l("Make large files of answers, erase those of yesterday")),
        Periodic(erase_due, 3600, _l("Erase answers that are older than their survey keeps them")),
        Periodic(ballot_jobs.advance, 60, _l("Close votes, open the boxes, count")),
        Periodic(
            ballot_jobs.erase_unconfirmed, 3600, _l("Forget proposals whose number nobody proved")
        ),
    ),
    doors=(
        Door(
            _l("Communications manager"),
            _l("Watch the campaign, pause it, remind those who have not answered."),
            "campaigns.index",
            "communications",
            order=20,
        ),
        Door(
            _l("“I am Mayor”, for staff"),
            _l("Screen proposals, open a vote, count it."),
            "ballots.index",
            "communications",
            order=25,
        ),
        Door(
            _l("Analyst"),
            _l("Read the results question by question and download the answers."),
            "results.index",
            "analyst",
            order=30,
        ),
    ),
    dashboard=(
        DashboardCard(
            _l("Running campaigns"),
            figures.running,
            "campaigns.index",
            "campaigns.read",
            order=20,
        ),
    ),
    permissions={
        "surveys.read": frozenset({"communications", "analyst"}),
        "surveys.write": frozenset({"analyst", "communications"}),
        "surveys.retention": frozenset(),
        "campaigns.read": frozenset({"communications", "analyst"}),
        "campaigns.launch": frozenset({"communications"}),
        "campaigns.approve": frozenset({"communications"}),
        "campaigns.open_box": frozenset(),
        "entry.phone": frozenset({"operator", "communications"}),
        "interviews.collect": frozenset({"operator", "communications", "field_supervisor"}),
        "paper.type": frozenset({"operator", "communications", "field_supervisor"}),
        "paper.decide": frozenset({"communications", "field_supervisor"}),
        "paper.manage": frozenset({"communications"}),
        "results.read": frozenset({"communications", "analyst", "council_member", "official"}),
        "ballots.read": frozenset(
            {"communications", "analyst", "operator", "council_member", "official"}
        ),
        "ballots.manage": frozenset({"communications"}),
        "ballots.paper": frozenset({"communications", "operator"}),
        "results.export": frozenset({"communications", "analyst"}),
    },
    inbound_handlers=(InboundHandler(replies.NAME, replies.ORDER, replies.take_inbound),),
    packet_sections=SECTIONS,
    published_rates=(SATISFIED,),
    template_purposes=message_purposes.PURPOSES,
    contact_history=(history.SOURCE,),
    link_prefixes={"survey": "/s/", "ballot": "/b/", "proposal": "/p/"},
    connect_signals=_connect_signals,
)
