"""What can be changed about the simulator, at start and at run time."""

import argparse
import random
from dataclasses import dataclass, field, fields
from typing import Any, ClassVar, Final, get_args, get_type_hints

TIMEOUT_MODES: Final = ("hang", "drop", "mixed")
CALLBACK_STATES: Final = ("final", "all")
DEFAULT_MISHAPS: Final = "409,451,402,500"
"""Kavenegar's; another dialect puts its own in their place."""


@dataclass(slots=True)
class Behaviour:
    """Every field is also a command line option; `help` in the metadata says what it does."""

    latency_ms: int = field(default=0, metadata={"help": "wait before every answer"})
    timeout_rate: float = field(
        default=0.0, metadata={"help": "part of the sends accepted and then not answered in time"}
    )
    timeout_mode: str = field(
        default="mixed",
        metadata={"help": "hang: keep silent; drop: reset the connection; mixed: either"},
    )
    hang_seconds: float = field(default=60.0, metadata={"help": "how long a hang lasts"})
    error_rate: float = field(
        default=0.0, metadata={"help": "part of the sms/ calls answered with one of error_codes"}
    )
    error_codes: str = field(
        default=DEFAULT_MISHAPS,
        metadata={
            "help": "402 and 500 accept half of the time, the others never; every dialect has"
            " its own default"
        },
    )
    rate_limit: int = field(
        default=0, metadata={"help": "calls in any sliding second before 451; 0: no limit"}
    )
    refuse_links: bool = field(default=False, metadata={"help": "answer 420 to a text with a link"})
    credit_rial: int = field(
        default=10_000_000_000, metadata={"help": "credit before the first SMS of the ledger"}
    )
    max_chars: int = field(default=900, metadata={"help": "longer texts are answered 413"})
    lines: str = field(
        default="", metadata={"help": "sender lines, with commas; empty: any is taken"}
    )
    delivery_seconds: float = field(default=3.0, metadata={"help": "from accepting to delivery"})
    status_callback: str = field(default="", metadata={"help": "URL called with each report"})
    inbound_callback: str = field(default="", metadata={"help": "URL called with each reply"})
    callback_states: str = field(default="final", metadata={"help": "final or all states"})
    callback_rate: int = field(default=200, metadata={"help": "callbacks a second at most"})
    callback_retry_seconds: float = field(
        default=10.0,
        metadata={"help": "between tries of a callback not answered 200 (30 tries; really 120 s)"},
    )
    force_code: int = field(default=0, metadata={"help": "answer this code, whatever is asked"})
    force_times: int = field(default=-1, metadata={"help": "how often; -1: always"})
    force_method: str = field(default="", metadata={"help": "only for this method, as sms/send"})

    known_codes: ClassVar[frozenset[int]] = frozenset()
    """The return codes of the dialect that is spoken; one process speaks one."""

    def change(self, given: dict[str, Any]) -> None:
        """Set the given fields, all or none. Raises ValueError."""
        types = get_type_hints(Behaviour)
        if unknown := sorted(set(given) - {f.name for f in fields(self)}):
            raise ValueError(f"unknown: {', '.join(unknown)}")
        new = {f.name: getattr(self, f.name) for f in fields(self)}
        for name, value in given.items():
            wanted = types[name]
            if wanted is float and isinstance(value, int) and not isinstance(value, bool):
                value = float(value)  # noqa: PLW2901
            if type(value) is not wanted:
                raise ValueError(f"{name} is not of type {wanted.__name__}")
            new[name] = value
        Behaviour(**new).check()
        for name, value in new.items():
            setattr(self, name, value)

    def check(self) -> None:
        """Raises ValueError for a value outside its range."""
        for name in ("timeout_rate", "error_rate"):
            if not 0 <= getattr(self, name) <= 1:
                raise ValueError(f"{name} is between 0 and 1")
        for name in ("latency_ms", "hang_seconds", "rate_limit", "delivery_seconds"):
            if not 0 <= getattr(self, name) <= 86_400_000:
                raise ValueError(f"{name} is not negative")
        if self.timeout_mode not in TIMEOUT_MODES or self.callback_states not in CALLBACK_STATES:
            raise ValueError("timeout_mode or callback_states is none of the known words")
        if self.callback_rate < 1 or self.callback_retry_seconds <= 0:
            raise ValueError("callback_rate and callback_retry_seconds are positive")
        for url in (self.status_callback, self.inbound_callback):
            if url and not url.startswith(("http://", "https://")):
                raise ValueError("a callback is a web address")
        known = self.known_codes
        if known and self.force_code not in {0, *known}:
            raise ValueError("force_code is no return code")
        if known and not known >= set(self.codes()):
            raise ValueError("error_codes holds a number that is no return code")

    def codes(self) -> list[int]:
        """`error_codes` as numbers. Raises ValueError for what is no number."""
        return [int(code) for code in self.error_codes.split(",") if code.strip()]

    def line_list(self) -> list[str]:
        return [line.strip() for line in self.lines.split(",") if line.strip()]

    def forced(self, method: str) -> int | None:
        """The forced code for this call, counted down; None without one."""
        if not self.force_code or not self.force_times:
            return None
        if self.force_method and self.force_method != method:
            return None
        if self.force_times > 0:
            self.force_times -= 1
        return self.force_code

    def fate(self, dice: random.Random) -> str:
        """What becomes of the answer to a send: answer, hang or drop."""
        if dice.random() >= self.timeout_rate:
            return "answer"
        return dice.choice(["hang", "drop"]) if self.timeout_mode == "mixed" else self.timeout_mode


def add_options(parser: argparse.ArgumentParser) -> None:
    """One option for each field of Behaviour."""
    types = get_type_hints(Behaviour)
    for item in fields(Behaviour):
        option = "--" + item.name.replace("_", "-")
        kind = types[item.name]
        text = item.metadata["help"].replace("%", "%%") + " (default: %(default)s)"
        if kind is bool:
            parser.add_argument(option, action="store_true", default=item.default, help=text)
        else:
            assert not get_args(kind)  # noqa: S101
            parser.add_argument(option, type=kind, default=item.default, help=text)
