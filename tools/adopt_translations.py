"""Fill what a catalog lacks from another: `python -m tools.adopt_translations OTHER`.

For two lines of work that both added messages: take one side's catalogs, `update`, then adopt.
"""

import sys
from pathlib import Path

from babel.messages.pofile import read_po

from tools.catalogs import ROOT, TRANSLATED, po_bytes


def adopt(other: Path) -> int:
    """How many messages got their translation from the catalogs under `other`."""
    adopted = 0
    for language in TRANSLATED:
        place = Path(language) / "LC_MESSAGES" / "messages.po"
        mine = read_po((ROOT / "translations" / place).open("rb"), locale=language)
        theirs = read_po((other / place).open("rb"), locale=language)
        for message in mine:
            strings = message.string if isinstance(message.string, tuple) else (message.string,)
            found = theirs.get(message.id, message.context) if message.id else None
            if found is not None and found.string and (message.fuzzy or not all(strings)):
                message.string = found.string
                message.flags.discard("fuzzy")
                adopted += 1
        (ROOT / "translations" / place).write_bytes(po_bytes(mine))
    return adopted


if __name__ == "__main__":
    print(adopt(Path(sys.argv[1])), "messages adopted")  # noqa: T201
