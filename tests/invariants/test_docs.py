"""The docs say what the code does."""

import re
from pathlib import Path

import pytest
from django.core.management import get_commands

from logplatform import generated_docs
from tests.invariants.sources import ROOT, name_of, tracked_files

MARKDOWN = tuple(path for path in tracked_files() if path.suffix == ".md")
# Folders of one machine, and hosts of package mirrors: of no use to anyone else.
PRIVATE = re.compile(
    r"(?<![\w.])/(?:home|root|work|Users)/\w|://[\w.-]*(?:pypi|npmjs|files\.pythonhosted)[\w.-]*"
)
BINARY = (".png", ".jpg", ".gz", ".woff2", ".ico", ".zst")


@pytest.mark.parametrize("name", sorted(generated_docs.pages()))
def test_generated_pages_are_those_the_code_makes(name: str) -> None:
    file = generated_docs.FOLDER / name
    text = file.read_text() if file.exists() else ""
    assert text == generated_docs.pages()[name], f"Run `make docs` and commit docs/{name}."


@pytest.mark.parametrize("page", MARKDOWN, ids=name_of)
def test_links_lead_somewhere(page: Path) -> None:
    targets = re.findall(r"\]\(([^)\s]+)\)", page.read_text())
    local = [t.partition("#")[0] for t in targets if not re.match(r"[a-z]+:|#", t)]
    dead = [target for target in local if not (page.parent / target).exists()]
    assert not dead, f"Repair these links in {name_of(page)}: {dead}"


def test_every_picture_is_shown_by_a_page() -> None:
    pictures = {path.name for path in tracked_files() if path.parent.name == "screens"}
    text = "".join(page.read_text() for page in MARKDOWN)
    unseen = sorted(name for name in pictures if f"screens/{name})" not in text)
    assert not unseen, f"Show these pictures in a page of docs/ or remove them: {unseen}"


@pytest.mark.parametrize("page", MARKDOWN, ids=name_of)
def test_commands_named_in_the_docs_exist(page: Path) -> None:
    text = page.read_text()
    commands = set(re.findall(r"manage\.py ([a-z_]+)", text))
    unknown = commands - set(get_commands())
    assert not unknown, f"{name_of(page)} names commands that do not exist: {unknown}"
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.M))
    named = set(re.findall(r"(?:`|^\s*|&& |\$ )make ([a-z]+)", text, re.M))
    assert named <= targets, f"{name_of(page)} names make targets that do not exist."


def test_settings_named_in_the_docs_exist() -> None:
    from dataclasses import fields

    from logplatform.env import Env

    known = {field.name.upper() for field in fields(Env)}
    named = set(re.findall(r"`([A-Z]+(?:_[A-Z]+)+)`", (ROOT / "README.md").read_text()))
    assert named <= known, f"README.md names settings that do not exist: {named - known}"


def test_the_changelog_has_a_place_for_what_is_not_released() -> None:
    assert re.search(r"^## Unreleased$", (ROOT / "CHANGELOG.md").read_text(), re.M)


def test_decisions_are_numbered_once() -> None:
    names = [path.name for path in MARKDOWN if path.parent.name == "decisions"]
    assert all(re.match(r"\d{4}-[a-z0-9-]+\.md$", name) for name in names), names
    numbers = [name[:4] for name in names]
    assert len(set(numbers)) == len(numbers), f"Two decisions have one number: {sorted(names)}"


def test_no_file_names_a_folder_of_one_machine_or_a_package_host() -> None:
    found = [
        f"{name_of(path)}: {match[0]}"
        for path in tracked_files()
        if path.suffix not in BINARY and "vendor" not in path.parts and path != Path(__file__)
        for match in PRIVATE.finditer(path.read_text(errors="replace"))
    ]
    assert not found, f"Name neither folders of your machine nor package hosts: {found}"
