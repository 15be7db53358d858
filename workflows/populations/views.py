"""Pages of workflows: what there is, its diagram and versions, drafts, moves of running cases."""

from typing import Any

from flask import Blueprint, abort, current_app, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_security import current_user
from markupsafe import Markup

from portal.accounts.services import ROLE_NAMES
from portal.db import after_commit, db
from portal.i18n import _, current_language
from portal.security import allow, body_limit
from workflows.cases.stages import STAGE_NAMES
from workflows.engine import catalogue, diagram, labels, reader, scxml, versions
from workflows.engine.document import from_document
from workflows.engine.model import Definition
from workflows.engine.models import WorkflowDefinition
from workflows.engine.review import review
from workflows.populations import plan, services
from workflows.populations.jobs import carry_out
from workflows.populations.models import WorkflowMove

blueprint = Blueprint(
    "workflows", __name__, url_prefix="/staff/workflows", template_folder="templates"
)
MOST_SOURCE = 256 * 1024


@blueprint.context_processor
def _words() -> dict[str, object]:
    return {
        "move_states": labels.MOVE_STATES,
        "move_tones": labels.MOVE_TONES,
        "stage_names": STAGE_NAMES,
    }


@blueprint.get("/")
@allow("workflows.read")
def index() -> str:
    """Every workflow with its newest version."""
    newest = {row.name: row for row in versions.newest()}
    rows = [
        (name, _newest_definition(name, newest.get(name)), newest.get(name))
        for name in sorted({*catalogue.shipped(), *newest})
    ]
    return render_template("workflows/index.html", rows=rows, drafts=versions.drafts())


def _newest_definition(name: str, row: WorkflowDefinition | None) -> Definition:
    return from_document(row.document) if row is not None else catalogue.shipped()[name]


@blueprint.get("/<name>")
@allow("workflows.read")
def show(name: str) -> str:
    """The newest version, or the one asked for, as a diagram and as tables."""
    found = list(versions.versions_of(name))
    row = _chosen(found)
    definition = _newest_definition_or_404(name, row)
    return render_template(
        "workflows/show.html",
        name=name,
        definition=definition,
        row=row,
        versions=found,
        draft=versions.draft_of(name),
        moves=services.moves_of(name),
        picture=_picture(definition),
        roles=_role_names(),
    )


def _chosen(found: list[WorkflowDefinition]) -> WorkflowDefinition | None:
    wanted = request.args.get("version", "")
    if wanted:
        return next((row for row in found if str(row.number) == wanted), None) or abort(404)
    return found[0] if found else None


def _newest_definition_or_404(name: str, row: WorkflowDefinition | None) -> Definition:
    if row is None and name not in catalogue.shipped():
        abort(404)
    return _newest_definition(name, row)


def _picture(definition: Definition) -> Markup:
    # What a definition says is escaped by the drawing itself.
    return Markup(diagram.to_svg(definition, current_language()))  # noqa: S704


def _role_names() -> dict[str, Any]:
    return dict(ROLE_NAMES)


@blueprint.get("/<name>/<kind>")
@allow("workflows.read")
def file(name: str, kind: str) -> ResponseReturnValue:
    """The definition as SVG, SCXML or YAML."""
    row = _chosen(list(versions.versions_of(name)))
    definition = _newest_definition_or_404(name, row)
    match kind:
        case "diagram.svg":
            body, type_ = diagram.to_svg(definition, current_language()), "image/svg+xml"
        case "machine.scxml":
            body, type_ = scxml.to_scxml(definition), "application/scxml+xml"
        case "definition.yaml":
            body, type_ = _yaml(name, row), "application/yaml"
        case _:
            abort(404)
    answer = current_app.response_class(body, mimetype=type_)
    disposition = "inline" if kind == "diagram.svg" else "attachment"
    answer.headers["Content-Disposition"] = f'{disposition}; filename="{name}-{kind}"'
    return answer


def _yaml(name: str, row: WorkflowDefinition | None) -> str:
    if row is not None and row.source:
        return row.source
    return catalogue.path_of(name).read_text(encoding="utf-8")


# Drafts


@blueprint.get("/draft")
@allow("workflows.publish")
def new_draft() -> ResponseReturnValue:
    """The text of a draft: a new one, or one that begins as an existing version."""
    name = request.args.get("of", "")
    source = ""
    if name:
        row = versions.draft_of(name)
        found = list(versions.versions_of(name))
        if row is None and not found and name not in catalogue.shipped():
            abort(404)
        source = row.source if row else _yaml(name, found[0] if found else None)
    return _draft_page(source, [])


@blueprint.post("/draft")
@allow("workflows.publish")
@body_limit(3 * MOST_SOURCE, MOST_SOURCE)
def save_draft() -> ResponseReturnValue:
    sent = request.files.get("file")
    source = (
        sent.read(MOST_SOURCE + 1).decode("utf-8", "replace")
        if sent and sent.filename
        else request.form.get("source", "").replace("\r\n", "\n")
    )
    row, problems = versions.save_draft(source, by=current_user.id)
    if row is None:
        db.session.rollback()
        return _draft_page(source, problems), 422
    db.session.commit()
    flash(_("The draft is saved."), "success")
    return redirect(url_for("workflows.draft", name=row.name), 303)


def _draft_page(source: str, problems: list[reader.Problem]) -> str:
    return render_template("workflows/draft_form.html", source=source, problems=problems)


