"""/phone/: the simulated handsets, for whoever tries the portal without a SIM card."""

import re
from datetime import datetime
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from markupsafe import Markup, escape
from sqlalchemy import select

from portal import phones
from portal.db import db
from portal.i18n import RIGHT_TO_LEFT, _, digits
from portal.messaging import services
from portal.messaging.models import Message
from portal.phone import simulator
from portal.security import demo_only

blueprint = Blueprint("phone", __name__, url_prefix="/phone", template_folder="templates")

_LINK = re.compile(r"https?://[^\s<>\"']+")
MAX_REPLY = 1_000


@blueprint.app_template_filter("sms_links")
def sms_links(text: str) -> Markup:
    """The text with its web addresses as links; everything else escaped."""
    out, end = Markup(""), 0
    for match in _LINK.finditer(text):
        address = match[0].rstrip(".,،؛؟!)»")
        out += escape(text[end : match.start()])
        out += Markup('<a href="{0}" rel="noreferrer" dir="ltr">{0}</a>').format(address)
        end = match.start() + len(address)
    return out + escape(text[end:])


@blueprint.get("/")
@demo_only
def index() -> ResponseReturnValue:
    """The telephones that rang last, and a box to find another."""
    typed = request.args.get("number", "")[:64]
    error = None
    if typed:
        try:
            return redirect(url_for("phone.show", number=phones.parse_mobile(typed).e164), 303)
        except phones.PhoneError as problem:
            error = str(problem.message)
    found: list[dict[str, Any]] = []
    away = False
    try:
        found = simulator.handsets()
    except simulator.SimulatorAwayError:
        away = True
    page = render_template(
        "phone/index.html",
        handsets=[{**row, "at": datetime.fromisoformat(row["last_at"])} for row in found],
        away=away,
        typed=typed,
        errors=[error] if error else [],
    )
    return page, 503 if away else 422 if error else 200


@blueprint.get("/<number>")
@demo_only
def show(number: str) -> ResponseReturnValue:
    """One telephone. `?refresh=1` loads the page again every five seconds."""
    try:
        found = simulator.handset(number)
    except simulator.SimulatorAwayError:
        return render_template("phone/away.html"), 503
    except simulator.SimulatorRefusedError:
        return redirect(url_for("phone.index", number=number), 303)
    languages = _languages(found["number"])
    messages = []
    for row in found["messages"]:
        language = languages.get(row["text"]) if row["direction"] == "in" else None
        messages.append(
            {
                **row,
                "at": datetime.fromisoformat(row["at"]),
                "language": language,
                "dir": "auto" if not language else "rtl" if language in RIGHT_TO_LEFT else "ltr",
            }
        )
    return render_template(
        "phone/show.html",
        number=found["number"],
        blocked=found["blocked_lines"],
        messages=messages,
        refresh=request.args.get("refresh") == "1",
        words={"stop": digits("11"), "rejoin": digits("12")},
    )


@blueprint.post("/<number>/reply")
@demo_only
def reply(number: str) -> ResponseReturnValue:
    """Send an SMS from this telephone to the city."""
    text = request.form.get("text", "").strip()[:MAX_REPLY]
    refresh = "1" if request.form.get("refresh") else None
    if not text:
        flash(_("Write something first."), "error")
    else:
        try:
            simulator.reply(number, text)
        except simulator.SimulatorAwayError:
            flash(
                _("The simulated gateway does not answer. Is the demonstration running?"), "error"
            )
        except simulator.SimulatorRefusedError:
            flash(_("This text could not be sent."), "error")
    return redirect(url_for("phone.show", number=number, refresh=refresh), 303)


def _languages(number: str) -> dict[str, str]:
    """text -> language of the portal's latest messages to a number, for letters and direction."""
    found = db.session.scalars(
        select(Message).where(Message.e164 == number).order_by(Message.id.desc()).limit(500)
    )
    return {services.text_of(message): message.language for message in found}
