"""The dialects by name."""

from collections.abc import Callable, Mapping
from typing import Final

from portal.messaging.simulator.behaviour import Behaviour
from portal.messaging.simulator.dialect import Dialect
from portal.messaging.simulator.generic import Generic
from portal.messaging.simulator.ippanel import IpPanel
from portal.messaging.simulator.kavenegar import Kavenegar
from portal.messaging.simulator.ledger import Ledger
from portal.messaging.simulator.melipayamak import Melipayamak
from portal.messaging.simulator.smsir import SmsIr
from portal.messaging.simulator.twilio import Twilio

DIALECTS: Final[Mapping[str, Callable[[Ledger, Behaviour, str, int], Dialect]]] = {
    "ippanel": IpPanel,
    "kavenegar": Kavenegar,
    "smsir": SmsIr,
    "generic": Generic,
    "melipayamak": Melipayamak,
    "twilio": Twilio,
}
