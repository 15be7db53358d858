"""What the host learns of `workflows`."""

from portal.beat import Periodic
from portal.i18n import _l
from portal.messaging.inbound import InboundHandler
from portal.plugin import DashboardCard, Door, HomeTile, Plugin
from workflows import message_purposes, models
from workflows.calendars import audit_words as calendar_words
from workflows.calendars.cli import group as calendars
from workflows.calendars.closed import closed_day
from workflows.calendars.views import blueprint as calendar_pages
from workflows.callins import audit_words as callin_words
from workflows.callins import jobs as callin_jobs
from workflows.callins.cli import group as callin_commands
from workflows.callins.views.board import blueprint as callin_board
from workflows.callins.views.briefing import blueprint as callin_briefing
from workflows.callins.views.exchange import blueprint as exchange
from workflows.callins.views.exchange import hooks as exchange_hooks
from workflows.callins.views.public import blueprint as callin_pages
from workflows.callins.views.staff import blueprint as callins
from workflows.calls import callbacks
from workflows.calls import history as call_history
from workflows.calls import labels as call_words
from workflows.calls.packet import SECTION as CALLS_SECTION
from workflows.calls.views import callbacks as callback_pages
from workflows.calls.views import figures as call_figures
from workflows.calls.views.desk import blueprint as calls
from workflows.calls.views.public import blueprint as call_me
from workflows.cases import (
    audit_words,
    clocks,
    endings,
    feedback,
    history,
    inbound,
    receivers,
)
from workflows.cases.cli import group as cases
from workflows.cases.clock_jobs import redate
from workflows.cases.jobs import sweep_clocks
from workflows.cases.matter import sections as matter_sections
from workflows.cases.matter.views import blueprint as matters
from workflows.cases.public.views import blueprint as citizen_cases
from workflows.cases.redaction import jobs as redaction_jobs
from workflows.cases.redaction.cli import group as redaction_commands
from workflows.cases.redaction.views import blueprint as redactions
from workflows.cases.staff import figures
from workflows.cases.staff.views import blueprint as staff_cases
from workflows.engine.cli import group as workflow_commands
from workflows.letters import audit_words as letter_words
from workflows.letters import register as letter_register
from workflows.letters.jobs import sweep_letters
from workflows.letters.views import blueprint as letters
from workflows.menu import NAVIGATION
from workflows.open311 import audit_words as open311_words
from workflows.open311 import questions as open311_questions
from workflows.open311.api import blueprint as open311
from workflows.open311.staff import blueprint as open311_admin
from workflows.operations import audit_words as operation_words
from workflows.operations import queries as operation_queries
from workflows.operations.views.field import blueprint as field_visits
from workflows.operations.views.staff import blueprint as operations
from workflows.packets import audit_words as packet_words
from workflows.packets import queries as packet_queries
from workflows.packets.cli import group as packet_commands
from workflows.packets.jobs import sweep as sweep_packets
from workflows.packets.sections import SECTIONS
from workflows.packets.views import council, packets
from workflows.permissions import PERMISSIONS
from workflows.populations.jobs import carry_out
from workflows.populations.views import blueprint as workflow_pages
from workflows.rates.section import SECTIONS as RATE_SECTIONS
from workflows.rates.views import blueprint as rates
from workflows.rates.views import public_figures
from workflows.special import audit_words as special_words
from workflows.special import queries as special_queries
from workflows.special.jobs import sweep as sweep_special
from workflows.special.views import council as council_referrals
from workflows.special.views.staff import blueprint as special

MODELS = (
    models,
    audit_words,
    calendar_words,
    call_words,
    callin_words,
    packet_words,
    letter_words,
    open311_words,
    operation_words,
    special_words,
)
"""Imported so that tables and audit words are known."""
CALL_PAGES = (callback_pages, call_figures)
"""Imported so that their routes hang on the blueprint of calls."""

open311_questions.connect()

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
        workflow_pages,
        letters,
        open311,
        open311_admin,
        operations,
        field_visits,
        special,
        council_referrals.blueprint,
        matters,
        redactions,
        calendar_pages,
        calls,
        call_me,
        callin_briefing,
        exchange,
        exchange_hooks,
        rates,
        public_figures,
    ),
    cli=(
        calendars,
        cases,
        callin_commands,
        packet_commands,
        workflow_commands,
        redaction_commands,
    ),
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
    navigation=NAVIGATION,
    dashboard=(
        DashboardCard(
            _l("New council packets"), packet_queries.unread, "council.index", "packets.read", 5
        ),
        DashboardCard(
            _l("Letters whose reply is due soon or late"),
            letter_register.attention_count,
            "letters.attention",
            "letters.read",
            order=4,
        ),
        DashboardCard(
            _l("Urgent, without a first action"),
            operation_queries.pending,
            "operations.index",
            "operations.work",
            order=4,
        ),
        DashboardCard(
            _l("Special messages under way"),
            special_queries.open_count,
            "special.index",
            "special.read",
            order=6,
        ),
        DashboardCard(
            _l("Referred to me"),
            council_referrals.waiting,
            "council_referrals.index",
            "council.referrals",
            order=6,
        ),
        DashboardCard(
            _l("Call-backs due"), callbacks.due, "calls.callback_queue", "calls.take", order=4
        ),
        DashboardCard(_l("Open cases"), figures.open_cases, "cases.index", "cases.read", order=1),
        DashboardCard(_l("Overdue cases"), figures.overdue, "cases.overdue", "cases.read", order=2),
        DashboardCard(
            _l("Urgent open cases"), figures.urgent_open, "cases.urgent", "cases.read", order=3
        ),
        DashboardCard(
            _l("Notes for you"), figures.notes_for_me, "cases.mention_list", "cases.work", order=4
        ),
    ),
    connect_signals=receivers.connect,
    link_prefixes={"tracking": "/t/"},
    outbox_handlers={clocks.RAN_OUT: endings.ran_out},
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
            _l("Operations centre"),
            _l("See what is urgent by the time that is left; send a crew, order a visit."),
            "operations.index",
            "unit_officer",
            order=42,
        ),
        Door(
            _l("Field supervisor"),
            _l("A page for the telephone: what to look at, also without a network."),
            "field.index",
            "field_supervisor",
            order=44,
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
        Door(
            _l("Workflows"),
            _l("How each matter goes through the city, as a picture; write a new version."),
            "workflows.index",
            "administrator",
            order=70,
        ),
    ),
    periodic=(
        Periodic(sweep_clocks, 60, _l("Follow the deadlines of cases")),
        Periodic(redate, 60, _l("Compute due times anew after a change")),
        Periodic(callin_jobs.prepare, 300, _l("Plan call-ins and remind callers")),
        Periodic(sweep_letters, 300, _l("Follow the replies to letters")),
        Periodic(sweep_special, 300, _l("Note special messages that are overdue")),
        Periodic(redaction_jobs.scrub, 300, _l("Remove what was redacted from the files")),
        Periodic(sweep_packets, 60, _l("Compile council packets")),
        Periodic(carry_out, 60, _l("Move cases to another version of their workflow")),
    ),
    packet_sections=(*SECTIONS, CALLS_SECTION, *RATE_SECTIONS, *matter_sections.SECTIONS),
    template_purposes=message_purposes.PURPOSES,
    contact_history=(history.SOURCE, call_history.SOURCE),
    closed_day=closed_day,
    permissions=PERMISSIONS,
    inbound_handlers=(
        InboundHandler("case_feedback", 20, feedback.take_inbound),
        InboundHandler("case_message", inbound.ORDER, inbound.take_inbound),
    ),
)
