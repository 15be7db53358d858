"""The audit trail: who did what, chained so that a later change shows."""

from portal.audit.services import canonical as canonical
from portal.audit.services import record as record
from portal.audit.services import record_many as record_many
