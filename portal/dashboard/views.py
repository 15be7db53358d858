"""The dashboard: figures of the plugins, and for some the audit trail and the sweeps."""

from typing import Any

from flask import Blueprint, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_security import current_user

from portal import beat
from portal.audit import queries, words
from portal.i18n import today
from portal.plugin import active
from portal.security import ADMINISTRATOR, allow, may

blueprint = Blueprint("dashboard", __name__, template_folder="templates", url_prefix="/staff")


@blueprint.get("/")
@allow("dashboard")
def home() -> ResponseReturnValue:
    administrator = current_user.has_role(ADMINISTRATOR)
    return render_template(
        "dashboard/home.html",
        today=today(),
        cards=_cards(),
        entries=queries.newest(8) if may("audit.read") else [],
        action_words=words.action_words,
        sweeps=_sweeps() if administrator else [],
    )


def _cards() -> list[dict[str, Any]]:
    cards = sorted(
        (card for plugin in active() for card in plugin.dashboard), key=lambda card: card.order
    )
    return [
        {"label": card.label, "value": card.figure(), "url": url_for(card.endpoint)}
        for card in cards
        if may(card.permission)
    ]


def _sweeps() -> list[dict[str, Any]]:
    late = set(beat.late())
    labels = {item.job.name: item.label for item in beat.periodic_jobs() if item.label}
    return [
        {
            "name": labels.get(name, name),
            "known": name in labels,
            "age": age,
            "state": "waiting" if age is None else "overdue" if name in late else "done",
        }
        for name, age in beat.ages().items()
    ]
