"""What people and senders write is never run: no module of ours can turn text into code."""

import ast
from collections.abc import Iterator

from tests.invariants.sources import name_of, python_sources, tree_of

FORBIDDEN = {"eval", "exec", "compile", "__import__", "os.system", "os.popen"}
FORBIDDEN_MODULES = {"pickle", "marshal", "shelve", "dill", "yaml"}


def calls_and_imports() -> Iterator[tuple[str, str]]:
    """(place, name) of everything called and imported, and of calls through a shell."""
    for path in python_sources():
        for node in ast.walk(tree_of(path)):
            place = f"{name_of(path)}:{getattr(node, 'lineno', 0)}"
            if isinstance(node, ast.Call):
                yield place, ast.unparse(node.func)
                if any(keyword.arg == "shell" for keyword in node.keywords):
                    yield place, "os.system"
            elif isinstance(node, ast.Import):
                yield from ((place, alias.name) for alias in node.names)
            elif isinstance(node, ast.ImportFrom):
                yield place, node.module or ""


def test_no_text_becomes_code() -> None:
    wrong = [
        f"{place}: {name}"
        for place, name in calls_and_imports()
        if name in FORBIDDEN or name.partition(".")[0] in FORBIDDEN_MODULES
    ]
    assert not wrong, f"Find a way that cannot run what somebody sent: {wrong}"


def test_the_queue_is_never_trimmed() -> None:
    """What was not stored yet would be gone; entries go one by one when they are acknowledged."""
    for path in python_sources():
        if name_of(path).startswith("ingestion/"):
            text = path.read_text().upper()
            assert "XTRIM" not in text, name_of(path)
            assert "MAXLEN" not in text, name_of(path)
