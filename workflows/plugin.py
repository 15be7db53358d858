"""What the host learns of `workflows`."""

from portal.beat import Periodic
from portal.i18n import _l
from portal.messaging.inbound import InboundHandler
from portal.plugin import DashboardCard, Door, HomeTile, NavigationItem, Plugin
from workflows import message_purposes, models
from workflows.calendars import audit_words as calendar_words
from workflows.calendars.cli import group as calendars
from workflows.calendars.closed import closed_day
from workflows.calendars.views import blueprint as calendar_pages
from workflows.callins import audit_words as callin_words
from workflows.callins import jobs as callin_jobs
from workflows.callins.views.board import blueprint as callin_board
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
from workflows.cases import audit_words, feedback, history, inbound, receivers
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
from workflows.open311 import audit_words as open311_words
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
from workflows.populations.jobs import carry_out
from workflows.populations.views import blueprint as workflow_pages
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
    ),
    cli=(calendars, cases, packet_commands, workflow_commands, redaction_commands),
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
    ),
    navigation=(
        NavigationItem(
            _l("Operations centre"), "operations.index", "operations.work", "listen", order=12
        ),
        NavigationItem(_l("My visits"), "field.index", "field.visit", "listen", order=13),
        NavigationItem(_l("Special messages"), "special.index", "special.read", "listen", order=14),
        NavigationItem(
            _l("Referred to me"), "council_referrals.index", "council.referrals", "council", 15
        ),
        NavigationItem(
            _l("Working calendars"), "calendars.index", "calendars.close", "administration", 72
        ),
        NavigationItem(_l("Call-ins"), "callins.index", "callins.manage", "listen", order=50),
        NavigationItem(
            _l("Call-in board"), "callin_board.index", "callins.answer", "listen", order=51
        ),
        NavigationItem(_l("Calls"), "calls.desk", "calls.take", "listen", order=5),
        NavigationItem(_l("Call-backs"), "calls.callback_queue", "calls.take", "listen", order=6),
        NavigationItem(_l("Calls in numbers"), "calls.figures", "calls.read", "reports", order=20),
        NavigationItem(_l("Council packets"), "council.index", "packets.read", "council", 10),
        NavigationItem(_l("Compile a packet"), "packets.index", "packets.compile", "council", 20),
        NavigationItem(
            _l("Register of letters"), "letters.index", "letters.read", "listen", order=40
        ),
        NavigationItem(_l("Cases"), "cases.index", "cases.read", "listen", order=10),
        NavigationItem(_l("Register a message"), "cases.new", "cases.register", "listen", order=20),
        NavigationItem(
            _l("Feedback calls"), "cases.call_queue", "cases.feedback", "listen", order=30
        ),
        NavigationItem(_l("My tasks"), "cases.task_list", "cases.steps", "listen", order=15),
        NavigationItem(
            _l("Workflows"), "workflows.index", "workflows.read", "administration", order=72
        ),
        NavigationItem(
            _l("Open311"), "open311_admin.index", "open311.manage", "administration", order=71
        ),
        NavigationItem(
            _l("Categories of cases"),
            "cases.category_list",
            "cases.categories",
            "administration",
            order=70,
        ),
        NavigationItem(
            _l("Hand-over of cases"), "cases.handover_list", "cases.handover", "listen", order=35
        ),
        NavigationItem(
            _l("Canned replies"), "cases.reply_list", "cases.replies", "administration", order=71
        ),
        NavigationItem(
            _l("Rules of assignment"), "cases.rule_list", "cases.rules", "administration", order=72
        ),
    ),
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
        Periodic(redate, 60, _l("Compute due times anew after a change")),
        Periodic(callin_jobs.prepare, 300, _l("Plan call-ins and remind callers")),
        Periodic(sweep_letters, 300, _l("Follow the replies to letters")),
        Periodic(sweep_special, 300, _l("Note special messages that are overdue")),
        Periodic(redaction_jobs.scrub, 300, _l("Remove what was redacted from the files")),
        Periodic(sweep_packets, 60, _l("Compile council packets")),
        Periodic(carry_out, 60, _l("Move cases to another version of their workflow")),
    ),
    packet_sections=(*SECTIONS, CALLS_SECTION, *matter_sections.SECTIONS),
    template_purposes=message_purposes.PURPOSES,
    contact_history=(history.SOURCE, call_history.SOURCE),
    closed_day=closed_day,
    permissions={
        "calendars.close": frozenset({"communications"}),
        "calendars.edit": frozenset(),
        "callins.manage": frozenset({"operator", "communications"}),
        "callins.answer": frozenset({"operator", "official"}),
        "packets.read": frozenset({"council_member", "official", "communications", "evaluator"}),
        "packets.compile": frozenset({"communications"}),
        "packets.decide": frozenset({"council_member"}),
        "calls.take": frozenset({"operator"}),
        "calls.read": frozenset({"operator", "communications", "official", "evaluator"}),
        "cases.read": frozenset(
            {
                "operator",
                "unit_officer",
                "field_supervisor",
                "official",
                "evaluator",
                "communications",
            }
        ),
        "cases.register": frozenset({"operator"}),
        "cases.work": frozenset({"operator", "unit_officer", "field_supervisor"}),
        "cases.feedback": frozenset({"operator"}),
        "cases.categories": frozenset(),
        "workflows.read": frozenset(
            {"operator", "unit_officer", "official", "evaluator", "communications"}
        ),
        "workflows.publish": frozenset(),
        # The steps of a workflow that its definition gives to these roles.
        "cases.steps": frozenset(
            {"operator", "unit_officer", "field_supervisor", "communications", "official"}
        ),
        "cases.replies": frozenset({"operator", "communications"}),
        "cases.rules": frozenset(),
        "cases.handover": frozenset({"operator", "unit_officer"}),
        "letters.read": frozenset({"operator", "unit_officer", "official", "communications"}),
        "letters.write": frozenset({"operator", "unit_officer", "official"}),
        "letters.issue": frozenset({"official"}),
        "letters.settings": frozenset(),
        "open311.manage": frozenset(),
        "open311.release": frozenset({"operator", "communications"}),
        "operations.work": frozenset({"operator", "unit_officer"}),
        "field.visit": frozenset({"field_supervisor"}),
        "special.mark": frozenset({"operator", "official"}),
        "special.work": frozenset({"operator", "unit_officer", "official"}),
        "special.read": frozenset({"operator", "unit_officer", "official", "evaluator"}),
        "council.referrals": frozenset({"council_member"}),
        "cases.join": frozenset({"operator", "unit_officer"}),
        "cases.hide": frozenset({"operator"}),
        "cases.redact": frozenset(),
    },
    inbound_handlers=(
        InboundHandler("case_feedback", 20, feedback.take_inbound),
        InboundHandler("case_message", inbound.ORDER, inbound.take_inbound),
    ),
)
