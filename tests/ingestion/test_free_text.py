"""Lines of free text have no template, as no two of them are alike."""

import polars as pl

from ingestion.free_text import MAX_TEMPLATES, NO_TEMPLATE, without_lone_templates

PROSE = list(range(1, MAX_TEMPLATES + 2))


def group(*ids: int, source: str = "chat") -> pl.DataFrame:
    return pl.DataFrame(
        {"pattern_id": ids, "app": "shop", "source": source},
        schema_overrides={"pattern_id": pl.UInt64},
    )


def ids_of(records: pl.DataFrame) -> list[int]:
    return without_lone_templates(records)["pattern_id"].to_list()


def test_messages_of_which_no_two_are_alike_have_no_template() -> None:
    assert ids_of(group(*PROSE)) == [NO_TEMPLATE] * len(PROSE)


def test_what_repeats_in_free_text_keeps_its_template() -> None:
    greeting = 1 << 52
    found = ids_of(group(greeting, *PROSE, greeting))
    assert found == [greeting, *([NO_TEMPLATE] * len(PROSE)), greeting]


def test_many_kinds_are_no_free_text_where_most_lines_repeat() -> None:
    lines = group(*PROSE, *([1 << 52] * len(PROSE)))
    assert ids_of(lines) == lines["pattern_id"].to_list()


def test_a_program_with_few_kinds_keeps_all() -> None:
    lines = group(*PROSE[:MAX_TEMPLATES])
    assert ids_of(lines) == lines["pattern_id"].to_list()


def test_each_source_is_judged_by_its_own_lines() -> None:
    chat, pay = group(*PROSE), group(5, 6, 6, source="pay")
    found = ids_of(pl.concat([pay, chat, pay]))
    assert found[:3] == found[-3:] == [5, 6, 6]
    assert set(found[3:-3]) == {NO_TEMPLATE}


def test_the_lines_given_are_not_changed() -> None:
    lines = group(*PROSE)
    without_lone_templates(lines)
    assert lines["pattern_id"].to_list() == PROSE
