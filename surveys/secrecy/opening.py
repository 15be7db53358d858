"""Opening the box, in steps that may each be cut off and run again.

1. `shut` (one transaction): there are enough, so a new key is made for those who answer from now
   on, and the old epoch takes no more.
2. `open_epoch` (one transaction): every answer of the epoch is written to `responses` in an order
   drawn by lot, under an id drawn by lot, without invitation and with the day of the opening as
   its only time; the envelopes are deleted. As all rows come from one transaction, neither xmin
   nor their place in the table says which came from whom.
3. `destroy` (after that commit): the private key is overwritten and removed. What the disk, the
   write-ahead log or a backup still hold of the envelopes can be opened by nobody any more.

While a campaign runs, an opening needs twice the minimum and keeps back as many as the minimum,
chosen by lot and sealed again into the next epoch (a pool mix: Serjantov, Danezis: "Towards an
Information Theoretic Metric for Anonymity", 2002). So who answered on one day cannot be told from
the days around, and the rest at the end is never too small to be opened.
"""

import secrets
import uuid
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any, Final

from nacl.exceptions import CryptoError
from nacl.public import PrivateKey
from sqlalchemy import delete, insert, select

from portal import audit, formats
from portal.db import db
from surveys.campaigns.models import Campaign
from surveys.questionnaires.services import load_version
from surveys.responses.models import Response
from surveys.secrecy import keys, services
from surveys.secrecy.envelope import Contents, seal, size_for, unseal
from surveys.secrecy.models import SealedAnswer, SealingKey

CHUNK: Final = 200
"""Envelopes in memory at once: 200 of 64 KiB are 13 MB."""
_IDS: Final = (10**14, 10**15)
"""Fifteen digits: exact in every spreadsheet, and far from the ids that a sequence gives."""

_lots = secrets.SystemRandom()


def due() -> list[int]:
    """Epochs that may be ready to be shut: a new day began, or their campaign ended."""
    ended = Campaign.state.in_(services.ENDED)
    return list(
        db.session.scalars(
            select(SealingKey.id)
            .join(Campaign, Campaign.id == SealingKey.campaign_id)
            .where(
                SealingKey.state == "filling",
                ended | (SealingKey.look_on <= formats.today()),
            )
            .order_by(SealingKey.id)
        )
    )


def in_state(state: str) -> list[int]:
    return list(
        db.session.scalars(
            select(SealingKey.id).where(SealingKey.state == state).order_by(SealingKey.id)
        )
    )


def shut(key_id: int) -> bool:
    """Step 1. False: too few yet; the next look is on the next day."""
    # Waits for those who are just putting something in; after its commit nobody does any more.
    key = _locked(key_id, "filling", wait=True)
    if key is None:
        return False
    campaign = db.session.get_one(Campaign, key.campaign_id, populate_existing=True)
    ended = campaign.state in services.ENDED
    number, least = services.count(key_id), services.minimum()
    if ended and not number:
        key.state = "opened"  # nothing was ever sealed to it, or all went on to the next
        db.session.flush()
        return True
    if number < (least if ended else 2 * least):
        if not ended:
            key.look_on = formats.tomorrow()
        db.session.flush()
        return False
    key.state, key.kept = "shut", 0 if ended else least
    db.session.flush()
    if not ended:
        services.prepare_next(key.campaign_id, key.version_id)
    return True


def open_epoch(key_id: int) -> int | None:
    """Step 2. How many were opened; None where there was nothing to open here."""
    key = _locked(key_id, "shut")
    if key is None:
        return None
    private = keys.private_half(key.public_key)
    if private is None:
        return None
    ids = list(db.session.scalars(select(SealedAnswer.id).where(SealedAnswer.key_id == key_id)))
    _lots.shuffle(ids)
    whole: list[uuid.UUID] = []
    damaged = 0
    ways: Counter[tuple[str, str]] = Counter()
    for envelope_id, each in _contents(private, ids):
        if each is None:
            damaged += 1  # somebody wrote into the table: the others must not wait for ever
            continue
        if each.is_empty:
            continue
        if len(whole) >= key.kept:
            ways[each.language, each.mode] += 1
        whole.append(envelope_id)
    kept, opened = whole[: key.kept], whole[key.kept :]
    told = what_may_be_told(ways, services.minimum())
    day = formats.utc(formats.today())
    for part in _chunks(opened):
        rows = [_row(key, each, day, told) for _id, each in _contents(private, part) if each]
        db.session.execute(insert(Response), rows)
    if kept:
        _seal_again(key, private, kept)
    db.session.execute(delete(SealedAnswer).where(SealedAnswer.key_id == key_id))
    key.state = "opened"
    audit.record(
        "campaign.box_opened",
        "campaign",
        key.campaign_id,
        answers=len(opened),
        damaged=damaged,
        turned_away=len(ids) - len(whole) - damaged,
    )
    db.session.flush()
    return len(opened)


