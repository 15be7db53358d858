"""From a survey to a launch, in four steps."""

from collections.abc import Mapping
from typing import Any

from flask import abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_security import current_user

from portal.contacts import audience
from portal.contacts.models import LANGUAGES
from portal.db import db
from portal.i18n import LANGUAGES as LANGUAGE_NAMES
from portal.i18n import _, format_number, pick, use_language
from portal.messaging import approvals, quiet, wording
from portal.messaging import services as messaging
from portal.messaging.prices import PriceList
from portal.security import allow
from surveys.campaigns import (
    advice,
    approving,
    choosing,
    costing,
    figures,
    launching,
    schedule,
    services,
    spread,
)
from surveys.campaigns import texts as sms
from surveys.campaigns.errors import CampaignError
from surveys.campaigns.forms import (
    AudienceForm,
    BasicsForm,
    TestForm,
    TextsForm,
    first_day,
    last_day,
    typed_date,
)
from surveys.campaigns.models import Campaign
from surveys.campaigns.views.common import (
    approval_of,
    blueprint,
    budget_form,
    changed,
    find_draft,
    say,
)
from surveys.message_purposes import INVITATION
from surveys.quotas import services as quotas
from surveys.replies import texts as replies
from surveys.replies.choices import CHOICES
from surveys.sampling import drawing
from surveys.secrecy import services as secrecy

# Step 1: the survey


@blueprint.get("/new")
@allow("campaigns.launch")
def new() -> ResponseReturnValue:
    surveys = choosing.surveys_to_choose()
    form = BasicsForm(surveys=surveys, data={"survey_id": request.args.get("survey", type=int)})
    return render_template("campaigns/basics.html", form=form, campaign=None)


@blueprint.post("/new")
@allow("campaigns.launch")
def create() -> ResponseReturnValue:
    form = BasicsForm(surveys=choosing.surveys_to_choose())
    if form.validate_on_submit():
        try:
            campaign = services.create(
                form.name.data or "",
                form.survey_id.data,
                opens_at=form.opens_at,
                closes_at=form.closes_at,
                secrecy=form.secrecy.data,
                user_id=current_user.id,
            )
        except CampaignError as error:
            db.session.rollback()
            _refuse(form, error)
        else:
            campaign_id = campaign.id
            db.session.commit()
            return redirect(url_for(".edit_audience", campaign_id=campaign_id))
    return render_template("campaigns/basics.html", form=form, campaign=None), 422


@blueprint.get("/<int:campaign_id>/survey")
@allow("campaigns.launch")
def edit_basics(campaign_id: int) -> ResponseReturnValue:
    campaign = find_draft(campaign_id)
    form = BasicsForm(
        surveys=choosing.surveys_to_choose(),
        data={
            "name": campaign.name,
            "survey_id": campaign.version.survey_id,
            "secrecy": campaign.secrecy,
            "opens_on": typed_date(first_day(campaign.opens_at)),
            "closes_on": typed_date(last_day(campaign.closes_at)),
        },
    )
    return render_template("campaigns/basics.html", form=form, campaign=campaign)


@blueprint.post("/<int:campaign_id>/survey")
@allow("campaigns.launch")
def save_basics(campaign_id: int) -> ResponseReturnValue:
    campaign = find_draft(campaign_id)
    form = BasicsForm(surveys=choosing.surveys_to_choose())
    if form.validate_on_submit():
        try:
            services.change_basics(
                campaign_id,
                form.name.data or "",
                form.survey_id.data,
                opens_at=form.opens_at,
                closes_at=form.closes_at,
                secrecy=form.secrecy.data,
            )
        except CampaignError as error:
            db.session.rollback()
            _refuse(form, error)
        else:
            db.session.commit()
            return redirect(url_for(".edit_audience", campaign_id=campaign_id))
    return render_template("campaigns/basics.html", form=form, campaign=campaign), 422


# Step 2: the people


@blueprint.get("/<int:campaign_id>/audience")
@allow("campaigns.launch")
def edit_audience(campaign_id: int) -> ResponseReturnValue:
    campaign = find_draft(campaign_id)
    return _audience_page(campaign, services.wanted(campaign))


@blueprint.post("/<int:campaign_id>/audience")
@allow("campaigns.launch")
def save_audience(campaign_id: int) -> ResponseReturnValue:
    campaign = find_draft(campaign_id)
    wanted = AudienceForm().wanted(audience.choices())
    if request.form.get("action") == "recount":
        return _audience_page(campaign, wanted)
    return changed(
        lambda: services.change_audience(campaign_id, wanted),
        url_for(".edit_texts", campaign_id=campaign_id),
        campaign_id,
    )


