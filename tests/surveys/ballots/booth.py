"""A voter in a test: opens the ballot, marks it, goes on; without cookies or script."""

import html
import re
from dataclasses import dataclass, field
from typing import Any

from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

_RECEIPT = re.compile(r'class="receipt"><strong class="ltr">([0-9A-Z-]{14})<')


@dataclass
class Booth:
    app: Flask
    token: str
    client: FlaskClient = field(init=False)
    page: TestResponse = field(init=False)

    def __post_init__(self) -> None:
        self.client = self.app.test_client(use_cookies=False)

    def open(self, query: str = "", **headers: str) -> TestResponse:
        self.page = self.client.get(f"/b/{self.token}{query}", headers=headers)
        return self.page

    def send(self, go: str, marks: dict[int, Any] | None = None, **headers: str) -> TestResponse:
        """Press a button; without `marks` what stands in the page is sent."""
        data = self.fields
        if marks is not None:
            data = {name: value for name, value in data.items() if not name.startswith("p")}
            data |= {f"p{project}": str(value) for project, value in marks.items()}
        self.page = self.client.post(f"/b/{self.token}", data={**data, ".go": go}, headers=headers)
        return self.page

    def vote(self, marks: dict[int, Any]) -> str:
        """The whole way; returns the receipt."""
        self.open()
        assert self.send("review", marks).status_code == 200, self.page.text
        self.send("final")
        return self.receipt

    @property
    def receipt(self) -> str:
        found = _RECEIPT.search(self.page.text)
        assert found, self.page.text[:3000]
        return found[1]

    @property
    def fields(self) -> dict[str, str]:
        values: dict[str, str] = {}
        for tag in re.findall(r"<input[^>]*>", self.page.text):
            name, value = _attribute(tag, "name"), _attribute(tag, "value")
            if 'type="checkbox"' not in tag or " checked" in tag:
                values[name] = value
        for name, options in re.findall(
            r'<select[^>]*name="([^"]+)"[^>]*>(.*?)</select>', self.page.text, re.S
        ):
            chosen = re.search(r'value="(\d+)" selected', options)
            values[name] = chosen[1] if chosen else ""
        return {name: value for name, value in values.items() if name}

    @property
    def order(self) -> list[int]:
        """Projects in the order of the page."""
        return [int(each) for each in re.findall(r'id="p(\d+)-more"', self.page.text)]


def _attribute(tag: str, name: str) -> str:
    found = re.search(rf'\b{name}="([^"]*)"', tag)
    return html.unescape(found[1]) if found else ""
