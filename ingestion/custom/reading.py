"""Published versions as parsing uses them, by the names that bodies on the queue carry.

The door writes `name@number` into the body's entry; a version never changes, so the same entry is
read the same way on every try, whatever is published meanwhile.
"""

from functools import lru_cache
from typing import TYPE_CHECKING

from django.db import DatabaseError, InterfaceError, connection

from ingestion.custom.models import CustomFormat, FormatVersion
from ingestion.errors import RulesUnavailable
from ingestion.formats import PIN, formats_in

if TYPE_CHECKING:
    from parsing import OwnFormat

_AWAY = (DatabaseError, InterfaceError)


def published(app_id: int) -> dict[str, int]:
    """Name → version in use of an app's own formats."""
    rows = CustomFormat.objects.filter(app_id=app_id).values_list("name", "version")
    return {name: version for name, version in rows if version is not None}


def unpinned(app: str, text: str) -> tuple[tuple[str, ...], "tuple[OwnFormat, ...]"]:
    """Names out of `pin_formats` without versions, and the app's own formats among them.

    A version that is gone (with its app) keeps its mark: no format has such a name.

    Raises:
        RulesUnavailable: the database is away and a version was not met before.
    """
    plain, own = [], []
    for name in formats_in(text):
        bare, mark, number = name.partition(PIN)
        found = _version(app, bare, int(number)) if mark and number.isdecimal() else None
        plain.append(bare if found else name)
        own += [found] if found else []
    return tuple(plain), tuple(own)


def _version(app: str, name: str, number: int) -> "OwnFormat | None":
    try:
        return _read_version(app, name, number)
    except FormatVersion.DoesNotExist:
        return None
    except _AWAY as error:
        connection.close_if_unusable_or_obsolete()
        raise RulesUnavailable() from error


@lru_cache(maxsize=1024)
def _read_version(app: str, name: str, number: int) -> "OwnFormat":
    from parsing.own import own_format

    row = FormatVersion.objects.get(app__slug=app, name=name, number=number)
    return own_format(name, row.definition)


def forget() -> None:
    """Read every version again at its next use."""
    _read_version.cache_clear()
