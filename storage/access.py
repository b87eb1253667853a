"""Who may see which app: the one place that decides it."""

from typing import TYPE_CHECKING

from django.contrib.auth.models import AnonymousUser, User
from django.db.models import QuerySet

if TYPE_CHECKING:
    from storage.models import App


def apps_for(user: User | AnonymousUser) -> "QuerySet[App]":
    """The apps a person sees: all for a superuser, else those of the person's groups."""
    from storage.models import App

    if not user.is_authenticated or not user.is_active:
        return App.objects.none()
    if user.is_superuser:
        return App.objects.all()
    return App.objects.filter(groups__user=user).distinct()
