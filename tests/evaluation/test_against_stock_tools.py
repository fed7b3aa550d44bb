"""The same files, scored by us, by Pyserini's trec_eval and by the ir_measures command."""

import gzip
import random
import subprocess
import sys
from pathlib import Path

import pytest
from numpy import float32
from stock_pyserini import run_stock

from hybrid_pyserini.evaluation.measures import PairFigures, parse_measures, score_run
from hybrid_pyserini.trec import read_qrels, read_run, scored_qrels, write_qrels

TREC_NAMES = {
    "AP": "map", "AP@20": "map_cut_20", "nDCG@10": "ndcg_cut_10", "R@1": "recall_1",
    "R@10": "recall_10", "R@100": "recall_100", "RR": "recip_rank",
}
TREC_OPTIONS = ["map", "map_cut.20", "ndcg_cut.10", "recall.1,10,100", "recip_rank"]


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Qrels and a run with graded and negative relevance, unjudged passages, equal scores (some only as float32),
    unanswered queries, queries without judgements, ids in several scripts, and lines in no order."""
    folder = tmp_path_factory.mktemp("stock")
    draw = random.Random(3)
    docids = [f"{prefix}:{number}" for prefix in ("de", "EN", "zh语", "éa", "𝄞") for number in range(30)]
    qrels = {}
    for number in range(40):
        judged = {docid: draw.choice([-1, 0, 1, 1, 2, 3]) for docid in draw.sample(docids, 12)}
        qrels[f"q{number}"] = judged | {draw.choice(docids): 1}
    write_qrels(folder / "qrels.txt", qrels)
    lines = []
    for number in [*range(36), 77, 78]:
        for docid in draw.sample(docids, draw.choice([1, 20, 120])):
            score = draw.choice([0.5, 0.25, draw.random(), 0.1, 0.1 + 1e-10, -draw.random()])
            lines.append(f"q{number} Q0 {docid} 0 {score!r} tag\n")
    draw.shuffle(lines)
    (folder / "run.txt").write_text("".join(lines), encoding="utf-8")
    return folder / "qrels.txt", folder / "run.txt"


def ours(qrels: Path, run: Path, names: list[str]) -> PairFigures:
    judged = read_qrels(qrels)
    return score_run(parse_measures(names), scored_qrels(dict.fromkeys(judged, "?"), judged), read_run(run))


def per_query(output: str, columns: tuple[int, int, int]) -> dict[tuple[str, str], float]:
    """(measure, query id) -> value from lines of three columns."""
    rows = [[field.strip() for field in line.split("\t")] for line in output.splitlines()]
    measure, query, value = columns
    return {(row[measure], row[query]): float(row[value]) for row in rows if len(row) == 3}


@pytest.mark.java
def test_equal_to_pyserinis_trec_eval(files: tuple[Path, Path]) -> None:
    theirs = trec_eval(*files, TREC_OPTIONS)
    figures = ours(*files, list(TREC_NAMES))
    assert (figures.scored, figures.unanswered, figures.ignored) == (40, 4, 2)
    for name, trec_name in TREC_NAMES.items():
        assert theirs[trec_name, "all"] == pytest.approx(figures.means[name], abs=5.1e-5)
        of_queries = {query: value for (measure, query), value in theirs.items() if measure == trec_name}
        assert len(of_queries) == 36 + 1  # trec_eval prints no line for unanswered queries, but counts them with -c
        for query in of_queries.keys() - {"all"}:
            assert of_queries[query] == pytest.approx(figures.values[name][query], abs=5.1e-5), (name, query)


@pytest.mark.java
def test_rr_at_k_is_trec_evals_but_for_equal_scores(files: tuple[Path, Path]) -> None:
    """Where passages of equal scores are relevant in part, their order decides, and ir-measures takes another one."""
    qrels, run = (read(path) for read, path in zip((read_qrels, read_run), files, strict=True))
    theirs = trec_eval(*files, ["recip_rank"], "-M", "10")
    values = ours(*files, ["RR@10"]).values["RR@10"]
    different = {
        query for query in run.keys() & qrels.keys() if abs(theirs["recip_rank", query] - values[query]) > 5.1e-5
    }
    decided_by_order = set()
    for query, hits in run.items():
        relevant_at: dict[float32, set[bool]] = {}
        for docid, score in hits.items():
            relevant_at.setdefault(float32(score), set()).add(qrels.get(query, {}).get(docid, 0) >= 1)
        if any(len(found) == 2 for found in relevant_at.values()):
            decided_by_order.add(query)
    assert different
    assert different <= decided_by_order
    assert run.keys() & qrels.keys() - decided_by_order  # else this shows nothing


@pytest.mark.java
def test_a_higher_relevance_level_is_trec_evals(files: tuple[Path, Path]) -> None:
    theirs = trec_eval(*files, ["map", "recall.10", "recip_rank"], "-l", "2")
    values = ours(*files, ["AP(rel=2)", "R(rel=2)@10", "RR(rel=2)"]).values
    for name, trec_name in {"AP(rel=2)": "map", "R(rel=2)@10": "recall_10", "RR(rel=2)": "recip_rank"}.items():
        of_queries = [query for measure, query in theirs if measure == trec_name and query != "all"]
        assert len(of_queries) > 30
        for query in of_queries:
            assert theirs[trec_name, query] == pytest.approx(values[name][query], abs=5.1e-5), (name, query)


def trec_eval(qrels: Path, run: Path, measures: list[str], *options: str) -> dict[tuple[str, str], float]:
    """(measure, query id or all) -> value, from Pyserini's trec_eval."""
    chosen = [word for measure in measures for word in ("-m", measure)]
    return per_query(run_stock("eval.trec_eval", "-c", "-q", *options, *chosen, qrels, run), (0, 1, 2))


