"""``ask``: a question of one's own, answered by an indexed data set's passages."""

import argparse

from hybrid_pyserini.records import ALL
from hybrid_pyserini.workspace import Workspace


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    parser.add_argument("dataset", metavar="DATASET", help="a data set prepared in the workspace")
    parser.add_argument("question", metavar="QUESTION", help="in any language that the model knows")
    parser.add_argument("--model", required=True, metavar="M", help="a model that the data set is indexed with")
    parser.add_argument("--passages", default=ALL, metavar="LANGUAGE",
                        help="answer from this language's passages; 'all' is the pool of all (default: all)")
    parser.add_argument("--hits", type=int, default=5, metavar="N", help="passages to show (default: %(default)s)")
    parser.epilog = "example: hybrid-pyserini ask xquad-r 'Wer schrieb Faust?' --model hybrid --passages en"


def run(arguments: argparse.Namespace) -> None:
    """Print the best passages, a line each."""
    from hybrid_pyserini.report.answers import answer_lines
    from hybrid_pyserini.search.asking import ask

    answers = ask(
        Workspace(arguments.workspace), arguments.dataset, arguments.model, arguments.question,
        passages=arguments.passages, hits=arguments.hits,
    )
    print("\n".join(answer_lines(answers)))

