"""Addresses of ingestion below /api/v1/."""

from django.urls import URLPattern, URLResolver, include, path

from ingestion import views
from ingestion.protocols import http_protocols

_PREFIX = "api/v1/"

urlpatterns: list[URLPattern | URLResolver] = [
    path(how.path.removeprefix(_PREFIX), views.IngestView.as_view(protocol=name), name=name)
    for name, how in http_protocols().items()
]
urlpatterns += [
    path("receipts", views.ReceiptsView.as_view(), name="receipts"),
    path("receipts/<str:receipt>", views.ReceiptView.as_view(), name="receipt"),
    path("queue", views.QueueView.as_view(), name="queue"),
    path("", include("ingestion.quarantine.urls")),
    path("", include("ingestion.control.urls")),
    path("", include("ingestion.trial.urls")),
]
