"""The host's own parts, described in the same terms as a plugin."""

from portal.accounts import models as _accounts
from portal.audit import jobs as audit_jobs
from portal.beat import Periodic
from portal.contacts import jobs as contact_jobs
from portal.contacts import models as _contacts
from portal.i18n import _l
from portal.messaging import approval_models as _approvals
from portal.messaging import inbound, signal_receivers
from portal.messaging import jobs as message_jobs
from portal.messaging import models as _messaging
from portal.messaging import template_models as _templates
from portal.outbox import sweep as outbox_sweep
from portal.plugin import DashboardCard, Door, NavigationItem, Plugin
from portal.units import models as _units

MODELS = (_accounts, _contacts, _messaging, _templates, _approvals, _units)
"""Imported so that every table is known to the migrations, whatever is configured."""


def host_plugin() -> Plugin:
    """Blueprints, commands, periodic jobs and permissions of `portal` itself."""
    from portal.accounts.cli import group as account_commands
    from portal.accounts.views import blueprint as accounts
    from portal.audit.cli import group as audit_commands
    from portal.audit.views import blueprint as audit
    from portal.contacts import bank, own_history
    from portal.contacts.cli import contacts as contact_commands
    from portal.contacts.views import blueprint as contacts
    from portal.dashboard.views import blueprint as dashboard
    from portal.doors.views import blueprint as doors
    from portal.messaging.cli import messages as message_commands
    from portal.messaging.hooks import blueprint as sms_hooks
    from portal.messaging.price_views import blueprint as messages
    from portal.messaging.template_views import blueprint as message_templates
    from portal.pages.views import blueprint as pages
    from portal.phone.views import blueprint as phone
    from portal.units.cli import group as unit_commands
    from portal.units.views import blueprint as units

    return Plugin(
        name="portal",
        blueprints=(
            pages,
            accounts,
            audit,
            dashboard,
            units,
            contacts,
            messages,
            message_templates,
            sms_hooks,
            phone,
            doors,
        ),
        cli=(account_commands, audit_commands, unit_commands, contact_commands, message_commands),
        periodic=(
            Periodic(outbox_sweep, 10, _l("Hand on what happened")),
            Periodic(audit_jobs.seal, 20, _l("Seal the audit trail")),
            Periodic(message_jobs.dispatch, 10, _l("Send messages")),
            Periodic(message_jobs.reconcile, 15, _l("Ask the gateway about uncertain messages")),
            Periodic(message_jobs.pull_deliveries, 20, _l("Fetch delivery reports")),
            Periodic(message_jobs.mark_unreachable, 300, _l("Mark numbers that cannot be reached")),
            Periodic(contact_jobs.sweep, 30, _l("Go on with contact imports")),
        ),
        outbox_handlers={inbound.RECEIVED: inbound.handle},
        connect_signals=signal_receivers.connect,
        contact_history=own_history.SOURCES,
        navigation=(
            NavigationItem(_l("Dashboard"), "dashboard.home", "dashboard", "main", 0),
            NavigationItem(_l("Contacts"), "contacts.index", "contacts.read", "ask", 20),
            NavigationItem(_l("Messages"), "messages.index", "messages.read", "ask", 60),
            NavigationItem(_l("Units"), "units.index", "units.read", "administration", 80),
            NavigationItem(_l("Users"), "accounts.index", "users.manage", "administration", 81),
            NavigationItem(_l("Audit trail"), "audit.index", "audit.read", "administration", 82),
        ),
        doors=(
            Door(
                _l("A citizen with a telephone"),
                _l("Choose a handset, open the link in its SMS and answer; then reply 11."),
                "phone.index",
                order=10,
            ),
            Door(
                _l("Administrator"),
                _l("Look at users, units and the audit trail; add a member of staff."),
                "dashboard.home",
                "administrator",
                order=90,
            ),
        ),
        dashboard=(
            DashboardCard(_l("Contacts"), bank.total, "contacts.index", "contacts.read", 10),
        ),
        permissions={
            "dashboard": frozenset(
                {
                    "operator",
                    "unit_officer",
                    "field_supervisor",
                    "communications",
                    "analyst",
                    "evaluator",
                    "official",
                    "council_member",
                }
            ),
            "contacts.read": frozenset({"communications", "analyst"}),
            "contacts.write": frozenset({"communications"}),
            "messages.read": frozenset({"communications"}),
            "messages.control": frozenset({"communications"}),
            "messages.templates": frozenset({"communications"}),
            "units.read": frozenset({"communications", "analyst", "evaluator", "operator"}),
            "units.write": frozenset(),
            "users.manage": frozenset(),
            "audit.read": frozenset({"evaluator"}),
        },
    )
