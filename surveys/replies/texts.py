"""The texts of a campaign as they are sent: with the choices, where it takes replies."""

from surveys.campaigns import texts as sms
from surveys.campaigns.models import Campaign
from surveys.questionnaires.services import load_version
from surveys.replies import choices
from surveys.replies.choices import Poll
from surveys.ways import reading


def poll_of(campaign: Campaign) -> Poll | None:
    """The poll of a campaign that takes replies."""
    if not reading.of(campaign.id).takes_replies:
        return None
    return choices.poll_of(load_version(campaign.version_id))


def filled(campaign: Campaign, language: str, text: str) -> str:
    """The text with {choices} replaced; {link} stays until the moment of sending."""
    if choices.CHOICES not in text:
        return text
    return choices.fill(poll_of(campaign), language, text)


def problem(campaign: Campaign, language: str, text: str) -> str | None:
    """What must be changed before this text of this campaign can be sent."""
    poll = poll_of(campaign)
    if poll is None:
        return sms.problem(text)
    if wrong := sms.placement(text, choices.CHOICES):
        return wrong
    return sms.problem(choices.fill(poll, language, text), is_link_needed=False)
