"""The sections of gateways.md say what each gateway's codes lead to."""

import re

import pytest

from portal.config import ROOT
from portal.messaging.gateways import twilio_records

PAUSES = "pauses the gateway"
CAMPAIGN = "pauses the campaign"
RESTS = "rests and goes on"
ASKS = "asks about the message"
DOES = {
    "stop_gateway": PAUSES,
    "config": PAUSES,
    "rate_limited": RESTS,
    "retry": RESTS,
    "ambiguous": ASKS,
    "pause": CAMPAIGN,
    "stop_campaign": CAMPAIGN,
    "bug": CAMPAIGN,
}
TWILIO = {
    **{str(code): DOES[kind] for code, kind in twilio_records.KINDS.items()},
    **{str(code): "fails that one message" for code in twilio_records.PER_MESSAGE},
    **{str(code): "marks the number as blocked" for code in twilio_records.BLOCKED},
}


@pytest.mark.parametrize(("heading", "codes"), [("Twilio", TWILIO)])
def test_the_table_of_codes_is_complete(heading: str, codes: dict[str, str]) -> None:
    text = (ROOT / "docs" / "gateways.md").read_text()
    section = text.split(f"\n## {heading}\n")[1].split("\n## ")[0]
    written: dict[str, str] = {}
    for line in re.findall(r"^\|(.*)\|$", section, re.MULTILINE):
        cells = [cell.strip() for cell in line.split("|")]
        for code in re.split(r", (?:or )?", cells[0]):
            if code.lstrip("-").isdigit() and len(cells) == 3:
                written[code] = cells[1]
    assert set(written) == set(codes)
    for code, does in codes.items():
        assert written[code].startswith(does), code
