"""Messages that cannot be sent, found before a call; the others are sent around them."""

from collections.abc import Callable, Sequence

from portal.messaging.gateways.base import (
    Deferred,
    GatewayError,
    Outcome,
    Outgoing,
    Refused,
    Unknown,
)
from portal.messaging.gateways.numbers import is_e164

HALF = "half"
"""Our code for half a character (a lone surrogate), which no encoding can carry."""


def refused(
    message: Outgoing,
    *,
    number: str,
    empty: str,
    half: str = HALF,
    most: int | None = None,
    long: str = "",
) -> Refused | None:
    """Why a message cannot be sent, if so; `number`, `empty`, `half` and `long` are the gateway's
    codes, `most` its limit in characters."""
    if not is_e164(message.to):
        return Refused(number, "permanent", "not a telephone number")
    if not message.text.strip():
        return Refused(empty, "permanent", "the text is empty")
    if any("\ud800" <= char <= "\udfff" for char in message.text):
        return Refused(half, "permanent", "the text has half a character")
    if most is not None and len(message.text) > most:
        return Refused(long, "permanent", f"the text has more than {most} characters")
    return None


def around(
    batch: Sequence[Outgoing],
    refuse: Callable[[Outgoing], Refused | None],
    send: Callable[[Sequence[Outgoing]], list[Outcome]],
    most: int,
) -> list[Outcome]:
    """One outcome for each message, in order: what `refuse` says, else what `send` says.

    Raises GatewayError only where it speaks for the whole batch; ValueError for a batch of more
    than `most` or with a local id twice.
    """
    if len(batch) > most:
        raise ValueError(f"at most {most} messages a call")
    if len({message.local_id for message in batch}) != len(batch):
        raise ValueError("a local id is twice in the batch")
    outcomes: list[Outcome | None] = [refuse(message) for message in batch]
    rest = [at for at, outcome in enumerate(outcomes) if outcome is None]
    if rest:
        try:
            sent = send([batch[at] for at in rest])
        except GatewayError as error:
            if len(rest) == len(batch):
                raise
            lost: Outcome = Unknown(error.code) if error.kind == "ambiguous" else Deferred(error)
            sent = [lost] * len(rest)
        for at, outcome in zip(rest, sent, strict=True):
            outcomes[at] = outcome
    return [outcome for outcome in outcomes if outcome is not None]