@blueprint.get("/<name>/draft")
@allow("workflows.publish")
def draft(name: str) -> str:
    """The draft as it would be, with all that is wrong with it."""
    row = versions.draft_of(name) or abort(404)
    return _draft_view(row)


def _draft_view(row: WorkflowDefinition, refused: object = "", note: str = "") -> str:
    definition = from_document(row.document)
    problems = review(row.source).problems
    wrong = any(one.severity == "error" for one in problems)
    return render_template(
        "workflows/draft.html",
        row=row,
        definition=definition,
        problems=problems,
        wrong=wrong,
        refused=refused,
        note=note,
        picture="" if wrong else _picture(definition),
    )


@blueprint.post("/<name>/publish")
@allow("workflows.publish")
def publish(name: str) -> ResponseReturnValue:
    note = request.form.get("note", "")
    try:
        row = versions.publish(
            name, upon=request.form.get("digest", ""), note=note, by=current_user.id
        )
    except versions.PublishError as error:
        db.session.rollback()
        waiting = versions.draft_of(name)
        if waiting is None:
            # Pressed twice, or somebody else was quicker.
            flash(str(error.message), "error")
            return redirect(url_for("workflows.show", name=name), 303)
        return _draft_view(waiting, error.message, note), 422
    db.session.commit()
    flash(_("Published: new cases follow this version."), "success")
    return redirect(url_for("workflows.show", name=row.name), 303)


@blueprint.post("/<name>/draft/drop")
@allow("workflows.publish")
def drop_draft(name: str) -> ResponseReturnValue:
    versions.drop_draft(name)
    db.session.commit()
    return redirect(url_for("workflows.index"), 303)


# Moves


@blueprint.get("/<name>/move")
@allow("workflows.publish")
def new_move(name: str) -> ResponseReturnValue:
    return _move_page(name)


@blueprint.post("/<name>/move")
@allow("workflows.publish")
def ask_move(name: str) -> ResponseReturnValue:
    """Shows what would happen; asks a second person where `ask` was pressed."""
    if not request.form.get("ask"):
        return _move_page(name)
    pair = _pair(name)
    if pair is None:
        abort(404)
    try:
        row = services.ask(
            name,
            *pair,
            _mapping(),
            reason=request.form.get("reason", ""),
            by=current_user.id,
        )
    except plan.PlanError as error:
        db.session.rollback()
        return _move_page(name, error.message), 422
    db.session.commit()
    flash(_("A second person can approve it now."), "success")
    return redirect(url_for("workflows.move", move_id=row.id), 303)


def _mapping() -> dict[str, str]:
    return {
        key.removeprefix("state-"): value
        for key, value in request.form.items()
        if key.startswith("state-") and value
    }


def _pair(name: str) -> tuple[int | None, int] | None:
    """The two versions that are chosen: numbers; 0 is before there were definitions."""
    found = {row.number: row.id for row in versions.versions_of(name)}
    values = request.form if request.method == "POST" else request.args
    try:
        old, new = int(values.get("from", "")), int(values.get("to", ""))
    except ValueError:
        return None
    if (old and old not in found) or new not in found or old == new:
        return None
    return (found[old] if old else None), found[new]


def _move_page(name: str, refused: object = "") -> str:
    found = list(versions.versions_of(name))
    if not found and name not in catalogue.shipped():
        abort(404)
    pair = _pair(name)
    old = new = report = None
    mapping: dict[str, str] = {}
    if pair is not None:
        old, new = plan.definition_from(name, pair[0]), versions.get(pair[1])
        mapping = _mapping() or plan.suggested(old, new)
        report = plan.dry_run(name, *pair, mapping)
    values = request.form if request.method == "POST" else request.args
    return render_template(
        "workflows/move_form.html",
        name=name,
        versions=found,
        chosen=(values.get("from", ""), values.get("to", "")),
        old=old,
        new=new,
        mapping=mapping,
        report=report,
        refused=refused,
        reason=request.form.get("reason", ""),
    )


@blueprint.get("/moves/<int:move_id>")
@allow("workflows.read")
def move(move_id: int) -> str:
    row = db.session.get(WorkflowMove, move_id) or abort(404)
    return render_template(
        "workflows/move.html",
        row=row,
        old=plan.definition_from(row.workflow, row.from_id),
        new=versions.get(row.to_id),
        result=services.result_of(row.id),
        people=services.people_of(row),
        mine=row.created_by == current_user.id,
    )


@blueprint.post("/moves/<int:move_id>/decide")
@allow("workflows.publish")
def decide(move_id: int) -> ResponseReturnValue:
    return _changed(
        move_id,
        lambda: services.decide(
            move_id, approved=request.form.get("answer") == "approve", by=current_user.id
        ),
    )


@blueprint.post("/moves/<int:move_id>/undo")
@allow("workflows.publish")
def undo(move_id: int) -> ResponseReturnValue:
    return _changed(move_id, lambda: services.undo(move_id, by=current_user.id))


def _changed(move_id: int, change: Any) -> ResponseReturnValue:
    try:
        change()
    except LookupError:
        abort(404)
    except plan.PlanError as error:
        db.session.rollback()
        flash(str(error.message), "error")
        return redirect(url_for("workflows.move", move_id=move_id), 303)
    after_commit(carry_out.enqueue)
    db.session.commit()
    return redirect(url_for("workflows.move", move_id=move_id), 303)
