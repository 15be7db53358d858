"""What the editor calls the parts of a questionnaire."""

from portal.i18n import _, _l
from surveys.editor.changes import Change

PARTS = {
    "title": _l("Title"),
    "label": _l("Text"),
    "hint": _l("Hint"),
    "guidance": _l("Guidance"),
    "required_message": _l("Message when it is left empty"),
    "constraint_message": _l("Message when the answer does not fit"),
    "required": _l("Required"),
    "relevant": _l("Shown only if"),
    "constraint": _l("Rule for the answer"),
    "calculation": _l("Calculation"),
    "default": _l("Default"),
    "type": _l("Type"),
    "appearance": _l("Appearance"),
    "read_only": _l("Read only"),
    "choices": _l("Choices"),
    "name": _l("Name"),
    "page": _l("Page"),
    "language": _l("Language"),
    "languages": _l("Languages"),
    "default_language": _l("Default language"),
}
TYPES = {
    "text": _l("Free text"),
    "integer": _l("Whole number"),
    "decimal": _l("Number"),
    "select_one": _l("One choice"),
    "select_multiple": _l("Several choices"),
    "note": _l("Note without an answer"),
}
"""The simple types that can be added here."""
OTHER_TYPES = {
    "calculate": _l("Calculation"),
    "hidden": _l("Hidden value"),
    "rank": _l("Ranking"),
    "range": _l("Range"),
    "acknowledge": _l("Acknowledgement"),
    "date": _l("Date"),
    "time": _l("Time"),
    "dateTime": _l("Date and time"),
    "geopoint": _l("Place"),
    "image": _l("Photo"),
    "barcode": _l("Bar code"),
}
SUBJECTS = {
    "questionnaire": _l("Questionnaire"),
    "page": _l("Page"),
    "question": _l("Question"),
    "choice": _l("Choice"),
}
KINDS = {
    "added": _l("Added"),
    "removed": _l("Removed"),
    "changed": _l("Changed"),
    "moved": _l("Moved"),
}
TONES = {"added": "good", "removed": "bad", "changed": "info", "moved": ""}
DEVICES = {"phone": _l("Phone"), "tablet": _l("Tablet"), "desktop": _l("Desktop")}


def part(key: str) -> str:
    return str(PARTS.get(key, key))


def type_name(kind: str) -> str:
    return str({**TYPES, **OTHER_TYPES}.get(kind, kind))


def place(change: Change) -> str:
    """Where a change is: its question, and the choice in it."""
    if change.subject == "choice":
        return _("%(question)s, choice %(choice)s", question=change.question, choice=change.name)
    return change.name
