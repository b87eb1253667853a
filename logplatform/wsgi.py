"""WSGI entry point, for tools that need one; ingest is served by `logplatform.asgi` only."""

from django.core.wsgi import get_wsgi_application

from logplatform.env import use_project_settings

use_project_settings()
application = get_wsgi_application()
