"""A member of staff at a browser, who fills in the forms of the operations centre."""

import re
from typing import Any

from flask import Flask
from werkzeug.test import TestResponse

from portal.accounts.models import User
from tests.factories.accounts import csrf_token, sign_in


class Desk:
    def __init__(self, app: Flask, user: User) -> None:
        self.user = user
        self.client = app.test_client()
        sign_in(self.client, user)

    def get(self, path: str) -> str:
        answer = self.client.get(path)
        assert answer.status_code == 200, f"{path}: {answer.status_code}"
        return answer.text

    def token(self, page: str) -> str:
        return csrf_token(self.client, page)

    def post(self, path: str, page: str, **data: Any) -> TestResponse:
        return self.client.post(path, data={"csrf_token": self.token(page), **data})

    def opened(self, page: str, name: str) -> tuple[str, str]:
        """CSRF token and version of one form of a page."""
        found = re.search(rf'name="{name}-version"[^>]*value="(\d+)"', self.get(page))
        assert found, f"no form {name} on {page}"
        return self.token(page), found[1]

    def post_form(
        self, page: str, name: str, token: str, version: str, **fields: Any
    ) -> TestResponse:
        data = {f"{name}-{key}": value for key, value in fields.items()}
        data |= {"csrf_token": token, f"{name}-version": version}
        return self.client.post(f"{page}/{name.replace('_', '-')}", data=data)

    def fill(self, page: str, name: str, **fields: Any) -> TestResponse:
        """Open a page, fill in one of its forms and send it."""
        token, version = self.opened(page, name)
        return self.post_form(page, name, token, version, **fields)
