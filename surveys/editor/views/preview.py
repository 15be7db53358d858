"""A draft or a version as respondents see it: page by page, in a frame as wide as a device.

Until the end the answers travel with the form. What is sent at the end of a published version is
kept as a test answer (`is_test`), which is never counted; a draft has no version to keep it for.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from flask import abort, make_response, render_template, request, url_for
from flask.typing import ResponseReturnValue

from portal import clock
from portal.db import db
from portal.i18n import LANGUAGES, current_language, known_language, use_language
from portal.security import allow, frameable, framing, may
from surveys.editor import labels, trials
from surveys.editor.views.blueprint import blueprint, find_draft
from surveys.questionnaires import display, flow, in_page
from surveys.questionnaires import services as questionnaires
from surveys.questionnaires.models import SurveyVersion
from surveys.questionnaires.schema import Page, Questionnaire
from surveys.questionnaires.services import load_version
from surveys.responses import photos


@dataclass(frozen=True)
class _Walk:
    """One questionnaire being walked through. Without a version it is a draft."""

    q: Questionnaire
    action: str
    version: SurveyVersion | None = None

    @property
    def is_kept(self) -> bool:
        """Whether what is sent at the end becomes a test answer."""
        return self.version is not None and may("surveys.write")


@blueprint.get("/<code>/versions/<int:number>/frame")
@allow("surveys.read")
def frame(code: str, number: int) -> ResponseReturnValue:
    """A version on a phone, a tablet or a desktop."""
    version = questionnaires.find_version(code, number) or abort(404)
    return _frame(version.survey, version, load_version(version.id))


@blueprint.get("/<code>/draft/frame")
@allow("surveys.read")
def draft_frame(code: str) -> ResponseReturnValue:
    """The draft on a phone, a tablet or a desktop."""
    draft = find_draft(code)
    return _frame(draft.survey, None, Questionnaire.from_json(draft.definition))


def _frame(survey: Any, version: SurveyVersion | None, q: Questionnaire) -> ResponseReturnValue:
    lang = known_language(request.args.get("show")) or current_language()
    device = request.args.get("device", "phone")
    device = device if device in labels.DEVICES else "phone"
    here = {"code": survey.code, **({"number": version.number} if version else {})}
    base, inner = (".frame", ".preview") if version else (".draft_frame", ".draft_preview")
    return framing(
        make_response(
            render_template(
                "editor/frame.html",
                survey=survey,
                version=version,
                device=device,
                show=lang,
                inner=url_for(inner, show=lang, **here),
                devices=[
                    {
                        "label": label,
                        "url": url_for(base, device=key, show=lang, **here),
                        "active": key == device,
                    }
                    for key, label in labels.DEVICES.items()
                ],
                shown_languages=[
                    {
                        "label": name,
                        "url": url_for(base, device=device, show=key, **here),
                        "active": key == lang,
                    }
                    for key, name in display.languages(q, lang).items()
                ],
                language_name=LANGUAGES[lang],
            )
        )
    )


@blueprint.route("/<code>/versions/<int:number>/preview", methods=["GET", "POST"])
@allow("surveys.read")
def preview(code: str, number: int) -> ResponseReturnValue:
    """A version page by page."""
    version = questionnaires.find_version(code, number) or abort(404)
    action = url_for(".preview", code=code, number=number)
    return _answer(_Walk(load_version(version.id), action, version))


@blueprint.route("/<code>/draft/preview", methods=["GET", "POST"])
@allow("surveys.read")
def draft_preview(code: str) -> ResponseReturnValue:
    """The draft page by page; nothing is stored."""
    draft = find_draft(code)
    q = Questionnaire.from_json(draft.definition)
    return _answer(_Walk(q, url_for(".draft_preview", code=code)))


def _answer(walk: _Walk) -> ResponseReturnValue:
    go = request.form.get(".go", "")
    lang = (
        known_language(go.removeprefix("lang:"))
        # Not ?lang=: that one changes the language of the reader's own pages for good.
        or known_language(request.form.get(".lang") or request.args.get("show"))
        or current_language()
    )
    with use_language(lang):
        if request.method == "GET":
            answers = flow.initial_answers(walk.q)
            first = flow.next_page(walk.q, None, answers)
            return frameable(make_response(_page(walk, first, answers, lang)))
        html, status = _step(walk, lang, go)
        response = make_response(html, status)
        # As on the survey path: the back button must not meet a form to be sent again.
        response.headers["Cache-Control"] = "private, no-cache"
        return frameable(response)


def _step(walk: _Walk, lang: str, go: str) -> tuple[str, int]:
    q, form = walk.q, request.form
    answers = _carried(form.get(".answers", ""))
    page = q.page(form.get(".page", "")) or q.pages[0]
    shown = form.get(".shown", "").split()
    raw = {name: form.getlist(name) for name in shown}
    _receive_photos(walk, raw)
    found = flow.validate_page(q, page, raw, answers, lang, shown=shown)
    answers = {**answers, **found.values}
    if go == "back":
        return _page(walk, flow.previous_page(q, page, answers) or page, answers, lang), 200
    if go == "remove":
        answers, page = flow.remove_round(q, page, answers)
        return _page(walk, page, answers, lang), 200
    if go.startswith("lang:"):
        return _page(walk, page, answers, lang, raw=raw), 200
    if not found.ok:
        html = _page(walk, page, answers, lang, raw=raw, errors=found.errors)
        return html, 422 if found.errors else 200
    if go == "add":
        answers, page = flow.add_round(q, page, answers)
        return _page(walk, page, answers, lang), 200
    following = flow.next_page(q, page, answers)
    if following is None:
        if unfinished := flow.unfinished(q, answers, lang):
            target, errors = unfinished
            return _page(walk, target, answers, lang, errors=errors), 422
        return _end(walk, answers, lang), 200
    return _page(walk, following, answers, lang), 200


def _end(walk: _Walk, answers: Mapping[str, Any], lang: str) -> str:
    kept = flow.prune(walk.q, answers, clock.now())
    if walk.version is not None and walk.is_kept:
        kept = trials.keep(walk.version, kept, lang).answers
        db.session.commit()
    return _page(walk, None, kept, lang, is_end=True, stored=walk.is_kept)


def _receive_photos(walk: _Walk, raw: dict[str, list[str]]) -> None:
    """The photos sent with a page, their names in `raw`."""
    for name, file in request.files.items():
        question = walk.q.by_name.get(name)
        if file.filename and name in raw and question is not None and question.type == "image":
            data = file.read(photos.MAX_BYTES + 1)
            raw[name] = [photos.tried(data, is_kept=walk.is_kept)]


def _carried(text: str) -> dict[str, Any]:
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def _page(
    walk: _Walk,
    page: Page | None,
    answers: Mapping[str, Any],
    lang: str,
    *,
    is_end: bool = False,
    stored: bool = False,
    raw: Any = None,
    errors: Any = None,
) -> str:
    q = walk.q
    page = page or flow.next_page(q, None, answers) or q.pages[0]
    logic = in_page.page_logic(q, page, answers, lang)
    fields = display.fields(q, page, answers, lang, raw=raw, errors=errors, logic=logic)
    position, total = flow.progress(q, page, answers)
    return render_template(
        "editor/preview.html",
        version_number=walk.version.number if walk.version else None,
        action=walk.action,
        title=display.text_in(q.title, lang, q),
        heading=display.heading(q, page, answers, lang),
        page=page,
        fields=fields,
        carried=json.dumps(answers, ensure_ascii=False),
        shown=" ".join(field.name for field in fields if not field.is_hidden),
        logic=logic,
        number=position,
        total=total,
        minutes=display.minutes(q),
        choices=display.languages(q, lang),
        can_add=flow.can_add(q, page, answers),
        can_remove=flow.can_remove(q, page, answers),
        is_end=is_end,
        is_kept=stored,
        stored=[(name, _words(value)) for name, value in answers.items()] if is_end else [],
    )


def _words(value: Any) -> str:
    return "، ".join(map(str, value)) if isinstance(value, list) else str(value)
