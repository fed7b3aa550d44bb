"""SQuADShifts (Miller et al. 2020, arXiv 2004.14444): English questions on paragraphs of four kinds of text.

The paper stops training at the lowest loss on it. So it becomes a source of examples, each question with its paragraph
as positive, and a data set to search, in which that paragraph alone is relevant. Equal paragraphs are one passage and
one passage group.
"""

from dataclasses import dataclass, field
from pathlib import Path

from hybrid_pyserini.data.dataset import PreparedDataset
from hybrid_pyserini.data.readers.squad import REMEDY, member, read_articles, read_question
from hybrid_pyserini.data.text import check_text, one_line
from hybrid_pyserini.errors import InputError
from hybrid_pyserini.records import Pair, ParallelExample, Passage

ORIGIN = "https://modestyachts.github.io/squadshifts-website"
FILES = ("amazon_reviews_v1.0.json", "new_wiki_v1.0.json", "nyt_v1.0.json", "reddit_v1.0.json")


@dataclass
class _Contents:
    """What the files have said so far."""

    passages: dict[str, Passage] = field(default_factory=dict)
    """By text."""
    questions: dict[str, tuple[str, Passage]] = field(default_factory=dict)
    """Question id -> text and paragraph."""


def files(source: Path) -> dict[str, Path]:
    """Those of the four published files that are there; raises InputError where there is none."""
    found = {name: source / name for name in FILES if (source / name).is_file()}
    if not found:
        raise InputError(
            f"none of SQuADShifts' files here: {', '.join(FILES)}", remedy=f"take them from {ORIGIN}", path=source
        )
    return found


def read(source: Path, name: str) -> PreparedDataset:
    """Read the files that are there; raises InputError, with file and place, for whatever is wrong in one."""
    contents = _Contents()
    paragraphs = {path.name: _read_file(path, contents) for path in files(source).values()}
    return PreparedDataset(
        name=name,
        passages={"en": contents.passages.values()},
        topics={"en": {id_: text for id_, (text, _) in contents.questions.items()}},
        qrels={"en": {id_: {passage.id: 1} for id_, (_, passage) in contents.questions.items()}},
        pairs=(Pair("en", "en"),),
        training={name: _examples(contents)},
        origin=ORIGIN,
        notes={
            "files": ", ".join(paragraphs),
            "paragraphs_equal_to_an_earlier_one": sum(paragraphs.values()) - len(contents.passages),
        },
    )


def _read_file(path: Path, contents: _Contents) -> int:
    """Enter one file's paragraphs and questions; return the number of paragraphs, equal ones included."""
    part, count = path.name.removesuffix("_v1.0.json"), 0
    for title, paragraphs in read_articles(path):
        for place, paragraph in paragraphs:
            text = check_text(member(paragraph, "context", str, place, path), f"{place}: the context", path).strip()
            docid = f"{part}-{count:05d}"
            passage = contents.passages.setdefault(text, Passage(docid, text, text, title, docid, "en"))
            count += 1
            for entry in member(paragraph, "qas", list, place, path):
                question_id, question, answers = read_question(entry, place, path)
                if not answers:
                    raise InputError(f"{place}: question {question_id!r} has no answer", remedy=REMEDY, path=path)
                if question_id in contents.questions:
                    raise InputError(f"{place}: question id {question_id!r} occurs twice", remedy=REMEDY, path=path)
                contents.questions[question_id] = question, passage
    return count


def _examples(contents: _Contents) -> list[ParallelExample]:
    """An example a question. Many reviews are asked the same ("What did this person buy?"): a question knows the
    paragraphs of all that are worded alike, so that the loss never sets one of these against another."""
    groups: dict[str, set[str]] = {}
    for question, passage in contents.questions.values():
        groups.setdefault(one_line(question), set()).add(passage.group)
    return [
        ParallelExample(
            id=id_, group=passage.group, queries={"en": one_line(question)}, positives={"en": passage.text},
            other_groups=tuple(sorted(groups[one_line(question)] - {passage.group})),
        )
        for id_, (question, passage) in contents.questions.items()
    ]
