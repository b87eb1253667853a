"""The queries a person ran: each once, the newest first, a bounded number."""

from django.contrib.auth.models import User

from analytics.models import MAX_HISTORY, QueryRun
from logplatform.kernel import clock
from storage.models import App


def remember(owner: User, *, q: str, app: App | None = None, range: str = "") -> QueryRun:
    """Put a query on top of a person's history, and forget what is beyond `MAX_HISTORY`."""
    own = QueryRun.objects.filter(owner=owner)
    own.filter(q=q, app=app, range=range).delete()
    run = QueryRun(owner=owner, app=app, q=q, range=range, ran_at=clock.now())
    run.full_clean()
    run.save()
    beyond = own.values_list("pk", flat=True)[MAX_HISTORY:]
    QueryRun.objects.filter(pk__in=list(beyond)).delete()
    return run
