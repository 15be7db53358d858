"""`/<lang>/call-me`: a choice for whoever would rather talk than write."""

from flask import (
    Blueprint,
    Response,
    abort,
    current_app,
    make_response,
    redirect,
    render_template,
    request,
    url_for,
)
from flask.typing import ResponseReturnValue
from limits import RateLimitItemPerDay, RateLimitItemPerHour
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]

from portal.db import db
from portal.formats import format_time
from portal.i18n import LANGUAGES, _, format_date
from portal.ratelimit import over_limit
from portal.security import csrf, public, same_site
from workflows.calls import callbacks
from workflows.calls.public_forms import CallMeForm

blueprint = Blueprint("call_me", __name__, template_folder="../templates")
csrf.exempt(blueprint)

ASKING = RateLimitItemPerHour(20)
"""Of one connection: thousands share one address of a mobile network."""
OF_A_NUMBER = RateLimitItemPerDay(3)
"""Anybody can type the number of somebody else."""

_LANG = f"<any({','.join(LANGUAGES)}):lang>"


@blueprint.after_request
def _no_referrer(response: Response) -> Response:
    response.headers["Referrer-Policy"] = "no-referrer"
    return response


@blueprint.get(f"/{_LANG}/call-me")
@public
def form(lang: str) -> ResponseReturnValue:  # noqa: ARG001 (read by select_language)
    return _page(_form(None))


@blueprint.post(f"/{_LANG}/call-me")
@public
def ask(lang: str) -> ResponseReturnValue:
    """From the form of a message it brings what was typed there and stores nothing."""
    ours = current_app.extensions["pasokh_settings"].public_url
    if not same_site(request.headers.get("Origin"), request.headers.get("Sec-Fetch-Site"), ours):
        abort(403)
    filled = _form(request.form)
    if request.form.get("do") != "call-me":
        if len(filled.text.data or "") > callbacks.MOST_WORDS:
            filled.text.errors = [_("Please write less.")]
        return _page(filled)
    if not filled.validate():
        return _page(filled, 422)
    if over_limit(ASKING, "call-me") or over_limit(OF_A_NUMBER, "call-me-number", filled.e164):
        filled.form_errors.append(_("This was asked for too often. Wait a little, or call us."))
        page = _page(filled, 429)
        page.headers["Retry-After"] = "600"
        return page
    callbacks.ask(
        filled.e164,
        wished=filled.wished.data,
        language=lang,
        name=filled.citizen_name.data or "",
        subject=filled.text.data or "",
    )
    db.session.commit()
    # The same page for a number that waits already: it tells nobody about that number.
    return redirect(url_for(".asked", lang=lang), 303)


@blueprint.get(f"/{_LANG}/call-me/thanks")
@public
def asked(lang: str) -> ResponseReturnValue:  # noqa: ARG001 (as above)
    return make_response(render_template("calls_public/asked.html"))


def _form(data: object) -> CallMeForm:
    filled = CallMeForm(data)
    filled.wished.choices = [
        SelectChoice(
            value=slot.value,
            # The day stands in each: a closed list shows no heading.
            label=_(
                "%(date)s, %(time)s",
                date=format_date(slot.day, "day"),
                time=_(
                    "%(start)s to %(end)s",
                    start=format_time(slot.at),
                    end=format_time(slot.at + callbacks.WITHIN),
                ),
            ),
            optgroup=format_date(slot.day, "full"),
        )
        for slot in callbacks.slots()
    ]
    return filled


def _page(filled: CallMeForm, status: int = 200) -> Response:
    return make_response(render_template("calls_public/form.html", form=filled), status)
