"""The session cookie: which pages have none, and which answers of the server set it anew."""

from typing import Final

from flask import Flask, Request, request
from flask.sessions import SecureCookieSession, SecureCookieSessionInterface, SessionMixin

from portal.security import in_own_world

BACKGROUND: Final = {"audio", "empty", "font", "image", "script", "serviceworker", "style"}
"""`Sec-Fetch-Dest` of what a page fetches for itself (Fetch Metadata, W3C)."""


class Sessions(SecureCookieSessionInterface):
    """Only a page that a person opened prolongs the session.

    A stylesheet or a script's request that is answered late would else put the cookie it came
    with over a newer one: whoever has just signed out is signed in again, and the form that was
    opened in between has a token that no longer counts.
    """

    def open_session(self, app: Flask, request: Request) -> SecureCookieSession | None:
        """None, which Flask never saves, where citizens come by a link of their own.

        Otherwise the cookie of somebody who happens to be signed in would be renewed there.
        """
        return None if in_own_world(request.path) else super().open_session(app, request)

    def should_set_cookie(self, app: Flask, session: SessionMixin) -> bool:
        in_background = (
            request.endpoint == "static"
            or request.headers.get("Sec-Fetch-Dest") in BACKGROUND
            # Browsers that do not say Sec-Fetch-Dest: what htmx asks by itself, over and over.
            or "HX-Request" in request.headers
        )
        if in_background and not session.modified:
            return False
        return super().should_set_cookie(app, session)
