"""A comparison's tables, character by character, in every format."""

import csv
import io
import json
from typing import Any

import pytest

from hybrid_pyserini.comparison.families import RANK_DISTANCE
from hybrid_pyserini.comparison.grid import INTO
from hybrid_pyserini.report.comparison_tables import comparison_tables, render
from hybrid_pyserini.report.table_formats import Cell, Table, as_latex, as_markdown, as_text, latex_escaped

NAMES = ("bm25", "x_y", "hybrid")


def figure(mean: float | None, sd: float | None = None, **more: Any) -> dict[str, Any]:
    interval = {"low": None, "high": None} if mean is None else {"low": mean - 0.02, "high": mean + 0.02}
    return {"mean": mean, **interval, "sd": sd, **more}


def settings(*means: float) -> dict[str, dict[str, Any]]:
    """The same means in each setting; rank distances of two systems, and BM25's bound."""
    of_measure = {"AP": {name: figure(mean) for name, mean in zip(NAMES, means, strict=True)}}
    distances = {
        "bm25": figure(900, bound=True) | {"low": None, "high": None}, "x_y": figure(30, bound=False),
        "hybrid": figure(20, bound=False),
    }
    return {"mono": dict(of_measure), "cross": dict(of_measure), "multi": {**of_measure, RANK_DISTANCE: distances}}


def difference(a: str, b: str, p_holm: float, **more: Any) -> dict[str, Any]:
    return {
        "language": None, "group": None, "setting": "mono", "measure": "AP", "a": a, "b": b, "difference": 0.5,
        "low": 0.25, "high": 0.75, "p": p_holm / 2, "p_holm": p_holm, "p_randomisation": 0.01,
        "p_randomisation_holm": 0.03, "d_z": 0.4, "wins": 1, "ties": 0, "losses": 1,
    } | more


@pytest.fixture
def record() -> dict[str, Any]:
    pair_difference = {"measure": "AP", "a": "x_y", "b": "hybrid", "p_t_holm": 0.01}
    return {
        "dataset": "toy", "measures": ["AP"], "systems": [{"name": name, "models": [name]} for name in NAMES],
        "clusters": {"of": "article", "count": 12, "questions": 282},
        "settings": settings(0.3, 0.61, 0.7),
        "by_query_language": {"de": settings(0.4, 0.5, 0.5), "en": settings(0.2, 0.72, 0.9)},
        "groups": {}, "by_group": {},
        "pairs": {"de-de": {"AP": {"bm25": 0.4, "x_y": 0.5, "hybrid": 0.5}}},
        "differences": [
            difference("bm25", "hybrid", 0.00001), difference("x_y", "hybrid", 0.0507),
            difference("bm25", "x_y", 0.001),
            difference("bm25", "x_y", 0.04, language="de"),
            difference("x_y", "hybrid", 0.2, setting="multi", measure=RANK_DISTANCE, difference=10.0, low=4.0, high=16),
        ],
        "pair_differences": [
            {**pair_difference, "pair": "de-de", "difference": -0.1},
            {**pair_difference, "pair": "en-en", "difference": 1},
            {**pair_difference, "pair": "de-en", "difference": 1},
            {**pair_difference, "pair": "en-en", "difference": 1, "p_t_holm": 0.06},
        ],
        "remarks": {
            "systems.hybrid": "one model: ...", "rank_distance.bm25": "an upper bound",
            "by_query_language.de.mono": "not said",
        },
        "method": {"bootstrap_draws": 10000},
    }


def test_table_1(record: dict[str, Any]) -> None:
    assert render(record, "table").split("\n\n")[:2] == [
        "Table 1: AP on toy, and rank distance in the pool",
        "| AP     |          mono |         cross |         multi | rank distance |\n"
        "|--------|--------------:|--------------:|--------------:|--------------:|\n"
        "| bm25   | 0.300 ±0.020† | 0.300 ±0.020  | 0.300 ±0.020  |     <= 900.0  |\n"
        "| x_y    | 0.610 ±0.020² | 0.610 ±0.020² | 0.610 ±0.020² |    30.0 ±0.0² |\n"
        "| hybrid | 0.700 ±0.020¹ | 0.700 ±0.020¹ | 0.700 ±0.020¹ |    20.0 ±0.0¹ |",
    ]


def test_a_rank_distance_is_set_against_the_smallest(record: dict[str, Any]) -> None:
    record["differences"][-1]["p_holm"] = 0.01
    distances = [row[-1] for row in comparison_tables(record)[0].rows]
    assert distances == [Cell("<= 900.0"), Cell("30.0 ±0.0", 2, True), Cell("20.0 ±0.0", 1)]
    record["settings"]["multi"][RANK_DISTANCE]["bm25"]["mean"] = 10  # a bound takes no place, however small
    assert [row[-1].place for row in comparison_tables(record)[0].rows] == [0, 2, 1]


