"""``translate``: a training source, or topics, into more languages."""

import argparse
from collections.abc import Mapping
from typing import TYPE_CHECKING

from hybrid_pyserini.errors import InputError
from hybrid_pyserini.workspace import Workspace, check_language

if TYPE_CHECKING:
    from hybrid_pyserini.share import Share
    from hybrid_pyserini.translation.translating import HowToTranslate


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    parser.description = (
        "Make a training source parallel: query, positive and hard negatives of each example are translated, the\n"
        "original stays, and sources/NAME.jsonl is written. Or, with --topics, translate a data set's topics into\n"
        "translations/topics/DATASET/MODEL/. A translation that is empty or does not end is dropped and counted.\n"
        "Finished parts of 256 examples are kept when the command is run again. Under torchrun the processes, each\n"
        "with its own GPU, share out the parts; jobs of a scheduler do with --shard-id and --shard-num."
    )
    parser.epilog = (
        "examples: hybrid-pyserini translate nq-en --model facebook/m2m100_418M --to de,es,zh --output nq\n"
        "          hybrid-pyserini translate faq.jsonl --model facebook/nllb-200-distilled-600M --to el --output faq\n"
        "          hybrid-pyserini translate miracl --topics --model facebook/m2m100_418M --from de,en --to sw,te\n"
        "          torchrun --nproc-per-node 8 -m hybrid_pyserini translate nq-en --model facebook/m2m100_418M ..."
    )
    parser.add_argument("source", metavar="SOURCE", help="a training source: its name in sources/, or a file; with "
                        "--topics a data set of this workspace")
    parser.add_argument("--topics", action="store_true", help="translate a data set's topics")
    parser.add_argument("--model", required=True, metavar="M", help="M2M-100 or NLLB: a model's name in this "
                        "workspace, its path, or its name on the hub")
    parser.add_argument("--from", dest="source_language", default="en", metavar="L,...", help="the language to "
                        "translate from; of topics one or several (default: en)")
    parser.add_argument("--to", metavar="L,...", help="the languages to translate into (default, of topics only: "
                        "those that the data set has passages in)")
    parser.add_argument("--output", metavar="NAME", help="the new training source's name; it becomes "
                        "sources/NAME.jsonl")
    parser.add_argument("--beams", type=int, default=5, metavar="N", help="beams of the search (default: 5)")
    parser.add_argument("--dtype", choices=("fp32", "bf16", "auto"), default="fp32", help="what the model computes in; "
                        "auto is bf16 where the processor has it (default: fp32)")
    parser.add_argument("--batch-tokens", type=int, metavar="N", help="most tokens that are translated at a time, for "
                        "each beam; fewer take less memory (default: 512, on a GPU 8192)")
    parser.add_argument("--shard-id", type=int, metavar="I", help="which of the jobs this is, from 0")
    parser.add_argument("--shard-num", type=int, metavar="N", help="the number of jobs")
    parser.add_argument("--overwrite", action="store_true", help="replace what was translated from something "
                        "else, or otherwise; what would come out the same is kept")


def run(arguments: argparse.Namespace) -> None:
    """Translate, and print one line for each language."""
    from hybrid_pyserini.share import Share
    from hybrid_pyserini.translation.translating import HowToTranslate

    how = HowToTranslate(arguments.model, arguments.beams, arguments.dtype, arguments.batch_tokens)
    share = Share.of_this_process(arguments.shard_id, arguments.shard_num)
    (_topics if arguments.topics else _source)(arguments, how, share)


def _topics(arguments: argparse.Namespace, how: "HowToTranslate", share: "Share") -> None:
    from hybrid_pyserini.translation.topics import translate_topics

    if arguments.output:
        raise InputError(
            "--output with --topics", remedy="leave it out: they are written to translations/topics/DATASET/MODEL/"
        )
    translated = translate_topics(
        Workspace(arguments.workspace), arguments.source, how, sources=_languages(arguments.source_language),
        targets=_languages(arguments.to) if arguments.to else None, share=share, overwrite=arguments.overwrite,
    )
    for each in translated:
        if each.missing:
            print(f"{each.pair}\t{each.missing} parts still missing")
            continue
        dropped = _counted({why: [*each.dropped.values()].count(why) for why in sorted({*each.dropped.values()})})
        print(f"{each.pair}\t{each.path}\t{'kept' if each.kept else 'written'}\t"
              f"{each.queries - len(each.dropped)} of {each.queries} queries{dropped}")


def _source(arguments: argparse.Namespace, how: "HowToTranslate", share: "Share") -> None:
    from hybrid_pyserini.translation.sources import TRANSLATED, translate_source

    for name, given in (("--to", arguments.to), ("--output", arguments.output)):
        if not given:
            raise InputError(f"no {name}", remedy=f"give {name}, or --topics to translate a data set's topics")
    translated = translate_source(
        Workspace(arguments.workspace), arguments.source, arguments.output, how, language=arguments.source_language,
        targets=_languages(arguments.to), share=share, overwrite=arguments.overwrite,
    )
    if translated.missing:
        print(f"{translated.path}: {translated.missing} parts still missing")
        return
    for language, counts in translated.counts.items():
        others = _counted({what: count for what, count in counts.items() if what != TRANSLATED})
        print(f"{language}\t{counts.get(TRANSLATED, 0)} of {translated.examples} examples translated{others}")
    print(f"{'kept ' if translated.kept else ''}{translated.path}: {translated.examples} examples")


def _languages(text: str) -> list[str]:
    """``de,en`` as a list, each once; raises InputError for what is no language code."""
    return list(dict.fromkeys(check_language(code.strip()) for code in text.split(",")))


def _counted(counts: Mapping[str, int]) -> str:
    return "".join(f", {count} {what}" for what, count in counts.items())
