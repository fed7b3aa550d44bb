"""A trained model's card, ``README.md``: what the Hub shows, how it was trained and is used, and its evaluations.

Equal trainings have equal cards. The evaluations stand between two marks, a block a data set; once the card is there,
nothing outside the marks is touched (but for the model's name, when it goes to the Hub), so that one may edit it.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hybrid_pyserini.atomic import replacing_file
from hybrid_pyserini.encoder.checkpoint import EncoderSettings

CARD = "README.md"
_BEGIN, _END = "<!-- evaluations: begin -->", "<!-- evaluations: end -->"
_SECTION = re.compile(f"(?<={re.escape(_BEGIN)}\n).*?(?={re.escape(_END)})", re.DOTALL)
_BLOCK = re.compile(r"<!-- evaluation on (\S+) -->\n(.*?)(?=<!-- evaluation on |\Z)", re.DOTALL)
_PAPER = "[arXiv 2408.10536](https://arxiv.org/abs/2408.10536)"


@dataclass(frozen=True)
class CardFacts:
    """What a card says besides the training's record."""

    name: str
    """By which a user loads the model: a hub name or a path."""
    base_model: str | None
    """The initial encoder's hub name; None for one from a folder."""
    settings: EncoderSettings
    dimension: int
    stock_pyserini: bool
    sentence_transformers: bool
    """Whether these compute the model's vectors: ``Encoder`` knows."""


def write_card(folder: Path, facts: CardFacts, record: Mapping[str, Any]) -> None:
    """Write the card of a finished training into its model's folder; ``record`` is its ``training.json``."""
    parts = [
        _front_matter(facts, record), _introduction(facts), _use(facts), _training(facts, record), _evaluations({}),
        "## Licence\n\nNot stated here: it follows from the licences of the initial encoder and of the training data. "
        "Say it in the front matter, as `license:`, before you publish the model.",
    ]
    with replacing_file(folder / CARD) as aside:
        aside.write_text("\n\n".join(parts) + "\n", encoding="utf-8")


def put_evaluation(folder: Path, dataset: str, table: str) -> bool:
    """Put a data set's table into a model's card, in place of an earlier one; return False for a card without the
    marks, which is left alone."""
    path = folder / CARD
    text = path.read_text(encoding="utf-8")
    section = _SECTION.search(text)
    if section is None:
        return False
    tables = {name: block.strip() for name, block in _BLOCK.findall(section[0])}
    tables[dataset] = f"### {dataset}\n\n{table}"
    with replacing_file(path) as aside:
        aside.write_text(text[: section.start()] + _blocks(tables) + text[section.end() :], encoding="utf-8")
    return True


def put_name(folder: Path, old: str, new: str) -> None:
    """Call the model by another name in its card, where it has one: that of the Hub instead of a path."""
    path = folder / CARD
    if path.is_file():
        text = re.sub(rf"(?<![\w/.-]){re.escape(old)}(?![\w/.-])", new, path.read_text(encoding="utf-8"))
        with replacing_file(path) as aside:
            aside.write_text(text, encoding="utf-8")


def _front_matter(facts: CardFacts, record: Mapping[str, Any]) -> str:
    """The Hub's YAML; languages by the code that it knows, so ``zh`` for ``zh_Hans``."""
    from huggingface_hub import ModelCardData

    languages = {language.split("_")[0].lower() for source in record["sources"] for language in source["languages"]}
    data = ModelCardData(
        base_model=facts.base_model, language=sorted(languages), library_name="sentence-transformers",
        pipeline_tag="sentence-similarity",
        tags=["sentence-transformers", "sentence-similarity", "feature-extraction", "dense-retrieval",
              "cross-lingual-retrieval", "multilingual", "pyserini", "hybrid-pyserini"],
    )
    return f"---\n{data.to_yaml()}\n---"


def _introduction(facts: CardFacts) -> str:
    return (
        f"# {Path(facts.name).name}\n\n"
        f"An encoder for dense retrieval within a language, across languages, and from a pool of all languages. "
        f"Queries and passages become vectors of {facts.dimension} numbers"
        f"{' and unit length' if facts.settings.normalize else ''}, compared by their cosine. "
        f"Trained with hybrid-pyserini, after {_PAPER}."
    )


