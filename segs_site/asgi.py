"""ASGI entry point of the web process: pages, API, WebSockets, and telemetry for a small site."""

import os
from typing import Any

from channels.routing import ProtocolTypeRouter
from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "segs_site.settings")

pages = get_asgi_application()  # loads the apps, which the two below need

from segs_site.routing import sockets  # noqa: E402
from workers.ingest import application as ingest  # noqa: E402


async def http(scope: Any, receive: Any, send: Any) -> None:
    """Serve a request: readings past Django, all else through it."""
    chosen = ingest if scope["path"].startswith("/telemetry/") else pages
    await chosen(scope, receive, send)


application = ProtocolTypeRouter({"http": http, "websocket": sockets})
