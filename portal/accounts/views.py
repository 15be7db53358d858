"""Accounts for administrators, and everybody's own profile."""

from typing import Any

from flask import (
    Blueprint,
    Response,
    abort,
    current_app,
    flash,
    make_response,
    redirect,
    render_template,
    request,
    url_for,
)
from flask.typing import ResponseReturnValue
from flask_security import current_user

from portal.accounts import services
from portal.accounts.forms import AccountForm, NewAccountForm, ProfileForm
from portal.accounts.models import User
from portal.db import db
from portal.i18n import LANGUAGE_COOKIE, _
from portal.security import allow, signed_in
from portal.units import services as unit_services

blueprint = Blueprint("accounts", __name__, template_folder="templates", url_prefix="/staff")


@blueprint.get("/users")
@allow("users.manage")
def index() -> ResponseReturnValue:
    search = request.args.get("q", "")[:100]
    found = services.accounts_page(search, request.args.get("page", 1, type=int))
    return render_template(
        "accounts/index.html",
        found=found,
        search=search,
        role_names=services.ROLE_NAMES,
        units=unit_services.names([user.unit_id for user in found.rows if user.unit_id]),
    )


@blueprint.get("/users/new")
@allow("users.manage")
def new() -> ResponseReturnValue:
    return render_template("accounts/new.html", form=_new_form())


@blueprint.post("/users/new")
@allow("users.manage")
def create() -> ResponseReturnValue:
    """Answers with the page itself: the password is shown this once and stored nowhere."""
    form = _new_form()
    if form.validate_on_submit():
        try:
            user, password = services.create_account(
                form.email.data or "",
                name=form.name.data or "",
                roles=form.roles.data or (),
                language=form.language.data,
                unit_id=form.unit_id.data,
            )
        except services.AccountError as error:
            db.session.rollback()
            form.refuse(error)
        else:
            db.session.commit()
            return render_template("accounts/password.html", user=user, password=password)
    return render_template("accounts/new.html", form=form), 422


@blueprint.get("/users/<int:user_id>")
@allow("users.manage")
def edit(user_id: int) -> ResponseReturnValue:
    user = _user(user_id)
    form = AccountForm(
        units=unit_services.choices(),
        data={
            "name": user.name,
            "language": user.language,
            "roles": [role.name for role in user.roles],
            "unit_id": user.unit_id or "",
            "active": user.active,
        },
    )
    return render_template("accounts/edit.html", user=user, form=form)


@blueprint.post("/users/<int:user_id>")
@allow("users.manage")
def update(user_id: int) -> ResponseReturnValue:
    user = _user(user_id)
    form = AccountForm(units=unit_services.choices())
    if form.validate_on_submit():
        try:
            services.update_account(
                user_id,
                name=form.name.data or "",
                language=form.language.data,
                roles=form.roles.data or (),
                unit_id=form.unit_id.data,
                active=form.active.data,
                by=current_user.id,
            )
        except services.AccountError as error:
            db.session.rollback()
            form.refuse(error)
        else:
            db.session.commit()
            flash(_("The account was saved."), "success")
            return redirect(url_for("accounts.edit", user_id=user_id))
    return render_template("accounts/edit.html", user=user, form=form), 422


@blueprint.post("/users/<int:user_id>/password")
@allow("users.manage")
def reset_password(user_id: int) -> ResponseReturnValue:
    """Answers with the page itself: the password is shown this once and stored nowhere."""
    user = _user(user_id)
    if user_id == current_user.id:
        return redirect(url_for("security.change_password"), 303)
    password = services.reset_password(user_id)
    db.session.commit()
    return render_template("accounts/password.html", user=user, password=password)


@blueprint.post("/users/<int:user_id>/second-factor")
@allow("users.manage")
def reset_second_factor(user_id: int) -> ResponseReturnValue:
    _user(user_id)
    services.reset_second_factor(user_id)
    db.session.commit()
    flash(_("The second factor was reset; the person is signed out everywhere."), "success")
    return redirect(url_for("accounts.edit", user_id=user_id))


@blueprint.get("/profile")
@signed_in
def profile() -> ResponseReturnValue:
    form = ProfileForm(data={"name": current_user.name, "language": current_user.language})
    return _profile_page(form)


@blueprint.post("/profile")
@signed_in
def update_profile() -> ResponseReturnValue:
    form = ProfileForm()
    if not form.validate_on_submit():
        return _profile_page(form, 422)
    services.update_profile(current_user.id, name=form.name.data or "", language=form.language.data)
    db.session.commit()
    flash(_("Your profile was saved."), "success")
    response = make_response(redirect(url_for("accounts.profile")))
    response.set_cookie(
        LANGUAGE_COOKIE,
        form.language.data,
        max_age=365 * 24 * 3600,
        path=current_app.config["SESSION_COOKIE_PATH"],
        secure=current_app.config["SESSION_COOKIE_SECURE"],
        httponly=True,
        samesite="Lax",
    )
    return response


def _profile_page(form: ProfileForm, status: int = 200) -> Response:
    page = render_template("accounts/profile.html", form=form, role_names=services.ROLE_NAMES)
    return make_response(page, status)


def _new_form() -> Any:
    return NewAccountForm(units=unit_services.choices())


def _user(user_id: int) -> User:
    user = db.session.get(User, user_id)
    if user is None:
        abort(404)
    return user
