"""``evaluate``: a data set's runs -> figures, means, language bias, the paper's table, and a picture of it."""

import argparse
import gc
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from hybrid_pyserini.errors import InputError
from hybrid_pyserini.workspace import Workspace, choose_pairs

MEASURES = ("AP", "nDCG@10", "R@1", "R@10", "R@100", "RR")


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    parser.add_argument("dataset", metavar="DATASET", help="a data set prepared in the workspace")
    parser.add_argument("--model", nargs="+", required=True, metavar="M", help="models that have runs, 'bm25' included")
    parser.add_argument(
        "--measures", nargs="+", default=MEASURES, metavar="MEASURE",
        help=f"as ir-measures names them (default: {' '.join(MEASURES)})",
    )
    parser.add_argument(
        "--pairs", metavar="Q-P,...",
        help="only these pairs, such as de-en,de-all (default: all), with a table of their own; means that need "
        "others are null",
    )
    parser.add_argument(
        "--by", choices=("language", "script", "resource"),
        help="also print a table by query language, or by the languages' script or resource level (Joshi et al. 2020, "
        "from 0, the least, to 5)",
    )
    parser.add_argument(
        "--bias-at", type=int, default=100, metavar="K",
        help="the top K of the pool that PEER, SameLanguage and Complete look at (default: %(default)s)",
    )
    parser.add_argument(
        "--picture", type=Path, metavar="FILE",
        help="also draw the first measure and the rank distance; the name ends in .svg, .png or .pdf",
    )
    parser.epilog = (
        "Writes runs/DATASET/eval.DATASET.M.json and .per_query.parquet, anew each time, and prints the means. They\n"
        "also go into the card of a model trained here, models/M/README.md, unless --pairs are given.\n"
        "example: hybrid-pyserini evaluate xquad-r --model hybrid x-y bm25 --measures AP nDCG@10 'AP(rel=2)'\n"
        "         hybrid-pyserini evaluate xquad-r --model bm25 x-y hybrid --picture xquad-r.svg\n"
        "         hybrid-pyserini evaluate xquad-r --model hybrid --by script"
    )


def check(arguments: argparse.Namespace) -> None:
    """Raise InputError for measures that cannot be computed."""
    from hybrid_pyserini.evaluation.measures import parse_measures

    parse_measures(arguments.measures)


def run(arguments: argparse.Namespace) -> None:
    """Evaluate the models and print their tables."""
    from hybrid_pyserini.evaluation.evaluation import evaluate
    from hybrid_pyserini.evaluation.measures import parse_measures
    from hybrid_pyserini.report.plots import check_picture, settings_picture
    from hybrid_pyserini.report.tables import pair_table, pool_table, setting_tables, table_by
    from hybrid_pyserini.search.run_manifest import check_runs

    gc.freeze()  # scoring makes so many values that the collector keeps looking through all that is loaded by now
    workspace = Workspace(arguments.workspace)
    info = workspace.dataset(arguments.dataset)
    measures = parse_measures(arguments.measures)
    if arguments.bias_at < 1:
        raise InputError(f"--bias-at {arguments.bias_at}", remedy="give 1 or more")
    pairs = choose_pairs(info, arguments.pairs)
    models = list(dict.fromkeys(workspace.model(name)[0] for name in arguments.model))
    if arguments.picture:
        check_picture(arguments.picture, models)
    for model in models:  # all before the first: scoring takes minutes
        check_runs(workspace, info, model, pairs)
    evaluations = []
    for model in models:
        evaluations.append(evaluate(workspace, info, model, pairs, measures, arguments.bias_at))
        report_remarks(evaluations[-1])
    if arguments.pairs:
        print(pair_table(evaluations) + "\n")
    print(setting_tables(evaluations))
    if of_pool := pool_table(evaluations):
        print("\n" + of_pool)
    if arguments.by:
        for evaluation in evaluations:
            print("\n" + table_by(arguments.by, evaluation, str(measures[0])))
    if arguments.picture:
        settings_picture(evaluations, arguments.picture)
    if not arguments.pairs:
        for evaluation in evaluations:
            _put_into_card(workspace, evaluation)


def _put_into_card(workspace: Workspace, evaluation: Mapping[str, Any]) -> None:
    """Put the table into the card of the workspace's model, where it has one and the runs are that model's."""
    from hybrid_pyserini.encoder.checkpoint import fingerprint
    from hybrid_pyserini.encoder.model_card import CARD, put_evaluation
    from hybrid_pyserini.report.tables import model_table
    from hybrid_pyserini.search.run_manifest import RunManifest

    dataset, model = evaluation["dataset"], evaluation["model"]
    folder, manifest = workspace.root / "models" / model, workspace.run_manifest(dataset, model)
    if not (folder / CARD).is_file() or not manifest.is_file():
        return
    if RunManifest.read(manifest).system.get("fingerprint") != fingerprint(folder):
        print(f"{model}: the runs are not of the model in {folder}; its card is left as it is", file=sys.stderr)
    else:
        put_evaluation(folder, dataset, model_table(evaluation))


def report_remarks(evaluation: Mapping[str, Any]) -> None:
    """Say on stderr what a reader of the table must know; remarks on what is not in it stay in the JSON."""

    def say(text: str) -> None:
        print(f"{evaluation['model']}: {text}", file=sys.stderr)

    of_pool: dict[str, list[str]] = {}
    for place, remark in evaluation["remarks"].items():
        if place.startswith(("language_bias", "pool")):
            of_pool.setdefault(remark, []).append(place)
        elif not place.startswith(("by_", "settings_micro")):
            say(f"{place}: {remark}")
    for remark, places in of_pool.items():  # most hold for several measures
        say(f"{', '.join(places)}: {remark}")
    counts = evaluation["queries"].values()
    unanswered, ignored = (sum(pair[name] for pair in counts) for name in ("unanswered", "ignored"))
    if unanswered:
        say(f"{unanswered} of {sum(pair['scored'] for pair in counts)} scored queries are unanswered and count zero")
    if ignored:
        say(f"{ignored} queries of the runs are not scored and are ignored")
    distances = evaluation["language_bias"]["rank_distance"]
    if distances["bound"]:
        say(f"rank distance is an upper bound: {distances['unranked_share']:.1%} of the relevant passages are unranked")
