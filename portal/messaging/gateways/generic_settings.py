"""The settings of the generic gateway, read and checked; imports no HTTP client."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, get_args
from urllib.parse import parse_qsl, urlsplit

from portal.messaging.gateways.base import DeliveryState, ErrorKind

NUMBERS: Final = ("09", "00", "e164")
KINDS: Final = frozenset({"permanent", "blocked", *get_args(ErrorKind)})
STATES: Final = frozenset(get_args(DeliveryState)) - {"unknown"}
MAX_BATCH: Final = 100
_LOOPBACK: Final = frozenset({"127.0.0.1", "::1", "localhost"})
_PLACE: Final = re.compile(r"\{([A-Za-z_]+)\}")
_SENDING: Final = frozenset({"to", "text", "line", "id", "secret"})
_HEADER: Final = re.compile(r"[A-Za-z0-9-]{1,60}")


@dataclass(frozen=True, slots=True)
class Plan:
    """`body` is a JSON document, a mapping of form fields, or None; see Option in the catalog."""

    verb: str
    url: str
    body: Any
    is_json: bool
    header: str
    number: str
    success_status: frozenset[int]
    success_pointer: str
    success_values: frozenset[str]
    id_pointer: str
    error_pointer: str
    errors: Mapping[str, str]
    batch: int
    status_url: str
    status_pointer: str
    states: Mapping[str, str]
    find_url: str
    find_pointer: str
    find_missing: frozenset[str]


def problems(options: Mapping[str, str], *, is_production: bool) -> list[str]:
    """What is wrong with the settings, as sentences that hold no secret."""
    found = [*_in_templates(options), *_in_answers(options), *_in_asking(options)]
    for name in ("status_url", "find_url"):
        if not options[name]:
            continue
        scheme, host = _address(options[name])
        if scheme not in {"http", "https"} or not host:
            found.append(f"{_variable(name)}: write it like https://gateway.example/{{id}}")
        elif is_production and scheme == "http" and host not in _LOOPBACK:
            found.append(f"{_variable(name)} must begin with https://")
    batch = options["batch"]
    if not (batch.isascii() and batch.isdigit() and 1 <= int(batch) <= MAX_BATCH):
        found.append(f"GENERIC_BATCH: a whole number from 1 to {MAX_BATCH} is needed")
    return found


def plan(options: Mapping[str, str]) -> Plan:
    """The settings in the form they are used. Raises ValueError with every problem."""
    if found := problems(options, is_production=False):
        raise ValueError("generic: " + "; ".join(found))
    body, is_json = _body(options["body"])
    return Plan(
        verb=options["verb"].upper(),
        url=options["url"],
        body=body,
        is_json=is_json,
        header=options["header"],
        number=options["number"].lower(),
        success_status=frozenset(_statuses(options["success_status"])),
        success_pointer=options["success_pointer"],
        success_values=frozenset(_words(options["success_value"])),
        id_pointer=options["id_pointer"],
        error_pointer=options["error_pointer"] or options["success_pointer"],
        errors=_table(options["errors"]),
        batch=int(options["batch"]),
        status_url=options["status_url"],
        status_pointer=options["status_pointer"],
        states=_table(options["states"]),
        find_url=options["find_url"],
        find_pointer=options["find_pointer"] or options["id_pointer"],
        find_missing=frozenset(_words(options["find_missing"])),
    )


def _in_templates(options: Mapping[str, str]) -> list[str]:
    found: list[str] = []
    url, body, verb = options["url"], options["body"], options["verb"].upper()
    if verb not in {"GET", "POST", "PUT"}:
        found.append("GENERIC_VERB is GET, POST or PUT")
    if body and verb == "GET":
        found.append("GENERIC_BODY must be empty where GENERIC_VERB is GET: use GENERIC_URL")
    if body.lstrip().startswith(("{", "[")) and not _is_json(body):
        found.append('GENERIC_BODY is no JSON: placeholders stand in quotes, {"to": "{to}"}')
    elif body and not _body(body)[0]:
        found.append("GENERIC_BODY is neither JSON nor a form like to={to}&text={text}")
    places = set(_PLACE.findall(url + body))
    for name in ("url", "body"):
        if unknown := sorted(set(_PLACE.findall(options[name])) - _SENDING):
            found.append(
                f"{_variable(name)} knows {{to}}, {{text}}, {{line}}, {{id}} and {{secret}},"
                f" not {{{unknown[0]}}}"
            )
    for name in ("to", "text"):
        if name not in places:
            found.append(f"{{{name}}} is neither in GENERIC_BODY nor in GENERIC_URL")
    secret = options["secret"]
    if secret and not options["header"] and "secret" not in places:
        found.append("GENERIC_SECRET is given, but no GENERIC_HEADER and no {secret} use it")
    if not secret and (options["header"] or "secret" in places):
        found.append("GENERIC_SECRET is required where GENERIC_HEADER or {secret} is used")
    if secret and not (secret.isascii() and secret.isprintable()):
        found.append("GENERIC_SECRET holds a character that no header can carry")
    if options["header"] and not _HEADER.fullmatch(options["header"]):
        found.append("GENERIC_HEADER is a name such as Authorization")
    if options["number"].lower() not in NUMBERS:
        found.append(f"GENERIC_NUMBER: choose of {', '.join(NUMBERS)}")
    if not options["id_pointer"] and "id" not in places:
        found.append("GENERIC_ID_POINTER is empty: then {id} has to be in GENERIC_BODY")
    return found


def _in_answers(options: Mapping[str, str]) -> list[str]:
    found = [
        f"{_variable(name)} is a JSON pointer such as /data/0/id"
        for name in (
            "success_pointer", "id_pointer", "error_pointer", "status_pointer", "find_pointer",
        )
        if options[name] and not options[name].startswith("/")
    ]  # fmt: skip
    if not _statuses(options["success_status"]):
        found.append("GENERIC_SUCCESS_STATUS is a list of HTTP statuses such as 200,201")
    if bool(options["success_pointer"]) != bool(options["success_value"]):
        found.append("GENERIC_SUCCESS_POINTER and GENERIC_SUCCESS_VALUE go together")
    for name, known in (("errors", KINDS), ("states", STATES)):
        try:
            kinds = set(_table(options[name]).values())
        except ValueError as error:
            found.append(f"{_variable(name)}: {error}")
            continue
        if kinds - known:
            found.append(f"{_variable(name)}: choose of {', '.join(sorted(known))}")
    return found


def _in_asking(options: Mapping[str, str]) -> list[str]:
    found: list[str] = []
    if options["status_url"]:
        if set(_PLACE.findall(options["status_url"])) - {"secret"} != {"message_id"}:
            found.append("GENERIC_STATUS_URL needs {message_id}, the gateway's id of a message")
        if not options["status_pointer"] or not options["states"]:
            found.append("GENERIC_STATUS_URL needs GENERIC_STATUS_POINTER and GENERIC_STATES")
    if options["find_url"]:
        if set(_PLACE.findall(options["find_url"])) - {"secret"} != {"id"}:
            found.append("GENERIC_FIND_URL needs {id}, our id of a message")
        if "id" not in _PLACE.findall(options["url"] + options["body"]):
            found.append("GENERIC_FIND_URL asks for {id}, which GENERIC_BODY does not send")
    elif options["find_missing"]:
        found.append("GENERIC_FIND_MISSING is given without GENERIC_FIND_URL")
    if bool(options["callback_id"]) != bool(options["callback_state"]):
        found.append("GENERIC_CALLBACK_ID and GENERIC_CALLBACK_STATE go together")
    elif options["callback_id"] and not options["states"]:
        found.append("GENERIC_CALLBACK_STATE needs GENERIC_STATES")
    return found


def _variable(name: str) -> str:
    return f"GENERIC_{name}".upper()


def _address(url: str) -> tuple[str, str]:
    try:
        parts = urlsplit(url)
        return parts.scheme, parts.hostname or ""
    except ValueError:
        return "", ""


def _is_json(text: str) -> bool:
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        return False
    return True


def _body(text: str) -> tuple[Any, bool]:
    """(document or form fields, whether it is JSON); None without one."""
    if not text.strip():
        return None, False
    if _is_json(text):
        found = json.loads(text)
        return (found, True) if isinstance(found, dict | list) else (None, False)
    return dict(parse_qsl(text, keep_blank_values=True)) or None, False


def _words(text: str) -> list[str]:
    return [part.strip() for part in text.split(",") if part.strip()]


def _statuses(text: str) -> list[int]:
    words = _words(text)
    if not all(re.fullmatch("[1-5][0-9][0-9]", word, re.ASCII) for word in words):
        return []
    return [int(word) for word in words]


def _table(text: str) -> dict[str, str]:
    """`kind=code,code;kind=code` as code -> kind. Raises ValueError."""
    found: dict[str, str] = {}
    for part in filter(str.strip, text.split(";")):
        kind, equals, codes = part.partition("=")
        if not equals or not _words(codes):
            raise ValueError("write it like delivered=DELIVRD,1;failed=2")
        for code in _words(codes):
            if found.setdefault(code, kind.strip()) != kind.strip():
                raise ValueError(f"{code} is there twice")
    return found
