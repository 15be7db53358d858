"""What the host learns of `workflows`."""

from portal.beat import Periodic
from portal.i18n import _l
from portal.messaging.inbound import InboundHandler
from portal.plugin import DashboardCard, Door, HomeTile, NavigationItem, Plugin
from workflows import message_purposes, models
from workflows.calendars.cli import group as calendars
from workflows.calendars.closed import closed_day
from workflows.callins import audit_words as callin_words
from workflows.callins import jobs as callin_jobs
from workflows.callins.cli import group as callin_commands
from workflows.callins.views.board import blueprint as callin_board
from workflows.callins.views.briefing import blueprint as callin_briefing
from workflows.callins.views.exchange import blueprint as exchange
from workflows.callins.views.exchange import hooks as exchange_hooks
from workflows.callins.views.public import blueprint as callin_pages
from workflows.callins.views.staff import blueprint as callins
from workflows.cases import audit_words, feedback, history, inbound, receivers
from workflows.cases.cli import group as cases
from workflows.cases.jobs import sweep_clocks
from workflows.cases.public.views import blueprint as citizen_cases
from workflows.cases.staff import figures
from workflows.cases.staff.views import blueprint as staff_cases
from workflows.packets import audit_words as packet_words
from workflows.packets import queries as packet_queries
from workflows.packets.cli import group as packet_commands
from workflows.packets.jobs import sweep as sweep_packets
from workflows.packets.sections import SECTIONS
from workflows.packets.views import council, packets
from workflows.rates.section import SECTIONS as RATE_SECTIONS
from workflows.rates.views import blueprint as rates
from workflows.rates.views import public_figures

MODELS = (models, audit_words, callin_words, packet_words)
"""Imported so that tables and audit words are known."""

plugin = Plugin(
    name="workflows",
    blueprints=(
        citizen_cases,
        staff_cases,
        council,
        packets,
        callin_pages,
        callins,
        callin_board,
        callin_briefing,
        exchange,
        exchange_hooks,
        rates,
        public_figures,
    ),
    cli=(calendars, cases, callin_commands, packet_commands),
    home_tiles=(
        HomeTile(
            _l("Mayor call-ins"),
            _l("When officials answer by telephone; register for a conversation."),
            "callin_pages.index",
            "phone",
            order=40,
        ),
        HomeTile(
            _l("Send a message to 137"),
            _l("Report a fault, a danger or a wish, with a photo if you like."),
            "citizen_cases.form",
            "message",
            order=10,
        ),
        HomeTile(
            _l("Follow your message"),
            _l("See with your tracking code how far it is."),
            "citizen_cases.enter",
            "track",
            order=20,
        ),
        HomeTile(
            _l("What became of your messages"),
            _l("How many were carried out, and with how many the citizens agree, by district."),
            "public_figures.show",
            "chart",
            order=60,
        ),
    ),
    navigation=(
        NavigationItem(_l("Call-ins"), "callins.index", "callins.manage", "listen", order=50),
        NavigationItem(
            _l("Call-in board"), "callin_board.index", "callins.answer", "listen", order=51
        ),
        NavigationItem(_l("Council packets"), "council.index", "packets.read", "council", 10),
        NavigationItem(_l("Compile a packet"), "packets.index", "packets.compile", "council", 20),
        NavigationItem(_l("Cases"), "cases.index", "cases.read", "listen", order=10),
        NavigationItem(_l("Register a message"), "cases.new", "cases.register", "listen", order=20),
        NavigationItem(
            _l("Feedback calls"), "cases.call_queue", "cases.feedback", "listen", order=30
        ),
        NavigationItem(_l("Closed and confirmed"), "rates.index", "rates.read", "listen", order=60),
        NavigationItem(
            _l("Categories of cases"),
            "cases.category_list",
            "cases.categories",
            "administration",
            order=70,
        ),
    ),
    dashboard=(
        DashboardCard(
            _l("New council packets"), packet_queries.unread, "council.index", "packets.read", 5
        ),
        DashboardCard(_l("Open cases"), figures.open_cases, "cases.index", "cases.read", order=1),
        DashboardCard(_l("Overdue cases"), figures.overdue, "cases.overdue", "cases.read", order=2),
        DashboardCard(
            _l("Urgent open cases"), figures.urgent_open, "cases.urgent", "cases.read", order=3
        ),
    ),
    connect_signals=receivers.connect,
    link_prefixes={"tracking": "/t/"},
    doors=(
        Door(
            _l("A citizen with a problem"),
            _l("Send a message, keep the tracking code, and follow what becomes of it."),
            "citizen_cases.enter",
            order=12,
        ),
        Door(
            _l("137 operator"),
            _l("Take a call, register a message, answer the oldest case of the list."),
            "cases.index",
            "operator",
            order=40,
        ),
        Door(
            _l("Mayor call-in"),
            _l("Take the next caller on the board; answer at once or give a promise."),
            "callin_board.index",
            "official",
            order=50,
        ),
        Door(
            _l("Council member"),
            _l("Read the packet, comment on it and enter a decision."),
            "council.index",
            "council_member",
            order=60,
        ),
    ),
    periodic=(
        Periodic(sweep_clocks, 60, _l("Follow the deadlines of cases")),
        Periodic(callin_jobs.prepare, 300, _l("Plan call-ins and remind callers")),
        Periodic(sweep_packets, 60, _l("Compile council packets")),
    ),
    packet_sections=(*SECTIONS, *RATE_SECTIONS),
    template_purposes=message_purposes.PURPOSES,
    contact_history=(history.SOURCE,),
    closed_day=closed_day,
    permissions={
        "callins.manage": frozenset({"operator", "communications"}),
        "callins.answer": frozenset({"operator", "official"}),
        "callins.brief": frozenset({"operator", "official", "communications"}),
        "rates.read": frozenset(
            {
                "operator",
                "unit_officer",
                "official",
                "communications",
                "evaluator",
                "analyst",
                "council_member",
            }
        ),
        "packets.read": frozenset({"council_member", "official", "communications", "evaluator"}),
        "packets.compile": frozenset({"communications"}),
        "packets.decide": frozenset({"council_member"}),
        "cases.read": frozenset(
            {"operator", "unit_officer", "field_supervisor", "official", "evaluator"}
        ),
        "cases.register": frozenset({"operator"}),
        "cases.work": frozenset({"operator", "unit_officer", "field_supervisor"}),
        "cases.feedback": frozenset({"operator"}),
        "cases.categories": frozenset(),
    },
    inbound_handlers=(
        InboundHandler("case_feedback", 20, feedback.take_inbound),
        InboundHandler("case_message", inbound.ORDER, inbound.take_inbound),
    ),
)
