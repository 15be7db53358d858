"""The application: `create_app()`, and `Portal` to mount it into somebody else's Flask site."""

import dataclasses
import secrets
import threading
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

import redis
from flask import Flask, g, request, url_for
from flask_migrate import Migrate
from flask_security import current_user
from sqlalchemy import event
from werkzeug.middleware.dispatcher import DispatcherMiddleware
from werkzeug.middleware.proxy_fix import ProxyFix

from portal import (
    cli,
    compression,
    errors,
    form_words,
    health,
    i18n,
    logs,
    places,
    security,
    services,
)
from portal.config import LOOPBACK, ROOT, Settings
from portal.db import db
from portal.host import host_plugin
from portal.plugin import active, load
from portal.ratelimit import limiter, queue_connections
from portal.sessions import Sessions


def create_app(settings: Settings | None = None, *, prefix: str = "") -> Flask:
    """Build the portal. Raises ConfigurationError or PluginError; starts and connects nothing.

    `prefix` is where a host site mounts it, e.g. "/citizen": cookies are then named and scoped so
    that the two sites never see each other's.
    """
    settings = settings or Settings.from_environ()
    logs.configure(settings, mounted=bool(prefix))
    app = Flask("portal", root_path=str(Path(__file__).parent))
    urls = _service_urls(settings)
    app.extensions.update(pasokh_settings=settings, pasokh_urls=urls)
    # A queue server that hangs must not hang every sign-in.
    app.extensions["pasokh_redis"] = redis.from_url(
        urls.redis_url, socket_timeout=5, socket_connect_timeout=5
    )
    app.extensions["pasokh_plugins"] = (host_plugin(), *load(settings.plugins))
    app.config.update(_flask_config(settings, urls, prefix))
    app.session_interface = Sessions()

    db.init_app(app)
    Migrate(app, db, directory=str(ROOT / "migrations"), compare_type=True)
    i18n.init_app(app)
    form_words.init()
    errors.init_app(app)
    _identify_requests(app)
    security.init_app(app)
    from portal.accounts import sign_in

    sign_in.init_app(app)
    with app.app_context():
        limiter.init_app(app)
    compression.init_app(app)
    app.register_blueprint(health.blueprint)
    with app.app_context():
        _embedded_on_demand(app, settings)
        _plug_in(app)
    _template_context(app, settings)
    cli.init_app(app)
    if settings.trusted_proxies:
        n = settings.trusted_proxies  # of For, Proto and Host; Port and Prefix are nobody's
        app.wsgi_app = ProxyFix(app.wsgi_app, n, n, n, 0, 0)  # type: ignore[method-assign]
    return app


class Portal:
    """Mount the product into a Flask application that is not ours.

        from portal.app import Portal
        Portal(app, prefix="/citizen")

    The portal stays an application of its own (own login, CSRF, languages, limits, error pages);
    `app` only hands over what lies under the prefix. Its commands join `app`'s CLI as a group
    `pasokh`. PUBLIC_URL must then include the prefix.
    """

    def __init__(
        self, host_app: Flask, prefix: str = "/citizen", settings: Settings | None = None
    ) -> None:
        if not prefix.startswith("/") or prefix.endswith("/"):
            raise ValueError("prefix must begin and not end with a slash, like /citizen")
        self.prefix = prefix
        self.app = create_app(settings, prefix=prefix)
        host_app.wsgi_app = DispatcherMiddleware(  # type: ignore[method-assign]
            host_app.wsgi_app, {prefix: self.app.wsgi_app}
        )
        host_app.cli.add_command(cli.as_group(self.app))


def _service_urls(settings: Settings) -> services.ServiceUrls:
    embedded = services.locations(settings.data_dir)
    database = settings.database_url or embedded.database_url
    if database.startswith("postgresql://"):
        database = "postgresql+psycopg://" + database.removeprefix("postgresql://")
    return dataclasses.replace(
        embedded, database_url=database, redis_url=settings.redis_url or embedded.redis_url
    )


