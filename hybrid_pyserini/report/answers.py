"""Passages that answer a question, as lines of text."""

from collections.abc import Iterator, Sequence

from hybrid_pyserini.search.asking import Answer


def answer_lines(answers: Sequence[Answer]) -> Iterator[str]:
    """A line per passage: rank, score, language, title and text."""
    for rank, answer in enumerate(answers, start=1):
        passage = answer.passage
        text = " ".join(f"{passage.title} {passage.text}".split())
        yield f"{rank:>3}. {answer.score:.3f} {passage.language}: {text}"
