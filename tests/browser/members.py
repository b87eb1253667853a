"""Other people than the administrator."""

import subprocess
import sys

from tests.browser.explorer import Explorer
from tests.installation import Up

_SCRIPT = """
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.auth.models import Group, User
from django.contrib.sessions.backends.db import SessionStore
from storage.models import App
group = Group.objects.create(name="{slug} readers")
App.objects.get(slug="{slug}").groups.add(group)
user = User.objects.create_user("reader-of-{slug}")
user.groups.add(group)
session = SessionStore()
session[SESSION_KEY] = str(user.pk)
session[BACKEND_SESSION_KEY] = "django.contrib.auth.backends.ModelBackend"
session[HASH_SESSION_KEY] = user.get_session_auth_hash()
session.create()
print("session", session.session_key)
"""


def become_member(page: Explorer, up: Up) -> None:
    """Go on as a new member of the page's app, who has no rights beyond that."""
    command = [sys.executable, "manage.py", "shell", "-c", _SCRIPT.format(slug=page.tenant.slug)]
    done = subprocess.run(command, env=up.environment(), check=True, capture_output=True, text=True)
    session = done.stdout.split()[-1]
    page.driver.delete_all_cookies()
    page.driver.add_cookie({"name": "sessionid", "value": session, "path": "/"})
