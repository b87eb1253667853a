"""Admin pages that show only what belongs to the apps of the person looking.

Every admin of something that belongs to an app derives from `ScopedAdmin`: lists, forms, filters,
look-ups, actions and history all read `get_queryset`, so restricting that restricts them all.
Django's own model permissions (view, add, change, delete) come on top.
"""

from typing import TYPE_CHECKING, Any, ClassVar

from django.contrib.admin.widgets import RelatedFieldWidgetWrapper
from django.db.models import Field, Model, QuerySet
from django.http import HttpRequest

from storage.access import apps_for

if TYPE_CHECKING:
    from django.contrib.admin import ModelAdmin as _ModelAdmin
    from django.contrib.admin import TabularInline as _TabularInline

    ModelAdmin = _ModelAdmin[Any]
    TabularInline = _TabularInline[Any, Any]
else:
    from unfold.admin import ModelAdmin, TabularInline

__all__ = [
    "LabelledInline",
    "ModelAdmin",
    "ScopedAdmin",
    "SuperuserAdmin",
    "TabularInline",
    "staff_user",
]


def staff_user(request: HttpRequest) -> Any:
    """The person looking at an admin page, who is always signed in."""
    return request.user


def labelled(field: Any) -> Any:
    """The form field with a name for who hears it: in tables no label belongs to it."""
    if field is not None:
        field.widget.attrs.setdefault("aria-label", str(field.label))
    return field


class LabelledInline(TabularInline):
    """Rows of fields below a form."""

    def formfield_for_dbfield(
        self, db_field: "Field[Any, Any]", request: HttpRequest, **kwargs: Any
    ) -> Any:
        """Each field with a name of its own."""
        return labelled(super().formfield_for_dbfield(db_field, request, **kwargs))


class ScopedAdmin(ModelAdmin):
    """Shows, offers and changes only objects of apps the person sees.

    `app_path` is the look-up from the model to its app ("pk" for App itself).
    """

    app_path: ClassVar[str] = "app"
    hidden_lookups: ClassVar[tuple[str, ...]] = ()

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Objects of the person's apps."""
        queryset = super().get_queryset(request)
        if staff_user(request).is_superuser:
            return queryset
        return queryset.filter(**{f"{self.app_path}__in": apps_for(staff_user(request))})

    def formfield_for_dbfield(
        self, db_field: "Field[Any, Any]", request: HttpRequest, **kwargs: Any
    ) -> Any:
        """Choices out of what the person sees; no pop-ups to add or edit the other object."""
        if choices := self._visible(db_field.related_model):
            kwargs["queryset"] = choices.get_queryset(request)
        field = super().formfield_for_dbfield(db_field, request, **kwargs)
        if field and isinstance(field.widget, RelatedFieldWidgetWrapper):
            field.widget = field.widget.widget
        return labelled(field)

    def buttons(self, object_id: str | None) -> dict[str, bool]:
        """Buttons that differ from Django's choice, as `show_…`; a new object has no id."""
        return {}

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> Any:
        """The form with the buttons this admin wants."""
        extra = {**self.buttons(object_id), **(extra_context or {})}
        return super().changeform_view(request, object_id, form_url, extra)

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest) -> bool:
        """Whether the address of a list may filter by `lookup`."""
        if lookup.split("__")[0] in self.hidden_lookups:
            return False
        return super().lookup_allowed(lookup, value, request)

    def _visible(self, model: type[Model] | str | None) -> Any:
        """The scoped admin of `model`, None where there is none."""
        related = self.admin_site._registry.get(model) if isinstance(model, type) else None
        return related if isinstance(related, ScopedAdmin) else None


class SuperuserAdmin(ModelAdmin):
    """For what reaches over all apps (people, groups, schedules): superusers only."""

    def formfield_for_dbfield(
        self, db_field: "Field[Any, Any]", request: HttpRequest, **kwargs: Any
    ) -> Any:
        """Each field with a name of its own, also in lists that can be edited."""
        return labelled(super().formfield_for_dbfield(db_field, request, **kwargs))

    def has_module_permission(self, request: HttpRequest) -> bool:
        """Whether the section is shown."""
        return bool(staff_user(request).is_superuser)

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Superusers only, whatever permissions were given."""
        return bool(staff_user(request).is_superuser)

    has_add_permission = has_change_permission = has_delete_permission = has_view_permission
