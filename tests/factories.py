"""Makes the people and things tests need: three roles and two apps that must not meet.

`make_roles()` is the usual start: the owner (superuser), a member of app A with the rights to
manage it, and an outsider with the same rights in app B.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from django.contrib.auth.models import Group, Permission, User

from ingestion.models import ApiKey, Source
from storage.models import App, RetentionPolicy

MANAGED = (
    *("app", "source", "apikey", "retentionpolicy", "retentionrun", "ledgergap"),
    *("savedsearch", "dashboard"),
    *("sourcerules", "tagrule", "lookuptable", "customformat"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Tenant:
    """One app with all that belongs to it; the keys are plaintexts."""

    app: App
    group: Group
    source: Source
    policy: RetentionPolicy
    key: ApiKey
    ingest_key: str
    query_key: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Roles:
    """Who asks, and the two apps: the member belongs to `a`, the outsider to `b`."""

    owner: User
    member: User
    outsider: User
    a: Tenant
    b: Tenant


def make_user(
    name: str, *, groups: Iterable[Group] = (), rights: Iterable[str] = (), **fields: object
) -> User:
    """A user without a password (`client.force_login`); rights are `app_label.codename`."""
    password = fields.pop("password", None)
    user = User.objects.create_user(name, password=password, **fields)
    user.groups.set(groups)
    wanted = set(rights)
    if wanted:
        known = Permission.objects.select_related("content_type")
        found = {f"{right.content_type.app_label}.{right.codename}": right for right in known}
        user.user_permissions.set([found[name] for name in wanted])
    return user


def manager_rights() -> list[str]:
    """Every model right over what a manager of an app works with."""
    permissions = Permission.objects.filter(content_type__model__in=MANAGED)
    found = permissions.values_list("content_type__app_label", "codename")
    return [f"{label}.{codename}" for label, codename in found]


def make_app(slug: str = "shop", *, groups: Iterable[Group] = (), days: int | None = 30) -> App:
    """An app with its retention policy."""
    app = App.objects.create(name=slug.title(), slug=slug)
    app.groups.set(groups)
    RetentionPolicy.objects.create(app=app, days=days)
    return app


def make_source(app: App, slug: str = "web", **fields: object) -> Source:
    """A source of `app`."""
    return Source.objects.create(app=app, name=slug.title(), slug=slug, **fields)


def make_key(
    source: Source, scopes: Iterable[str] = ("ingest", "query"), **fields: object
) -> tuple[ApiKey, str]:
    """A key of `source` and its plaintext."""
    fields.setdefault("name", "test key")
    return ApiKey.issue(source=source, scopes=list(scopes), **fields)


def make_tenant(slug: str) -> Tenant:
    """An app, its group, one source, and one key for each scope."""
    group = Group.objects.create(name=f"{slug} people")
    app = make_app(slug, groups=[group])
    source = make_source(app, f"{slug}-web")
    key, ingest_key = make_key(source, ["ingest"], name=f"{slug} ingest key")
    _, query_key = make_key(source, ["query"], name=f"{slug} query key")
    return Tenant(
        app=app,
        group=group,
        source=source,
        policy=app.retention,
        key=key,
        ingest_key=ingest_key,
        query_key=query_key,
    )


def make_roles() -> Roles:
    """Two apps, the owner of everything, and a manager of each app."""
    a, b = make_tenant("alpha"), make_tenant("bravo")
    rights = manager_rights()
    return Roles(
        owner=make_user("owner", is_staff=True, is_superuser=True),
        member=make_user("member", groups=[a.group], rights=rights, is_staff=True),
        outsider=make_user("outsider", groups=[b.group], rights=rights, is_staff=True),
        a=a,
        b=b,
    )
