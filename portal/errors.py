"""Error pages in the reader's language; they need no database."""

import logging
from typing import Any

from flask import Flask, Response, jsonify, render_template, request
from flask_wtf.csrf import CSRFError
from sqlalchemy.exc import DataError, OperationalError
from werkzeug.exceptions import (
    BadRequest,
    HTTPException,
    InternalServerError,
    SecurityError,
    ServiceUnavailable,
    Unauthorized,
)

from portal import resend
from portal.db import db
from portal.services import ServiceError

log = logging.getLogger(__name__)

PAGES = frozenset({400, 403, 404, 405, 410, 413, 429, 500, 503})


def _page(error: HTTPException) -> Any:
    code = error.code or 500
    if error.response is not None and code < 400:
        return error
    shown = code if code in PAGES else (400 if code < 500 else 500)
    wanted = request.accept_mimetypes.best_match(["text/html", "application/json"])
    # A page asks who is signed in, which reads a JSON body for a token; it is too large for that.
    if wanted == "application/json" or (code == 413 and request.is_json):
        response = jsonify(error={"code": code, "name": error.name})
    else:
        response = Response(
            render_template(f"errors/{shown}.html", error=error), mimetype="text/html"
        )
    response.status_code = code
    for name, value in error.get_headers():
        if name.lower() not in {"content-type", "content-length"}:
            response.headers[name] = value
    return response


def _csrf(error: CSRFError) -> Any:
    # With a good token what is wrong is the Referer: sent again, it would be wrong again.
    has_token = "referrer" in (error.description or "")
    if not has_token and (page := resend.page()):
        return page
    response = Response(
        render_template("errors/400.html", error=error, form_expired=True), mimetype="text/html"
    )
    response.status_code = 400
    return response


def _signed_out(error: Unauthorized) -> Any:
    return resend.page() or _page(error)


def _database_away(error: OperationalError | ServiceError) -> Any:
    # Also a deadlock or a full disk: somebody must be able to find out which.
    log.error("The database failed", exc_info=error)
    db.session.rollback()
    unavailable = ServiceUnavailable()
    unavailable.__cause__ = error
    return _page(unavailable)


def _strange_host(_error: SecurityError) -> Response:
    """A name that is not ours: no page can be built for it, for no address of ours is known."""
    return Response("400 Bad Request\n", status=400, mimetype="text/plain")


def _impossible_value(error: DataError) -> Any:
    """A value that PostgreSQL cannot hold, such as a NUL character in a typed text."""
    log.warning("A value that the database refused", exc_info=error)
    db.session.rollback()
    refused = BadRequest()
    refused.__cause__ = error
    return _page(refused)


def _defect(error: InternalServerError) -> Any:
    db.session.rollback()
    return _page(error)


def init_app(app: Flask) -> None:
    app.register_error_handler(HTTPException, _page)
    app.register_error_handler(CSRFError, _csrf)
    app.register_error_handler(Unauthorized, _signed_out)
    app.register_error_handler(SecurityError, _strange_host)
    app.register_error_handler(OperationalError, _database_away)
    app.register_error_handler(ServiceError, _database_away)
    app.register_error_handler(DataError, _impossible_value)
    app.register_error_handler(InternalServerError, _defect)
