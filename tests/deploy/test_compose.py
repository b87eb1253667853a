"""The production files: valid, without a default secret, and naming only what exists."""

import json
import re
import shlex
import shutil
import stat
import subprocess
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml
from django.core.management import get_commands, load_command_class
from django.utils.module_loading import import_string

ROOT = Path(__file__).resolve().parents[2]
FOLDER = Path(__file__).parent
COMPOSE = (ROOT / "docker-compose.yml").read_text()
DOCKERFILE = (ROOT / "Dockerfile").read_text()
SERVICES: dict[str, Any] = yaml.safe_load(COMPOSE)["services"]
OURS = ("web", "worker", "beat", "migrate")
REQUIRED = re.compile(r"\$\{(\w+):\?")


def words() -> Iterator[tuple[str, str]]:
    """Every command and health check as (service, text)."""
    for name, service in SERVICES.items():
        for part in (service.get("command"), service.get("healthcheck", {}).get("test")):
            if part:
                yield name, " ".join(part) if isinstance(part, list) else part


def test_the_compose_file_keeps_the_compose_specification() -> None:
    schema = json.loads((FOLDER / "compose-spec.json").read_text())
    jsonschema.Draft202012Validator(schema).validate(yaml.safe_load(COMPOSE))


def test_compose_itself_accepts_the_file_where_it_is_installed(tmp_path: Path) -> None:
    if not shutil.which("docker-compose"):
        pytest.skip("docker-compose is not installed")
    env = tmp_path / "env"
    make_env(env)
    command = ["docker-compose", "--env-file", str(env), "config", "--quiet"]
    subprocess.run(command, cwd=ROOT, check=True)


@pytest.mark.parametrize("name", sorted(SERVICES))
def test_every_service_restarts_and_tells_its_health(name: str) -> None:
    service = SERVICES[name]
    assert service["restart"]
    assert service["deploy"]["resources"]["limits"]["memory"]
    assert service["healthcheck"].get("test") or name == "migrate"


@pytest.mark.parametrize("name", OURS)
def test_our_containers_may_do_little(name: str) -> None:
    service = SERVICES[name]
    assert service["read_only"]
    assert service["cap_drop"] == ["ALL"]
    assert "privileged" not in service


def test_images_are_pinned_to_a_version() -> None:
    images = [s["image"] for s in SERVICES.values()] + re.findall(r"^FROM (\S+)", DOCKERFILE, re.M)
    foreign = [image for image in images if not image.startswith("logplatform:")]
    assert foreign
    assert all(re.fullmatch(r"[\w./-]+:\d[\w.-]*", image) for image in foreign), foreign


def test_no_secret_has_a_value_or_a_default() -> None:
    for name, service in SERVICES.items():
        for variable, value in service.get("environment", {}).items():
            if re.search(r"SECRET|PASSWORD|DATABASE_URL|VALKEY_URL|CLICKHOUSE_URL", variable):
                assert REQUIRED.search(value), f"{name}: {variable} needs ${{…:?…}}"


def test_only_the_web_is_reachable_and_on_loopback_unless_told() -> None:
    published = {name: s["ports"] for name, s in SERVICES.items() if "ports" in s}
    assert list(published) == ["web"]
    assert published["web"][0].startswith("${BIND:-127.0.0.1}:")


def test_the_queue_is_fsynced_and_never_evicts() -> None:
    command = SERVICES["valkey"]["command"][-1]
    assert "--appendonly yes --appendfsync always" in command
    assert "--maxmemory-policy noeviction" in command
    assert "requirepass" in command


def test_every_server_keeps_its_data_in_a_named_volume() -> None:
    volumes = yaml.safe_load(COMPOSE)["volumes"]
    for name in ("valkey", "postgres", "clickhouse", "migrate"):
        assert [v.split(":")[0] for v in SERVICES[name]["volumes"]][0] in volumes


def test_settings_passed_on_are_settings_we_have() -> None:
    from dataclasses import fields

    from logplatform.env import Env

    known = {field.name.upper() for field in fields(Env)}
    for name in OURS:
        assert set(SERVICES[name]["environment"]) <= known


def test_every_setting_may_be_a_line_of_the_env_file() -> None:
    assert all({"path": ".env", "required": False} in SERVICES[name]["env_file"] for name in OURS)
    inside = SERVICES["web"]["environment"]
    assert (inside["DATA_DIR"], inside["PORT"]) == ("/data", "8000"), "PORT is that of the host"


def test_every_manage_command_named_exists() -> None:
    text = DOCKERFILE + "\n".join(text for _, text in words())
    named = set(re.findall(r"manage\.py[\"', ]+([a-z_]+)", text))
    assert named == {"prepare", "beat_alive", "collectstatic", "up"}
    assert named <= set(get_commands()), f"no such command: {named - set(get_commands())}"


def test_the_options_of_our_manage_commands_exist() -> None:
    for _, text in words():
        name, *options = text.partition("manage.py ")[2].split() or [""]
        if options:
            parser = load_command_class("logplatform", name).create_parser("manage.py", name)
            assert vars(parser.parse_args(options))["no_static"]