def _flask_config(settings: Settings, urls: services.ServiceUrls, prefix: str) -> dict[str, Any]:
    public = urlsplit(settings.public_url)
    secure = public.scheme == "https"
    return {
        "SECRET_KEY": settings.secret_key,
        # Elsewhere a developer comes by many names; mounted, the host site decides.
        "TRUSTED_HOSTS": [public.hostname, *LOOPBACK]
        if settings.is_production and not prefix
        else None,
        "TESTING": settings.pasokh_env == "test",
        "SQLALCHEMY_DATABASE_URI": urls.database_url,
        "SQLALCHEMY_ENGINE_OPTIONS": {
            "pool_pre_ping": True,
            "pool_size": 10,
            "max_overflow": 20,
            # Answers, numbers and password hashes would else stand in errors, thus in logs.
            "hide_parameters": True,
        },
        "MAX_CONTENT_LENGTH": settings.upload_limit_mb * 1024 * 1024,
        "MAX_FORM_MEMORY_SIZE": 2 * 1024 * 1024,
        "MAX_FORM_PARTS": 5000,
        "SESSION_COOKIE_NAME": f"pasokh{prefix.replace('/', '_')}",
        "SESSION_COOKIE_PATH": f"{prefix}/",
        "SESSION_COOKIE_HTTPONLY": True,
        "SESSION_COOKIE_SAMESITE": "Lax",
        "SESSION_COOKIE_SECURE": secure,
        "PERMANENT_SESSION_LIFETIME": 12 * 3600,
        "WTF_CSRF_TIME_LIMIT": None,
        "WTF_CSRF_SSL_STRICT": secure,
        "BABEL_DEFAULT_LOCALE": settings.default_language,
        "BABEL_DEFAULT_TIMEZONE": "UTC",
        "TIMEZONE": settings.timezone,
        "CITY_PHONE": settings.city_phone,
        "SEND_FILE_MAX_AGE_DEFAULT": 7 * 24 * 3600,
        "DEFAULT_LANGUAGE": settings.default_language,
        # Any Redis: which one, with its timeouts, is the pool of the application at work.
        "RATELIMIT_STORAGE_URI": "redis://",
        "RATELIMIT_STORAGE_OPTIONS": {"connection_pool": queue_connections},
        "RATELIMIT_SWALLOW_ERRORS": True,
        "RATELIMIT_IN_MEMORY_FALLBACK_ENABLED": True,
        "RATELIMIT_KEY_PREFIX": "pasokh-limits",
    }


def _embedded_on_demand(app: Flask, settings: Settings) -> None:
    """Start or join the embedded services at the first connection, not at import, and make their
    tables before the first page: `flask run` alone is enough. An outside database is migrated by
    its operator."""
    if settings.database_url:
        return

    @event.listens_for(db.engine, "do_connect")
    def _start(*_: object) -> None:
        services.ensure_running(settings.data_dir)

    lock, done = threading.Lock(), threading.Event()

    @app.before_request
    def _prepare() -> None:
        if done.is_set() or request.endpoint == "static" or request.blueprint == "health":
            return
        with lock:
            if not done.is_set():
                cli.prepare_database(app)
                done.set()


def _plug_in(app: Flask) -> None:
    prefixes: dict[str, str] = {}
    for plugin in active():
        for blueprint in plugin.blueprints:
            app.register_blueprint(blueprint)
        for command in plugin.cli:
            app.cli.add_command(command)
        prefixes.update(plugin.link_prefixes)
        if plugin.connect_signals:
            plugin.connect_signals()
        if plugin.setup:
            plugin.setup(app)
    app.extensions["pasokh_link_prefixes"] = prefixes


def _identify_requests(app: Flask) -> None:
    def give_id() -> None:
        g.request_id = secrets.token_hex(8)

    def show_id(response: Any) -> Any:
        response.headers["X-Request-Id"] = getattr(g, "request_id", "")
        return response

    app.before_request(give_id)
    app.after_request(show_id)


def _template_context(app: Flask, settings: Settings) -> None:
    versions: dict[str, str] = {}

    def asset(name: str) -> str:
        if name not in versions:
            stamp = (Path(app.static_folder or "") / name).stat().st_mtime_ns
            versions[name] = format(stamp // 1_000_000 % 0xFFFFFFFF, "x")
        return url_for("static", filename=name, v=versions[name])

    # Globals, so that macros which are imported without a context know them.
    app.jinja_env.globals.update(asset=asset, map_tiles=places.tiles)

    def switch_language_url(code: str) -> str:
        """This page in another language; only for pages that a GET shows."""
        if request.endpoint is None or request.method not in {"GET", "HEAD"}:
            return url_for("pages.home", lang=code)
        arguments = request.args.to_dict(flat=False)
        arguments["lang"] = [code]
        values: dict[str, Any] = dict(request.view_args or {})
        if "lang" in values:
            values["lang"] = code
            del arguments["lang"]
        # Never into url_for: a visitor's ?endpoint=, ?_scheme= or ?_external= would be obeyed.
        query = urlencode(arguments, doseq=True)
        return url_for(request.endpoint, **values) + (f"?{query}" if query else "")

    def navigation() -> list[dict[str, Any]]:
        items = sorted(
            (item for plugin in active() for item in plugin.navigation), key=lambda i: i.order
        )
        items = [item for item in items if security.may(item.permission)]
        here = request.endpoint or ""
        # The page itself, or for a page without an entry the first of its feature.
        ours = [item for item in items if item.endpoint.split(".")[0] == here.split(".")[0]]
        current = next((item for item in ours if item.endpoint == here), next(iter(ours), None))
        return [
            {
                "label": item.label,
                "url": url_for(item.endpoint),
                "active": item is current,
                "group": item.group,
            }
            for item in items
        ]

    @app.context_processor
    def context() -> dict[str, Any]:
        return {
            "asset": asset,
            "switch_language_url": switch_language_url,
            "navigation": navigation,
            "city_name": i18n.pick(settings.city_names),
            "demo_mode": settings.is_demo,
            "current_user": current_user,
            "has_plugin": lambda name: any(p.name == name for p in active()),
        }
