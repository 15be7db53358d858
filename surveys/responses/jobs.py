"""What happens to photos by itself."""

from portal import jobs
from surveys.responses import photos


@jobs.job(queue="default", timeout_seconds=60)
def forget_trial_photos() -> None:
    """Delete photos of previews that nobody brought to their end."""
    photos.forget_trials()
