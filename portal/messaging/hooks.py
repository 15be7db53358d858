"""What gateways call: delivery reports and SMS that arrived.

Answers are 200 wherever the caller could not do better by asking again: gateways repeat for an
hour otherwise. HEAD changes nothing.
"""

import json
import logging
from typing import Any

from flask import Blueprint, abort, current_app, request
from flask.typing import ResponseReturnValue

from portal.config import Settings
from portal.db import db
from portal.messaging import account, inbound, record
from portal.messaging.gateways.base import Callback, Gateway
from portal.security import csrf, hook

log = logging.getLogger(__name__)

blueprint = Blueprint("sms_hooks", __name__, url_prefix="/hooks/sms")
csrf.exempt(blueprint)

_METHODS = ["GET", "POST"]


@blueprint.route("/<gateway>/<secret>/status", methods=_METHODS)
@hook
def status(gateway: str, secret: str) -> ResponseReturnValue:  # noqa: ARG001 (the rule checks it)
    """A delivery report. Nothing proves the sender but the secret, so it can only move a message
    forward, as the table of states allows."""
    adapter = _adapter(gateway)
    if request.method == "HEAD":
        return "ok\n"
    form, document = _given()
    record.deliveries(adapter.name, adapter.parse_status_callback(form, document))
    db.session.commit()
    return _answer(adapter)


@blueprint.route("/<gateway>/<secret>/inbound", methods=_METHODS)
@hook
def receive(gateway: str, secret: str) -> ResponseReturnValue:  # noqa: ARG001
    """An SMS: stored raw and committed before anything is done with it."""
    adapter = _adapter(gateway)
    if request.method == "HEAD":
        return "ok\n"
    form, document = _given()
    raw: dict[str, Any] = dict(form)
    if document is not None:
        raw["json"] = _body()
    elif not request.form and _body():
        raw["body"] = _body()
    found = adapter.parse_inbound(form, document)
    stored = [inbound.store(adapter.name, message, raw) for message in found]
    if not found and raw:
        log.warning("An inbound SMS nobody could read", extra={"fields": sorted(form)[:20]})
        inbound.store_unreadable(adapter.name, raw)
    db.session.commit()
    inbound.obey_at_once(stored)
    return _answer(adapter)


def _adapter(name: str) -> Gateway:
    """The gateway that calls. 404 for one that is not configured, 403 without its signature."""
    found = account.get(name) or abort(404)
    form, _document = _given()
    if not found.gateway.accepts(Callback(_called_url(), form, dict(request.headers))):
        log.warning("A callback without the gateway's signature", extra={"gateway": name})
        abort(403)
    return found.gateway


def _answer(adapter: Gateway) -> ResponseReturnValue:
    """What the gateway wants to hear: some send a plain text on to the citizen as an SMS."""
    body, media_type = adapter.hook_answer
    return body, 200, {"Content-Type": media_type}


def _called_url() -> str:
    """The address as the gateway called it, which is under PUBLIC_URL whatever proxies do."""
    settings: Settings = current_app.extensions["pasokh_settings"]
    return settings.public_url + request.full_path.removesuffix("?")


def _given() -> tuple[dict[str, str], object]:
    """Query and form fields together, and the JSON document if there is one, whatever its type and
    encoding are said to be: half an SMS is better than none."""
    body = _body()  # before the form, which uses it up
    form = {**request.args.to_dict(), **request.form.to_dict()}
    try:
        document: object = json.loads(body) if body else None
    except (ValueError, RecursionError):
        document = None
    return form, document


def _body() -> str:
    return request.get_data().decode("utf-8", "replace")