def test_table_2_has_languages_in_rows_and_shares_a_tie(record: dict[str, Any]) -> None:
    mono = comparison_tables(record)[1]
    assert mono.title == "Table 2: AP on toy, mono, by query language"
    assert list(mono.header) == ["AP, mono", "bm25", "x_y", "hybrid"]
    assert mono.rows[0] == [Cell("de"), Cell("0.400", 2, True), Cell("0.500", 1), Cell("0.500", 1)]
    assert mono.rows[1] == [Cell("en"), Cell("0.200"), Cell("0.720", 2), Cell("0.900", 1)]
    assert mono.rows[2] == [Cell("mean"), Cell("0.300", 0, True), Cell("0.610", 2), Cell("0.700", 1)]
    assert [table.title.split(",")[0] for table in comparison_tables(record)[2:5]] == [
        "Table 2: AP on toy", "Table 2: AP on toy", "Table 2: rank distance on toy",
    ]


def test_table_3_is_of_the_other_measures(record: dict[str, Any]) -> None:
    for of_settings in (record["settings"], *record["by_query_language"].values()):
        for measures in of_settings.values():
            measures["R@1"] = measures["AP"]
    record["measures"] = ["AP", "R@1"]
    table = comparison_tables(record)[5]
    assert (table.title, list(table.header)) == ("Table 3: R@1 on toy", ["R@1", "mono", "cross", "multi"])


def test_all_tables_name_the_data_set(record: dict[str, Any]) -> None:
    record["systems"][2]["models"] = ["hybrid-1", "hybrid-2"]
    titles = [table.title for table in comparison_tables(record)]
    assert len(titles) == 7 and all(" on toy" in title for title in titles)
    assert render(record, "latex").count("on toy") == 7
    assert {row["dataset"] for row in csv.DictReader(io.StringIO(render(record, "csv")))} == {"toy"}


def test_systems_that_are_equal_have_no_best(record: dict[str, Any]) -> None:
    """Nor has one that differs by less than what is printed a dagger beside an equal figure."""
    for setting, means in (("mono", (0.7, 0.7001, 0.7)), ("cross", (0.7, 0.7, 0.1))):
        record["settings"][setting]["AP"] = {name: figure(mean) for name, mean in zip(NAMES, means, strict=True)}
    record["differences"] = [difference("bm25", "x_y", 0.001), difference("bm25", "hybrid", 0.001, setting="cross")]
    rows = comparison_tables(record)[0].rows
    assert [(row[1].place, row[1].dagger) for row in rows] == [(0, False)] * 3
    assert [(row[2].place, row[2].dagger) for row in rows] == [(1, False), (1, False), (2, True)]


def test_columns_and_tables_without_a_figure_are_left_out(record: dict[str, Any]) -> None:
    """No cross pairs are declared, no system has ranks, and a language has no pool."""
    for of_settings in (record["settings"], *record["by_query_language"].values()):
        of_settings["cross"] = {}
        of_settings["multi"][RANK_DISTANCE] = {name: figure(None) for name in NAMES}
    record["by_query_language"]["de"]["multi"] = {}
    record["differences"] = [row for row in record["differences"] if row["measure"] != RANK_DISTANCE]
    for row in record["differences"]:
        row |= dict.fromkeys(("low", "high", "p", "p_holm"))
    record["remarks"]["settings.cross"] = "null: the data set declares no such pair"
    tables = comparison_tables(record)
    assert [table.title for table in tables] == [
        "Table 1: AP on toy", "Table 2: AP on toy, mono, by query language",
        "Table 2: AP on toy, multi, by query language", "Differences of each two systems: AP on toy",
    ]
    assert list(tables[0].header) == ["AP", "mono", "multi"]
    assert [cell.text for cell in tables[2].rows[0]] == ["de", "-", "-", "-"]
    assert list(tables[3].header) == ["systems", "in", "difference", "randomisation", "d_z", "pairs w-t-l", "signif."]
    assert all(len(row) == len(table.header) for table in tables for row in table.rows)
    notes = render(record, "table").split("\n\n")[-1]
    assert "settings of cross: null: the data set declares no such pair." in notes
    record["settings"]["multi"][RANK_DISTANCE] = {"x_y": figure(3, bound=False)}
    assert comparison_tables(record)[0].title == "Table 1: AP on toy, and rank distance in the pool"
    assert [list(t.header) for t in comparison_tables(record) if "rank distance on" in t.title] == [
        [RANK_DISTANCE, "x_y"]
    ]


