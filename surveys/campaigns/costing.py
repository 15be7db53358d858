"""What a campaign will cost: people by language and operator, parts and prices. Money in rial."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from sqlalchemy import func

from portal.contacts import audience
from portal.contacts.models import LANGUAGES, Contact
from portal.db import db
from portal.i18n import _
from portal.messaging import prices
from portal.messaging.prices import Operator, PriceList
from surveys.campaigns import services
from surveys.campaigns.models import Campaign
from surveys.campaigns.texts import TextCost
from surveys.sampling import drawing
from surveys.ways import reading as ways

People = Mapping[Operator, int]


@dataclass(frozen=True)
class Line:
    """One language's people at one operator. `price`: of one SMS; None where none is entered."""

    language: str
    operator: Operator
    people: int
    segments: int
    price: int | None

    @property
    def rial(self) -> int | None:
        return None if self.price is None else self.price * self.people


@dataclass(frozen=True)
class Forecast:
    """`gateway`: by whose prices; "" where none is configured. `known`: whether every price that
    is needed is entered."""

    gateway: str
    lines: tuple[Line, ...]

    @property
    def known(self) -> bool:
        return all(line.price is not None for line in self.lines)

    @property
    def rial(self) -> int | None:
        """The whole; None where a price is missing."""
        return sum(line.rial or 0 for line in self.lines) if self.known else None


def recipients(campaign: Campaign) -> dict[str, People]:
    """language -> operator -> how many people a launch now would write to."""
    if not ways.of(campaign.id).invites_by_sms:
        return {}
    wanted, line = services.wanted(campaign), services.sms_line()
    people = audience.contacts(wanted, line)
    if (sample := drawing.of(campaign.id)) is not None:
        people = people.where(Contact.id.in_(drawing.would_draw(sample, wanted, line)))
    is_mci = prices.is_mci(Contact.e164).label("is_mci")
    rows = db.session.execute(
        people.with_only_columns(Contact.language, is_mci, func.count()).group_by(
            Contact.language, "is_mci"
        )
    )
    found: dict[str, dict[Operator, int]] = {}
    for language, mci, number in rows:
        found.setdefault(language, {})["mci" if mci else "other"] = number
    return dict(found)


def price_list() -> PriceList:
    """The prices of the gateway that sends as a rule; without any where none is configured."""
    return prices.preferred() or PriceList("", {})


def forecast(
    people: Mapping[str, People], costs: Mapping[str, TextCost], table: PriceList
) -> Forecast:
    """What these texts to these people cost by a table of prices."""
    lines = [
        Line(
            language,
            operator,
            people[language][operator],
            costs[language].segments,
            table.of(operator, costs[language].found),
        )
        for language in LANGUAGES
        if language in people and language in costs
        for operator in prices.OPERATORS
        if people[language].get(operator)
    ]
    return Forecast(table.gateway, tuple(lines))


def forecast_of(campaign: Campaign) -> Forecast:
    """What a launch now would cost."""
    return forecast(recipients(campaign), services.costs(campaign), price_list())


def problems(campaign: Campaign) -> Iterator[str]:
    """Why a campaign with a budget cannot be launched."""
    if campaign.budget_rial is None:
        return
    if not forecast_of(campaign).known:
        yield _(
            "There is a budget, but not all prices are entered. Enter them under Messages, or take "
            "the budget away."
        )
