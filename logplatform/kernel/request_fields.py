"""What senders call the parts of a request: read by enrichment, scores and questions alike.

The first name that a record has counts. `kernel.templates` has a shorter one of its own, as other
names would make other ids of templates.
"""

CLIENT = (
    *("client_ip", "client.address", "client.ip", "remote_addr", "remote_ip", "clientip"),
    *("client_addr", "source.ip", "http.client_ip", "c_ip", "c-ip", "ip"),
)
METHOD = (
    *("method", "http.method", "http.request.method", "request_method", "request.method"),
    *("verb", "cs_method", "cs-method"),
)
PATH = (
    *("path", "url.full", "url.path", "url", "request_uri", "uri", "http.target", "http.url"),
    *("http.path", "request_path", "cs_uri_stem", "cs-uri-stem"),
)
# Without the ids in it: few of them, whatever is asked for.
ROUTE = ("http.route", "route", "endpoint")
STATUS = (
    *("status", "status_code", "http.status", "http.status_code", "http.response.status_code"),
    *("sc_status", "sc-status", "response_status"),
)
AGENT = (
    *("user_agent", "user_agent.original", "http_user_agent", "http.user_agent", "useragent"),
    *("userAgent", "cs_user_agent", "cs(User-Agent)", "agent"),
)
# What enrichment makes of an agent and of an address comes first.
BROWSER = ("user_agent.name", "browser.name", "browser")
SYSTEM = ("user_agent.os.name", "os.name", "os")
COUNTRY = (
    *("client.geo.country_iso_code", "source.geo.country_iso_code", "geoip.country_code2"),
    *("country_code", "country"),
)
DURATION_MS = (
    *("duration_ms", "latency_ms", "elapsed_ms", "took_ms", "response_time_ms", "responseTime"),
)
DURATION_S = ("duration_s", "request_time", "elapsed_s", "response_time_s")
DURATION_US = ("duration_us",)
