"""ASGI entry point of the web process: pages, API, WebSockets, and telemetry for a small site."""

import os
from typing import Any

import django
from channels.routing import ProtocolTypeRouter

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "segs_site.settings")

django.setup(set_prefix=False)  # loads the apps, which those below need

from segs_site.lib.threads import Pages  # noqa: E402
from segs_site.routing import sockets  # noqa: E402
from workers.ingest import application as ingest  # noqa: E402

pages = Pages()


async def http(scope: Any, receive: Any, send: Any) -> None:
    """Serve a request: readings past Django, all else through it."""
    chosen = ingest if scope["path"].startswith("/telemetry/") else pages
    await chosen(scope, receive, send)


application = ProtocolTypeRouter({"http": http, "websocket": sockets})
