"""Fills an installation with lines of the last thirty days, made by the engine itself.

Through the door the same lines would take minutes of CPU for what the ingest parts measure anyway.
"""

from bench.stack import Stack

DAYS = 30
RARE = "flumadiddle"
SERVICES = ("auth", "billing", "catalog", "checkout", "gateway", "mail", "payment", "search")
_BLOCK = 1_000_000

_SQL = """
INSERT INTO logs (id, timestamp, received_at, app, source, service, host, severity, message,
                  trace_id, attributes, pattern_id, anomaly_score)
WITH
    sipHash64(number, 'x') AS r,
    fromUnixTimestamp64Nano({first} + toInt64(number - {begin}) * {step} + toInt64(r % {step}),
                            'UTC') AS at,
    multiIf(r % 100 < 3, 17, r % 100 < 10, 13, r % 100 < 80, 9, 5) AS level,
    multiIf(level = 17, '500', r % 37 = 0, '404', r % 41 = 0, '302', '200') AS status,
    toString(10 + intDiv(r, 300) % 900) AS took,
    ['GET', 'GET', 'GET', 'POST', 'PUT'][1 + intDiv(r, 11) % 5] AS method,
    ['/', '/cart', '/items', '/login', '/pay', '/search', '/users'][1 + intDiv(r, 13) % 7] AS path,
    multiIf(number % 1000000 = 77777, 'cache {rare} rebuilt',
            level = 17, 'connection reset by peer',
            level = 13, 'slow answer of upstream', 'request done') AS words
SELECT
    toUUID(replaceRegexpOne(concat(
        leftPad(hex(toUnixTimestamp64Milli(at)), 12, '0'),
        '7', right(hex(sipHash128(number, 'z')), 3), '8', right(hex(sipHash128(number, 'y')), 15)),
        '^(.{{8}})(.{{4}})(.{{4}})(.{{4}})(.{{12}})$', '\\\\1-\\\\2-\\\\3-\\\\4-\\\\5')),
    at, at + INTERVAL 1 SECOND, '{app}', 'bench',
    {services}[1 + intDiv(r, 17) % {count}],
    concat('web-', toString(intDiv(r, 19) % 24)), level,
    concat(method, ' ', path, ' ', status, ' ', words, ' in ', took, ' ms, attempt ',
           toString(intDiv(r, 23) % 5)),
    lower(hex(sipHash128(number, 'trace'))),
    map('status', status, 'duration_ms', took, 'method', method, 'path', path,
        'client_ip', concat('10.', toString(intDiv(r, 29) % 8), '.', toString(intDiv(r, 31) % 32),
                            '.', toString(intDiv(r, 37) % 250)),
        'user_id', toString(intDiv(r, 41) % 50000)),
    cityHash64(words, method, path), if(level = 17, 70, 0)
FROM numbers({begin}, {rows})
SETTINGS max_partitions_per_insert_block = 0, max_threads = 2, max_insert_threads = 1,
         deduplicate_blocks_in_dependent_materialized_views = 1
"""


def fill(stack: Stack, *, first: int, lines: int, end_s: int, days: float = DAYS) -> None:
    """Lines number `first` to `first + lines`, spread evenly over the days before `end_s`."""
    step = int(days * 86_400e9) // lines
    start_ns = int((end_s - days * 86_400) * 1e9)
    for begin in range(0, lines, _BLOCK):
        stack.sql(
            _SQL.format(
                first=start_ns + begin * step,
                begin=first + begin,
                rows=min(_BLOCK, lines - begin),
                step=step,
                rare=RARE,
                app=stack.first_run["app"],
                services=list(SERVICES),
                count=len(SERVICES),
            )
        )


def trace_of(stack: Stack, number: int) -> str:
    """The trace id of one line."""
    return stack.sql(
        f"SELECT lower(hex(sipHash128(toUInt64({number}), 'trace'))) FORMAT TSV"
    ).strip()
