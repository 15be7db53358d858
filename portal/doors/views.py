"""One card per person; one click opens the page that is theirs. Only in demonstration mode."""

from collections.abc import Sequence

from flask import Blueprint, abort, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_security import login_user, logout_user
from sqlalchemy import select
from werkzeug.routing import BuildError

from portal.accounts.models import Role, User
from portal.db import db
from portal.plugin import Door, active
from portal.security import demo_only

blueprint = Blueprint("doors", __name__, url_prefix="/demo", template_folder="templates")


def _doors() -> Sequence[Door]:
    found = [door for plugin in active() for door in plugin.doors]
    return sorted(found, key=lambda door: door.order)


def _people() -> dict[str, User]:
    """role -> the first active account that holds it, in one query."""
    rows = db.session.execute(
        select(Role.name, User).join(User.roles).where(User.active).order_by(User.id.desc())
    )
    return {role: user for role, user in rows}  # noqa: C416 (a Result is no mapping)


@blueprint.get("")
@blueprint.get("/")
@demo_only
def index() -> ResponseReturnValue:
    people = _people()
    cards = [
        (door, people.get(door.role) if door.role else None)
        for door in _doors()
        if door.role is None or door.role in people
    ]
    return render_template("doors/index.html", cards=cards)


@blueprint.post("/enter")
@demo_only
def enter() -> ResponseReturnValue:
    """Sign in as the person behind a door. The second factor is passed over: it is a stage."""
    wanted = (request.form.get("endpoint", ""), request.form.get("role", ""))
    door = next((d for d in _doors() if (d.endpoint, d.role or "") == wanted), None)
    if door is None:
        abort(404)
    if door.role:
        user = _people().get(door.role)
        if user is None:
            abort(404)
        logout_user()
        login_user(user, authn_via=["password"])
        db.session.commit()
    try:
        return redirect(url_for(door.endpoint), 303)
    except BuildError:
        abort(404)
