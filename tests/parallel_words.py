"""Parallel examples of plain words, for tests that need some data and do not care which."""

import random

from hybrid_pyserini.records import ParallelExample

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
