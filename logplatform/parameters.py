"""Parameters of addresses: a slip in one is told, for a filter that does not filter misleads."""

from collections.abc import Collection, Iterable

from logplatform.kernel.errors import PlatformError
from logplatform.kernel.nearest import did_you_mean

# Shorter names are near everything.
_SHORTEST = 3


class UnknownParameter(PlatformError):
    """A parameter that is nearly one there is: a filter that would not filter."""

    code = "unknown_parameter"
    status = 400
    message = "There is no parameter “{name}”."
    hint = "{meant}/api/docs lists the parameters of every address."


class InvalidParameter(PlatformError):
    """A parameter out of its range."""

    code = "invalid_parameter"
    status = 400
    message = "{name}={value} cannot be used: it needs {expected}."
    hint = "Compare the request with /api/docs."


def check_names(given: Iterable[str], known: Collection[str]) -> None:
    """Refuse what was meant to be a parameter; anything else that is unknown is let be.

    Raises:
        UnknownParameter: a name that nearly is a known one, such as `levle`.
    """
    for name in given:
        if len(name) >= _SHORTEST and name not in known and (meant := did_you_mean(name, known)):
            raise UnknownParameter(name=name[:50], meant=meant)
