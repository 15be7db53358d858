"""The WSGI entry: `flask --app wsgi run`, or any WSGI server with `wsgi:app`."""

import sys

from portal.app import create_app
from portal.config import ConfigurationError
from portal.plugin import PluginError

try:
    app = create_app()
except (ConfigurationError, PluginError) as error:
    sys.exit(str(error))
