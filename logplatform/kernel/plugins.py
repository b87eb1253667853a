"""Finds plug-ins: one named object in each module of a package.

A new format, protocol or question is one file; nothing has to be registered elsewhere.
"""

import importlib
import pkgutil
from typing import TypeVar

T = TypeVar("T")


class PluginError(Exception):
    """A plug-in file is wrong; stops start-up and names the file."""


def find_plugins(package_name: str, attribute: str, kind: type[T]) -> dict[str, T]:
    """Take `attribute` from every module of a package.

    Args:
        package_name: dotted name, e.g. `ingestion.protocols`.
        attribute: the object each module must hold, e.g. `PROTOCOL`.
        kind: the type the object must have.
    Returns:
        Module name → object, sorted by name. Modules starting with `_` are helpers and skipped.
    Raises:
        PluginError: a module lacks the object or holds one of another type.
    """
    package = importlib.import_module(package_name)
    found: dict[str, T] = {}
    for info in sorted(pkgutil.iter_modules(package.__path__), key=lambda module: module.name):
        if info.name.startswith("_"):
            continue
        module = importlib.import_module(f"{package_name}.{info.name}")
        plugin = getattr(module, attribute, None)
        if not isinstance(plugin, kind):
            raise PluginError(
                f"{module.__file__}: needs a module-level {attribute} of type {kind.__name__}, "
                f"found {type(plugin).__name__}"
            )
        found[info.name] = plugin
    return found
