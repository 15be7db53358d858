"""The sections of gateways.md say what each gateway's codes lead to."""

import re

import pytest

from portal.config import ROOT
from portal.messaging.gateways import ippanel, melipayamak_codes, twilio_records

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
IPPANEL = {
    **{code: DOES[kind] for code, kind in ippanel.KINDS.items()},
    **dict.fromkeys(ippanel.PER_MESSAGE, "fails that one message"),
}
MELIPAYAMAK = {
    **{str(code): DOES[kind] for code, kind in melipayamak_codes.KINDS.items()},
    "11": "fails that one message",
}
TWILIO = {
    **{str(code): DOES[kind] for code, kind in twilio_records.KINDS.items()},
    **{str(code): "fails that one message" for code in twilio_records.PER_MESSAGE},
    **{str(code): "marks the number as blocked" for code in twilio_records.BLOCKED},
}


@pytest.mark.parametrize(
    ("heading", "codes"), [("IPPanel", IPPANEL), ("Melipayamak", MELIPAYAMAK), ("Twilio", TWILIO)]
)
def test_the_table_of_codes_is_complete(heading: str, codes: dict[str, str]) -> None:
    text = (ROOT / "docs" / "gateways.md").read_text()
    section = text.split(f"\n## {heading}\n")[1].split("\n## ")[0]
    written: dict[str, str] = {}
    for line in re.findall(r"^\|(.*)\|$", section, re.MULTILINE):
        cells = [cell.strip() for cell in line.split("|")]
        for code in re.split(r", (?:or )?", cells[0]):
            if len(cells) == 3 and re.fullmatch(
                r"-?[0-9-]*[0-9]|message|from_number|recipients", code
            ):
                written[code] = cells[1]
    assert set(written) == set(codes)
    for code, does in codes.items():
        assert written[code].startswith(does), code
