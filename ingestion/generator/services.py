"""The five made-up services: what each says, how often, how slow it is and how it fails."""

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class Template:
    """One kind of event of a service.

    `message` may use {user} {ms} {order} {amount} {ip} {attempt} {rows} {job}. `status` and the
    two after it are empty for events that are not HTTP requests. `median_ms` is the middle of a
    log-normal distribution, so that durations have a tail.
    """

    weight: int
    level: str
    logger: str
    message: str
    method: str = ""
    path: str = ""
    status: int = 0
    median_ms: float = 0
    error: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """A service: its share of the traffic, its hosts and its events (ordinary and of incidents)."""

    name: str
    share: int
    hosts: tuple[str, ...]
    templates: tuple[Template, ...]
    incident: tuple[Template, ...] = field(default=())


def _hosts(name: str, count: int) -> tuple[str, ...]:
    return tuple(f"{name}-{number}" for number in range(1, count + 1))


def _event(
    weight: int,
    level: str,
    logger: str,
    message: str,
    *,
    ms: float = 0,
    http: tuple[str, str, int] = ("", "", 0),
    error: str = "",
) -> Template:
    method, path, status = http
    return Template(
        weight=weight,
        level=level,
        logger=logger,
        message=message,
        method=method,
        path=path,
        status=status,
        median_ms=ms,
        error=error,
    )


def _request(
    weight: int, method: str, path: str, status: int, ms: float, level: str = "INFO"
) -> Template:
    message = f"{method} {path} {status} in {{ms}} ms"
    return _event(weight, level, "http.access", message, ms=ms, http=(method, path, status))


def _failed_password(weight: int) -> Template:
    message = "failed password for user {user} from {ip} (attempt {attempt})"
    return _event(weight, "WARN", "auth.login", message, ms=90, http=("POST", "/login", 401))


_PAY = "/checkout/{order}/pay"

SERVICES = (
    Service(
        name="api",
        share=40,
        hosts=_hosts("api", 4),
        templates=(
            _request(300, "GET", "/api/products", 200, 18),
            _request(220, "GET", "/api/products/{order}", 200, 9),
            _request(120, "GET", "/api/cart", 200, 12),
            _request(80, "POST", "/api/cart/items", 201, 25),
            _request(60, "GET", "/health", 200, 1),
            _request(30, "GET", "/api/products/{order}", 404, 6, "WARN"),
            _request(12, "POST", "/api/cart/items", 422, 11, "WARN"),
            _event(
                90,
                "DEBUG",
                "cache",
                "cache miss for user {user}, {rows} rows read in {ms} ms",
                ms=4,
            ),
            _event(
                5,
                "ERROR",
                "http.error",
                "unhandled error while answering GET /api/cart",
                ms=30,
                http=("GET", "/api/cart", 500),
                error="KeyError: 'currency'",
            ),
        ),
        incident=(
            _event(
                1,
                "ERROR",
                "db.pool",
                "timeout: no database connection within {ms} ms",
                ms=5000,
                http=("GET", "/api/products", 504),
                error="TimeoutError: connection pool exhausted (size 20)",
            ),
        ),
    ),
    Service(
        name="auth",
        share=18,
        hosts=_hosts("auth", 2),
        templates=(
            _request(60, "POST", "/login", 200, 85),
            _request(90, "GET", "/session", 200, 5),
            _event(50, "INFO", "auth.login", "user {user} logged in"),
            _failed_password(12),
            _event(1, "ERROR", "auth.token", "token of user {user} has an unknown signing key"),
        ),
        incident=(
            _failed_password(6),
            _event(1, "ERROR", "auth.limit", "address {ip} locked after {attempt} failed attempts"),
        ),
    ),
    Service(
        name="payment",
        share=12,
        hosts=_hosts("payment", 2),
        templates=(
            _request(60, "POST", _PAY, 200, 240),
            _event(
                60,
                "INFO",
                "payment.charge",
                "charged {amount} EUR for order {order} in {ms} ms",
                ms=210,
            ),
            _event(
                6,
                "WARN",
                "payment.charge",
                "card of order {order} declined: insufficient funds",
                ms=230,
                http=("POST", _PAY, 402),
            ),
            _event(
                2,
                "ERROR",
                "payment.gateway",
                "payment of order {order} failed: connection reset by gateway",
                ms=1200,
                http=("POST", _PAY, 502),
                error="ConnectionResetError: [Errno 104] Connection reset by peer",
            ),
        ),
        incident=(
            _event(
                8,
                "ERROR",
                "payment.gateway",
                "gateway timeout after {ms} ms for order {order}, attempt {attempt}",
                ms=9000,
                http=("POST", _PAY, 502),
                error="TimeoutError: The read operation timed out",
            ),
            _event(
                1,
                "FATAL",
                "payment.gateway",
                "circuit to the payment gateway opened, {rows} orders wait",
            ),
        ),
    ),
    Service(
        name="search",
        share=18,
        hosts=_hosts("search", 3),
        templates=(
            _request(100, "GET", "/search", 200, 42),
            _request(60, "GET", "/suggest", 200, 7),
            _event(
                30,
                "DEBUG",
                "search.plan",
                "query of user {user} matched {rows} documents in {ms} ms",
                ms=38,
            ),
            _event(
                5,
                "WARN",
                "search.slow",
                "slow query of user {user}: {rows} documents in {ms} ms",
                ms=900,
            ),
        ),
        incident=(
            _event(
                1,
                "ERROR",
                "search.shard",
                "shard {attempt} does not answer, {rows} documents missing from results",
                ms=2000,
                http=("GET", "/search", 503),
                error="ConnectionRefusedError: [Errno 111] Connection refused",
            ),
        ),
    ),
    Service(
        name="worker",
        share=12,
        hosts=_hosts("worker", 2),
        templates=(
            _event(60, "INFO", "jobs", "job {job} done in {ms} ms", ms=350),
            _event(60, "INFO", "jobs", "job {job} started"),
            _event(20, "TRACE", "jobs.poll", "polled the queue, {rows} jobs wait"),
            _event(4, "WARN", "jobs", "job {job} retried (attempt {attempt})"),
            _event(
                2,
                "ERROR",
                "jobs",
                "job {job} failed for user {user}",
                error="ValueError: invalid literal for int() with base 10: 'n/a'",
            ),
        ),
        incident=(
            _event(
                1,
                "ERROR",
                "jobs",
                "job {job} killed after {ms} ms: out of memory",
                ms=8000,
                error="MemoryError: cannot allocate 512 MiB",
            ),
        ),
    ),
)
