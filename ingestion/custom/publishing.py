"""Publishes drafts once their cases pass, and goes back to versions before."""

from typing import Any, ClassVar

from django.db import transaction
from django.db.models import Max, QuerySet

from ingestion.authentication import forget_cached_keys
from ingestion.custom.cases import failing_cases
from ingestion.custom.models import CustomFormat, FormatVersion
from ingestion.formats import formats_in
from ingestion.models import Source
from logplatform.kernel.errors import PlatformError


class CasesFail(PlatformError):
    """A draft does not read its saved cases as it must."""

    code: ClassVar[str] = "cases_fail"
    status: ClassVar[int] = 409
    message: ClassVar[str] = "{count} of the saved cases fail; nothing was published."
    hint: ClassVar[str] = "data.cases says which and why. Mend the pattern, or the cases."


class VersionNotFound(PlatformError):
    """There is no such version of this format."""

    code: ClassVar[str] = "version_not_found"
    status: ClassVar[int] = 404
    message: ClassVar[str] = "There is no version {number} of this format."
    hint: ClassVar[str] = "GET /api/v1/formats/<id> lists its versions."


class FormatInUse(PlatformError):
    """Sources name this format."""

    code: ClassVar[str] = "format_in_use"
    status: ClassVar[int] = 409
    message: ClassVar[str] = "These sources are read as this format: {sources}."
    hint: ClassVar[str] = "Choose another format for them first."


def publish(draft: CustomFormat, *, by: Any) -> FormatVersion:
    """Make the draft the version in use; workers follow within seconds.

    Raises:
        CasesFail: a saved case does not pass.
        UnusableFormat: the pattern cannot be used.
    """
    failing = failing_cases(draft)
    if failing:
        raise CasesFail(count=len(failing), cases=failing[:20])
    with transaction.atomic():
        CustomFormat.objects.select_for_update().get(pk=draft.pk)
        earlier = versions_of(draft)
        latest = earlier.aggregate(latest=Max("number"))["latest"] or 0
        made = FormatVersion.objects.create(
            app=draft.app,
            name=draft.name,
            number=latest + 1,
            kind=draft.kind,
            pattern=draft.pattern,
            layouts=draft.layouts,
            published_by=by,
        )
        _use(draft, made)
    return made


def roll_back(draft: CustomFormat, number: int) -> FormatVersion:
    """Use a version of before again; it becomes the draft as well.

    Raises:
        VersionNotFound: there is none of this number.
    """
    version = versions_of(draft).filter(number=number).first()
    if version is None:
        raise VersionNotFound(number=number)
    draft.kind, draft.pattern, draft.layouts = version.kind, version.pattern, version.layouts
    _use(draft, version)
    return version


def versions_of(draft: CustomFormat) -> QuerySet[FormatVersion]:
    """Versions of a format, newest first."""
    return FormatVersion.objects.filter(app=draft.app_id, name=draft.name).order_by("-number")


def check_unused(draft: CustomFormat) -> None:
    """Refuse to delete a format that sources name.

    Raises:
        FormatInUse: some do.
    """
    named = [
        source.slug
        for source in Source.objects.filter(app=draft.app_id, format__contains=draft.name)
        if draft.name in formats_in(source.format)
    ]
    if named:
        raise FormatInUse(sources=", ".join(named[:20]))


def _use(draft: CustomFormat, version: FormatVersion) -> None:
    draft.version = version.number
    draft.save()
    forget_cached_keys()
