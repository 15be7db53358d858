"""`/open311/v2/`: GeoReport v2 for other applications.

No session, no cookie, no CSRF field: a key is the authority of a POST, and reading is for
everybody, from any site (CORS for GET). Every refusal has the shape of the specification.
"""

from typing import Any, Final
from urllib.parse import urlencode, urlsplit

from flask import Blueprint, Response, current_app, request
from limits import RateLimitItemPerMinute
from werkzeug.exceptions import HTTPException

from portal.db import db
from portal.i18n import _, _l, current_language, pick, use_language
from portal.ratelimit import over_limit
from portal.security import body_limit, csrf, public
from workflows.cases import clocks
from workflows.open311 import asking, attributes, catalogue, ids, keys, reading, receiving
from workflows.open311.errors import ApiError, Fault, refused
from workflows.open311.models import Open311Key
from workflows.open311.writing import TYPES, write

blueprint = Blueprint("open311", __name__, url_prefix="/open311/v2")
csrf.exempt(blueprint)

READS: Final = RateLimitItemPerMinute(120)
"""Of one connection."""
WRONG_KEYS: Final = RateLimitItemPerMinute(20)
CHANGESET: Final = "2026-11-27T00:00:00Z"
"""A later one tells clients to read everything anew."""
BODY_BYTES: Final = 100_000
_F: Final = "<any(xml,json):kind>"


def _answer(root: str, data: Any, kind: str, *, lasting: bool = False) -> Response:
    response = Response(write(root, data, kind), content_type=TYPES[kind])
    if lasting:
        response.headers["Cache-Control"] = "public, max-age=300"
    response.vary.add("Accept-Language")
    return response


@blueprint.after_request
def _for_every_site(response: Response) -> Response:
    if request.method in {"GET", "HEAD", "OPTIONS"}:
        response.headers["Access-Control-Allow-Origin"] = "*"
        response.headers["Access-Control-Allow-Methods"] = "GET, HEAD"
        response.headers["Access-Control-Expose-Headers"] = "Link"
        response.headers["Cross-Origin-Resource-Policy"] = "cross-origin"
    return response


@blueprint.before_request
def _who_and_where() -> None:
    if request.method in {"GET", "HEAD"} and over_limit(READS, "open311-read"):
        raise refused(429, "rate", _l("Too many questions. Wait a minute."))
    city = (urlsplit(_public_url()).hostname or "").removeprefix("www.")
    named = request.args.get("jurisdiction_id", "").strip().lower().removeprefix("www.")
    if named and named != city:
        raise refused(404, "jurisdiction_id", _l("There is no such city here."))


@blueprint.errorhandler(ApiError)
def _refusal(error: ApiError) -> Response:
    db.session.rollback()
    faults = [{"code": one.code, "description": str(one.description)} for one in error.faults]
    response = _answer("errors", faults, _kind())
    response.status_code = error.status
    if error.status == 429:
        response.headers["Retry-After"] = "60"
    return response


@blueprint.errorhandler(HTTPException)
def _failure(error: HTTPException) -> Response:
    db.session.rollback()
    code = error.code or 500
    words = {
        404: _("There is nothing at this address."),
        405: _("This address is not for this method."),
        413: _("The request is too large."),
    }
    fault = {"code": str(code), "description": words.get(code, error.name)}
    response = _answer("errors", [fault], _kind())
    response.status_code = code
    return response


def _kind() -> str:
    return "json" if request.path.endswith(".json") else "xml"


def _public_url() -> str:
    url: str = current_app.extensions["pasokh_settings"].public_url
    return url


@blueprint.get(f"/discovery.{_F}")
@public
def discovery(kind: str) -> Response:
    settings = current_app.extensions["pasokh_settings"]
    city = pick(settings.city_names)
    data = {
        "changeset": CHANGESET,
        "contact": _("%(city)s, telephone %(phone)s", city=city, phone=settings.city_phone),
        "key_service": _("Ask the city for a key: telephone %(phone)s", phone=settings.city_phone),
        "endpoints": [
            {
                "specification": "http://wiki.open311.org/GeoReport_v2",
                "url": f"{_public_url()}/open311/v2",
                "changeset": CHANGESET,
                "type": "production" if settings.is_production else "test",
                "formats": ["text/xml", "application/json"],
            }
        ],
    }
    return _answer("discovery", data, kind, lasting=True)


