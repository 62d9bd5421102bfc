"""Every socket of the site, behind the check of where its page came from."""

from typing import Any

from channels.routing import URLRouter
from channels.security.websocket import OriginValidator, WebsocketDenier
from django.conf import settings
from django.urls import re_path

from grid.routing import websocket_urlpatterns


class OriginOrToken(OriginValidator):
    """Lets in pages of our own hosts, and programs: they send no Origin, but a token.

    A browser always sends an Origin, so a foreign page cannot ride on somebody's session.
    """

    async def __call__(self, scope: Any, receive: Any, send: Any) -> Any:
        """See the class."""
        has_origin = any(name == b"origin" for name, _ in scope["headers"])
        if not has_origin and b"token=" in scope["query_string"]:
            return await self.application(scope, receive, send)
        return await super().__call__(scope, receive, send)


sockets = OriginOrToken(
    URLRouter([*websocket_urlpatterns, re_path("", WebsocketDenier.as_asgi())]),
    settings.ALLOWED_HOSTS,
)
