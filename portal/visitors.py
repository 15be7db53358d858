"""Whether a request comes from a person's browser, or from a program that looks at links.

Message apps and mail filters open links before people do, some in the guise of a browser. A
program that wants to be taken for a person is; nothing but a count depends on it.
"""

import re
from typing import Final

from werkzeug.datastructures import Headers

# Link previews, mail scanners, search engines, monitors, HTTP libraries. Not the names of message
# apps themselves: within these people read pages too. Cubot makes telephones. Programs say
# "compatible" and where to complain; of browsers only Internet Explorer said so.
_PROGRAMS: Final = re.compile(
    r"compatible;(?! ?msie)|\+https?:"
    r"|(?<!cu)bot\b|(?<!cu)bot[/_ -]|crawl|spider|slurp|preview|prefetch|scan|snippet|unfurl"
    r"|externalhit|facebot|facebookcatalog|whatsapp|skypeuri|vkshare|imgproxy|imageproxy|embedly"
    r"|iframely|safelinks|ms-office|msoffice|microsoft office|outlook|defender|barracuda|proofpoint"
    r"|mimecast|urldefense|trendmicro|symantec|messagelabs|forcepoint|fireeye|zscaler|sophos"
    r"|virustotal|google-safety|google-read-aloud|ggpht|lighthouse|monitor|uptime|headless|phantom"
    r"|selenium|puppeteer|playwright|curl|wget|python|java/|okhttp|go-http|libwww|httpclient|axios"
    r"|node-fetch|ruby|perl|scrapy|apache-|cfnetwork|dalvik",
    re.IGNORECASE,
)
_BROWSER: Final = re.compile(r"Mozilla/5\.0 \(|Opera/9\.80 \(")
_CHROME: Final = re.compile(r"Chrome/([0-9]{1,4})\.")
_TELLS_SINCE: Final = 80
"""From this version of Chrome on, every request tells what it is for."""
_PURPOSES: Final = ("Purpose", "Sec-Purpose", "X-Purpose", "X-Moz")


def is_person(method: str, headers: Headers, *, is_secure: bool) -> bool:
    """Whether somebody is looking at a page.

    A page that a browser fetches in advance is not being looked at. `is_secure`: over HTTPS,
    where newer browsers say what a request is for.
    """
    agent = headers.get("User-Agent", "")[:500]
    if method != "GET" or not _BROWSER.match(agent) or _PROGRAMS.search(agent):
        return False
    if any(headers.get(name) for name in _PURPOSES):
        return False
    if not headers.get("Accept-Language"):  # every browser sends it
        return False
    mode = headers.get("Sec-Fetch-Mode")
    if mode is not None:
        return mode == "navigate" and headers.get("Sec-Fetch-Dest", "document") == "document"
    chrome = _CHROME.search(agent)
    return not (is_secure and chrome and int(chrome[1]) >= _TELLS_SINCE)
