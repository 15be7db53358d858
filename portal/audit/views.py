"""The audit trail, for those who check."""

import json
from dataclasses import asdict
from typing import Any

from flask import Blueprint, abort, render_template, request, url_for
from flask.typing import ResponseReturnValue

from portal import text
from portal.audit import queries, words
from portal.security import allow

blueprint = Blueprint("audit", __name__, template_folder="templates", url_prefix="/staff/audit")


@blueprint.get("/")
@allow("audit.read")
def index() -> ResponseReturnValue:
    filters = queries.Filters(
        action=_typed("action"),
        subject_type=_typed("subject_type"),
        subject_id=text.ascii_digits(_typed("subject_id")),
        person=_typed("person"),
    )
    page = queries.entries(
        filters,
        before=request.args.get("before", type=_bounded),
        after=request.args.get("after", type=_bounded),
    )
    kept = {name: value for name, value in asdict(filters).items() if value}
    return render_template(
        "audit/index.html",
        page=page,
        filters=filters,
        actions=sorted(words.ACTIONS.items(), key=lambda item: text.sort_key(str(item[1]))),
        subjects=sorted(words.SUBJECTS.items(), key=lambda item: text.sort_key(str(item[1]))),
        action_words=words.action_words,
        subject_words=words.subject_words,
        older_url=url_for("audit.index", **kept, before=page.older) if page.older else None,
        newer_url=url_for("audit.index", **kept, after=page.newer) if page.newer else None,
    )


@blueprint.get("/<int:entry_id>")
@allow("audit.read")
def show(entry_id: int) -> ResponseReturnValue:
    if entry_id >= 2**63:
        abort(404)
    try:
        entry = queries.get(entry_id)
    except LookupError:
        abort(404)
    return render_template(
        "audit/show.html",
        entry=entry,
        details=_details(entry.payload.body) if entry.payload else [],
        action_words=words.action_words,
        subject_words=words.subject_words,
    )


def _details(body: dict[str, Any]) -> list[tuple[str, str]]:
    return [
        (key, value if isinstance(value, str) else json.dumps(value, ensure_ascii=False))
        for key, value in body.items()
    ]


def _typed(name: str) -> str:
    return text.strip_controls(request.args.get(name, "")[:80], keep_newlines=False).strip()


def _bounded(value: str) -> int:
    number = int(value)
    if not 0 <= number < 2**63:
        raise ValueError(value)
    return number
