"""XQuAD-R (LAReQA, arXiv 2004.05484): 1,190 parallel questions, each answered by one sentence in each of 11 languages.

``read`` gives the whole benchmark: every language pair and the pool. ``read_heldout`` splits it by article, so that an
encoder can be trained and tested on it without ever having seen a test article: 12 of the 48 articles give topics and
passages, the other 36 training examples, those of 4 among them set aside for validation;
``read_validation`` gives those 4 as a data set to search.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from hybrid_pyserini.data.dataset import PreparedDataset, all_pairs
from hybrid_pyserini.data.formats.lareqa import (
    ORIGIN,
    LareqaFile,
    check_counts,
    language_files,
    name_groups,
    read_lareqa,
    to_passage,
)
from hybrid_pyserini.data.text import one_line
from hybrid_pyserini.errors import InputError
from hybrid_pyserini.records import ParallelExample

LICENCE = "CC BY-SA 4.0"

QUESTIONS = 1190
SENTENCES = {
    "ar": 1222, "de": 1276, "el": 1234, "en": 1180, "es": 1215, "hi": 1244, "ru": 1219, "th": 852, "tr": 1167,
    "vi": 1209, "zh": 1196,
}
"""Language -> number of candidate sentences, as published (arXiv 2408.10536)."""

TEST_ARTICLES = (
    "Warsaw", "Teacher", "Victoria_(Australia)", "1973_oil_crisis", "Ctenophora", "Geology", "Genghis_Khan",
    "Construction", "Economic_inequality", "Kenya", "Rhine", "United_Methodist_Church",
)
"""Every fourth article in file order, from the second on: so that no sentence or question of theirs, word by word, is
a question or an answer's sentence in another article (from the fourth on, the Turkish sentence "I." would be)."""

VALIDATION_ARTICLES = ("Nikola_Tesla", "European_Union_law", "Immune_system", "Chloroplast")
"""Every twelfth article in file order, from the fourth on."""


def files(source: Path) -> dict[str, Path]:
    """The official files, ``<language>.json``; raises InputError where one of the eleven is missing."""
    return language_files(source, SENTENCES, "XQuAD-R")


def read(source: Path, name: str) -> PreparedDataset:
    """The whole benchmark; raises InputError where the files are not the published ones."""
    languages = _read_languages(source)
    return _dataset(name, languages, name_groups(languages, "xquad-r"))


def read_heldout(source: Path, name: str) -> PreparedDataset:
    """The split by article: a data set of the test articles, and training sources of the other articles.

    Passage groups and docids are those of the whole benchmark.
    """
    languages = _read_languages(source)
    _check_articles(languages[0])
    groups = name_groups(languages, "xquad-r")
    training = set(languages[0].articles).difference(TEST_ARTICLES, VALIDATION_ARTICLES)
    return replace(
        _dataset(name, [file.only(TEST_ARTICLES) for file in languages], groups),
        training={
            "xquad-r-train": _examples([file.only(training) for file in languages], groups),
            "xquad-r-validation": _examples([file.only(VALIDATION_ARTICLES) for file in languages], groups),
        },
    )


def read_validation(source: Path, name: str) -> PreparedDataset:
    """The validation articles alone, as a data set to search: for choosing a checkpoint without the test questions."""
    languages = _read_languages(source)
    _check_articles(languages[0])
    return _dataset(name, [file.only(VALIDATION_ARTICLES) for file in languages], name_groups(languages, "xquad-r"))


def _check_articles(file: LareqaFile) -> None:
    for article in (*TEST_ARTICLES, *VALIDATION_ARTICLES):
        if article not in file.articles:
            raise InputError(
                f"no article is called {article!r}", remedy=f"take the files from {ORIGIN}", path=file.path
            )


def _read_languages(source: Path) -> list[LareqaFile]:
    """All languages, checked: parallel, and as many questions and sentences as published."""
    languages = [read_lareqa(path, path.stem) for path in files(source).values()]
    for language in languages[1:]:
        _check_parallel(languages[0], language)
    for language in languages:
        check_counts(language, QUESTIONS, SENTENCES[language.language], "XQuAD-R")
    return languages


def _check_parallel(first: LareqaFile, other: LareqaFile) -> None:
    """Raises InputError unless both have the same articles, and in each the same questions."""
    remedy = f"take all files from {ORIGIN}"
    if other.articles != first.articles:
        raise InputError(f"other articles, or in another order, than {first.path.name}", remedy=remedy, path=other.path)
    for asked, missing_in in ((first, other), (other, first)):
        for question_id in asked.questions:
            if question_id not in missing_in.questions:
                raise InputError(
                    f"question {question_id!r} of {asked.path.name} is missing", remedy=remedy, path=missing_in.path
                )
    for question_id, question in first.questions.items():
        article = other.questions[question_id].answer.article
        if article != question.answer.article:
            raise InputError(
                f"question {question_id!r} is asked of {article}, in {first.path.name} of {question.answer.article}",
                remedy=remedy, path=other.path,
            )


def _dataset(name: str, languages: Sequence[LareqaFile], groups: Mapping[str, str]) -> PreparedDataset:
    """All sentences are passages, all questions topics, with one relevant passage in each language."""
    codes = [file.language for file in languages]
    answered = [question for file in languages for question in file.questions.values()]
    return PreparedDataset(
        name=name,
        passages={
            file.language: [to_passage(sentence, file.language, groups) for sentence in file.sentences]
            for file in languages
        },
        topics={file.language: {id_: asked.text for id_, asked in file.questions.items()} for file in languages},
        qrels={
            file.language: {id_: {asked.answer.docid: 1} for id_, asked in file.questions.items()}
            for file in languages
        },
        pairs=all_pairs(codes, codes),
        articles={id_: asked.answer.article for id_, asked in languages[0].questions.items()},
        origin=ORIGIN,
        licence=LICENCE,
        notes={
            "groups_of_answer_sentences": len({groups[question.answer.docid] for question in answered}),
            "answers_past_the_end_of_their_sentence": sum(question.past_end for question in answered),
        },
    )


def _examples(languages: Sequence[LareqaFile], groups: Mapping[str, str]) -> list[ParallelExample]:
    """A parallel example in all languages for each question.

    A few questions are asked twice, word by word, and answered by different sentences: each knows both groups.
    """
    group = {id_: groups[asked.answer.docid] for id_, asked in languages[0].questions.items()}
    queries = {
        id_: {file.language: one_line(file.questions[id_].text) for file in languages} for id_ in group
    }
    answering: dict[tuple[str, str], set[str]] = {}  # (language, query) -> groups
    for id_, translations in queries.items():
        for asked in translations.items():
            answering.setdefault(asked, set()).add(group[id_])
    return [
        ParallelExample(
            id=id_,
            group=group[id_],
            queries=translations,
            positives={file.language: file.questions[id_].answer.text for file in languages},
            other_groups=tuple(sorted(set().union(*map(answering.__getitem__, translations.items())) - {group[id_]})),
        )
        for id_, translations in queries.items()
    ]
