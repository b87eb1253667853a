"""Types for declarations that Django REST framework reads otherwise than a type checker does."""

from typing import Any

# A serializer's field that has the name of an attribute of `Field` or `Serializer` (`source`,
# `fields`, `errors`). DRF takes declared fields off the class, so the attribute stays what it is.
Shadowing = Any
