"""``mine``: hard negatives for training examples, found with an index."""

import argparse

from hybrid_pyserini.workspace import Workspace


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    parser.description = (
        "Write a store of training examples with hard negatives: for each example and each language of its positives,\n"
        "the passages of an indexed data set that the model ranks highest for the question and that do not answer it.\n"
        "Negatives that an example has already are kept, before the new ones."
    )
    parser.add_argument("name", metavar="NAME", help="the new store's name; it becomes examples/NAME")
    parser.add_argument("--examples", required=True, metavar="STORE",
                        help="a store built by 'examples', by name or folder")
    parser.add_argument("--dataset", required=True, metavar="D",
                        help="a data set of this workspace, as 'prepare' named it, whose passages become negatives")
    parser.add_argument("--model", required=True, metavar="M",
                        help="the model that 'index' built the data set's indexes with: its name in this workspace, "
                        "its path, or its name on the hub")
    parser.add_argument("--negatives", type=int, default=3, metavar="N",
                        help="the most new negatives for an example in a language (default: %(default)s)")
    parser.add_argument("--depth", type=int, default=100, metavar="N",
                        help="the best passages of a question that are looked through (default: %(default)s)")
    parser.add_argument("--relative-margin", type=float, metavar="X",
                        help="leave out passages that score above (1 - X) times the positive's score, as too likely to "
                        "be right; 0.05 is common (default: none is left out for its score)")
    parser.add_argument("--languages", nargs="+", metavar="L",
                        help="passage languages to search (default: all that the store and the data set share)")
    parser.add_argument("--overwrite", action="store_true", help="make the store again if it is there")
    parser.epilog = (
        "The question is asked in the passages' language; in English where the example lacks that; else in the first\n"
        "of its languages. A passage answers it, as far as is known, if it is of the example's passage group or\n"
        "other_groups. Store and data set name groups alike if one 'prepare' made both. Where they do not, texts\n"
        "tell: a passage with the text of a positive, white space apart, is of that one's group. A passage that\n"
        "answers and is no positive cannot be known; --relative-margin leaves many of those out.\n\n"
        "example: hybrid-pyserini mine hard --examples xquad-r-train --dataset xquad-r --model hybrid \\\n"
        "           --relative-margin 0.05\n"
        "         hybrid-pyserini train --examples hard --init hybrid --output harder --max_steps 400"
    )


def run(arguments: argparse.Namespace) -> None:
    """Mine, and say what the new store holds."""
    from hybrid_pyserini.mining.language_search import MiningSettings
    from hybrid_pyserini.mining.mining import mine

    mined = mine(
        Workspace(arguments.workspace), arguments.name, arguments.examples, arguments.dataset, arguments.model,
        MiningSettings(arguments.negatives, arguments.depth, arguments.relative_margin),
        languages=arguments.languages, overwrite=arguments.overwrite,
    )
    print(
        f"{'kept ' if mined.kept else ''}{mined.folder}: {mined.examples} examples with negatives in "
        f"{' '.join(mined.languages)}"
    )
