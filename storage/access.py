"""Who may see which app: the one place that decides it."""

from typing import TYPE_CHECKING

from django.contrib.auth.models import AbstractBaseUser, AnonymousUser
from django.db.models import QuerySet

if TYPE_CHECKING:
    from storage.models import App


def apps_for(user: AbstractBaseUser | AnonymousUser) -> "QuerySet[App]":
    """The apps a person sees: all for a superuser, else those of the person's groups."""
    from storage.models import App

    if not user.is_authenticated or not user.is_active:
        return App.objects.none()
    if getattr(user, "is_superuser", False):
        return App.objects.all()
    return App.objects.filter(groups__user=user).distinct()
