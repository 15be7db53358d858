"""What stands behind a personal link, and what can come of a submission."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from surveys.questionnaires.schema import Page

Status = Literal["open", "answered", "screened", "not_begun", "not_open", "over", "cancelled"]
Direction = Literal["next", "back", "stay", "add", "remove"]


@dataclass(frozen=True)
class Link:
    """What stands behind a token: the invitation, its campaign, and the draft if there is one."""

    invitation_id: int
    campaign_id: int
    version_id: int
    language: str
    """Of the draft, which may be another than the invitation's."""
    invitation_state: str
    campaign_state: str
    closes_at: dt.datetime | None
    response_state: str | None = None
    answers: Mapping[str, Any] = field(default_factory=dict)
    reached: str = ""
    """Name of the page to go on with."""
    seed: str = ""
    """Decides the order of randomised choices. It comes from the token, not from the tables:
    a copy of these does not tell whose order it was."""
    version_number: int = 0
    """Of the version that is asked, or that was begun."""
    opens_at: dt.datetime | None = None
    launched_at: dt.datetime | None = None
    secrecy: str = "confidential"
    counter_key: bytes | None = None
    """Of an anonymous campaign with quotas: name of the key of its counts."""
    is_opened: bool = False
    """A person's browser has asked for its page before."""
    mode: str = "link"
    """How the answers that are being stored come: see Response.mode."""

    @property
    def is_anonymous(self) -> bool:
        return self.secrecy == "anonymous"

    def status(self, at: dt.datetime) -> Status:
        """What the link is good for. Answered stays answered when the campaign is over.

        A paused campaign sends nothing but takes answers; somebody who opted out of messages and
        opens the link all the same may answer.
        """
        if self.invitation_state == "answered" or self.response_state == "complete":
            return "answered"
        if self.invitation_state == "screened":
            return "screened"
        if self.campaign_state == "draft":
            return "not_begun"
        if self.campaign_state == "cancelled":
            return "cancelled"
        if self.campaign_state == "closed" or (self.closes_at and self.closes_at <= at):
            return "over"
        if self.opens_at and at < self.opens_at:
            return "not_open"
        return "open"


@dataclass(frozen=True)
class Left:
    """An answer that has no place in the version that is answered, for the eyes of its author."""

    label: str
    text: str
    """Empty for a photo."""


@dataclass(frozen=True)
class Outcome:
    """What came of a submission.

    kind `page`: stored, go to `page`; `done`: complete; `stopped`: nothing was stored, see
    `link.status()`; `errors`: show `page` again with `errors`, what stands is stored; `screened`:
    the group of this person is full, nothing is kept; `changed`: the form was made from another
    version than the one begun, what fits is stored, see `left` and go to `page`. Of an anonymous
    survey nothing is ever stored before `done`: the answers of `link` must travel on in the form.
    """

    kind: Literal["page", "done", "stopped", "errors", "screened", "changed"]
    link: Link
    page: Page | None = None
    errors: Mapping[str, str] = field(default_factory=dict)
    more: str = ""
    """The first question that the answers brought onto the page: the same page again."""
    luggage: str = ""
    """Of an anonymous survey: what the form of the next page must carry."""
    left: tuple[Left, ...] = ()
    """Of `changed`: what the person wrote and has no place."""
    is_repeated: bool = False
    """Of `stopped`: the very answers that count were sent once more."""
    is_lost: bool = False
    """The answers of earlier pages did not arrive (too old): the survey begins again."""
