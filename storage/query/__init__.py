"""The query language: text → tree → SQL or polars.

`parse_query` needs nothing but lark and RE2; `predicate` imports polars and is imported by those
who filter frames only.
"""

from storage.query.errors import QueryError, QueryTooComplex
from storage.query.lookups import is_lookup
from storage.query.parser import parse_query
from storage.query.render import render
from storage.query.sql import Binder, SqlCondition, to_sql

__all__ = [
    "Binder",
    "QueryError",
    "QueryTooComplex",
    "SqlCondition",
    "is_lookup",
    "parse_query",
    "render",
    "to_sql",
]
