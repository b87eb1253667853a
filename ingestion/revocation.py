"""Keys that were revoked or deleted stay refused, also where the database is an older copy."""

import logging
from typing import Any

import redis
from django.db import transaction
from django.db.models.signals import post_delete, post_save

from ingestion import queue
from ingestion.models import ApiKey

logger = logging.getLogger(__name__)


def connect() -> None:
    """Listen; called once, when the app is ready."""
    post_save.connect(_saved, sender=ApiKey, dispatch_uid="key_revoked")
    post_delete.connect(_deleted, sender=ApiKey, dispatch_uid="key_deleted")


def _saved(instance: ApiKey, **_: Any) -> None:
    if instance.revoked_at is not None:
        transaction.on_commit(lambda: _note(instance.public_id))


def _deleted(instance: ApiKey, **_: Any) -> None:
    transaction.on_commit(lambda: _note(instance.public_id))


def _note(public_id: str) -> None:
    try:
        queue.note_revoked(public_id)
    except redis.RedisError:
        logger.warning("A revoked key is known to the database alone", extra={"key": public_id})
