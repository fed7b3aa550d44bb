"""The same files, scored by us, by Pyserini's trec_eval and by the ir_measures command."""

import random
import subprocess
import sys
from pathlib import Path

import pytest
from stock_pyserini import run_stock

from hybrid_pyserini.evaluation.measures import PairFigures, parse_measures, score_run
from hybrid_pyserini.trec import read_qrels, read_run, scored_qrels, write_qrels

TREC_NAMES = {
    "AP": "map", "nDCG@10": "ndcg_cut_10", "R@1": "recall_1", "R@10": "recall_10", "R@100": "recall_100",
    "RR": "recip_rank",
}
TREC_OPTIONS = ["-m", "map", "-m", "ndcg_cut.10", "-m", "recall.1,10,100", "-m", "recip_rank"]


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
    printed = run_stock("eval.trec_eval", "-c", "-q", *TREC_OPTIONS, *files)
    theirs = per_query(printed, (0, 1, 2))
    figures = ours(*files, list(TREC_NAMES))
    assert (figures.scored, figures.unanswered, figures.ignored) == (40, 4, 2)
    for name, trec_name in TREC_NAMES.items():
        assert theirs[trec_name, "all"] == pytest.approx(figures.means[name], abs=5.1e-5)
        of_queries = {query: value for (measure, query), value in theirs.items() if measure == trec_name}
        assert len(of_queries) == 36 + 1  # trec_eval prints no line for unanswered queries, but counts them with -c
        for query in of_queries.keys() - {"all"}:
            assert of_queries[query] == pytest.approx(figures.values[name][query], abs=5.1e-5), (name, query)


def test_equal_to_the_ir_measures_command(files: tuple[Path, Path]) -> None:
    names = [*TREC_NAMES, "AP(rel=2)", "RR@10", "P@5", "Judged@10"]
    done = subprocess.run(
        [sys.executable, "-m", "ir_measures", "--by_query", "--places", "12", *map(str, files), *names],
        capture_output=True, text=True, timeout=120,
    )
    assert done.returncode == 0, done.stderr
    theirs = per_query(done.stdout, (1, 0, 2))
    figures = ours(*files, names)
    for name in names:
        assert theirs[name, "all"] == pytest.approx(figures.means[name], abs=1e-11), name
        of_queries = {query: value for (measure, query), value in theirs.items() if measure == name and query != "all"}
        assert of_queries.keys() >= figures.values[name].keys()
        for query, value in figures.values[name].items():
            assert of_queries[query] == pytest.approx(value, abs=1e-11), (name, query)