@blueprint.get(f"/services.{_F}")
@public
def services(kind: str) -> Response:
    return _answer("services", catalogue.services(), kind)


@blueprint.get(f"/services/<service_code>.{_F}")
@public
def definition(service_code: str, kind: str) -> Response:
    category = catalogue.by_code(service_code)
    if category is None:
        raise refused(404, "service_code", _l("There is no such service."))
    data = {"service_code": category.code, "attributes": attributes.definition(category)}
    return _answer("service_definition", data, kind)


@blueprint.get(f"/requests.{_F}")
@public
def requests(kind: str) -> Response:
    wanted = asking.wanted(request.args)
    found, more = reading.requests(wanted, _reader())
    response = _answer("service_requests", found, kind)
    if more:
        following = {**request.args.to_dict(), "page": str(wanted.page + 1)}
        # A key in an address would stand in logs and histories.
        following.pop("api_key", None)
        url = f"{_public_url()}/open311/v2/requests.{kind}?{urlencode(following)}"
        response.headers["Link"] = f'<{url}>; rel="next"'
    return response


@blueprint.get(f"/requests/<service_request_id>.{_F}")
@public
def one_request(service_request_id: str, kind: str) -> Response:
    found = reading.one(service_request_id, _reader())
    if found is None:
        raise refused(404, "service_request_id", _l("There is no such request."))
    return _answer("service_requests", [found], kind)


@blueprint.get(f"/tokens/<token>.{_F}")
@public
def token(token: str, kind: str) -> Response:
    """We give the identifier at once, so a token is the identifier itself."""
    if reading.one(token, None) is None:
        raise refused(404, "token", _l("There is no such token."))
    return _answer("service_requests", [{"service_request_id": token, "token": token}], kind)


@blueprint.post(f"/requests.{_F}")
@public
@body_limit(BODY_BYTES)
def create(kind: str) -> Response:
    """A new request. `api_key` may stand in the form or in the address."""
    key = _key_of(request.values.get("api_key", "").strip())
    if key is None:
        raise refused(403, "api_key", _l("The key is missing or wrong."))
    if over_limit(RateLimitItemPerMinute(key.per_minute), "open311-key", str(key.id)):
        raise refused(429, "rate", _l("This key sends too much. Wait a minute."))
    named = request.form.get("jurisdiction_id", "").strip().lower().removeprefix("www.")
    if named and named != (urlsplit(_public_url()).hostname or "").removeprefix("www."):
        raise refused(404, "jurisdiction_id", _l("There is no such city here."))
    sent = receiving.read({**request.args.to_dict(flat=False), **request.form.to_dict(flat=False)})
    mark = request.headers.get("Idempotency-Key", "").strip()
    if len(mark) > 200:
        raise ApiError(400, Fault("Idempotency-Key", _l("The mark is too long.")))
    case, _is_new = receiving.receive(key, sent, mark)
    with use_language(sent.language):
        notice = clocks.explain(case, current_language())
    made = {
        "service_request_id": ids.public_id(case.id),
        "service_notice": notice or None,
        "account_id": sent.fields["account_id"] or None,
    }
    db.session.commit()
    return _answer("service_requests", [made], kind)


@blueprint.route("/", defaults={"rest": ""}, methods=["GET", "POST", "PUT", "PATCH", "DELETE"])
@blueprint.route("/<path:rest>", methods=["GET", "POST", "PUT", "PATCH", "DELETE"])
@public
def nothing(rest: str) -> Response:  # noqa: ARG001 (any address)
    """In the shape of the specification too, so that a client can read the refusal."""
    raise refused(404, "404", _l("There is nothing at this address."))


def _reader() -> Open311Key | None:
    """Whoever reads with a key sees more of its own requests; a wrong key is told so."""
    typed = request.args.get("api_key", "").strip()
    if not typed:
        return None
    key = _key_of(typed)
    if key is None:
        raise refused(403, "api_key", _l("The key is missing or wrong."))
    return key


def _key_of(typed: str) -> Open311Key | None:
    key = keys.find(typed)
    if key is None and over_limit(WRONG_KEYS, "open311-wrong-key"):
        raise refused(429, "rate", _l("Too many wrong keys. Wait a minute."))
    return key
