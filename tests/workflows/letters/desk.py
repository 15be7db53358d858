"""Somebody at a browser, and letters ready to be issued."""

import io
import re
from typing import Any

from flask import Flask
from PIL import Image
from werkzeug.test import TestResponse

from portal.accounts.models import User
from portal.db import db
from tests.factories.accounts import csrf_token, make_user, sign_in
from tests.factories.context import application
from workflows.letters import services
from workflows.letters.models import Letter
from workflows.letters.services import Draft

PDF = b"%PDF-1.7\n1 0 obj<<>>endobj\ntrailer<<>>\n%%EOF\n"
LETTERS = "/staff/letters/"


class Desk:
    def __init__(self, app: Flask, role: str, **more: Any) -> None:
        self.user: User = make_user((role,), **more)
        self.client = app.test_client()
        sign_in(self.client, self.user)
        self.token = csrf_token(self.client, "/staff/profile")

    def post(self, path: str, **data: Any) -> TestResponse:
        return self.client.post(path, data={"csrf_token": self.token, **data})

    def get(self, path: str) -> str:
        answer = self.client.get(path)
        assert answer.status_code == 200, path
        return answer.text


def picture(exif: bool = False) -> bytes:
    target = io.BytesIO()
    image = Image.new("RGB", (400, 300), "#0b6e78")
    more = {"exif": image.getexif()} if exif else {}
    if exif:
        more["exif"][0x010E] = "secret place"
    image.save(target, "JPEG", **more)
    return target.getvalue()


def form_of(page: str) -> dict[str, Any]:
    """The fields of the page's last form as they are filled in."""
    form = page.rsplit("<form", 1)[1]
    found: dict[str, Any] = {}
    for tag in re.findall(r"<input[^>]*>", form):
        name, value = re.search(r'name="([^"]*)"', tag), re.search(r'value="([^"]*)"', tag)
        kind = re.search(r'type="([^"]*)"', tag)
        if name and (kind is None or kind[1] not in {"checkbox", "file"} or "checked" in tag):
            found[name[1]] = value[1] if value else ""
    for name_, inner in re.findall(
        r'<textarea[^>]*name="([^"]*)"[^>]*>(.*?)</textarea>', form, re.S
    ):
        found[name_] = inner.strip()
    for name_, inner in re.findall(r'<select[^>]*name="([^"]*)"[^>]*>(.*?)</select>', form, re.S):
        chosen = re.search(r'<option selected value="([^"]*)"', inner)
        first = re.search(r'value="([^"]*)"', inner)
        found[name_] = (chosen or first)[1] if (chosen or first) else ""
    return found


def make_letter(unit_id: int, *, issue: bool = False, **overrides: Any) -> Letter:
    """A committed letter of a new person, drafted or issued."""
    with application():
        author = make_user(("official",))
        values: dict[str, Any] = {
            "language": "fa",
            "subject": "ترمیم حفاری خیابان ۱۷ شهریور",
            "body": "با سلام و احترام\n\nلطفاً پاسخ دهید.",
            "party_organisation": "شرکت آب و فاضلاب",
            "signatory_name": "مریم کاظمی",
            "calendar": "always",
            "reply_days": 10,
            **overrides,
        }
        letter = services.write(Draft(unit_id=unit_id, **values), by=author.id)
        if issue:
            services.issue(letter.id, by=author.id)
        db.session.commit()
        db.session.refresh(letter)
        return letter
