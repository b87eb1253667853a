"""What varies is taken out of a message, and what tells its kind stays."""

import time

import pytest

from logplatform.kernel.templates import ID_BITS, pattern_id_of, subject_of, template_of

_IPV6 = "fe80::1ff:fe23:4567:890a"


@pytest.mark.parametrize(
    ("message", "template"),
    [
        ("user created", "user created"),
        ("user deleted", "user deleted"),
        ("took 35 ms", "took <*>"),
        ("took 1.5s", "took <*>"),
        ("sent 12 KB to host", "sent <*> to host"),
        ("from 10.0.0.7 port 22", "from <*> port <*>"),
        ("from web-1.example.org:443 done", "from <*> done"),
        ("mail to a@b.de bounced", "mail to <*> bounced"),
        ("job 1b4e28ba-2fa1-11d2-883f-0016d3cca427 done", "job <*> done"),
        (f"peer {_IPV6} gone", "peer <*> gone"),
        ("at 0xdeadbeef and deadbeef", "at <*> and <*>"),
        ('a=1 b="x y" c=', "a=<*> b=<*> c=<*>"),
        ("open /var/log/x.log failed", "open <*> failed"),
        ("Invalid user bob from 10.0.0.1", "Invalid user <*> from <*>"),
        ("password for bob from 10.0.0.1", "password for <*> from <*>"),
        ("Fri Jun 17 07:07:00 2005 up", "<*> up"),
        ("first line 1\n  at x.y(z:2)", "first line <*>"),
        ("größe 17 überschritten", "größe <*> überschritten"),
        ("", ""),
    ],
)
def test_what_varies_is_masked(message: str, template: str) -> None:
    assert template_of(message) == template


@pytest.mark.parametrize(
    ("one", "other", "are_alike"),
    [
        ("job 7 failed", "job 8123 failed", True),
        ("job 7 failed", "job 7 done", False),
        ("user created", "user deleted", False),
        ("lock held by x1", "lock held by 77", True),
        ("a" * 2000, "a" * 2000 + "b", True),
    ],
)
def test_messages_of_one_kind_have_one_id(one: str, other: str, are_alike: bool) -> None:
    assert (pattern_id_of(one) == pattern_id_of(other)) is are_alike


def test_ids_never_change() -> None:
    """They are stored: new rules would need new ids for what they change only."""
    assert pattern_id_of("job 7 failed") == pattern_id_of("job 8 failed") == JOB_FAILED
    assert pattern_id_of("") == EMPTY
    assert max(JOB_FAILED, EMPTY) < 1 << ID_BITS


JOB_FAILED, EMPTY = 8_415_586_720_580_245, 2_537_880_150_861_722


@pytest.mark.parametrize(
    ("message", "attributes", "template"),
    [
        ('1.1.1.1 "GET /a/7/b?x=1"', {"method": "GET", "path": "/a/7/b?x=1"}, "GET /a/<*>/b"),
        ("", {"method": "PUT", "path": "/a"}, "PUT /a"),
        ("done in 3 ms", {"method": "GET", "path": "/a"}, "done in <*>"),
        ("read /a", {"path": "/a"}, "read <*>"),
        ("", {}, ""),
    ],
)
def test_a_request_counts_for_its_line(
    message: str, attributes: dict[str, str], template: str
) -> None:
    assert template_of(subject_of(message, attributes)) == template


@pytest.mark.parametrize(
    "part", ["A.", "a-", "ab:", "a@", "Jan ", "for user ", "=", "0:", "<", "\n"]
)
def test_no_message_takes_long(part: str) -> None:
    started = time.process_time()
    template_of(part * 100_000)
    assert time.process_time() - started < 1
