"""The messages this plugin sends, and the texts they have until somebody writes others."""

from typing import Final

from portal import clock, links
from portal.i18n import _, _l, current_language, digits, format_datetime
from portal.messaging.purposes import Placeholder, TemplatePurpose, sample_link
from surveys.satisfaction import questionnaire as satisfaction


def _link(prefix: str, *, required: bool = True) -> Placeholder:
    return Placeholder("link", sample_link(prefix), required=required, late=True)


_LINK: Final = "\n{link}"
_TITLE: Final = Placeholder("title", _l("Lighting of the parks"), required=False)
_NAME: Final = Placeholder("name", _l("I am Mayor"), required=False)
_NUMBER_CODE: Final = Placeholder("code", "0" * links.CODE_LENGTH, late=True)
_CHOICES: Final = Placeholder(
    "choices",
    lambda: "\n".join((digits(1) + ". " + _("Yes"), digits(2) + ". " + _("No"))),
    required=False,
    late=True,
)

INVITATION: Final = TemplatePurpose(
    "campaigns.invitation",
    _l("Beginning of a campaign"),
    lambda: _("Dear citizen, what is your opinion? “%(title)s”", title="{title}") + _LINK,
    (_TITLE, _link("/s/", required=False), _CHOICES),
    bulk=True,
    many=True,
)
PURPOSES: Final = (
    INVITATION,
    TemplatePurpose(
        "openlinks.code",
        _l("Code for a survey with an open link"),
        # The code last: phones offer the last number of an SMS for filling in.
        _l("Your code for the survey of the city:\n%(code)s", code="{code}"),
        (_NUMBER_CODE,),
    ),
    TemplatePurpose(
        "replies.thanks",
        _l("An answer by SMS counts"),
        _l("Thank you. Your answer counts: %(answer)s", answer="{answer}"),
        (Placeholder("answer", _l("Yes"), required=False),),
    ),
    TemplatePurpose(
        "replies.repeated",
        _l("A second answer by SMS"),
        _l("You have already answered. The first answer counts."),
    ),
    TemplatePurpose(
        "replies.full",
        _l("An answer by SMS of a group that is full"),
        _l("Thank you. Enough people like you have answered; your answer was not kept."),
    ),
    TemplatePurpose(
        "replies.early",
        _l("An answer by SMS before the first day"),
        _l("This survey opens on %(date)s", date="{date}"),
        (Placeholder("date", lambda: format_datetime(clock.now())),),
    ),
    TemplatePurpose(
        "replies.help",
        _l("An answer by SMS that is no choice"),
        _l(
            "We did not understand your answer. Reply with a number from %(first)s to %(last)s. "
            "A message to the city? Send it again.",
            first="{first}",
            last="{last}",
        ),
        (Placeholder("first", lambda: digits("1")), Placeholder("last", lambda: digits("4"))),
    ),
    TemplatePurpose(
        "satisfaction.question",
        _l("Question of satisfaction after a case"),
        lambda: satisfaction.SMS[current_language()],
        (_link("/s/"),),
        bulk=True,
    ),
    TemplatePurpose(
        "ballots.code",
        _l("Code for a proposal"),
        _l("Your code for the proposal to the city: %(code)s", code="{code}"),
        (_NUMBER_CODE,),
    ),
    TemplatePurpose(
        "ballots.proposing",
        _l("Invitation to propose, to begin from"),
        lambda: _("%(name)s: propose a project for your neighbourhood.", name="{name}") + _LINK,
        (_NAME, _link("/p/")),
        bulk=True,
    ),
    TemplatePurpose(
        "ballots.invitation",
        _l("Invitation to vote, to begin from"),
        lambda: _("%(name)s: vote for your neighbourhood.", name="{name}") + _LINK,
        (_NAME, _link("/b/")),
        bulk=True,
    ),
    TemplatePurpose(
        "ballots.result",
        _l("The result of a vote"),
        lambda: _("%(name)s: the result is here.", name="{name}") + _LINK,
        (_NAME, _link("/b/")),
        bulk=True,
    ),
)
