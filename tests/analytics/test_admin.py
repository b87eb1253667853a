"""What people keep in the admin: scripts inert, private things private, no adding."""

import pytest

from analytics.models import Dashboard, SavedSearch
from tests.clients import signed_in
from tests.factories import Roles

pytestmark = pytest.mark.django_db

SCRIPT = "<script>alert(1)</script>"


def keep(roles: Roles, **values: object) -> SavedSearch:
    given = {"app": roles.a.app, "owner": roles.owner, "name": SCRIPT, "q": SCRIPT, **values}
    return SavedSearch.objects.create(**given)


def test_names_queries_and_titles_are_shown_as_text(roles: Roles) -> None:
    keep(roles, is_shared=True)
    board = Dashboard.objects.create(
        name=SCRIPT, app=roles.a.app, panels=[{"title": SCRIPT, "kind": "bar"}]
    )
    client = signed_in(roles.owner)
    for page in ("savedsearch/", "dashboard/", f"dashboard/{board.pk}/change/"):
        text = client.get(f"/admin/analytics/{page}").content.decode()
        assert SCRIPT not in text
        assert "&lt;script&gt;alert(1)" in text


def test_private_searches_of_others_are_not_shown_to_members(roles: Roles) -> None:
    kept = keep(roles)
    client = signed_in(roles.member)
    assert "alert(1)" not in client.get("/admin/analytics/savedsearch/").content.decode()
    assert client.get(f"/admin/analytics/savedsearch/{kept.pk}/change/").status_code == 302
    assert (
        signed_in(roles.owner).get(f"/admin/analytics/savedsearch/{kept.pk}/change/").status_code
        == 200
    )


def test_a_shared_search_is_withdrawn_in_the_admin_and_nothing_is_added_there(
    roles: Roles,
) -> None:
    kept = keep(roles, is_shared=True)
    client = signed_in(roles.member)
    client.post(f"/admin/analytics/savedsearch/{kept.pk}/change/", {"name": "Plain"})
    kept.refresh_from_db()
    assert (kept.name, kept.is_shared, kept.q) == ("Plain", False, SCRIPT)
    assert client.get("/admin/analytics/savedsearch/add/").status_code == 403


def test_a_kept_thing_leads_to_where_it_is_used(roles: Roles) -> None:
    kept = keep(roles, q='level:error "a b"', range="1h", is_shared=True)
    board = Dashboard.objects.create(name="Shop", app=roles.a.app, owner=roles.owner)
    client = signed_in(roles.owner)
    page = client.get(f"/admin/analytics/savedsearch/{kept.pk}/change/").content.decode()
    assert 'href="/?q=level%3Aerror+%22a+b%22&amp;range=1h&amp;app=alpha"' in page
    page = client.get(f"/admin/analytics/dashboard/{board.pk}/change/").content.decode()
    assert f'href="/dashboards/{board.pk}"' in page
