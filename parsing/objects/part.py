"""What the readers of many objects give."""

from dataclasses import dataclass

import polars as pl


@dataclass(frozen=True, slots=True)
class Part:
    """Lines that share columns: `rows` (UInt32, of the lines given) and as many in `frame`."""

    rows: pl.Series
    frame: pl.DataFrame
