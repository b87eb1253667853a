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


def _request(
    weight: int, method: str, path: str, status: int, median_ms: float, level: str = "INFO"
) -> Template:
    return Template(
        weight=weight,
        level=level,
        logger="http.access",
        message=f"{method} {path} {status} in {{ms}} ms",
        method=method,
        path=path,
        status=status,
        median_ms=median_ms,
    )


def _failure(weight: int, logger: str, message: str, error: str, **http: object) -> Template:
    return Template(
        weight=weight,
        level="ERROR",
        logger=logger,
        message=message,
        error=error,
        **http,  # type: ignore[arg-type]
    )


_CHECKOUT: dict[str, object] = {"method": "POST", "path": "/checkout/{order}/pay", "status": 502}
_SEARCH: dict[str, object] = {"method": "GET", "path": "/search", "status": 503}

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
            Template(
                weight=90,
                level="DEBUG",
                logger="cache",
                message="cache miss for user {user}, {rows} rows read in {ms} ms",
                median_ms=4,
            ),
            _failure(
                5,
                "http.error",
                "unhandled error while answering GET /api/cart",
                "KeyError: 'currency'",
                method="GET",
                path="/api/cart",
                status=500,
                median_ms=30.0,
            ),
        ),
        incident=(
            _failure(
                1,
                "db.pool",
                "timeout: no database connection within {ms} ms",
                "TimeoutError: connection pool exhausted (size 20)",
                method="GET",
                path="/api/products",
                status=504,
                median_ms=5000.0,
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
            Template(weight=50, level="INFO", logger="auth.login", message="user {user} logged in"),
            Template(
                weight=12,
                level="WARN",
                logger="auth.login",
                message="failed password for user {user} from {ip} (attempt {attempt})",
                method="POST",
                path="/login",
                status=401,
                median_ms=90,
            ),
            Template(
                weight=1,
                level="ERROR",
                logger="auth.token",
                message="token of user {user} has an unknown signing key",
            ),
        ),
        incident=(
            Template(
                weight=6,
                level="WARN",
                logger="auth.login",
                message="failed password for user {user} from {ip} (attempt {attempt})",
                method="POST",
                path="/login",
                status=401,
                median_ms=90,
            ),
            Template(
                weight=1,
                level="ERROR",
                logger="auth.limit",
                message="address {ip} locked after {attempt} failed attempts",
            ),
        ),
    ),
    Service(
        name="payment",
        share=12,
        hosts=_hosts("payment", 2),
        templates=(
            _request(60, "POST", "/checkout/{order}/pay", 200, 240),
            Template(
                weight=60,
                level="INFO",
                logger="payment.charge",
                message="charged {amount} EUR for order {order} in {ms} ms",
                median_ms=210,
            ),
            Template(
                weight=6,
                level="WARN",
                logger="payment.charge",
                message="card of order {order} declined: insufficient funds",
                method="POST",
                path="/checkout/{order}/pay",
                status=402,
                median_ms=230,
            ),
            _failure(
                2,
                "payment.gateway",
                "payment of order {order} failed: connection reset by gateway",
                "ConnectionResetError: [Errno 104] Connection reset by peer",
                median_ms=1200.0,
                **_CHECKOUT,
            ),
        ),
        incident=(
            _failure(
                8,
                "payment.gateway",
                "gateway timeout after {ms} ms for order {order}, attempt {attempt}",
                "TimeoutError: The read operation timed out",
                median_ms=9000.0,
                **_CHECKOUT,
            ),
            Template(
                weight=1,
                level="FATAL",
                logger="payment.gateway",
                message="circuit to the payment gateway opened, {rows} orders wait",
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
            Template(
                weight=30,
                level="DEBUG",
                logger="search.plan",
                message="query of user {user} matched {rows} documents in {ms} ms",
                median_ms=38,
            ),
            Template(
                weight=5,
                level="WARN",
                logger="search.slow",
                message="slow query of user {user}: {rows} documents in {ms} ms",
                median_ms=900,
            ),
        ),
        incident=(
            _failure(
                1,
                "search.shard",
                "shard {attempt} does not answer, {rows} documents missing from results",
                "ConnectionRefusedError: [Errno 111] Connection refused",
                median_ms=2000.0,
                **_SEARCH,
            ),
        ),
    ),
    Service(
        name="worker",
        share=12,
        hosts=_hosts("worker", 2),
        templates=(
            Template(
                weight=60,
                level="INFO",
                logger="jobs",
                message="job {job} done in {ms} ms",
                median_ms=350,
            ),
            Template(weight=60, level="INFO", logger="jobs", message="job {job} started"),
            Template(
                weight=20,
                level="TRACE",
                logger="jobs.poll",
                message="polled the queue, {rows} jobs wait",
            ),
            Template(
                weight=4,
                level="WARN",
                logger="jobs",
                message="job {job} retried (attempt {attempt})",
            ),
            _failure(
                2,
                "jobs",
                "job {job} failed for user {user}",
                "ValueError: invalid literal for int() with base 10: 'n/a'",
            ),
        ),
        incident=(
            _failure(
                1,
                "jobs",
                "job {job} killed after {ms} ms: out of memory",
                "MemoryError: cannot allocate 512 MiB",
                median_ms=8000.0,
            ),
        ),
    ),
)
