"""WebSocket addresses."""

from channels.security.websocket import WebsocketDenier
from django.urls import URLPattern, path, re_path

from dashboard.consumers import TailConsumer

websocket_urlpatterns: list[URLPattern] = [
    path("ws/tail", TailConsumer.as_asgi()),
    re_path(r"", WebsocketDenier.as_asgi()),
]
