"""Which gateways there are and what each must be told; imports no HTTP client."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import Final
from urllib.parse import urlsplit


@dataclass(frozen=True, slots=True)
class Option:
    """One setting of a gateway; in the environment it is GATEWAY_NAME."""

    name: str
    about: str
    default: str = ""
    is_required: bool = False


COMMON: Final = (
    Option("line", "The sending line at this gateway. Empty: SMS_LINE."),
    Option("rate", "Most segments a second, of all workers together. Empty: no limit."),
    Option("part", "Units of a part: 70, or 66 where the line takes fewer.", "70"),
    Option(
        "suffix", "What its line demands at the end of bulk SMS; - for nothing. Empty: SMS_SUFFIX."
    ),
    Option("read_timeout", "Seconds to wait for an answer, at most 25.", "20"),
    Option("proxy", "Address of an HTTP proxy for its calls."),
)
"""Every gateway has these."""


@dataclass(frozen=True, slots=True)
class Spec:
    """A gateway that can be configured. `module` has `from_settings(options) -> Gateway`, `checks`
    is a module with `problems(options, is_production=…) -> list[str]`, without values."""

    module: str
    options: tuple[Option, ...]
    checks: str = ""

    def all_options(self) -> tuple[Option, ...]:
        return (*self.options, *COMMON)


BUILT_IN: Final[Mapping[str, Spec]] = {
    "kavenegar": Spec(
        "portal.messaging.gateways.kavenegar",
        (
            Option("url", "Base address of Kavenegar.", "https://api.kavenegar.com"),
            Option("api_key", "The account's API key. Never logged.", is_required=True),
        ),
    ),
    "smsir": Spec(
        "portal.messaging.gateways.smsir",
        (
            Option("url", "Base address of SMS.ir.", "https://api.sms.ir"),
            Option("api_key", "The account's API key. Never logged.", is_required=True),
        ),
    ),
    "generic": Spec(
        "portal.messaging.gateways.generic",
        (
            Option(
                "url",
                "Where an SMS is sent. In it and in BODY: `{to}`, `{text}`, `{line}`, `{id}`"
                " (ours), `{secret}`.",
                is_required=True,
            ),
            Option("verb", "`GET`, `POST` or `PUT`.", "POST"),
            Option("body", "A JSON document, or a form like `to={to}&text={text}`."),
            Option("header", "Name of the header that carries the secret."),
            Option("secret", "The key, whole (`Bearer …`). Never logged."),
            Option("number", "Numbers as `09`121234567, `00`98…, or `e164`.", "09"),
            Option("success_status", "HTTP statuses of an acceptance.", "200,201,202"),
            Option("success_pointer", "JSON pointer of what says that it was accepted."),
            Option("success_value", "What stands there then; several with commas."),
            Option("id_pointer", "JSON pointer of the message's id. Empty: our `{id}` is its id."),
            Option("error_pointer", "JSON pointer of the error code. Empty: SUCCESS_POINTER."),
            Option("errors", "Codes by kind: `permanent=12,13;pause=20;retry=http-503`."),
            Option("batch", "Messages sent one after the other by a worker's turn.", "20"),
            Option("status_url", "Where the state is asked for, with `{message_id}`."),
            Option("status_pointer", "JSON pointer of the state."),
            Option("states", "Its states by ours: `delivered=DELIVRD,1;failed=2`."),
            Option("find_url", "Where a message is looked up by our `{id}`."),
            Option("find_pointer", "JSON pointer of the message's id there. Empty: ID_POINTER."),
            Option(
                "find_missing",
                "What is answered there for an id never seen: `http-404`, or an error code."
                " Empty: nothing proves that.",
            ),
            Option("callback_id", "Field of the message's id in pushed reports."),
            Option("callback_state", "Field of the state in pushed reports."),
            Option("inbound_id", "Field of the id in pushed SMS.", "id"),
            Option("inbound_from", "Field of the sender in pushed SMS.", "from"),
            Option("inbound_to", "Field of our line in pushed SMS.", "to"),
            Option("inbound_text", "Field of the text in pushed SMS.", "text"),
            Option(
                "inbound_time",
                "Field of the time in pushed SMS: Unix seconds, or `2026-05-04T10:00:00+03:30`."
                " Empty: when it is pushed.",
            ),
        ),
        checks="portal.messaging.gateways.generic_settings",
    ),
    "ippanel": Spec(
        "portal.messaging.gateways.ippanel",
        (
            Option("url", "Base address of IPPanel Edge.", "https://edge.ippanel.com"),
            Option("api_key", "The account's access key. Never logged.", is_required=True),
        ),
    ),
    "melipayamak": Spec(
        "portal.messaging.gateways.melipayamak",
        (
            Option("url", "Base address of the console.", "https://console.melipayamak.com"),
            Option("token", "The console's token. Never logged.", is_required=True),
        ),
    ),
    "twilio": Spec(
        "portal.messaging.gateways.twilio",
        (
            Option("url", "Base address of Twilio.", "https://api.twilio.com"),
            Option("account_sid", "The account: AC and 32 hexadecimal digits.", is_required=True),
            Option("auth_token", "The account's token. Never logged.", is_required=True),
            Option("service", "A messaging service (MG…) that sends. Empty: the line does."),
            Option("status_callback", "Address for reports. Empty: the portal's own."),
        ),
    ),
}
_added: dict[str, Spec] = {}
LOOPBACK: Final = frozenset({"127.0.0.1", "::1", "localhost"})


def register(name: str, spec: Spec) -> None:
    """Add a gateway of another package. Raises ValueError if the name is taken or no word."""
    if not (name.isidentifier() and name.islower() and name.isascii()):
        raise ValueError("a gateway's name is one word in small letters")
    if name in BUILT_IN or _added.get(name, spec) != spec:
        raise ValueError(f"a gateway named {name} exists already")
    _added[name] = spec


def known() -> Mapping[str, Spec]:
    """Every gateway that can be configured, by name."""
    return {**BUILT_IN, **_added}


def names_in(text: str) -> list[str]:
    """The names of SMS_GATEWAY, the preferred one first."""
    return [part.strip() for part in text.split(",") if part.strip()]


def from_environ(names: Iterable[str], environ: Mapping[str, str]) -> dict[str, dict[str, str]]:
    """The settings of the gateways named, as far as the environment has them."""
    specs = known()
    return {
        name: {
            option.name: value
            for option in specs[name].all_options()
            if (value := environ.get(f"{name}_{option.name}".upper(), "")) != ""
        }
        for name in names
        if name in specs
    }


def problems(
    names: Iterable[str], options: Mapping[str, Mapping[str, str]], *, is_production: bool
) -> list[str]:
    """What is wrong with the settings, each as a sentence that says what to do. Holds no value."""
    found: list[str] = []
    specs = known()
    seen: set[str] = set()
    for name in names:
        if name not in specs:
            found.append(
                f"SMS_GATEWAY={name!r}: choose of {', '.join(sorted(specs))}, or leave it empty"
            )
            continue
        if name in seen:
            found.append(f"SMS_GATEWAY names {name} twice")
        seen.add(name)
        given = options.get(name, {})
        for option in specs[name].all_options():
            variable = f"{name}_{option.name}".upper()
            value = given.get(option.name, option.default)
            if option.is_required and not value:
                found.append(f"{variable} is required when SMS_GATEWAY has {name}")
            found += _wrong(variable, option.name, value, is_production)
        if specs[name].checks:
            every = {each.name: each.default for each in specs[name].all_options()}
            check = import_module(specs[name].checks).problems
            found += check({**every, **given}, is_production=is_production)
    return found


_SPANS: Final = {"rate": (10, 100_000), "part": (20, 160), "read_timeout": (1, 25)}


def _wrong(variable: str, name: str, value: str, is_production: bool) -> list[str]:
    if name in _SPANS and value:
        low, high = _SPANS[name]
        if not (value.isascii() and value.isdigit() and low <= int(value) <= high):
            return [f"{variable}: a whole number from {low} to {high} is needed"]
    if name == "url" and value:
        try:
            parts = urlsplit(value)
        except ValueError:
            return [f"{variable}: write it like https://gateway.example"]
        if parts.scheme not in {"http", "https"} or not parts.hostname:
            return [f"{variable}: write it like https://gateway.example"]
        if is_production and parts.scheme != "https" and parts.hostname not in LOOPBACK:
            return [f"{variable} must begin with https://: the key travels in it"]
    return []


def documentation() -> str:
    """The tables of settings of every built-in gateway, as Markdown."""
    head = ["| variable | default | what it decides |", "| --- | --- | --- |"]
    lines: list[str] = []
    for name, spec in BUILT_IN.items():
        lines += head if not lines else []
        lines += [_row(f"{name}_{option.name}".upper(), option) for option in spec.options]
    lines += [_row(f"GATEWAY_{option.name}".upper(), option) for option in COMMON]
    return "\n".join(lines)


def _row(variable: str, option: Option) -> str:
    shown = f"`{option.default}`" if option.default else "empty"
    return f"| `{variable}` | {shown} | {option.about} |"
