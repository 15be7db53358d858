"""Names of what the audit trail says of Open311."""

from portal.audit.words import describe
from portal.i18n import _l

describe(
    {
        "open311.key_issued": _l("Key of an application issued"),
        "open311.key_revoked": _l("Key of an application revoked"),
        "open311.service_changed": _l("Appearance of a category for other applications changed"),
        "open311.released": _l("Text of a message released to the public"),
        "open311.withheld": _l("Message withheld from the public"),
    },
    {"open311_key": _l("Key of an application")},
)
