"""Tables of the paper's form, character by character."""

from typing import Any

from hybrid_pyserini.report.tables import (
    language_table,
    markdown,
    model_table,
    pair_table,
    pool_table,
    setting_tables,
    table_by,
)


def evaluation(model: str, scale: float, **rank_distance: Any) -> dict[str, Any]:
    """An evaluation of two measures; ``scale`` times 0.1 ... 0.6."""

    def figures(first: float) -> dict[str, dict[str, float | None]]:
        return {
            setting: {"AP": scale * (first + 0.1 * place), "R@1": scale * (first + 0.1 * place + 0.3)}
            for place, setting in enumerate(("mono", "cross", "multi"))
        }

    return {
        "model": model,
        "settings": figures(0.1),
        "by_query_language": {"de": figures(0.2), "en": figures(0.0)},
        "language_bias": {"rank_distance": {
            "mean": 12.34, "normalised": 0.05678, "by_query_language": {"de": 3.0, "en": 21.68}, "bound": False,
        } | rank_distance},
    }


def test_columns_are_aligned() -> None:
    assert markdown(["x", "long"], [["a", "1"], ["bcd", "12345"]]) == (
        "| x   |  long |\n"
        "|-----|------:|\n"
        "| a   |     1 |\n"
        "| bcd | 12345 |"
    )


def test_one_model_has_a_row_a_measure() -> None:
    assert model_table(evaluation("bm25", 1.0, bound=True)) == (
        "|                       |  mono | cross |     multi |\n"
        "|-----------------------|------:|------:|----------:|\n"
        "| AP                    | 0.100 | 0.200 |     0.300 |\n"
        "| R@1                   | 0.400 | 0.500 |     0.600 |\n"
        "| rank distance         |       |       |   <= 12.3 |\n"
        "| rank distance / (N-1) |       |       | <= 0.0568 |"
    )


def test_one_table_a_measure_and_the_rank_distance_in_the_first() -> None:
    assert setting_tables([evaluation("x-y", 1.0), evaluation("bm25", 0.5, bound=True)]) == (
        "| AP   |  mono | cross | multi | rank distance |   / (N-1) |\n"
        "|------|------:|------:|------:|--------------:|----------:|\n"
        "| x-y  | 0.100 | 0.200 | 0.300 |          12.3 |    0.0568 |\n"
        "| bm25 | 0.050 | 0.100 | 0.150 |       <= 12.3 | <= 0.0568 |\n"
        "\n"
        "| R@1  |  mono | cross | multi |\n"
        "|------|------:|------:|------:|\n"
        "| x-y  | 0.400 | 0.500 | 0.600 |\n"
        "| bm25 | 0.200 | 0.250 | 0.300 |"
    )


def test_a_null_is_a_dash() -> None:
    record = evaluation("m", 1.0, mean=None, normalised=None, bound=None)
    record["settings"]["cross"] = {"AP": None, "R@1": None}
    assert setting_tables([record]).splitlines()[2].replace(" ", "") == "|m|0.100|-|0.300|-|-|"


def test_pairs() -> None:
    pairs = {"de-en": {"AP": 0.12345, "R@1": 0.0}, "de-all": {"AP": 1.0, "R@1": 0.5}}
    assert pair_table([evaluation("m", 1.0) | {"pairs": pairs}]) == (
        "| pair     |    AP |   R@1 |\n"
        "|----------|------:|------:|\n"
        "| m de-en  | 0.123 | 0.000 |\n"
        "| m de-all | 1.000 | 0.500 |"
    )


def test_by_language() -> None:
    record = evaluation("m", 1.0, by_query_language={"en": 21.68}, bound=True)
    assert language_table(record, "AP") == (
        "| m, AP |  mono | cross | multi | rank distance |\n"
        "|-------|------:|------:|------:|--------------:|\n"
        "| de    | 0.200 | 0.300 | 0.400 |             - |\n"
        "| en    | 0.000 | 0.100 | 0.200 |       <= 21.7 |"
    )


def pools(model: str, *, bound: bool, share: float | None) -> dict[str, Any]:
    """What the table of the pool reads: PEER is null, as in XQuAD-R."""
    return {
        "model": model,
        "pool": {"passages": 9, "AP(full)": {"mean": 0.25, "bound": bound}},
        "language_bias": {
            "rank_distance": {"mean": 3.0}, "PEER@9": {"mean": None},
            "SameLanguage@9": {"mean": share} | ({} if share is None else {"unbiased": 1 / 11}),
            "Complete@9": {"mean": 0.5}, "Max@R": {"mean": None if share is None else 1234.56, "bound": bound},
        },
    }


def test_the_pools_table_has_no_column_without_a_figure() -> None:
    assert pool_table([pools("m", bound=False, share=0.9), pools("bm25", bound=True, share=None)]) == (
        "| pool | AP(full) | SameLanguage@9 | unbiased | Complete@9 |  Max@R |\n"
        "|------|---------:|---------------:|---------:|-----------:|-------:|\n"
        "| m    |    0.250 |          0.900 |    0.091 |      0.500 | 1234.6 |\n"
        "| bm25 | >= 0.250 |              - |        - |      0.500 |      - |"
    )
    empty = pools("m", bound=False, share=None)
    empty["pool"]["AP(full)"]["mean"] = empty["language_bias"]["Complete@9"]["mean"] = None
    assert pool_table([empty]) == ""


def test_by_groups_of_languages() -> None:
    record = evaluation("m", 1.0)
    record["language_groups"] = {"resource": {"3": ["th"], "unknown": ["xx", "yy"]}}
    record["by_query_resource"] = {"3": record["settings"]}  # xx and yy have passages only
    record["by_passage_resource"] = {"unknown": {"cross": {"AP": 0.5}}}
    assert table_by("resource", record, "AP") == (
        "| m, AP, by resource |  mono | cross | multi | cross, passages |\n"
        "|--------------------|------:|------:|------:|----------------:|\n"
        "| 3 (th)             | 0.100 | 0.200 | 0.300 |               - |\n"
        "| unknown (xx yy)    |     - |     - |     - |           0.500 |"
    )
    assert table_by("language", record, "AP") == language_table(record, "AP")
