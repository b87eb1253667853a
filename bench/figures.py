"""What a part of the benchmark returns."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One row: what was measured, the value as people read it, and the target if there is one."""

    name: str
    value: str
    target: str = ""
    is_met: bool | None = None
