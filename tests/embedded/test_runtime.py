"""The lock on a data folder, ports, and files nobody else may read."""

import shutil
import socket
import stat
from dataclasses import replace
from pathlib import Path

import pytest

from logplatform.embedded import runtime
from logplatform.env import Env, load_env


@pytest.fixture
def env(tmp_path: Path) -> Env:
    """The environment of an empty data folder."""
    return replace(load_env({}), data_dir=tmp_path / "data")


def test_a_locked_folder_names_its_process(env: Env) -> None:
    with runtime.locked(env):
        runtime.write_runtime(env, {"url": "http://localhost:1"})
        with pytest.raises(runtime.AlreadyRunning) as error, runtime.locked(env):
            pass
    assert "http://localhost:1" in error.value.text
    assert "kill " in error.value.advice


def test_the_lock_ends_with_the_block(env: Env) -> None:
    for _ in range(2):
        with runtime.locked(env):
            pass


def test_a_busy_port_is_named_with_the_variable_that_changes_it(env: Env) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        with pytest.raises(runtime.PortInUse) as error:
            runtime.check_port(replace(env, port=port))
    assert str(port) in error.value.text
    assert "PORT=" in error.value.advice


def test_a_foreign_address_is_refused_with_its_variable(env: Env) -> None:
    with pytest.raises(runtime.AddressNotUsable, match=r"192\.0\.2\.1") as error:
        runtime.check_port(replace(env, host="192.0.2.1"))
    assert "HOST" in error.value.advice


def test_a_port_is_remembered_while_it_is_free() -> None:
    port = runtime.choose_port(None)
    assert runtime.choose_port(port) == port
    with socket.create_server(("127.0.0.1", port)):
        assert runtime.choose_port(port) != port


def test_a_copy_of_a_folder_does_not_end_the_run_of_its_original(env: Env) -> None:
    env.data_dir.mkdir()
    runtime.write_runtime(env, {"run_token": "t"})
    copy = replace(env, data_dir=env.data_dir.with_name("copy"))
    shutil.copytree(env.data_dir, copy.data_dir)
    assert runtime.last_run(copy) == ""
    assert runtime.last_run(env) == "t"
    moved = replace(env, data_dir=env.data_dir.rename(env.data_dir.with_name("moved")))
    assert runtime.last_run(moved) == "t"


@pytest.mark.parametrize("text", ["", "{", "[1]"])
def test_a_broken_runtime_file_counts_as_none(env: Env, text: str) -> None:
    env.data_dir.mkdir()
    env.runtime_file.write_text(text)
    assert runtime.read_runtime(env) == {}


def test_private_files_are_replaced_whole(tmp_path: Path) -> None:
    path = tmp_path / "secret"
    path.write_text("old")
    path.chmod(0o644)
    runtime.write_private(path, "new")
    assert (path.read_text(), stat.S_IMODE(path.stat().st_mode)) == ("new", 0o600)
    assert list(tmp_path.iterdir()) == [path]
