"""The log engine process: ClickHouse as a library (chdb) behind ClickHouse's HTTP interface.

Loopback only and for one machine; a cluster uses a real clickhouse-server by `CLICKHOUSE_URL`.
"""
