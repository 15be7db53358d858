from collections.abc import Iterator

import pytest
from flask import Flask

from portal.contacts import uploads


@pytest.fixture(autouse=True)
def no_uploads_left(app: Flask) -> Iterator[None]:
    yield
    with app.app_context():
        for path in uploads.folder().iterdir():
            path.unlink()
