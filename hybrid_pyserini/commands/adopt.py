"""``adopt``: a checkpoint made by others -> a model of the workspace."""

import argparse

from hybrid_pyserini.encoder.known_encoders import KNOWN_ENCODERS
from hybrid_pyserini.workspace import Workspace

_SETTINGS = ("pooling", "normalize", "query_prompt", "document_prompt", "max_length")


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    parser.description = (
        "Make a model of this workspace of a Hugging Face or sentence-transformers checkpoint, which then states its "
        "pooling, normalisation, prompts and length, so that 'index', 'search', 'ask' and stock Pyserini take it by "
        "name. What is given here counts before what the checkpoint states, and that before the published settings of "
        "a known encoder; what nobody says is asked for, and never guessed."
    )
    parser.epilog = (
        "examples: hybrid-pyserini adopt intfloat/multilingual-e5-base --output me5\n"
        "          hybrid-pyserini adopt /data/me5 --as intfloat/multilingual-e5-base --output me5\n"
        "          hybrid-pyserini adopt /data/own --output own --pooling cls --no-normalize --query-prompt 'Q: ' "
        "--document-prompt ''"
    )
    parser.add_argument("source", metavar="NAME_OR_PATH", help="a checkpoint's name on the hub, or its folder")
    parser.add_argument("--output", required=True, metavar="NAME", help="the model's name; it becomes models/NAME")
    parser.add_argument("--as", dest="known", metavar="NAME", help="the folder is a copy of this known encoder: "
                        + ", ".join(KNOWN_ENCODERS))
    parser.add_argument("--pooling", choices=("cls", "mean"), help="how tokens' vectors become the text's")
    parser.add_argument("--normalize", action=argparse.BooleanOptionalAction,
                        help="whether vectors get length 1, so that the inner product is the cosine")
    parser.add_argument("--query-prompt", metavar="TEXT", help="stands before a query, without a blank in between; '' "
                        "for none")
    parser.add_argument("--document-prompt", metavar="TEXT", help="stands before a passage; '' for none")
    parser.add_argument("--max-length", type=int, metavar="N", help="most tokens of a text (default: as stated or "
                        "published, else 256)")
    parser.add_argument("--overwrite", action="store_true", help="make the model again if it is there")


def run(arguments: argparse.Namespace) -> None:
    """Make the model, and print its settings, and whence they are."""
    workspace = Workspace(arguments.workspace)
    output = workspace.new_model(arguments.output)
    given = {name: getattr(arguments, name) for name in _SETTINGS if getattr(arguments, name) is not None}
    from hybrid_pyserini.encoder.adopting import adopt

    adopted = adopt(
        output, workspace.model(arguments.source)[1], known=arguments.known, given=given, overwrite=arguments.overwrite
    )
    print(f"{adopted.folder}\t{'kept' if adopted.kept else 'written'}")
    for name in _SETTINGS:
        print(f"{name.replace('_', ' ')}\t{getattr(adopted.settings, name)!r}\t{adopted.origins[name]}")
