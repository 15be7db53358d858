"""The few signals between host and plugins.

A signal is sent inside the transaction of the change it tells of. Receivers only write rows; an
exception in one fails the whole change. What must happen later is an outbox row.
"""

from blinker import Namespace

_signals = Namespace()

opted_out = _signals.signal("opted-out")
"""Somebody stopped messages. sender: None; contact_id: int | None, e164: str, line: str | None."""

opted_in = _signals.signal("opted-in")
"""Somebody rejoined. Same arguments as `opted_out`."""

concern_raised = _signals.signal("concern-raised")
"""A survey answer asks for follow-up. sender: None; contact_id, text, language, source: str."""

case_closed = _signals.signal("case-closed")
"""A case was closed. sender: None; case_id, contact_id, language."""

case_unlinked = _signals.signal("case-unlinked")
"""Nobody is to know any more whose case it is. sender: None; case_id. Receivers forget whatever
leads from it to a contact or a number."""

project_won = _signals.signal("project-won")
"""A project won a vote of the citizens and is to be carried out. sender: None; project_id, unit_id,
title, text, place, neighbourhood, language: str, due_on: date | None (its last day).

A receiver that follows it up in public returns its tracking code, for `/t/<code>`; else None."""
