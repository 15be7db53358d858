"""The session cookie, and which answers of the server may set it anew."""

from typing import Final

from flask import Flask, request
from flask.sessions import SecureCookieSessionInterface, SessionMixin

BACKGROUND: Final = {"audio", "empty", "font", "image", "script", "serviceworker", "style"}
"""`Sec-Fetch-Dest` of what a page fetches for itself (Fetch Metadata, W3C)."""


class Sessions(SecureCookieSessionInterface):
    """Only a page that a person opened prolongs the session.

    A stylesheet or a script's request that is answered late would else put the cookie it came
    with over a newer one: whoever has just signed out is signed in again, and the form that was
    opened in between has a token that no longer counts.
    """

    def should_set_cookie(self, app: Flask, session: SessionMixin) -> bool:
        in_background = (
            request.endpoint == "static" or request.headers.get("Sec-Fetch-Dest") in BACKGROUND
        )
        if in_background and not session.modified:
            return False
        return super().should_set_cookie(app, session)
