"""Names of what the audit trail says of letters."""

from portal.audit.words import describe
from portal.i18n import _l

describe(
    {
        "letter.drafted": _l("Draft of a letter written"),
        "letter.changed": _l("Draft of a letter changed"),
        "letter.discarded": _l("Draft of a letter thrown away"),
        "letter.issued": _l("Letter issued"),
        "letter.sent": _l("Letter sent"),
        "letter.answered": _l("Reply to a letter registered"),
        "letter.registered": _l("Incoming letter registered"),
        "letter.closed": _l("Letter closed without a reply"),
        "letter.cancelled": _l("Letter cancelled"),
        "letter.warned": _l("Reply to a letter is due soon"),
        "letter.late": _l("Late reply reported to the unit above"),
        "letter.redacted": _l("Words removed from a letter"),
        "letter.file_removed": _l("File of a letter removed for good"),
        "letter.exported": _l("Register of letters exported"),
        "letterhead.changed": _l("Letterhead of a unit changed"),
    },
    {"letter": _l("Letter"), "letterhead": _l("Letterhead")},
)
