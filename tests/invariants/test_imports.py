"""Who may import whom, and what starting the web must not load."""

import ast
import subprocess
import sys

from tests.invariants.sources import ROOT, name_of, python_sources, tracked_files, tree_of

HEAVY = ("polars", "chdb", "pyarrow", "pandas")


def test_the_import_contracts_hold() -> None:
    checked = subprocess.run(
        [
            sys.executable,
            "-c",
            "import sys; from importlinter.cli import lint_imports_command as m; m()",
        ],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert checked.returncode == 0, (
        "Import through the facade named in ARCHITECTURE; `lint-imports` shows the chain:\n"
        + checked.stdout[-4000:]
        + checked.stderr[-1000:]
    )


def test_setting_up_django_loads_no_engine_and_no_data_frames() -> None:
    found = subprocess.run(
        [
            sys.executable,
            "-c",
            f"import django, sys; django.setup(); print([m for m in {HEAVY} if m in sys.modules])",
        ],
        cwd=ROOT,
        env={"DJANGO_SETTINGS_MODULE": "logplatform.settings", **_environment()},
        capture_output=True,
        text=True,
        check=True,
    ).stdout.splitlines()[-1]
    assert found == "[]", f"Import {found} inside the functions that need them."


def test_only_env_reads_the_environment() -> None:
    wrong = [
        f"{name_of(path)}:{node.lineno}"
        for path in python_sources()
        if name_of(path) != "logplatform/env.py"
        for node in ast.walk(tree_of(path))
        if isinstance(node, ast.Attribute)
        and node.attr in ("environ", "environb", "getenv", "putenv")
        and isinstance(node.value, ast.Name)
        and node.value.id == "os"
    ]
    assert not wrong, f"Add a setting to logplatform/env.py and read it there, not in {wrong}"


def test_the_package_of_the_wiring_stays_empty() -> None:
    init = (ROOT / "logplatform" / "__init__.py").read_text()
    assert not init.strip(), "Empty logplatform/__init__.py: importing the kernel runs it."


def test_every_requirement_says_what_needs_it() -> None:
    bare = [
        f"{path.name}: {line}"
        for path in tracked_files()
        if path.suffix == ".in" and path.parent.name == "requirements"
        for line in path.read_text().splitlines()
        if line and not line.startswith(("#", "-r")) and "# needed for: " not in line
    ]
    assert not bare, f"Add `# needed for: …` to {bare}"


def _environment() -> dict[str, str]:
    import os

    return {name: value for name, value in os.environ.items() if name != "DJANGO_SETTINGS_MODULE"}