def test_the_applications_named_can_be_imported() -> None:
    text = "\n".join(text for _, text in words())
    assert import_string("logplatform.celery.app").main == "logplatform"
    assert set(re.findall(r"--app (\S+)|--app,? (\S+)", text)) == {("logplatform.celery", "")}
    assert "logplatform.asgi:application" in text
    assert import_string("logplatform.asgi.application")


@pytest.mark.parametrize("program", ["granian", "celery"])
def test_the_options_of_our_commands_are_known_to_the_programs(program: str) -> None:
    import sys

    helped = ["worker", "--help"] if program == "celery" else ["--help"]
    known = subprocess.run(
        [str(Path(sys.executable).with_name(program)), *helped],
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    command = next(text for _, text in words() if f"exec {program} " in text)
    options = {word for word in shlex.split(command) if word.startswith("--")} - {
        "--app",
        "--quiet",
    }
    assert options
    assert not [option for option in options if option not in known]


def options_of(command: Sequence[str]) -> dict[str, tuple[str, ...]]:
    """Each option with its values; the words before the first one are left out."""
    found: dict[str, tuple[str, ...]] = {}
    name = ""
    for word in command:
        if word.startswith("-"):
            name = word
            found[name] = ()
        elif name:
            found[name] += (word,)
    return found


@pytest.mark.parametrize("name", ["web", "worker"])
def test_a_container_runs_the_command_that_runs_without_containers(
    name: str, tmp_path: Path
) -> None:
    from logplatform.embedded.services import Installation, stages_of
    from logplatform.env import load_env

    given = {"DATA_DIR": str(tmp_path), "HOST": "0.0.0.0", "WEB_WORKERS": "2"}
    installation = Installation(
        env=load_env(given), run_token="", valkey_port=None, engine_port=None
    )
    specs = {spec.name: spec for stage in stages_of(installation, is_demo=False) for spec in stage}
    program = "granian" if name == "web" else "celery"
    ours = specs[name].command
    local = options_of(ours[ours.index(program) + 1 :])
    text = SERVICES[name]["command"][-1].replace("--app ", "-A ")
    for variable, value in (("$$WEB_WORKERS", "2"), ("$$WORKER_CONCURRENCY", "3")):
        text = text.replace(variable, value)
    # A supervisor of ours has less patience than a container's end.
    local.pop("--workers-kill-timeout", None)
    assert options_of(shlex.split(text)[2:]) == local


def test_what_the_dockerfile_copies_exists_and_reaches_the_build() -> None:
    kept = [
        line[1:].rstrip("/")
        for line in (ROOT / ".dockerignore").read_text().splitlines()
        if line.startswith("!")
    ]
    assert all((ROOT / path).exists() for path in kept)
    for source in re.findall(r"^COPY (?!--from)(\S+) \S+", DOCKERFILE, re.M):
        assert source == "." or source in kept
    apps = {path.parent.name for path in ROOT.glob("*/apps.py")} | {"parsing", "templates"}
    assert apps <= set(kept), f"add !{apps - set(kept)}/ to .dockerignore"


def test_the_image_runs_as_nobody_and_installs_only_locked_packages() -> None:
    final = DOCKERFILE.rpartition("FROM ")[2]
    assert re.search(r"^USER logplatform$", final, re.M)
    assert "--require-hashes" in DOCKERFILE
    assert "dev.txt" not in DOCKERFILE
    assert "HEALTHCHECK" in final


def make_env(file: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["sh", str(ROOT / "deploy" / "make-env.sh"), *arguments],
        env={"ENV_FILE": str(file), "PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        check=False,
    )


def read_env(file: Path) -> dict[str, str]:
    pairs = [line.split("=", 1) for line in file.read_text().splitlines() if "=" in line]
    return {name: value for name, value in pairs if not name.startswith("#")}


def test_make_env_gives_every_variable_that_compose_requires(tmp_path: Path) -> None:
    file = tmp_path / "env"
    make_env(file, "https://logs.example.com")
    values = read_env(file)
    assert set(REQUIRED.findall(COMPOSE)) == set(values)
    assert values["PUBLIC_URL"] == "https://logs.example.com"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_make_env_gives_secrets_the_settings_accept_and_never_the_same(tmp_path: Path) -> None:
    from logplatform.env import load_env

    for name in ("one", "two"):
        make_env(tmp_path / name)
    one, two = read_env(tmp_path / "one"), read_env(tmp_path / "two")
    assert load_env({"SECRET_KEY": one["SECRET_KEY"]}).secret_key == one["SECRET_KEY"]
    secrets = [value for name, value in [*one.items(), *two.items()] if name != "PUBLIC_URL"]
    assert len(set(secrets)) == len(secrets) == 8
    assert all(re.fullmatch(r"[0-9a-f]{64}", secret) for secret in secrets)


def test_make_env_leaves_an_existing_file_alone(tmp_path: Path) -> None:
    file = tmp_path / "env"
    file.write_text("mine\n")
    answer = make_env(file)
    assert answer.returncode == 1
    assert "left as it is" in answer.stderr
    assert file.read_text() == "mine\n"
