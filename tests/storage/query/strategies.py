"""Random queries and records, from a small alphabet so that they meet often."""

from hypothesis import strategies as st

from storage.query.syntax import (
    Compare,
    Exists,
    MatchAll,
    Node,
    Phrase,
    Regex,
    Wildcard,
    Word,
    all_of,
    any_of,
    negate,
)
from storage.query.text import glob_pattern, join_glob

# Numbers as senders write them, and what only looks like one.
NUMERALS = (
    ["-0", "0", "-0.0", "00", "+5", "5.", ".5", "1e3", "1000", "1E+3", "0x10", "1_000", " 5", "5 "]
    + ["1e309", "-1e309", "NaN", "-nan", "Infinity", "-inf", "9007199254740993", "9007199254740992"]
    + ["1,5", "٣", "-3", "-3.0", "-2.5", "--3", "1e-400", "0.1", "0.10", "1e", "e5", "+", "1.2.3"]
)
# Letters whose case, width or composition is not what it seems.
LETTERS = [
    "ß",
    "SS",
    "ẞ",
    "İ",
    "i",
    "ı",
    "ſ",
    "S",
    "Ǆ",
    "ǆ",
    "ﬁ",
    "é",
    "e\u0301",
    "Σ",
    "ς",
    "σ",
    "K",
] + [
    "🙂",
    "\u00a0",
    "\u200b",
    "\ufeff",
    "日本語",
    "日本",
    "\u202e",
    "\x1b[31m",
    "\t",
    "\r\n",
    "\x00",
]
TEXTS = st.one_of(
    st.sampled_from(NUMERALS + LETTERS),
    st.sampled_from(
        ["timeout", "Time", "reset", "connection reset", "500", "5e2", "500.0", "12.5", "-3", "nan"]
        + ["inf", "web-1", "WEB-2", "a.b", "/health", "100%", "a_b", "x\\y", "é", "Écoute", "ΟΔΟΣ"]
        + ["'; drop", "[x]", "a\nb", "(", '"', "AND", "OR", "NOT", "-x", "", "*", "{p0:String}"]
    ),
    st.text(alphabet="aAbB1 .-_%*?\\/é\"'()[]{}:<>\n", max_size=8),
)
FIELDS = st.sampled_from(
    ["message", "service", "host", "logger", "app", "status", "attributes.host", "user.id", "a b:c"]
    + ["source", "trace_id", "span_id", "tags", "tag", "attributes.level", "é", "no one has it"]
)
LEVELS = st.sampled_from(["error", "WARN", "notice", "fatal", "info", "4"])
NAMED = st.sampled_from(["level", "severity", "anomaly_score", "pattern_id", "timestamp"])
PATTERNS = st.sampled_from(
    [r"\d+", "^a", "b$", "(?i)TIME", "a.b", "[^a-z]+", r"\bweb\b", "time|reset", r"[\w.]+-\d", "é"]
    + [r"[[a&&b]", r"\Qa.b\E", "[]a]", r"\s", r"[[:alpha:]]{2,}", r"[^\W]1", "/"]
)
COUNTED = st.sampled_from(["anomaly_score", "pattern_id", "severity"])
NUMBERS = st.sampled_from(["0", "5", "9", "-1", "50", "18446744073709551616"])
TIMES = st.sampled_from(["timestamp", "received_at"])
MOMENTS = st.sampled_from(
    ["2026-11-22", "2026-11-22T10:00:00Z", "2026-11-22T10:00:00.5", "1926-01-01"]
)
OPERATORS = st.sampled_from(["<", "<=", ">", ">="])


def _wildcard(field: str, parts: list[tuple[bool, str]]) -> Node:
    pattern = glob_pattern(join_glob([part for part in parts if part[1]]) or "*")
    return Exists(field=field) if pattern == "*" else Wildcard(field=field, pattern=pattern)


GLOB_PARTS = st.lists(
    st.one_of(
        st.tuples(st.just(value=True), st.sampled_from("*?")),
        st.tuples(st.just(value=False), TEXTS),
    ),
    min_size=1,
    max_size=4,
)
LEAVES = st.one_of(
    st.builds(Word, field=FIELDS, text=TEXTS.filter(bool)),
    st.builds(Phrase, field=FIELDS, text=TEXTS),
    st.builds(Compare, field=FIELDS, operator=OPERATORS, value=TEXTS),
    st.builds(Regex, field=FIELDS, pattern=PATTERNS),
    st.builds(_wildcard, FIELDS, GLOB_PARTS.filter(lambda parts: any(wild for wild, _ in parts))),
    st.builds(Exists, field=st.one_of(FIELDS, NAMED)),
    st.builds(Wildcard, field=st.just("level"), pattern=st.sampled_from(["e*", "*N", "?NFO"])),
    st.builds(Regex, field=st.just("level"), pattern=st.sampled_from(["^E", "(?i)info", "A"])),
    st.builds(Word, field=st.just("level"), text=LEVELS),
    st.builds(Compare, field=st.just("level"), operator=OPERATORS, value=LEVELS),
    st.builds(Word, field=COUNTED, text=NUMBERS),
    st.builds(Compare, field=COUNTED, operator=OPERATORS, value=NUMBERS),
    st.builds(Word, field=TIMES, text=MOMENTS),
    st.builds(Compare, field=TIMES, operator=OPERATORS, value=MOMENTS),
    st.just(MatchAll()),
)  # fmt: skip
TREES: st.SearchStrategy[Node] = st.recursive(
    LEAVES,
    lambda nodes: st.one_of(
        st.builds(all_of, st.lists(nodes, min_size=2, max_size=3)),
        st.builds(any_of, st.lists(nodes, min_size=2, max_size=3)),
        st.builds(negate, nodes),
    ),
    max_leaves=6,
)
