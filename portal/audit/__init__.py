"""The audit trail: who did what, chained so that a later change shows."""

from portal.audit.services import record as record