def test_one_article_is_said_in_the_notes(record: dict[str, Any]) -> None:
    record["remarks"]["clusters"] = "one article: no interval"
    notes = render(record, "table").split("\n\n")[-1].splitlines()
    assert notes[1] == "one article: no interval."
    assert not any(note.startswith(("±", "†")) for note in notes)


def test_seeds(record: dict[str, Any]) -> None:
    record["systems"][2]["models"] = ["hybrid-1", "hybrid-2"]
    record["settings"]["mono"]["AP"] = {"hybrid": figure(0.7, 0.0123)}
    (seeds,) = [table for table in comparison_tables(record) if table.title.startswith("Seeds")]
    assert [[cell.text for cell in row] for row in seeds.rows] == [
        ["hybrid (2)", "0.700 (0.012)", "0.700", "0.700", "20.0"],
    ]


def test_differences(record: dict[str, Any]) -> None:
    assert render(record, "table").split("\n\n")[-2] == (
        "| systems       |            in | difference |     95% interval |      p | p (Holm) | randomisation |   d_z | "
        "pairs w-t-l | signif. |\n"
        "|---------------|--------------:|-----------:|-----------------:|-------:|---------:|--------------:|------:|"
        "------------:|--------:|\n"
        "| bm25 - hybrid |          mono |     +0.500 | [+0.250, +0.750] | <.0001 |   <.0001 |         .0300 | +0.40 | "
        "      1-0-1 |     0-0 |\n"
        "| x_y - hybrid  |          mono |     +0.500 | [+0.250, +0.750] |  .0254 |    .0507 |         .0300 | +0.40 | "
        "      1-0-1 |     1-1 |\n"
        "| bm25 - x_y    |          mono |     +0.500 | [+0.250, +0.750] |  .0005 |    .0010 |         .0300 | +0.40 | "
        "      1-0-1 |     0-0 |\n"
        "| x_y - hybrid  | rank distance |      +10.0 |    [+4.0, +16.0] |  .1000 |    .2000 |         .0300 | +0.40 | "
        "      1-0-1 |       - |"
    )


def test_the_notes_name_test_correction_and_clusters(record: dict[str, Any]) -> None:
    notes = render(record, "table").split("\n\n")[-1]
    for said in (
        "¹ best, ² second.", "12 articles with all their questions", "10,000 draws", "† differs from the best",
        "Holm's correction", "hybrid: one model each", "rank distance of bm25: an upper bound.",
    ):
        assert said in notes
    assert "not said" not in notes
    record["remarks"]["measures"] = "left out, as not all systems were evaluated with them: R@3"
    assert render(record, "table").endswith("\nmeasures: left out, as not all systems were evaluated with them: R@3.\n")
    assert "takes questions for independent, and says nothing of seeds" in notes
    record["clusters"] = {"of": "question", "count": 282, "questions": 282}
    assert "282 questions, in all languages" in render(record, "table")


def test_on_a_terminal_the_best_is_bold(record: dict[str, Any]) -> None:
    text = render(record, "table", terminal=True)
    assert "\033[1m0.700 ±0.020\033[0m" in text
    assert "\033[4m0.610 ±0.020\033[0m" in text and "¹" not in text
    plain = text.replace("\033[1m", "").replace("\033[4m", "").replace("\033[0m", "")
    assert len({len(line) for line in plain.split("\n\n")[1].splitlines()}) == 1  # aligned
    assert "\033" not in render(record, "table")


def test_markdown(record: dict[str, Any]) -> None:
    text = render(record, "markdown")
    assert "**Table 1: AP on toy, and rank distance in the pool**\n\n| AP " in text
    row = next(line for line in text.splitlines() if line.startswith("| hybrid"))
    assert [cell.strip() for cell in row.split("|")[1:-1]] == [
        "hybrid", *["**0.700 ±0.020**"] * 3, "**20.0 ±0.0**",
    ]
    assert "<u>0.610 ±0.020</u>" in text and "0.300 ±0.020†" in text and "| x\\_y " in text


def test_latex(record: dict[str, Any]) -> None:
    text = render(record, "latex")
    assert text.startswith("% needs \\usepackage{booktabs}\n\n\\begin{table}\n\\centering\n\\caption{AP on toy,")
    assert "\\begin{tabular}{lrrrr}\n\\toprule\nAP & mono & cross & multi & rank distance \\\\\n\\midrule\n" in text
    bm25 = ["0.300 $\\pm$0.020$^{\\dagger}$", "0.300 $\\pm$0.020", "0.300 $\\pm$0.020", "$\\leq$ 900.0"]
    assert f"bm25 & {' & '.join(bm25)} \\\\\n" in text
    assert "x\\_y & \\underline{0.610 $\\pm$0.020}" in text and "\\textbf{0.700 $\\pm$0.020}" in text
    assert text.count("\\begin{table}") == text.count("\\end{table}") == 6
    assert text.count("{") == text.count("}")
    text.encode("ascii")  # which every LaTeX takes


