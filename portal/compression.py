"""Gzip for stylesheets, scripts and anonymous pages.

A page for somebody signed in holds secrets beside text that a stranger may have chosen; its
compressed length would tell about the secret (BREACH, CVE-2013-3587), so it is sent as it is.
"""

import gzip
from functools import lru_cache

from flask import Flask, Response, current_app, request

TYPES = frozenset(
    {"text/html", "text/css", "text/javascript", "application/javascript", "image/svg+xml"}
)
SMALLEST = 500
"""Bytes under which a packet is a packet anyway."""


@lru_cache(maxsize=64)
def _kept(_name: str, _version: str, body: bytes) -> bytes:
    return gzip.compress(body, 9, mtime=0)


def _compress(response: Response) -> Response:
    static = request.endpoint == "static"
    signed_in = current_app.config["SESSION_COOKIE_NAME"] in request.cookies
    if (
        response.mimetype not in TYPES
        or response.status_code != 200
        or "Content-Encoding" in response.headers
        or (signed_in and not static)
        or (response.is_streamed and not static)
    ):
        return response
    response.vary.add("Accept-Encoding")
    if request.accept_encodings["gzip"] <= 0:
        return response
    response.direct_passthrough = False
    body = response.get_data()
    if len(body) < SMALLEST:
        return response
    etag = response.get_etag()[0]
    packed = _kept(request.path, etag, body) if static and etag else gzip.compress(body, 6, mtime=0)
    response.set_data(packed)
    response.headers["Content-Encoding"] = "gzip"
    if etag:
        response.set_etag(f"{etag}-gzip")
    return response


def init_app(app: Flask) -> None:
    app.after_request(_compress)
