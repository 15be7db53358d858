"""The staff page of prices."""

from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from portal.db import db
from portal.i18n import InputError, _, format_number, parse_int
from portal.messaging import account, prices
from portal.messaging.prices import ENCODINGS, OPERATORS, Key
from portal.messaging.views import blueprint
from portal.security import allow

__all__ = ["blueprint"]


@blueprint.app_template_filter("as_toman")
def as_toman(rial: int) -> int:
    return prices.toman(rial)


@blueprint.get("/prices")
@allow("messages.control")
def show_prices() -> ResponseReturnValue:
    """The price of one part by gateway, operator and letters."""
    return _page(_stored(), {})


@blueprint.post("/prices")
@allow("messages.control")
def save_prices() -> ResponseReturnValue:
    """Enter them; an empty field takes a price away."""
    typed = {name: request.form.get(name, "").strip()[:40] for name in _stored()}
    wanted: dict[str, dict[Key, int | None]] = {each.name: {} for each in account.accounts()}
    errors: dict[str, str] = {}
    for gateway, key, name in _fields():
        try:
            wanted[gateway][key] = _rial(typed[name])
        except InputError as error:
            errors[name] = str(error.message)
        except ValueError:
            errors[name] = _(
                "Write a price between 0 and %(most)s rial.", most=format_number(prices.MOST)
            )
    if errors:
        return _page(typed, errors), 422
    changed = [prices.change(gateway, each) for gateway, each in wanted.items()]
    db.session.commit()
    flash(_("The prices are saved.") if any(changed) else _("Nothing has changed."), "success")
    return redirect(url_for("messages.show_prices"), 303)


def _rial(typed: str) -> int | None:
    if not typed:
        return None
    rial = parse_int(typed)
    if not 0 <= rial <= prices.MOST:
        raise ValueError(rial)
    return rial


def _fields() -> list[tuple[str, Key, str]]:
    """(gateway, key, name of the field) of every price."""
    return [
        (each.name, (operator, encoding), f"{each.name}-{operator}-{encoding}")
        for each in account.accounts()
        for encoding in ENCODINGS
        for operator in OPERATORS
    ]


def _stored() -> dict[str, str]:
    found = prices.lists([each.name for each in account.accounts()])
    return {
        name: format_number(found[gateway].parts[key]) if key in found[gateway].parts else ""
        for gateway, key, name in _fields()
    }


def _page(values: dict[str, str], errors: dict[str, str]) -> str:
    labels = {
        ("mci", "UCS-2"): _("Persian or Arabic, to MCI (Hamrah-e Avval)"),
        ("other", "UCS-2"): _("Persian or Arabic, to other operators"),
        ("mci", "GSM-7"): _("Latin, to MCI (Hamrah-e Avval)"),
        ("other", "GSM-7"): _("Latin, to other operators"),
    }
    rows: dict[str, list[dict[str, Any]]] = {}
    for gateway, key, name in _fields():
        cell = {
            "name": name,
            "label": labels[key],
            "value": values[name],
            "errors": [errors[name]] if name in errors else [],
        }
        rows.setdefault(gateway, []).append(cell)
    return render_template(
        "messaging/prices.html",
        rows=[
            {"gateway": gateway, "cells": cells, "complete": all(c["value"] for c in cells)}
            for gateway, cells in rows.items()
        ],
        errors=list(errors.items()),
    )
