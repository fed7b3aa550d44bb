"""Retrieval of SQuAD's paragraphs: each question's own paragraph is relevant to it, and its positive in training.

Equal paragraphs, but for white space at their ends, are one passage and one passage group.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from hybrid_pyserini.data.formats.squad import REMEDY, member, read_articles, read_question
from hybrid_pyserini.data.text import check_text, one_line
from hybrid_pyserini.errors import InputError
from hybrid_pyserini.records import ParallelExample, Passage


@dataclass
class Paragraphs:
    """What some files in SQuAD's layout have said so far."""

    passages: dict[str, Passage] = field(default_factory=dict)
    """By text."""
    questions: dict[str, tuple[str, Passage]] = field(default_factory=dict)
    """Question id -> text and paragraph."""
    unanswerable: int = 0
    """Questions that the publisher says their paragraph does not answer; they are left out."""

    def read(self, path: Path, part: str) -> int:
        """Enter one file's paragraphs, with ids ``<part>-<number>``, and questions; return the number of paragraphs,
        equal ones included.

        Raises InputError, with the article and paragraph (counted from 1), for whatever is missing or of the wrong
        kind, for an empty text, a repeated question id, and a question that has no answer though it should have one.
        """
        count = 0
        for title, paragraphs in read_articles(path):
            for place, paragraph in paragraphs:
                text = check_text(member(paragraph, "context", str, place, path), f"{place}: the context", path).strip()
                docid = f"{part}-{count:05d}"
                passage = self.passages.setdefault(text, Passage(docid, text, text, title, docid, "en"))
                count += 1
                for entry in member(paragraph, "qas", list, place, path):
                    self._enter(entry, passage, place, path)
        return count

    def _enter(self, entry: object, passage: Passage, place: str, path: Path) -> None:
        question_id, question, answers = read_question(entry, place, path)
        if isinstance(entry, dict) and entry.get("is_impossible") is True:  # SQuAD 2.0
            self.unanswerable += 1
            return
        if not answers:
            raise InputError(f"{place}: question {question_id!r} has no answer", remedy=REMEDY, path=path)
        if question_id in self.questions:
            raise InputError(f"{place}: question id {question_id!r} occurs twice", remedy=REMEDY, path=path)
        self.questions[question_id] = question, passage

    def examples(self) -> Iterable[ParallelExample]:
        """An example a question. Many are worded alike ("What did this person buy?"): a question knows the paragraphs
        of all that are, so that the loss never sets one of these against another."""
        groups: dict[str, set[str]] = {}
        for question, passage in self.questions.values():
            groups.setdefault(one_line(question), set()).add(passage.group)
        return [
            ParallelExample(
                id=id_, group=passage.group, queries={"en": one_line(question)}, positives={"en": passage.text},
                other_groups=tuple(sorted(groups[one_line(question)] - {passage.group})),
            )
            for id_, (question, passage) in self.questions.items()
        ]
