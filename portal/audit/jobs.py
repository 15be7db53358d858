"""The sealer as a periodic job."""

from portal import jobs
from portal.audit import services


@jobs.job(queue="default", timeout_seconds=120)
def seal() -> None:
    while services.seal() == 1000:
        pass
