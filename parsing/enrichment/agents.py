"""The user agent taken apart; names by ECS and OpenTelemetry (`user_agent.synthetic.type`)."""

import re
from collections.abc import Sequence
from functools import lru_cache

from ua_parser import parse

NAMES = (
    "user_agent.name",
    "user_agent.version",
    "user_agent.os.name",
    "user_agent.os.version",
    "user_agent.device.name",
    "user_agent.synthetic.type",
)
# Longer ones are cut: what tells is at the front.
MAX_CHARS = 512
# One costs 30 µs: bounds what a sender costs who makes up a new one for every line.
MAX_NEW = 1_000
_BOT = re.compile(r"(?i)bot\b|crawl|spider|slurp|https?://|monitor|uptime|scanner")
_NOTHING: tuple[str | None, ...] = (None,) * len(NAMES)


def agent_parts(agents: list[str]) -> Sequence[Sequence[str | None]]:
    """For each of `NAMES`, the answers for every agent; after `MAX_NEW` unknown ones, none."""
    misses = agent_of.cache_info().misses
    found = []
    for agent in agents:
        is_over = agent_of.cache_info().misses - misses >= MAX_NEW
        found.append(_NOTHING if is_over else agent_of(agent[:MAX_CHARS]))
    return list(zip(*found, strict=True))


@lru_cache(maxsize=20_000)
def agent_of(agent: str) -> tuple[str | None, ...]:
    """The parts of one agent, in the order of `NAMES`."""
    result = parse(agent)
    browser, system, device = result.user_agent, result.os, result.device
    is_bot = (device is not None and device.family == "Spider") or bool(_BOT.search(agent))
    has_device = device is not None and device.family not in ("Spider", "Other")
    return (
        browser.family if browser else None,
        _version(browser.major, browser.minor) if browser else None,
        system.family if system else None,
        _version(system.major, system.minor) if system else None,
        device.family if device and has_device else None,
        "bot" if is_bot else None,
    )


def _version(major: str | None, minor: str | None) -> str | None:
    return f"{major}.{minor}" if major and minor else major
