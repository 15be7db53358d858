"""Pictures of questionnaires, for everybody who sees the survey."""

from flask import Blueprint, Response, abort

from portal.security import public

from . import pictures

blueprint = Blueprint("survey_pictures", __name__)


@blueprint.get("/survey-pictures/<name>")
@public
def picture(name: str) -> Response:
    """One picture by its name, which nobody can guess who has not seen it. It never changes."""
    path = pictures.path_of(name)
    if path is None or not path.is_file():
        abort(404)
    response = Response(path.read_bytes(), mimetype=pictures.MIMETYPE)
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Cache-Control"] = "public, max-age=31536000, immutable"
    return response