def test_what_is_special_in_latex() -> None:
    assert latex_escaped("a_b & 95% {x}") == "a\\_b \\& 95\\% \\{x\\}"
    assert latex_escaped("\\$#~^<=>†±²") == (
        "\\textbackslash{}\\$\\#\\textasciitilde{}\\textasciicircum{}$\\leq$$>$$^{\\dagger}$$\\pm$²"
    )
    assert latex_escaped("x-y - z [-0.5, -.1] 1-0-2") == "x-y - z [$-$0.5, $-$.1] 1-0-2"


def test_what_is_special_in_markdown() -> None:
    assert as_markdown([Table("t", ["a|b"], [[Cell("x_y*")]])], ["<= 3"]) == (
        "**t**\n\n| a\\|b   |\n|--------|\n| x\\_y\\* |\n\nBold: best; underlined: second. \\<= 3"
    )


def test_a_table_without_rows() -> None:
    table = Table("t", ["a", "b"], [])
    assert as_text([table], [], terminal=True).startswith("t\n\n| a | b |\n|---|--:|")
    assert "\\midrule\n\\bottomrule" in as_latex([table], [])


def test_csv_has_every_figure_once(record: dict[str, Any]) -> None:
    rows = list(csv.DictReader(io.StringIO(render(record, "csv"))))
    assert [row["of"] for row in rows].count("mean") == 3 * 4 * 3  # three places, four figures, three systems
    place = {"setting": "multi", "system": "bm25", "measure": RANK_DISTANCE}
    mean = next(row for row in rows if place.items() <= row.items())
    assert (mean["of"], mean["language"], mean["mean"], mean["low"], mean["bound"]) == ("mean", "", "900", "", "True")
    assert [row for row in rows if row["of"] == "pair"][2] == {
        **dict.fromkeys(rows[0], ""), "dataset": "toy", "of": "pair", "pair": "de-de", "measure": "AP",
        "system": "hybrid", "mean": "0.5",
    }
    found = next(row for row in rows if row["of"] == "difference")
    assert (found["system"], found["against"]) == ("bm25", "hybrid")
    assert (found["difference"], found["p_holm"]) == ("0.5", "1e-05")
    assert [row["pair"] for row in rows if row["of"] == "pair difference"] == ["de-de", "en-en", "de-en", "en-en"]


def test_json_is_the_record(record: dict[str, Any]) -> None:
    assert json.loads(render(record, "json")) == record


def test_table_4_has_the_groups(record: dict[str, Any]) -> None:
    of_group = settings(0.1, 0.2, 0.8)
    record["groups"] = {"seen": ["de"], "unseen": ["en", "vi"]}
    record["by_group"] = {group: of_group | {INTO: {"AP": of_group["cross"]["AP"]}} for group in record["groups"]}
    record["differences"] += [
        difference("bm25", "hybrid", 0.01, group="unseen", setting=INTO),
        difference("x_y", "hybrid", 0.01, language="de", setting=INTO),
    ]
    fourth = [table for table in comparison_tables(record) if table.title.startswith("Table 4")]
    assert [table.title for table in fourth] == [
        "Table 4: AP on toy, mono, by group of query languages",
        "Table 4: AP on toy, cross, by group of query languages",
        "Table 4: AP on toy, cross, by group of passage languages",
        "Table 4: AP on toy, multi, by group of query languages",
        "Table 4: rank distance on toy, by group of query languages",
    ]
    assert fourth[2].header == ["AP, cross, passages", *NAMES]
    seen, unseen = fourth[2].rows
    assert seen == [Cell("seen (de)"), Cell("0.100"), Cell("0.200", 2), Cell("0.800", 1)]
    assert unseen == [Cell("unseen (en vi)"), Cell("0.100", 0, True), Cell("0.200", 2), Cell("0.800", 1)]
    assert "by group" not in comparison_tables(record)[0].title


def test_groups_have_lines_in_the_csv(record: dict[str, Any]) -> None:
    record["groups"], record["by_group"] = {"unseen": ["en"]}, {"unseen": settings(0.1, 0.2, 0.8)}
    rows = [row for row in csv.DictReader(io.StringIO(render(record, "csv"))) if row["group"] == "unseen"]
    assert [row["mean"] for row in rows if row["setting"] == "mono"] == ["0.1", "0.2", "0.8"]
