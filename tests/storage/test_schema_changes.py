"""The schema changes while lines are inserted, and attributes have very many names."""

import threading

import pytest

from storage import facade as storage
from storage.clickhouse import client
from storage.facade import LogQuery
from tests.storage.records import make_frame

pytestmark = pytest.mark.usefixtures("clickhouse")