@blueprint.post("/<int:campaign_id>/audience/count")
@allow("campaigns.launch")
def count_audience(campaign_id: int) -> ResponseReturnValue:
    """The count alone, for the page that asks while boxes are ticked. Changes nothing."""
    find_draft(campaign_id)
    count = audience.count(AudienceForm().wanted(audience.choices()), services.sms_line())
    return render_template("campaigns/_audience_count.html", count=count)


def _audience_page(campaign: Campaign, wanted: audience.AudienceFilter) -> ResponseReturnValue:
    offered = audience.choices()

    def labelled(items: list[tuple[str, int]], names: Mapping[str, str]) -> list[tuple[str, ...]]:
        return [(name, names.get(name, name), format_number(number)) for name, number in items]

    return render_template(
        "campaigns/audience.html",
        campaign=campaign,
        form=AudienceForm(),
        labelled={
            "tags": labelled(offered.tags, {}),
            "neighbourhoods": labelled(offered.neighbourhoods, {}),
            "languages": labelled(offered.languages, LANGUAGE_NAMES),
        },
        wanted=wanted,
        count=audience.count(wanted, services.sms_line()),
    )


# Step 3: the texts


@blueprint.get("/<int:campaign_id>/texts")
@allow("campaigns.launch")
def edit_texts(campaign_id: int) -> ResponseReturnValue:
    """`?template=`: begin from the texts of a template; nothing is saved by that."""
    campaign = find_draft(campaign_id)
    data = TextsForm.data_of(campaign)
    if not campaign.texts:
        data = _suggested(campaign)
    chosen = request.args.get("template", "")
    for template, version in wording.named(INVITATION.name):
        if chosen == template.name:
            data |= _from_template(campaign, version.texts)
    return _texts_page(campaign, TextsForm(data=data))


def _from_template(campaign: Campaign, texts: Mapping[str, str]) -> dict[str, str]:
    titles = campaign.version.survey.titles
    return {
        f"text_{code}": wording.fill(text, {"title": pick(titles, code)})
        for code, text in texts.items()
    }


@blueprint.post("/<int:campaign_id>/texts")
@allow("campaigns.launch")
def save_texts(campaign_id: int) -> ResponseReturnValue:
    campaign = find_draft(campaign_id)
    form = TextsForm()
    action = request.form.get("action", "")
    if taken := advice.wanted(action):
        field, language, code = taken
        form[field].data = advice.take(campaign, language, code, form[field].data or "")
    if taken or action == "recount":
        return _texts_page(campaign, form)
    if not form.check(campaign, services.audience_count(campaign).by_language):
        return _texts_page(campaign, form), 422
    return changed(
        lambda: services.change_texts(campaign_id, form.texts(), form.reminder_texts()),
        url_for(".review", campaign_id=campaign_id),
        campaign_id,
    )


@blueprint.post("/<int:campaign_id>/cost/<any(text,reminder):kind>/<any(fa,ar,en):language>")
@allow("campaigns.launch")
def count_segments(campaign_id: int, kind: str, language: str) -> ResponseReturnValue:
    """The cost of one text alone, for the page that asks while it is typed. Changes nothing."""
    campaign = find_draft(campaign_id)
    typed = request.form.get(f"{kind}_{language}", "")
    people = costing.recipients(campaign).get(language, {}) if kind == "text" else {}
    return render_template(
        "campaigns/_cost.html",
        field=f"{kind}_{language}",
        priced=_priced(campaign, language, typed, people, costing.price_list()),
        people=sum(people.values()),
    )


def _texts_page(campaign: Campaign, form: TextsForm) -> str:
    people, table = costing.recipients(campaign), costing.price_list()
    count = {code: sum(people.get(code, {}).values()) for code in LANGUAGES}
    fields = [
        {
            "language": code,
            "text": form[f"text_{code}"],
            "reminder": form[f"reminder_{code}"],
            "people": count[code],
            "cost": _priced(
                campaign, code, form[f"text_{code}"].data or "", people.get(code, {}), table
            ),
            "reminder_cost": _priced(campaign, code, form[f"reminder_{code}"].data or ""),
        }
        for code in LANGUAGES
    ]
    # Languages that somebody in the audience reads come first and open.
    fields.sort(key=lambda each: not each["people"])
    return render_template(
        "campaigns/texts.html",
        campaign=campaign,
        form=form,
        fields=fields,
        templates=[(each.name, each.name) for each, _version in wording.named(INVITATION.name)],
        chosen=request.args.get("template", ""),
        poll=replies.poll_of(campaign),
    )


