"""Parts of a URL or path: `url.path`, `url.query`, and `http.route` with ids masked."""

import polars as pl

# Numbers, UUIDs, long hexadecimal ids, names with a long number in them, addresses of mail.
_ID_SEGMENT = (
    r"/(?:[0-9]+|[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}|[0-9A-Fa-f]{16,}"
    r"|[\w~-]*[0-9]{5,}[\w~-]*|[^/@]+@[^/@]+|\[redacted:[^\]]+\])(\W|$)"
)
_ORIGIN = r"^[A-Za-z][A-Za-z0-9+.-]*://[^/?#]*"
MAX_ROUTE = 200


def url_parts(urls: pl.Series) -> list[pl.Series]:
    """Take URLs apart.

    Args:
        urls: n paths with or without a query, or whole URLs (String, with nulls).
    Returns:
        String columns of n values; `url.query` only if there is any.
    """
    text = urls
    if urls.str.contains("://", literal=True).any():
        text = urls.str.replace(_ORIGIN, "")
    parts = text.str.splitn("?", 2).struct.unnest()
    path, query = parts["field_0"], parts["field_1"]
    if path.str.contains("#", literal=True).any():
        path = path.str.replace(r"#.*$", "")
    # Neighbouring ids share their slash, so a second look finds every other one.
    route = path.str.replace_all(_ID_SEGMENT, "/{id}${1}").str.replace_all(_ID_SEGMENT, "/{id}${1}")
    columns = [path.alias("url.path"), route.str.slice(0, MAX_ROUTE).alias("http.route")]
    return columns if query.null_count() == len(query) else [*columns, query.alias("url.query")]