def _use(facts: CardFacts) -> str:
    """Code that a reader can paste; the tests run it."""
    settings = facts.settings
    query, passage = (f"`{prompt!r}`" if prompt else "nothing" for prompt in (
        settings.query_prompt, settings.document_prompt
    ))
    lines = ["## Use", "", f"Before a query stands {query}, before a passage {passage}; texts are cut at "
             f"{settings.max_length} tokens. The checkpoint says so itself.", ""]
    if facts.sentence_transformers:
        lines += [
            "```python", "from sentence_transformers import SentenceTransformer", "",
            f'model = SentenceTransformer("{facts.name}")',
            'queries = model.encode_query(["Which currency does Australia have?"])',
            'passages = model.encode_document(["Die Währung Australiens ist der Dollar.", "Der Nil ist ein Fluss."])',
            "print(model.similarity(queries, passages))", "```", "",
        ]
    else:
        lines += ["sentence-transformers would pool this model's decoder: other vectors than those it was trained for.",
                  ""]
    lines += [
        "With Pyserini, where hybrid-pyserini reads all of that from the checkpoint:", "", "```",
        f"hybrid-pyserini pyserini search.faiss --encoder-class hybrid --encoder {facts.name} \\",
        "  --index INDEX --topics TOPICS --output run.txt", "```", "",
    ]
    prefix = settings.query_prompt.removesuffix(" ")
    if facts.stock_pyserini and settings.query_prompt in ("", f"{prefix} "):  # Pyserini puts one blank behind it
        options = [f"--pooling {settings.pooling}", "--l2-norm" if settings.normalize else "",
                   f'--query-prefix "{prefix}"' if prefix else ""]
        lines += [
            "With Pyserini alone, which is told:", "", "```",
            f"python -m pyserini.search.faiss --encoder-class auto {' '.join(filter(None, options))} \\",
            f"  --encoder {facts.name} --index INDEX --topics TOPICS --output run.txt", "```",
        ]
    else:
        lines += ["Pyserini's own `--encoder-class auto` computes other vectors than this model's."]
    return "\n".join(lines)


def _training(facts: CardFacts, record: Mapping[str, Any]) -> str:
    """What was done, from the record."""
    settings, trainer = record["settings"], record["training_arguments"]
    parameters, hardware = record["parameters"], record["hardware"]
    kinds: dict[str, int] = {}
    for stream in record["batches"]:
        kinds[stream["kind"]] = kinds.get(stream["kind"], 0) + stream["batches"]
    alpha = f", alpha {settings['alpha']}" if settings["strategy"] == "hybrid" else ""
    rows = {
        "Initial encoder": f"`{facts.base_model or settings['init']}`",
        "Batches": f"{settings['strategy']}{alpha}: " + ", ".join(f"{n} {kind}" for kind, n in sorted(kinds.items()))
        + f"; {settings['batch_size']} queries each",
        "Loss": f"InfoNCE over the cosine, temperature {settings['temperature']}; the passages of the batch are the "
        "candidates, known positives other than the own one masked",
        "Steps": f"{record['steps']}, {trainer['optim']}, learning rate {trainer['learning_rate']:g} "
        f"({trainer['lr_scheduler_type']}, warm-up {trainer['warmup_steps']}), "
        f"weight decay {trainer['weight_decay']:g}",
        "Trained parameters": f"{parameters['trained']:,} of {parameters['all']:,}" + (
            f": LoRA of rank {settings['lora_rank']}, merged" if settings["lora_rank"] else ""
        ),
        "Pooling": facts.settings.pooling,
        "Seed": str(trainer["seed"]),
        "Ran on": f"{hardware['device']}, {hardware['processes']} process(es), {hardware['dtype']}",
    }
    sources = [
        f"| {source['name']} | {source['examples']:,} | {' '.join(source['languages'])} |"
        for source in record["sources"]
    ]
    return "\n".join([
        "## Training", "", "| | |", "|---|---|", *(f"| {name} | {value} |" for name, value in rows.items()), "",
        "| Source | Parallel examples | Languages |", "|---|--:|---|", *sources, "",
        "All arguments, versions and the log are in `training.json`.",
    ])


def _evaluations(tables: Mapping[str, str]) -> str:
    return "\n".join([
        "## Evaluation", "",
        "*mono*: query and passages in one language; *cross*: in two; *multi*: passages of all languages in one pool; "
        "means over languages, language pairs and query languages. *Rank distance*: lowest minus highest rank of a "
        "query's relevant passages in the pool, a measure of language bias; smaller is better.", "",
        f"{_BEGIN}\n{_blocks(tables)}{_END}",
    ])


def _blocks(tables: Mapping[str, str]) -> str:
    """The text between the marks, a block a data set."""
    if not tables:
        return "None yet; `hybrid-pyserini evaluate` puts its figures here.\n"
    return "\n" + "".join(f"<!-- evaluation on {name} -->\n{table}\n\n" for name, table in sorted(tables.items()))