@pytest.mark.parametrize("form", ["plain", "gzipped", "empty"])
def test_equal_to_the_ir_measures_command(files: tuple[Path, Path], tmp_path: Path, form: str) -> None:
    qrels, run = files
    if form == "gzipped":
        run = tmp_path / "run.txt.gz"
        run.write_bytes(gzip.compress(files[1].read_bytes()))
    elif form == "empty":
        run = tmp_path / "run.txt"
        run.write_bytes(b"")
    names = [*TREC_NAMES, "AP(rel=2)", "RR@10", "P@5", "Judged@10"]
    theirs = ir_measures_command(qrels, run, names)
    figures = ours(qrels, run, names)
    assert any(figures.means.values()) == (form != "empty")
    for name in names:
        assert theirs[name, "all"] == pytest.approx(figures.means[name], abs=1e-11), name
        of_queries = {query: value for (measure, query), value in theirs.items() if measure == name and query != "all"}
        assert of_queries.keys() >= figures.values[name].keys()
        for query, value in figures.values[name].items():
            assert of_queries[query] == pytest.approx(value, abs=1e-11), (name, query)


def test_queries_without_a_relevant_passage_are_not_scored_here_and_zero_there(tmp_path: Path) -> None:
    """The one difference by intent: what has no answer in a language says nothing of a system."""
    write_qrels(tmp_path / "qrels.txt", {"q1": {"a": 1}, "q2": {"a": 0, "b": -1}})
    (tmp_path / "run.txt").write_text("q1 Q0 a 1 2 x\nq2 Q0 a 1 2 x\nq3 Q0 a 1 2 x\n")
    paths = tmp_path / "qrels.txt", tmp_path / "run.txt"
    theirs = ir_measures_command(*paths, ["AP"])
    figures = ours(*paths, ["AP"])
    assert (figures.values, figures.means) == ({"AP": {"q1": 1}}, {"AP": 1})
    assert (theirs["AP", "q2"], theirs["AP", "all"]) == (0, 0.5)


def ir_measures_command(qrels: Path, run: Path, names: list[str]) -> dict[tuple[str, str], float]:
    """(measure, query id or all) -> value, from the ir_measures command."""
    done = subprocess.run(
        [sys.executable, "-m", "ir_measures", "--by_query", "--places", "12", str(qrels), str(run), *names],
        capture_output=True, text=True, timeout=120,
    )
    assert done.returncode == 0, done.stderr
    return per_query(done.stdout, (1, 0, 2))
