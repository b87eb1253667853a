"""Secrets out of records, a column at a time, before anything is stored or shown."""

from parsing.redaction.contracts import ACTIONS, Redaction, Rule, UnusablePattern, mark_of
from parsing.redaction.rules import DEFAULT_ACTIONS, RULES, built_in_rule, own_rule

__all__ = [
    "ACTIONS",
    "DEFAULT_ACTIONS",
    "RULES",
    "Redaction",
    "Rule",
    "UnusablePattern",
    "built_in_rule",
    "mark_of",
    "own_rule",
]
