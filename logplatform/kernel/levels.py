"""The one scale of severities: OpenTelemetry numbers 1-24 and their six names.

Source: OpenTelemetry logs data model, "SeverityNumber" and its mapping of the syslog severities.
"""

from collections.abc import Mapping
from types import MappingProxyType

LEVELS = ("TRACE", "DEBUG", "INFO", "WARN", "ERROR", "FATAL")
DEFAULT_SEVERITY = 9

_WORDS_OF_SEVERITY = {
    1: "trace trc verbose vrb verb finest all v t",
    2: "finer",
    5: "debug dbg dbug fine d d1 d2 d3 d4 d5",
    8: "config",
    9: "info inf information informational i log ok success",
    10: "notice note n",
    13: "warn wrn warning w",
    17: "error err eror failure fail e severe",
    21: "fatal ftl f critical crit c",
    22: "alert a",
    23: "panic dpanic",
    24: "emerg emergency",
}

# Syslog 0-7 and pino/bunyan 10-60 keep their scale; what is left of 8-24 is read as OpenTelemetry.
_SYSLOG = {0: 24, 1: 22, 2: 21, 3: 17, 4: 13, 5: 10, 6: 9, 7: 5}
_PINO = {10: 1, 20: 5, 30: 9, 40: 13, 50: 17, 60: 21}
_OPENTELEMETRY = {number: number for number in range(8, 25)}

SEVERITY_OF_WORD: Mapping[str, int] = MappingProxyType(
    {word: severity for severity, words in _WORDS_OF_SEVERITY.items() for word in words.split()}
    | {str(number): severity for number, severity in (_OPENTELEMETRY | _PINO | _SYSLOG).items()}
)


def level_of_severity(severity: int) -> str:
    """Name of an OpenTelemetry severity number.

    Args:
        severity: 1-24; anything outside counts as the nearest end of the scale.
    Returns:
        One of `LEVELS`.
    """
    return LEVELS[(min(max(severity, 1), 24) - 1) // 4]


def severity_of_level(word: str) -> int | None:
    """OpenTelemetry number of a level as senders write it.

    Args:
        word: a name in any case (`warn`, `WARNING`, `crit`, `E`) or a number as text. Numbers 0-7
            are syslog severities, 10, 20 … 60 pino/bunyan levels, other numbers of 8-24
            OpenTelemetry severities.
    Returns:
        1-24, or None when the word is not known.
    """
    return SEVERITY_OF_WORD.get(word.strip().lower())


def severities_of_level(word: str) -> range | None:
    """All OpenTelemetry numbers that share the level of `word`, e.g. 13-16 for `warning`."""
    severity = severity_of_level(word)
    if severity is None:
        return None
    first = (severity - 1) // 4 * 4 + 1
    return range(first, first + 4)
