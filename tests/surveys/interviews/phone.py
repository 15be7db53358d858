"""The phone of an interviewer, as far as the server sees it."""

import uuid
from dataclasses import dataclass
from typing import Any

from flask import Flask
from werkzeug.test import TestResponse

from portal import clock
from surveys.campaigns.models import Campaign
from tests.factories.accounts import make_user, sign_in


@dataclass
class Interviewer:
    """Somebody signed in who sends interviews of one campaign."""

    app: Flask
    campaign: Campaign
    role: str = "field_supervisor"
    language: str = "en"

    def __post_init__(self) -> None:
        self.client = self.app.test_client()
        self.user = make_user((self.role,), language=self.language)
        sign_in(self.client, self.user)
        self.token: str = self.client.get("/staff/interviews/session.json").json["token"]  # type: ignore[index]

    def interview(self, answers: dict[str, list[str]], **fields: Any) -> dict[str, Any]:
        """What the phone sends of one interview; times are what its clock says."""
        now = int(clock.now().timestamp() * 1000)
        return {
            "uuid": str(uuid.uuid4()),
            "version": self.campaign.version_id,
            "language": "fa",
            "answers": answers,
            "started": now - 600_000,
            "ended": now - 300_000,
            "sent": now,
            **fields,
        }

    def send(self, interview: Any, campaign_id: int | None = None) -> TestResponse:
        return self.client.post(
            f"/staff/interviews/campaigns/{campaign_id or self.campaign.id}",
            json=interview,
            headers={"X-CSRFToken": self.token},
        )
