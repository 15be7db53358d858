"""Why a project won or lost, as a sentence in the reader's language."""

from fractions import Fraction
from math import ceil, floor
from typing import Any, Final

from portal.i18n import _, format_decimal, format_number, ngettext, pick

from .model import Amount, BallotKind, Explanation, Instance, Line, Tally
from .support import plain

FSI: Final = "\u2068"
PDI: Final = "\u2069"


def sentence(tally: Tally, line: Line) -> str:
    """The explanation of one line, e.g. "Not funded: after the projects above, 120,000,000 toman
    were left, this one costs 200,000,000 toman."."""
    why = line.explanation
    values = {name: money(tally.instance, amount) for name, amount in why.amounts.items()}
    text = _main(tally, line, why, values)
    if not why.level_with:
        return text
    level = _(
        "It was level with %(names)s; of equals the cheaper comes first, then the one that stands "
        "first in the published list.",
        names=_listed(tally.instance, why.level_with),
    )
    return f"{text} {level}"


def _main(tally: Tally, line: Line, why: Explanation, values: dict[str, str]) -> str:
    match why.reason:
        case "won":
            got = support(line.support, tally.kind)
            return _(
                "Funded, with %(support)s: it costs %(cost)s of the %(left)s that were left.",
                support=got,
                **values,
            )
        case "no_support":
            return _("Not funded: nobody chose it.")
        case "too_dear":
            return _(
                "Not funded: it costs %(cost)s, more than the whole budget of %(budget)s.", **values
            )
        case "does_not_fit":
            return _(
                "Not funded: after the projects above, %(left)s were left, this one costs "
                "%(cost)s.",
                **values,
            )
        case "list_ended":
            return _(
                "Not funded: the list ended before it, with %(name)s, which has more support and "
                "did not fit into what was left.",
                name=_listed(tally.instance, (why.stopped_at,)),
            )
        case "places_taken":
            return ngettext(
                "Not funded: the one place went to a project with more support.",
                "Not funded: the %(num)s places went to projects with more support.",
                why.numbers["winners"],
            )
        case "shares_won":
            return _(
                "Funded in round %(round)s: those who chose it paid its cost of %(cost)s out of "
                "their equal shares of %(share)s, nobody more than %(price)s.",
                round=format_number(why.numbers["round"]),
                **values,
            )
        case "free":
            return _("Funded: it costs nothing, and somebody chose it.")
        case "filled_up":
            return _(
                "Funded, with %(support)s: it costs %(cost)s of the %(left)s that the equal shares "
                "had left over.",
                support=support(line.support, tally.kind),
                **values,
            )
        case "shares_short":
            return _(
                "Not funded: those who chose it had %(left)s of their equal shares left together, "
                "it costs %(cost)s.",
                **values,
            )


def support(amount: Amount, kind: BallotKind | None) -> str:
    """ "12 votes", or "12 points" for ranked and points ballots."""
    whole = ceil(amount)
    more: dict[str, Any] = {} if whole == amount else {"num": _decimal(amount)}
    if kind in ("ranked", "points"):
        return ngettext("%(num)s point", "%(num)s points", whole, **more)
    return ngettext("%(num)s vote", "%(num)s votes", whole, **more)


def money(instance: Instance, amount: Amount) -> str:
    """An amount with its currency. Parts of a unit of money are cut after two digits."""
    number = _decimal(amount)
    name = pick(instance.currency)
    return f"{number} {name}" if name else number


def _decimal(amount: Amount) -> str:
    exact = plain(amount)
    if isinstance(exact, int):
        return format_number(exact)
    hundredths = floor(exact * 100)
    # A tiny rest is shown as such, not as nothing.
    return format_decimal(float(Fraction(max(hundredths, 1), 100)))


def _listed(instance: Instance, names: tuple[str, ...]) -> str:
    shown = []
    for name in names[:3]:
        project = instance.projects[instance.places[name]]
        shown.append(_("“%(name)s”", name=f"{FSI}{pick(project.name) or name}{PDI}"))
    if len(names) > 3:
        shown.append("…")
    return " · ".join(shown)
