"""What happens to lines between reading and storing: redacted, then enriched.

What enriches sees redacted text, so nothing made of a secret is stored. Only the client's address
is looked at before, for its place and class.
"""

from dataclasses import dataclass

import polars as pl

from parsing.contracts import Matched
from parsing.enrichment import DEFAULT_TAGS, Enrichment
from parsing.enrichment.apply import client_of, enrich_matched
from parsing.redaction import DEFAULT_ACTIONS, Redaction, built_in_rule
from parsing.redaction.records import redact_matched, redact_refused


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Treatment:
    """The rules of a source; equal only to itself, so that requests can be grouped by it."""

    redaction: Redaction
    enrichment: Enrichment

    def apply(self, matched: Matched, lines: pl.Series) -> tuple[Matched, pl.DataFrame]:
        """Treat what was found in n lines, messages included; also tell what was redacted."""
        client = client_of(matched)
        redacted, hits = redact_matched(matched, self.redaction, lines)
        return enrich_matched(redacted, self.enrichment, client=client), hits

    def apply_to_refused(self, refused: pl.DataFrame) -> pl.DataFrame:
        """Redact lines that were refused, columns of `REJECTED_SCHEMA`."""
        return redact_refused(refused, self.redaction)


DEFAULT = Treatment(
    redaction=Redaction(
        rules=tuple(built_in_rule(name, action) for name, action in DEFAULT_ACTIONS.items())
    ),
    enrichment=Enrichment(tags=DEFAULT_TAGS),
)
NONE = Treatment(
    redaction=Redaction(rules=()), enrichment=Enrichment(agents="off", urls="off", ip_class=False)
)
