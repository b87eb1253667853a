"""The environment is typed and refused loudly."""

import json
import os
import stat

import pytest

from logplatform.env import EnvError, embedded_urls, load_env, load_secrets


def test_an_empty_environment_gives_the_defaults() -> None:
    env = load_env({})
    assert (env.port, env.data_dir.name, env.valkey_url, env.debug) == (8000, "var", "", False)
    assert env.max_body_bytes == 64 << 20


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PORT", "0"),
        ("PORT", "70000"),
        ("PORT", "http"),
        ("DEBUG", "maybe"),
        ("SECRET_KEY", "short"),
        ("CLICKHOUSE_URL", "localhost:8123"),
        ("VALKEY_URL", "http://localhost"),
        ("MAX_BODY_BYTES", "-1"),
        ("MAX_BODY_BYTES", "10 MB"),
        ("WEB_WORKERS", "1.5"),
    ],
)
def test_an_unusable_value_is_named(name: str, value: str) -> None:
    with pytest.raises(EnvError, match=f"{name}="):
        load_env({name: value})


def test_all_problems_are_told_at_once() -> None:
    with pytest.raises(EnvError) as caught:
        load_env({"PORT": "x", "DEBUG": "x"})
    assert "PORT=" in str(caught.value)
    assert "DEBUG=" in str(caught.value)


def test_shards_must_leave_a_worker_process_free() -> None:
    with pytest.raises(EnvError, match="WORKER_CONCURRENCY"):
        load_env({"INGEST_SHARDS": "3", "WORKER_CONCURRENCY": "3"})


def test_sizes_take_suffixes() -> None:
    assert load_env({"QUEUE_MAX_BYTES": "3k"}).queue_max_bytes == 3072


def test_secrets_are_made_once_for_their_owner_only(tmp_path) -> None:
    path = tmp_path / "data" / "secrets.json"
    first = load_secrets(path)
    assert load_secrets(path) == first
    assert len(set(first.values())) == len(first)
    assert stat.S_IMODE(os.stat(path).st_mode) == 0o600
    assert os.listdir(path.parent) == ["secrets.json"]


def test_running_embedded_services_are_found_through_the_data_folder(tmp_path) -> None:
    env = load_env({"DATA_DIR": str(tmp_path)})
    assert embedded_urls(env) == {}
    env.runtime_file.write_text(json.dumps({"valkey_port": 7001, "engine_port": 7002}))
    urls = embedded_urls(env)
    assert urls["valkey_url"].endswith("@127.0.0.1:7001/0")
    assert urls["clickhouse_url"].endswith("@127.0.0.1:7002/default")
