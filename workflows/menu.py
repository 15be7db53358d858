"""Entries of the staff navigation."""

from typing import Final

from portal.i18n import _l
from portal.plugin import NavigationItem

NAVIGATION: Final = (
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
    NavigationItem(_l("Call-in board"), "callin_board.index", "callins.answer", "listen", order=51),
    NavigationItem(_l("Calls"), "calls.desk", "calls.take", "listen", order=5),
    NavigationItem(_l("Call-backs"), "calls.callback_queue", "calls.take", "listen", order=6),
    NavigationItem(_l("Calls in numbers"), "calls.figures", "calls.read", "reports", order=20),
    NavigationItem(_l("Council packets"), "council.index", "packets.read", "council", 10),
    NavigationItem(_l("Compile a packet"), "packets.index", "packets.compile", "council", 20),
    NavigationItem(_l("Register of letters"), "letters.index", "letters.read", "listen", order=40),
    NavigationItem(_l("Cases"), "cases.index", "cases.read", "listen", order=10),
    NavigationItem(_l("Register a message"), "cases.new", "cases.register", "listen", order=20),
    NavigationItem(_l("Feedback calls"), "cases.call_queue", "cases.feedback", "listen", order=30),
    NavigationItem(_l("My tasks"), "cases.task_list", "cases.steps", "listen", order=15),
    NavigationItem(
        _l("Workflows"), "workflows.index", "workflows.read", "administration", order=72
    ),
    NavigationItem(
        _l("Open311"), "open311_admin.index", "open311.manage", "administration", order=71
    ),
    NavigationItem(_l("Closed and confirmed"), "rates.index", "rates.read", "listen", order=60),
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
)
