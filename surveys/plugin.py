"""What the host learns of `surveys`."""

from portal.beat import Periodic
from portal.i18n import _l
from portal.messaging.inbound import InboundHandler
from portal.plugin import DashboardCard, Door, NavigationItem, Plugin
from surveys import audit_words, models
from surveys.analysis.packet import SECTIONS
from surveys.analysis.views import blueprint as results
from surveys.campaigns import figures
from surveys.campaigns.jobs import close_due
from surveys.campaigns.views import blueprint as campaigns
from surveys.cli import surveys
from surveys.entry.views import blueprint as entry
from surveys.openlinks.jobs import forget_challenges
from surveys.openlinks.views import blueprint as openlinks
from surveys.questionnaires.views import blueprint as questionnaires
from surveys.replies import services as replies
from surveys.responses import signals
from surveys.responses.views import blueprint as responses
from surveys.sampling.views import blueprint as sampling
from surveys.satisfaction import signals as satisfaction
from surveys.ways.views import blueprint as ways

MODELS = (models, audit_words)
"""Imported so that the tables are known to the session and the migrations, and the words of the
audit trail to its pages."""


def _connect_signals() -> None:
    signals.connect()
    satisfaction.connect()


plugin = Plugin(
    name="surveys",
    blueprints=(questionnaires, campaigns, responses, results, ways, openlinks, sampling, entry),
    cli=(surveys,),
    navigation=(
        NavigationItem(_l("Surveys"), "questionnaires.index", "surveys.read", "ask", order=10),
        NavigationItem(_l("Campaigns"), "campaigns.index", "campaigns.read", "ask", order=20),
        NavigationItem(_l("Telephone entry"), "entry.index", "entry.phone", "ask", order=25),
        NavigationItem(_l("Results"), "results.index", "results.read", "ask", order=30),
    ),
    periodic=(
        Periodic(close_due, 60, _l("Close campaigns on their last day")),
        Periodic(forget_challenges, 3600, _l("Forget numbers that asked for a code")),
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
        "campaigns.read": frozenset({"communications", "analyst"}),
        "campaigns.launch": frozenset({"communications"}),
        "entry.phone": frozenset({"operator", "communications"}),
        "results.read": frozenset({"communications", "analyst", "council_member", "official"}),
        "results.export": frozenset({"communications", "analyst"}),
    },
    inbound_handlers=(InboundHandler(replies.NAME, replies.ORDER, replies.take_inbound),),
    packet_sections=SECTIONS,
    link_prefixes={"survey": "/s/"},
    connect_signals=_connect_signals,
)
