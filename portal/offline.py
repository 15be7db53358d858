"""Pages that work without a network: what their service worker is made of."""

import json
from pathlib import Path

from flask import Response, current_app


def worker(store: str) -> Response:
    """The worker of a page whose files lie in the browser's store of this name.

    Served by a route beside the page: a worker rules over nothing but what lies beside it.
    """
    path = Path(current_app.static_folder or "", "js", "offline-worker.js")
    script = f"self.PASOKH_STORE = {json.dumps(store)};\n{path.read_text(encoding='utf-8')}"
    response = Response(script, content_type="text/javascript; charset=utf-8")
    response.headers["Cache-Control"] = "no-cache"
    return response
