"""ASGI entry point: HTTP through the door of ingestion, WebSockets through Channels."""

import django
from channels.auth import AuthMiddlewareStack
from channels.routing import ProtocolTypeRouter, URLRouter

from logplatform.env import use_project_settings
from logplatform.kernel.freed_memory import keep_freed, share_freed

keep_freed(64 << 20)
share_freed()
use_project_settings()
django.setup(set_prefix=False)

# These load models, so Django must be set up.
from dashboard.routing import websocket_urlpatterns  # noqa: E402
from ingestion import watch  # noqa: E402
from ingestion.door import Door  # noqa: E402
from logplatform.origins import OriginCheck  # noqa: E402
from logplatform.page_layer import PageLayer  # noqa: E402
from logplatform.static_layer import StaticLayer  # noqa: E402

watch.start()
application = ProtocolTypeRouter(
    {
        "http": Door(StaticLayer(PageLayer())),
        "websocket": OriginCheck(AuthMiddlewareStack(URLRouter(websocket_urlpatterns))),
    }
)
