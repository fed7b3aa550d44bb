"""LAReQA's files (arXiv 2004.05484): SQuAD's JSON with each paragraph's sentences and where they begin and end.

Each sentence is a candidate; the one whose span holds the start of a question's answer is relevant to it. One file is
one language; equal question ids join the languages.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from hybrid_pyserini.data.formats.source_files import required
from hybrid_pyserini.data.formats.squad import REMEDY, member, read_articles, read_question
from hybrid_pyserini.data.passage_groups import group_questions
from hybrid_pyserini.data.text import check_text
from hybrid_pyserini.errors import InputError
from hybrid_pyserini.records import Passage

ORIGIN = "https://github.com/google-research-datasets/lareqa"


@dataclass(frozen=True, slots=True)
class Sentence:
    """A candidate. ``docid`` is ``<language>:<article>-<paragraph>-<sentence>``, numbered from 0 in file order."""

    docid: str
    text: str
    article: str
    """The article's title, the same in all languages."""


@dataclass(frozen=True, slots=True)
class Question:
    """A question and the candidate that is relevant to it."""

    id: str
    text: str
    answer: Sentence
    past_end: bool
    """Whether the answer runs past the end of its sentence, as a few do."""


@dataclass(frozen=True, slots=True)
class LareqaFile:
    """One language."""

    path: Path
    language: str
    articles: tuple[str, ...]
    sentences: tuple[Sentence, ...]
    questions: Mapping[str, Question]
    skipped: tuple[str, ...] = ()
    """The ids of questions that were left out because their answer starts outside every sentence."""

    def only(self, articles: Collection[str]) -> "LareqaFile":
        """The part that stands in some articles; docids stay what they are."""
        return replace(
            self,
            articles=tuple(article for article in self.articles if article in articles),
            sentences=tuple(sentence for sentence in self.sentences if sentence.article in articles),
            questions={id_: asked for id_, asked in self.questions.items() if asked.answer.article in articles},
        )


def language_files(source: Path, languages: Collection[str], dataset: str) -> dict[str, Path]:
    """``<language>.json`` of each language; raises InputError for a missing one. ``dataset``: its name for people."""
    remedy = f"{dataset} has one for each of {' '.join(languages)}: take all of them from {ORIGIN}"
    return {f"{language}.json": required(source / f"{language}.json", remedy) for language in languages}


def check_counts(file: LareqaFile, questions: int, sentences: int, dataset: str) -> None:
    """Raise InputError unless a file has as many questions and sentences as the published one."""
    found = len(file.questions) + len(file.skipped), len(file.sentences)
    if found != (questions, sentences):
        raise InputError(
            f"{found[0]} questions and {found[1]} sentences, where the published {dataset} has {questions} and "
            f"{sentences}", remedy=f"take the file from {ORIGIN}", path=file.path,
        )


def read_lareqa(path: Path, language: str, *, skip_outside: bool = False) -> LareqaFile:
    """Read one language's file.

    Raises InputError, naming the article and paragraph (counted from 1), for whatever is missing or of the wrong
    kind, sentences and spans of different number, an empty sentence or question, a repeated question id, and an answer
    that starts outside every sentence, unless such questions are to be left out (``skip_outside``).
    """
    articles: list[str] = []
    sentences: list[Sentence] = []
    questions: dict[str, Question] = {}
    skipped: list[str] = []
    for a, (title, paragraphs) in enumerate(read_articles(path)):
        articles.append(title)
        for p, (place, paragraph) in enumerate(paragraphs):
            spanned = _sentences(paragraph, f"{language}:{a:02d}-{p:02d}", title, place, path)
            sentences.extend(sentence for sentence, _, _ in spanned)
            for entry in member(paragraph, "qas", list, place, path):
                question_id, question = _question(entry, spanned, place, path, skip_outside)
                if question_id in questions or question_id in skipped:
                    raise InputError(f"{place}: question id {question_id!r} occurs twice", remedy=REMEDY, path=path)
                if question is None:
                    skipped.append(question_id)
                else:
                    questions[question_id] = question
    return LareqaFile(path, language, tuple(articles), tuple(sentences), questions, tuple(skipped))


def name_groups(files: Iterable[LareqaFile], dataset: str) -> dict[str, str]:
    """Docid -> passage group, of every sentence that answers a question.

    A group is all sentences, in all of ``files``, that are connected by answering the same questions; it is called
    ``<dataset>:<its first question's id>``.
    """
    questions = [question for file in files for question in file.questions.values()]
    groups = group_questions((question.id, question.answer.docid) for question in questions)
    return {question.answer.docid: f"{dataset}:{groups[question.id]}" for question in questions}


def to_passage(sentence: Sentence, language: str, groups: Mapping[str, str]) -> Passage:
    """The sentence alone is encoded and indexed; one that answers nothing is a group of its own."""
    return Passage(
        id=sentence.docid, text=sentence.text, contents=sentence.text, title=sentence.article,
        group=groups.get(sentence.docid, sentence.docid), language=language,
    )


def _sentences(
    paragraph: object, docid: str, title: str, place: str, path: Path
) -> list[tuple[Sentence, int, int]]:
    """A paragraph's sentences with the first character of each and the one after its last."""
    texts = member(paragraph, "sentences", list, place, path)
    breaks = member(paragraph, "sentence_breaks", list, place, path)
    if len(texts) != len(breaks):
        raise InputError(
            f"{place}: {len(texts)} 'sentences' but {len(breaks)} 'sentence_breaks'", remedy=REMEDY, path=path
        )
    spanned = []
    for s, (text, span) in enumerate(zip(texts, breaks, strict=True)):
        if not isinstance(span, list) or len(span) != 2 or not all(isinstance(end, int) for end in span):
            raise InputError(f"{place}: sentence break {span!r} is no [begin, end]", remedy=REMEDY, path=path)
        stripped = check_text(text, f"{place}: sentence {s + 1}", path).strip()
        spanned.append((Sentence(f"{docid}-{s:02d}", stripped, title), span[0], span[1]))
    return spanned


def _question(
    entry: object, spanned: list[tuple[Sentence, int, int]], place: str, path: Path, skip_outside: bool
) -> tuple[str, Question | None]:
    """The id of a question, and it with the sentence that its answer starts in; None where that is to be skipped."""
    question_id, text, answers = read_question(entry, place, path)
    place = f"{place}: question {question_id!r}"
    if len(answers) != 1:
        raise InputError(f"{place} has {len(answers)} answers, expected one", remedy=REMEDY, path=path)
    start = member(answers[0], "answer_start", int, place, path)
    end = start + len(member(answers[0], "text", str, place, path))
    for sentence, first, after in spanned:
        if first <= start < after:
            return question_id, Question(question_id, text, sentence, past_end=end > after)
    if skip_outside:
        return question_id, None
    raise InputError(f"{place}: answer_start {start} lies outside every sentence", remedy=REMEDY, path=path)
