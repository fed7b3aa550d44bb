"""A small recipe over a user's own data of plain words: what several tests resolve and run."""

from collections.abc import Sequence
from pathlib import Path

from parallel_words import parallel_examples

from hybrid_pyserini.data.sources.example_source import write_examples
from hybrid_pyserini.jsonl import write_jsonl
from hybrid_pyserini.trec import write_qrels, write_topics

RECIPE = """\
about: Words in three languages.
variables:
  DATA: the folder of words
  STEPS: {about: optimizer steps, default: 3}
prepare:
  - {dataset: own, name: words, source: "${DATA}"}
examples: [words-train]
init: {layers: 1, width: 64, pieces: 300, max-length: 32}
train:
  examples: [words-train]
  strategies: [x-x-mono, hybrid]
  seeds: [1]
  arguments: {batch-size: 8, max_steps: "${STEPS}", learning_rate: 1e-3, use_cpu: true, disable_tqdm: true}
search: [{dataset: words, hits: 10}]
evaluate: {measures: [AP, R@1]}
tolerance: {measures: 0.1, rank distance: 0.5}
"""


def write_words(folder: Path, languages: Sequence[str] = ("de", "en", "zh")) -> Path:
    """A folder for ``prepare own``: 60 training examples, 25 others to search."""
    examples = parallel_examples(85, tuple(languages))
    write_examples(folder / "train.jsonl", examples[:60])
    for language in languages:
        write_jsonl(folder / "corpus" / f"{language}.jsonl", [
            {"id": f"{language}-{e.id}", "text": e.positives[language], "group": e.group} for e in examples[60:]
        ])
        write_topics(folder / "topics" / f"{language}.tsv", {e.id: e.queries[language] for e in examples[60:]})
        write_qrels(folder / "qrels" / f"{language}.txt", {e.id: {f"{language}-{e.id}": 1} for e in examples[60:]})
    return folder


def write_recipe(folder: Path, *replacements: tuple[str, str], name: str = "words") -> Path:
    """The recipe with these texts replaced."""
    text = RECIPE
    for old, new in replacements:
        assert old in text
        text = text.replace(old, new)
    path = folder / f"{name}.yaml"
    path.write_text(text, encoding="utf-8")
    return path
