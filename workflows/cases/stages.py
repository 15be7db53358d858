"""The stages every workflow's states belong to, and the words for what happens to a case."""

from portal.i18n import LazyText, _l

STAGE_NAMES: dict[str, LazyText] = {
    "received": _l("Received"),
    "assigned": _l("With a unit"),
    "in_progress": _l("In progress"),
    "feedback": _l("Waiting for the citizen's answer"),
    "closed": _l("Closed"),
}
OUTCOME_NAMES: dict[str, LazyText] = {
    "done": _l("Carried out"),
    "not_municipal": _l("Not the municipality's"),
    "planned": _l("Planned for later"),
    "impossible": _l("Not possible"),
    "duplicate": _l("Reported before"),
    "irrelevant": _l("Not a matter for 137"),
}
CONFIRMATION_NAMES: dict[str, LazyText] = {
    "accepted": _l("Confirmed by the citizen"),
    "objected": _l("The citizen objected"),
    "timed_out": _l("No answer from the citizen"),
    "not_asked": _l("The citizen could not be asked"),
}
CHANNEL_NAMES: dict[str, LazyText] = {
    "portal": _l("Portal"),
    "sms": _l("SMS"),
    "phone": _l("Telephone"),
    "counter": _l("Counter"),
    "studio": _l("City studio"),
    "social": _l("Social media"),
    "callin": _l("Mayor call-in"),
    "council": _l("Council"),
    "survey": _l("Survey"),
    "file": _l("File"),
    "open311": _l("Open311"),
}
URGENCY_NAMES: dict[str, LazyText] = {
    "danger": _l("Danger to people"),
    "costly_violation": _l("Costly violation"),
    "waste": _l("Waste of the city's resources"),
}
EVENT_NAMES: dict[str, LazyText] = {
    "received": _l("Message received"),
    "assigned": _l("Passed to a unit"),
    "first_action": _l("First action"),
    "note": _l("Note"),
    "answered": _l("Answered"),
    "feedback_asked": _l("The citizen was asked"),
    "accepted": _l("The citizen confirmed"),
    "objected": _l("The citizen objected"),
    "timed_out": _l("The citizen did not answer"),
    "closed": _l("Closed"),
    "reopened": _l("Opened again"),
    "warned": _l("Deadline is near"),
    "escalated": _l("Reported to the unit above"),
    "sms": _l("SMS"),
    "urgent": _l("Marked as urgent"),
    "step": _l("Step of the workflow"),
    "task_opened": _l("Task given"),
    "task_done": _l("Task done"),
    "migrated": _l("Follows another version of its workflow"),
    "categorised": _l("Category marked"),
    "letter_issued": _l("Official letter written"),
    "letter_answered": _l("Reply to an official letter"),
    "letter_received": _l("Letter received"),
    "letter_closed": _l("Official letter closed without a reply"),
    "letter_cancelled": _l("Official letter cancelled"),
    "letter_warned": _l("Reply to an official letter is due soon"),
    "letter_late": _l("Reply to an official letter is late"),
    "open311_released": _l("Text released to the public"),
    "open311_withheld": _l("Withheld from the public"),
    # The operations centre and field visits.
    "dispatched": _l("Sent out"),
    "no_photo": _l("First action without a photo, because"),
    "proof_added": _l("Photos of the work"),
    "visit_ordered": _l("Field visit ordered"),
    "visit_cancelled": _l("Field visit called off"),
    "visit_arrived": _l("Field supervisor arrived"),
    "visited": _l("Field visit"),
    "visit_note": _l("Late record of a field visit"),
    # Special messages.
    "special": _l("Marked as special"),
    "special_way": _l("Way of the special message begun"),
    "special_way_ended": _l("Way of the special message ended"),
    "referred": _l("Referred to a council member"),
    "reported": _l("A council member reported"),
    "referral_withdrawn": _l("Referral withdrawn"),
    "special_overdue": _l("Way of the special message overdue"),
    "special_done": _l("All ways of the special message have ended"),
    # Several messages about one matter.
    "joined": _l("Joined with another message about the same matter"),
    "follower_joined": _l("Another message was joined to this one"),
    "parted": _l("Followed on its own again"),
    "follower_parted": _l("A joined message was split off"),
    "divided": _l("A second matter became a case of its own"),
    "divided_from": _l("Taken out of another message"),
    "hidden": _l("A text was hidden from the citizen"),
    "shown": _l("A hidden text is shown again"),
    "redacted": _l("Words were removed for good"),
    # Clocks
    "paused": _l("Deadlines stand still"),
    "resumed": _l("Deadlines go on"),
    "rebased": _l("Another agreement on time"),
    "redated": _l("Deadlines computed anew"),
    "photo": _l("Photo added"),
    "place": _l("Place corrected"),
}


class StageError(ValueError):
    """A step is not allowed now; `message` is for people."""

    def __init__(self, message: LazyText) -> None:
        super().__init__(str(message))
        self.message = message


WORKING = frozenset({"received", "assigned", "in_progress"})
BUILT_IN = frozenset(
    {
        "assign",
        "first_action",
        "mark_urgent",
        "note",
        "finish",
        "reopen",
        "accept",
        "object",
        "time_out",
    }
)
"""Actions that the portal itself knows how to carry out; all others are what definitions say."""
