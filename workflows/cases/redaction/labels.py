"""Names of reasons, kinds and places."""

from portal.i18n import LazyText, _l

REASONS: dict[str, LazyText] = {
    "third_party": _l("Personal data of somebody else"),
    "own_wish": _l("The citizen wishes it"),
    "insult": _l("Insult or slander"),
    "court": _l("Order of a court or authority"),
    "security": _l("A danger to somebody"),
    "mistake": _l("Written by mistake"),
}
KINDS: dict[str, LazyText] = {
    "passage": _l("A passage"),
    "name": _l("The citizen’s name"),
    "phone": _l("The citizen’s number"),
    "photo": _l("A photo"),
}
PLACES: dict[str, LazyText] = {
    "cases.text": _l("The message"),
    "cases.place": _l("The place"),
    "cases.neighbourhood": _l("The neighbourhood"),
    "cases.citizen_name": _l("The citizen’s name"),
    "cases.outcome_text": _l("The answer"),
    "cases.search_key": _l("The words for searching"),
    "case_events.text": _l("The history"),
    "case_events.data": _l("Details of the history"),
    "case_feedback_questions.words": _l("The citizen’s words on the end"),
    "messages.body": _l("SMS that were sent"),
    "inbound_messages.text": _l("SMS that arrived"),
    "inbound_messages.raw": _l("SMS that arrived, as the gateway gave them"),
    "audit_payloads.body": _l("Details of the audit trail (erased whole)"),
    "callin_calls.subject": _l("Subject of a call-in"),
    "callin_calls.answer": _l("Answer in a call-in"),
    "contacts.name": _l("Name in the contact bank"),
    "packet_comments.text": _l("Comment on a packet"),
    "packet_decisions.text": _l("Decision on a packet"),
}
