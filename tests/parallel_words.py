"""Parallel examples of plain words, for tests that need some data and do not care which."""

import random
from collections.abc import Sequence

from hybrid_pyserini.collection import write_collection
from hybrid_pyserini.data.dataset import all_pairs, union
from hybrid_pyserini.records import ALL, Pair, ParallelExample, Passage
from hybrid_pyserini.trec import write_qrels, write_topics
from hybrid_pyserini.workspace import DatasetInfo, Workspace

WORDS = {
    "en": "river mountain city bread music winter garden teacher window letter bridge forest".split(),
    "de": "Fluss Berg Stadt Brot Musik Winter Garten Lehrer Fenster Brief Brücke Wald".split(),
    "zh": "河流 山脉 城市 面包 音乐 冬天 花园 老师 窗户 信件 桥梁 森林".split(),
}


def parallel_examples(count: int, languages: tuple[str, ...] = ("de", "en", "zh")) -> list[ParallelExample]:
    """Examples of three words each; every fourth shares its passage group with the one before."""
    chance = random.Random(5)
    examples = []
    for i in range(count):
        picked = [chance.randrange(12) for _ in range(3)]
        group = f"g{i - 1 if i % 4 == 3 else i}"
        texts = {language: " ".join(WORDS[language][word] for word in picked) for language in languages}
        examples.append(ParallelExample(
            id=f"q{i}", group=group, queries={k: f"{v} ?" for k, v in texts.items()},
            positives={k: f"{v} {i}" for k, v in texts.items()},
        ))
    return examples


def write_held_out(workspace: Workspace, name: str, *, languages: tuple[str, ...] = ("de", "en", "zh")) -> None:
    """A data set to search, of the 25 examples that follow on the first 60."""
    write_dataset(workspace, name, parallel_examples(85)[60:], languages)


def write_dataset(
    workspace: Workspace, name: str, examples: Sequence[ParallelExample], languages: tuple[str, ...]
) -> None:
    """A data set to search: one passage a question and language, all pairs and the pool."""
    qrels = {language: {e.id: {f"{language}:{e.id}": 1} for e in examples} for language in languages}
    for language in languages:
        write_collection(workspace.collection(name, language), [
            Passage(f"{language}:{e.id}", text := e.positives[language], text, "", e.group, language) for e in examples
        ])
        write_topics(workspace.topics(name, language), {e.id: e.queries[language] for e in examples})
        write_qrels(workspace.qrels(name, language), qrels[language])
    write_qrels(workspace.qrels(name, ALL), union(qrels.values()))
    pairs = all_pairs(languages, languages) if len(languages) > 1 else (Pair(languages[0], languages[0]),)
    DatasetInfo(name=name, languages=languages, pairs=pairs).write(workspace.dataset_file(name))
