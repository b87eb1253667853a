"""`{% module "explorer" %}`: a page's script, with hints at every module it loads in turn.

Without the hints the browser learns of each module only when the one before has come.
"""

import re
from functools import cache
from pathlib import Path

from django import template
from django.conf import settings
from django.templatetags.static import static
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

register = template.Library()

_FOLDER = Path(__file__).resolve().parents[1] / "static" / "dashboard" / "js"
_IMPORT = re.compile(r"""^(?:import|export)[^;]*? from "\./([\w-]+)\.js";""", re.MULTILINE)


@register.simple_tag
def module(name: str) -> SafeString:
    """Links and the script of a page."""
    loaded = sorted(imported_by(name) if settings.DEBUG else _remembered(name))
    links = format_html_join(
        "\n", '<link rel="modulepreload" href="{}">', ((_address(one),) for one in loaded)
    )
    return format_html('{}\n<script type="module" src="{}"></script>', links, _address(name))


def imported_by(name: str) -> set[str]:
    """Names of the modules it loads, and those load, …"""
    found: set[str] = set()
    waiting = [name]
    while waiting:
        text = (_FOLDER / f"{waiting.pop()}.js").read_text()
        fresh = set(_IMPORT.findall(text)) - found
        found |= fresh
        waiting += fresh
    return found - {name}


_remembered = cache(imported_by)


def _address(name: str) -> str:
    return static(f"dashboard/js/{name}.js")
