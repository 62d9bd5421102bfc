"""ASGI entry point of the web process: pages, API and WebSockets."""

import os

from channels.routing import ProtocolTypeRouter
from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "segs_site.settings")

pages = get_asgi_application()  # loads the apps, which the sockets' models need

from segs_site.routing import sockets  # noqa: E402

application = ProtocolTypeRouter({"http": pages, "websocket": sockets})
