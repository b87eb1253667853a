"""Clients of the pages, as the people of `tests.factories` have them."""

from django.contrib.auth.models import User
from django.test import Client


def signed_in(user: User) -> Client:
    """A browser in which the person has signed in."""
    client = Client()
    client.force_login(user)
    return client