def destroy(key_id: int) -> bool:
    """Step 3, once step 2 is committed."""
    key = _locked(key_id, "opened")
    if key is None:
        return False
    keys.destroy(key.public_key)
    key.state = "destroyed"
    db.session.flush()
    return True


def what_may_be_told(found: Counter[tuple[str, str]], least: int) -> tuple[bool, bool]:
    """Whether (language, mode) may be kept with the answers of a batch.

    The language and the way of each person are known from the invitation, so they are kept only
    where at least `least` answers share each combination that is kept; otherwise for nobody.
    """
    languages: Counter[str] = Counter()
    modes: Counter[str] = Counter()
    for (language, mode), number in found.items():
        languages[language] += number
        modes[mode] += number
    if all(number >= least for number in found.values()):
        return True, True
    if all(number >= least for number in languages.values()):
        return True, False
    return False, all(number >= least for number in modes.values())


def _row(key: SealingKey, each: Contents, day: Any, told: tuple[bool, bool]) -> dict[str, Any]:
    return {
        "id": _IDS[0] + secrets.randbelow(_IDS[1] - _IDS[0]),
        "version_id": key.version_id,
        "campaign_id": key.campaign_id,
        "invitation_id": None,
        "state": "complete",
        "language": each.language if told[0] else "",
        "mode": each.mode if told[1] else "",
        "answers": each.answers,
        "reached": "",
        "is_test": False,
        "started_at": day,
        "submitted_at": day,
    }


def _seal_again(key: SealingKey, private: PrivateKey, ids: Sequence[uuid.UUID]) -> None:
    following = services.filling(key.campaign_id, key.version_id)
    if following is None:
        raise RuntimeError("the next epoch's key is missing")  # step 1 made it
    key_id, public = following
    size = size_for(load_version(key.version_id))
    for part in _chunks(ids):
        rows = [
            {
                "id": uuid.uuid4(),
                "campaign_id": key.campaign_id,
                "key_id": key_id,
                "ciphertext": seal(public, each, size),
            }
            for _id, each in _contents(private, part)
            if each
        ]
        db.session.execute(insert(SealedAnswer), rows)


def _contents(
    private: PrivateKey, ids: Sequence[uuid.UUID]
) -> Iterator[tuple[uuid.UUID, Contents | None]]:
    """Open envelopes in the order of `ids`; None: not sealed to this key, or damaged."""
    for part in _chunks(ids):
        found = dict(
            db.session.execute(
                select(SealedAnswer.id, SealedAnswer.ciphertext).where(SealedAnswer.id.in_(part))
            ).all()
        )
        for each in part:
            try:
                yield each, unseal(private, found[each])
            except (CryptoError, ValueError, KeyError, TypeError):
                yield each, None


def _chunks(ids: Sequence[uuid.UUID]) -> Iterator[Sequence[uuid.UUID]]:
    for start in range(0, len(ids), CHUNK):
        yield ids[start : start + CHUNK]


def _locked(key_id: int, state: str, *, wait: bool = False) -> SealingKey | None:
    """The epoch in that state, held to the end of the transaction; None: gone on, or in hand.

    The lock is the claim: it ends with the transaction, also where its process is killed.
    """
    return db.session.scalars(
        select(SealingKey)
        .where(SealingKey.id == key_id, SealingKey.state == state)
        .with_for_update(skip_locked=not wait)
        .execution_options(populate_existing=True)
    ).one_or_none()
