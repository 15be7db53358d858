"""Pages of packets: for the council, and for the office that compiles them."""

from workflows.packets.views.council import blueprint as council
from workflows.packets.views.staff import blueprint as packets

__all__ = ["council", "packets"]
