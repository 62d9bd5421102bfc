"""ASGI entry point of the web process: pages, API and WebSockets."""

import os

from channels.routing import ProtocolTypeRouter
from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "segs_site.settings")

pages = get_asgi_application()

application = ProtocolTypeRouter({"http": pages})
