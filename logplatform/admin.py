"""Admin of people, groups and schedules in the look of the rest; superusers only."""

from typing import TYPE_CHECKING, Any, ClassVar

from django.contrib import admin
from django.contrib.auth.admin import GroupAdmin as DjangoGroupAdmin
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from django.contrib.auth.models import Group, User
from django.db.models import ManyToManyField
from django_celery_beat import admin as beat
from django_celery_beat.models import (
    ClockedSchedule,
    CrontabSchedule,
    IntervalSchedule,
    PeriodicTask,
    SolarSchedule,
)
from unfold.decorators import display
from unfold.forms import AdminPasswordChangeForm, UserChangeForm, UserCreationForm
from unfold.widgets import (
    UnfoldAdminCheckboxSelectMultipleWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminTextInputWidget,
)

from logplatform.admin_figures import ago
from logplatform.admin_scope import ModelAdmin, SuperuserAdmin
from logplatform.schedule_words import crontab_words, interval_words, schedule_words

if TYPE_CHECKING:
    from django import forms

    _TaskForm = forms.ModelForm[Any]
    _TaskSelect = forms.Select
    _UserAdmin = DjangoUserAdmin[User]

    class _TaskAdmin(ModelAdmin):
        """As of django-celery-beat."""

    class _ScheduleAdmin(ModelAdmin):
        """As of django-celery-beat."""
else:
    _TaskForm, _TaskSelect = beat.PeriodicTaskForm, beat.TaskSelectWidget
    _TaskAdmin, _ScheduleAdmin = beat.PeriodicTaskAdmin, beat.CrontabScheduleAdmin
    _UserAdmin = DjangoUserAdmin

_THEIRS: tuple[Any, ...] = (User, Group, PeriodicTask, IntervalSchedule, CrontabSchedule)
# Groups and rights as lists to tick: Django's two boxes cannot be used by everybody.
_TICKED: dict[Any, Any] = {ManyToManyField: {"widget": UnfoldAdminCheckboxSelectMultipleWidget}}
admin.site.unregister((*_THEIRS, SolarSchedule, ClockedSchedule))


@admin.register(User)
class UserAdmin(SuperuserAdmin, _UserAdmin):
    """People. Groups decide which apps they see; rights what they may do there."""

    form = UserChangeForm
    add_form = UserCreationForm
    change_password_form = AdminPasswordChangeForm
    formfield_overrides = _TICKED
    list_display = ("username", "email", "member_of", "is_staff", "is_active", "last_login")

    @display(description="groups")
    def member_of(self, user: User) -> str:
        """Groups by name."""
        return ", ".join(group.name for group in user.groups.all())

    def get_queryset(self, request: Any) -> Any:
        """With the groups the list names."""
        return super().get_queryset(request).prefetch_related("groups")


@admin.register(Group)
class GroupAdmin(SuperuserAdmin, DjangoGroupAdmin):
    """Groups: teams that see apps, and sets of rights."""

    formfield_overrides = _TICKED
    list_display = ("name", "sees")

    @display(description="sees the apps")
    def sees(self, group: Group) -> str:
        """Apps by name."""
        return ", ".join(app.name for app in group.apps.all())

    def get_queryset(self, request: Any) -> Any:
        """With the apps the list names."""
        return super().get_queryset(request).prefetch_related("apps")


class TaskSelect(UnfoldAdminSelectWidget, _TaskSelect):
    """The registered tasks, in the look of the rest."""


class ScheduleForm(_TaskForm):
    """A schedule; the task is chosen from the list or written."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["task"].widget = UnfoldAdminTextInputWidget()
        self.fields["regtask"].widget = TaskSelect()


@admin.register(PeriodicTask)
class ScheduledTaskAdmin(SuperuserAdmin, _TaskAdmin):
    """What runs by itself and when."""

    form = ScheduleForm
    list_display = ("name", "when", "enabled", "ran")
    list_editable = ("enabled",)
    list_filter = ("enabled",)
    date_hierarchy = None
    fieldsets = (
        (None, {"fields": ("name", "description", "enabled", "regtask", "task")}),
        ("When (choose one)", {"fields": ("interval", "crontab", "crontab_translation")}),
        (
            "More",
            {
                "classes": ("collapse",),
                "fields": ("one_off", "start_time", "expire_seconds", "queue", "args", "kwargs"),
            },
        ),
    )

    @display(description="when")
    def when(self, task: PeriodicTask) -> str:
        """The schedule in words."""
        return schedule_words(task)

    @display(description="last run", ordering="last_run_at")
    def ran(self, task: PeriodicTask) -> str:
        """When it ran last."""
        return ago(task.last_run_at, never="not yet")

    def crontab_translation(self, task: PeriodicTask) -> str:
        """The time of day in words, also while there is none."""
        return crontab_words(task.crontab) if task.crontab else "—"


@admin.register(CrontabSchedule)
class CrontabAdmin(SuperuserAdmin, _ScheduleAdmin):
    """Times of day a schedule may use."""

    inlines: ClassVar = ()
    list_display = ("words",)

    @display(description="when")
    def words(self, crontab: CrontabSchedule) -> str:
        """The time of day in words."""
        return crontab_words(crontab)


@admin.register(IntervalSchedule)
class IntervalAdmin(SuperuserAdmin):
    """Intervals a schedule may use."""

    list_display = ("words",)

    @display(description="when")
    def words(self, interval: IntervalSchedule) -> str:
        """The interval in words."""
        return interval_words(interval.every, interval.period)
