"""What cannot be done with a campaign, said to the person who tried."""

from portal.i18n import LazyText


class CampaignError(Exception):
    """Refused. `code` is for programs; `messages` are for the reader, in his language when shown.

    Codes: not_draft, not_running, over, nobody, text_missing, text_wrong, changed, reminded,
    bad_survey, past, no_key, planned, not_over, nothing, left_behind, reason_missing, quota,
    waiting, approval, hours, and those of portal.messaging.approvals.
    """

    def __init__(self, code: str, *messages: LazyText | str) -> None:
        super().__init__(code)
        self.code = code
        self.messages = messages or (code,)
