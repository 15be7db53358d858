"""What happens to votes by themselves."""

from collections.abc import Sequence

from portal import jobs
from portal.db import db
from surveys.ballots.services import closing, counting, inviting, pictures, proposals


@jobs.job(queue="default", timeout_seconds=600)
def advance() -> None:
    """Stop late invitations, close votes whose time is over, open their boxes, destroy the keys,
    count.

    Every step commits and can be run again.
    """
    inviting.stop_late()
    db.session.commit()
    for scheme_id in _ids(closing.due()):
        closing.close(scheme_id, only_if_due=True)
        db.session.commit()
    for area_id in _ids(closing.boxes_to_open()):
        closing.open_box(area_id)
        db.session.commit()
    closing.destroy_keys()
    for scheme_id in _ids(counting.ready()):
        counting.count(scheme_id)
        db.session.commit()


@jobs.job(queue="default", timeout_seconds=120)
def erase_unconfirmed() -> None:
    """Forget proposals whose number nobody proved."""
    files = proposals.erase_unconfirmed()
    db.session.commit()
    for name in files:
        pictures.discard(name)


def _ids(found: Sequence[int]) -> list[int]:
    ids = list(found)
    db.session.rollback()
    return ids
