"""Settings → what parsing is told, kept in memory; at most one small query every few seconds.

A change is followed within `REFRESH_S` in every process. While the database is away, what is known
stays in force; lines of a source nobody here has met wait, as they must not be stored unredacted.
"""

import logging
import time
from dataclasses import dataclass, field, fields
from typing import TYPE_CHECKING, Any, cast

from django.conf import settings
from django.db import DatabaseError, InterfaceError, connection

from ingestion.custom import reading
from ingestion.errors import RulesUnavailable
from ingestion.models import Source
from ingestion.treatment.models import (
    REDACTED,
    AppSalt,
    LookupTable,
    RulesVersion,
    SourceRules,
    TagRule,
    split_list,
)
from storage.models import App

if TYPE_CHECKING:
    from parsing.enrichment import Enrichment, Table
    from parsing.enrichment.contracts import Switch
    from parsing.treatment import Treatment

logger = logging.getLogger(__name__)

REFRESH_S = 3.0
_AWAY = (DatabaseError, InterfaceError)


class UnknownSource(Exception):
    """Nobody made this source or its app here, or it was deleted; the text is a reason."""


@dataclass(slots=True)
class _Known:
    """What this process knows; `interned` gives equal settings one object, to be parsed as one."""

    version: str = ""
    looked_at: float = float("-inf")
    by_source: dict[tuple[str, str], "Treatment"] = field(default_factory=dict)
    interned: dict[Any, "Treatment"] = field(default_factory=dict)
    tables: dict[tuple[int, Any], "Table"] = field(default_factory=dict)


_known = _Known()


def forget() -> None:
    """Read everything again at the next use."""
    global _known
    _known = _Known()


def treatment_of(app: str, source: str) -> "Treatment":
    """What happens to the lines of a source.

    Raises:
        RulesUnavailable: the database is away and the source was not met before.
        UnknownSource: it does not exist, so nobody can say what is secret in its lines.
    """
    if not app:
        return default_treatment()
    _refresh()
    found = _known.by_source.get((app, source))
    if found is None:
        try:
            found = _load(app, source)
        except _AWAY as error:
            connection.close_if_unusable_or_obsolete()
            raise RulesUnavailable() from error
        _known.by_source[app, source] = found
    return found


def _refresh() -> None:
    if time.monotonic() - _known.looked_at < REFRESH_S:
        return
    try:
        version = RulesVersion.objects.values_list("number", flat=True).filter(pk=1).first() or ""
    except _AWAY:
        logger.warning("The rules cannot be read; those known stay in force")
        connection.close_if_unusable_or_obsolete()
        version = _known.version
    _known.looked_at = time.monotonic()
    if version != _known.version:
        _known.version = version
        _known.by_source.clear()
        _known.interned.clear()
        # An app may have gone, and another have come under its name.
        reading.forget()


def _load(app: str, source: str) -> "Treatment":
    rows = SourceRules.objects.select_related("source__app").prefetch_related("patterns")
    rules = rows.filter(source__app__slug=app, source__slug=source).first()
    if rules:
        return treatment_from(rules)
    if missing := _missing(app, source):
        raise UnknownSource(missing)
    return default_treatment()


def _missing(app: str, source: str) -> str:
    """Why there is nothing to know of a source; empty where it exists."""
    if Source.objects.filter(app__slug=app, slug=source).exists():
        return ""
    if App.objects.filter(slug=app).exists():
        return f"unknown_source: there is no source {source}; make it, then replay"
    return f"unknown_app: there is no app {app}; make it and its source {source}, then replay"


def default_treatment() -> "Treatment":
    """What happens to lines of a source without settings."""
    from parsing.treatment import DEFAULT

    return DEFAULT


def treatment_from(rules: SourceRules, *, patterns: Any = None) -> "Treatment":
    """What settings mean; `patterns` (name, pattern, action) stand in for those saved.

    Raises:
        UnusablePattern: a pattern is wrong.
    """
    from parsing.enrichment import Enrichment
    from parsing.redaction import Redaction
    from parsing.treatment import Treatment

    app_id = rules.source.app_id
    redaction = _redaction_rules(rules, patterns)
    is_hashing = any(rule.action == "hash" for rule in redaction)
    salt = AppSalt.objects.get_or_create(app_id=app_id)[0].value if is_hashing else ""
    enrichment = Enrichment(
        agents="on" if rules.user_agents else "off",
        urls=cast("Switch", rules.urls),
        ip_class=rules.ip_class,
        geo_files=settings.ENV.geoip_files if rules.geoip else (),
        tags=_tags(app_id) if rules.tags else (),
        tables=_tables(app_id) if rules.tables else (),
    )
    key = (redaction, salt, _values_of(enrichment))
    if key not in _known.interned:
        _known.interned[key] = Treatment(
            redaction=Redaction(rules=redaction, salt=salt.encode()), enrichment=enrichment
        )
    return _known.interned[key]


def _values_of(enrichment: "Enrichment") -> tuple[Any, ...]:
    """What tells equal settings; a table is equal to itself only."""
    return tuple(getattr(enrichment, each.name) for each in fields(enrichment))


def _redaction_rules(rules: SourceRules, patterns: Any) -> tuple[Any, ...]:
    from parsing.redaction import RULES, built_in_rule, own_rule

    if patterns is None:
        patterns = [(own.name, own.pattern, own.action) for own in rules.patterns.all()]
    chosen = {name: getattr(rules, name) for name in RULES if name in REDACTED}
    built_in = [built_in_rule(name, action) for name, action in chosen.items() if action != "off"]
    return (*built_in, *(own_rule(*own) for own in patterns))


def _tags(app_id: int) -> tuple[Any, ...]:
    from parsing.enrichment import TagRule as Tag

    rows = TagRule.objects.filter(app_id=app_id, is_active=True).order_by("tag", "pk")
    return tuple(
        Tag(tag=row.tag, fields=tuple(split_list(row.fields)), words=tuple(split_list(row.words)))
        for row in rows
    )


def _tables(app_id: int) -> tuple["Table", ...]:
    rows = LookupTable.objects.filter(app_id=app_id, is_active=True)
    stamps = rows.order_by("name").values_list("pk", "updated_at")
    return tuple(_table(pk, stamp) for pk, stamp in stamps)


def _table(pk: int, stamp: Any) -> "Table":
    from parsing.enrichment import read_table

    if (pk, stamp) not in _known.tables:
        for key in [key for key in _known.tables if key[0] == pk]:
            del _known.tables[key]
        row = LookupTable.objects.get(pk=pk)
        _known.tables[pk, stamp] = read_table(row.content, name=row.name, field=row.field)
    return _known.tables[pk, stamp]
