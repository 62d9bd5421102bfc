"""Addresses of the sockets of the grid."""

from django.urls import re_path

from grid.consumers import LiveConsumer

websocket_urlpatterns = [re_path(r"^ws/?$", LiveConsumer.as_asgi())]
