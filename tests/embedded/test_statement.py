"""Statements are judged as ClickHouse's lexer would."""

import pytest

from logplatform.embedded.engine.errors import EngineError, from_chdb
from logplatform.embedded.engine.statement import Kind, read_statement

STACKED = [
    "SELECT 1; DROP TABLE t",
    "SELECT 1;DROP TABLE t;",
    "SELECT ';'; DROP TABLE t",
    "SELECT 'a\\'; x'; DROP TABLE t",
    "SELECT 'a''; x'; DROP TABLE t",
    "SELECT 1 -- ; x\n; DROP TABLE t",
    "SELECT 1 /* /* ; */ */ ; DROP TABLE t",
    "SELECT 1 # x\n; DROP TABLE t",
    "SELECT 1 #x; DROP TABLE t",
    'SELECT `a;b`, "c;d"; DROP TABLE t',
    "SELECT (1; DROP TABLE t)",
    "INSERT INTO t SELECT 1; DROP TABLE t",
    "SELECT $x$ ' $x$; DROP TABLE t --'",
    "SELECT a$x$; DROP TABLE t --$x$",
    "SELECT 1 \\G DROP TABLE t",
    "SELECT ‘ ' ’; DROP TABLE t -- '",
    "SELECT 'open; DROP TABLE t",
]


@pytest.mark.parametrize("text", STACKED)
def test_a_second_statement_is_refused(text: str) -> None:
    with pytest.raises(EngineError) as error:
        read_statement(text.encode())
    assert (error.value.code, error.value.status) == (62, 400)


@pytest.mark.parametrize(
    "text",
    [
        "SELECT 1;",
        "SELECT 1 ; ; -- done; really\n /* ; */",
        "SELECT ';' -- ;",
        "SELECT 'it''s;', 'a\\';b'",
        "SELECT 1 /* a ; /* b */ ; */",
        "WITH ';' AS x SELECT x",
        "SELECT 1 // ; x",
    ],
)
def test_one_statement_is_taken_up_to_its_semicolon(text: str) -> None:
    statement = read_statement(text.encode())
    assert statement.kind is Kind.SELECT
    assert text.startswith(statement.sql)


@pytest.mark.parametrize(
    ("text", "sql", "name", "data"),
    [
        ("INSERT INTO t FORMAT TSV\n1\n", "INSERT INTO t ", "TSV", "1\n"),
        ("INSERT INTO t FORMAT TSV\r\n\n1\n", "INSERT INTO t ", "TSV", "\n1\n"),
        ("insert into t(a,`b;`)format CSV; \n1", "insert into t(a,`b;`)", "CSV", "1"),
        ("INSERT INTO t VALUES (';'); DROP", "INSERT INTO t ", "Values", " (';'); DROP"),
        ("INSERT INTO values.format VALUES(1)", "INSERT INTO values.format ", "Values", "(1)"),
        (
            "INSERT INTO t (format, values) SETTINGS a = 'FORMAT' FORMAT Native\n;--",
            "INSERT INTO t (format, values) SETTINGS a = 'FORMAT' ",
            "Native",
            ";--",
        ),
        (
            "INSERT INTO FUNCTION null('a UInt8') FORMAT TSV\n",
            "INSERT INTO FUNCTION null('a UInt8') ",
            "TSV",
            "",
        ),
    ],
)
def test_rows_begin_after_the_statement(text: str, sql: str, name: str, data: str) -> None:
    statement = read_statement(text.encode())
    assert (statement.kind, statement.sql, statement.format) == (Kind.INSERT_DATA, sql, name)
    assert text.encode()[statement.data_offset :].decode() == data


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("SELECT 1 FORMAT JSON", "JSON"),
        ("SELECT 1 format CSV settings max_threads = 1", "CSV"),
        ("SELECT format FROM t", ""),
        ("SELECT 'FORMAT JSON'", ""),
        ("SELECT * FROM (SELECT 1 FORMAT TSV)", ""),
        ("SHOW TABLES FORMAT TSV;", "TSV"),
    ],
)
def test_the_format_clause_is_found(text: str, name: str) -> None:
    assert read_statement(text.encode()).format == name


@pytest.mark.parametrize(
    "text",
    [
        "",
        " -- nothing\n",
        "INSERT INTO t",
        "INSERT INTO t (a)",
        "INSERT INTO t FROM INFILE '/etc/passwd' FORMAT TSV",
        "SELECT 1 INTO OUTFILE '/tmp/x'",
        "SELECT 1 INTO /* */ OUTFILE '/tmp/x'",
    ],
)
def test_what_cannot_run_here_is_refused(text: str) -> None:
    with pytest.raises(EngineError) as error:
        read_statement(text.encode())
    assert error.value.code == 62


@pytest.mark.parametrize(
    ("text", "code", "name", "message"),
    [
        (
            "Code: 60. DB::Exception: Table a (b) does not exist. (UNKNOWN_TABLE)",
            60,
            "UNKNOWN_TABLE",
            "Table a (b) does not exist.",
        ),
        (
            "Streaming query failed: Code: 73. DB::Exception: Code: 73. DB::Exception: "
            "Unknown format X. (UNKNOWN_FORMAT) (version 26.9.2.1). (UNKNOWN_FORMAT) "
            "(version 26.9.2.1)",
            73,
            "UNKNOWN_FORMAT",
            "Unknown format X.",
        ),
        ("something else", 1000, "STD_EXCEPTION", "something else"),
    ],
)
def test_errors_of_the_library_are_read(text: str, code: int, name: str, message: str) -> None:
    error = from_chdb(text)
    assert (error.code, error.name) == (code, name)
    assert error.message.rstrip(". ") == message.rstrip(". ")
