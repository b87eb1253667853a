"""Input that refuses what it does not know, and fields many inputs have."""

from collections.abc import Mapping
from typing import Any

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers
from rest_framework.exceptions import ValidationError

from storage.access import apps_for
from storage.models import App


class StrictInput(serializers.Serializer[Any]):
    """Refuses fields it does not have, so that nobody believes they were set."""

    def to_internal_value(self, data: Any) -> Any:
        """The checked values.

        Raises:
            ValidationError: a value is not usable or its field cannot be set here.
        """
        if isinstance(data, Mapping):
            unknown = sorted(set(map(str, data)) - set(self.fields))
            if unknown:
                text = "This cannot be set here."
                raise ValidationError({name[:100]: [text] for name in unknown[:20]})
        return super().to_internal_value(data)


class NameField(serializers.CharField):
    """A name of up to 100 characters."""

    def __init__(self, **options: Any) -> None:
        super().__init__(max_length=100, **options)


@extend_schema_field(OpenApiTypes.STR)
class OwnApp(serializers.SlugRelatedField[App]):
    """An app of the person, by slug."""

    def __init__(self, **options: Any) -> None:
        super().__init__(slug_field="slug", **options)

    def get_queryset(self) -> Any:
        """Apps the person sees; others do not exist for them."""
        return apps_for(self.context["request"].user)
