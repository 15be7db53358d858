"""Names of what the audit trail says of packets."""

from portal.audit.words import describe
from portal.i18n import _l

describe(
    {
        "packet.requested": _l("Council packet requested"),
        "packet.compiled": _l("Council packet compiled"),
        "packet.failed": _l("Council packet could not be compiled"),
        "packet.commented": _l("Comment on a council packet"),
        "packet.decided": _l("Decision on a council packet"),
    },
    {"packet": _l("Council packet")},
)