def _priced(
    campaign: Campaign,
    language: str,
    typed: str,
    people: costing.People | None = None,
    table: PriceList | None = None,
) -> dict[str, Any]:
    """Parts, proposals and, by a table of prices, the cost of one text to these people."""
    text = sms.normalise(typed)
    if not text:
        return {"cost": None, "problem": None}
    cost = sms.cost(language, replies.filled(campaign, language, text))
    return {
        "cost": cost,
        "problem": replies.problem(campaign, language, text),
        "advice": advice.of(campaign, language, text),
        "forecast": costing.forecast({language: people}, {language: cost}, table)
        if people and table
        else None,
    }


def _suggested(campaign: Campaign) -> dict[str, str]:
    """A first text for each language of the audience, to be changed."""
    data = {}
    for code, number in services.audience_count(campaign).by_language.items():
        if number:
            with use_language(code):
                title = pick(campaign.version.survey.titles, code)
                words = _("Dear citizen, what is your opinion? “%(title)s”", title=title)
            if replies.poll_of(campaign):
                with use_language(code):
                    how = _("Reply with the number of your choice.")
                data[f"text_{code}"] = f"{words}\n{CHOICES}\n{how}"
            else:
                data[f"text_{code}"] = f"{words}\n{messaging.LINK}"
    return data


# Step 4: review and launch


@blueprint.get("/<int:campaign_id>/review")
@allow("campaigns.launch")
def review(campaign_id: int) -> ResponseReturnValue:
    campaign = find_draft(campaign_id)
    return _review_page(campaign, TestForm(languages=list(services.costs(campaign))))


@blueprint.post("/<int:campaign_id>/test")
@allow("campaigns.launch")
def send_test(campaign_id: int) -> ResponseReturnValue:
    campaign = find_draft(campaign_id)
    form = TestForm(languages=list(services.costs(campaign)))
    if form.validate_on_submit():
        return changed(
            lambda: services.send_test(campaign_id, form.language.data, form.e164),
            url_for(".review", campaign_id=campaign_id),
            campaign_id,
            _("The test SMS is on its way."),
        )
    return _review_page(campaign, form), 422


@blueprint.post("/<int:campaign_id>/launch")
@allow("campaigns.launch")
def launch(campaign_id: int) -> ResponseReturnValue:
    expected = request.form.get("expected", type=int)
    if expected is None:
        abort(400)
    page = url_for(".show", campaign_id=campaign_id)
    try:
        outcome, number = approving.launch_or_ask(
            campaign_id, user_id=current_user.id, expected=expected
        )
    except CampaignError as error:
        db.session.rollback()
        say(error)
        return redirect(page if error.code == "not_draft" else _review_url(campaign_id))
    db.session.commit()
    if outcome == "waiting":
        flash(_("It waits for the approval of a second person."), "info")
    else:
        flash(_("Launched. People invited: %(count)s.", count=format_number(number)), "success")
    return redirect(page)


def _review_url(campaign_id: int) -> str:
    return url_for(".review", campaign_id=campaign_id)


def _review_page(campaign: Campaign, form: TestForm) -> str:
    survey, version, newest = figures.survey_of(campaign)
    plan = launching.plan(campaign)
    names = launching.language_names()
    return render_template(
        "campaigns/review.html",
        campaign=campaign,
        survey=survey,
        version=version,
        newest=newest,
        plan=plan,
        untranslated=[names[code] for code in plan.languages if code not in version.languages],
        problems=[
            *((None, problem) for problem in plan.problems),
            *((field.id, error) for field in form for error in field.errors),
        ],
        wanted=services.wanted(campaign),
        sample=drawing.of(campaign.id),
        form=form,
        forecast=costing.forecast(costing.recipients(campaign), plan.costs, costing.price_list()),
        budget_form=budget_form(campaign),
        quiet=quiet.why(),
        **approval_of(campaign, plan.recipients, plan.segments),
        needs_approval=approvals.needed(plan.recipients),
        spread=spread.of(campaign, plan.recipients),
        minimum=secrecy.minimum(),
        quotas=quotas.of(campaign.id),
        reminders=schedule.planned_reminders(campaign.id),
    )


def _refuse(form: BasicsForm, error: CampaignError) -> None:
    field = form.closes_on if error.code == "past" else form.survey_id
    field.errors = [str(message) for message in error.messages]
