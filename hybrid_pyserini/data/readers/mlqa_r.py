"""MLQA-R (LAReQA, arXiv 2004.05484): questions that exist in two to four of seven languages, answered by sentences.

The files are XQuAD-R's in form (``formats/lareqa.py``). What differs is that few questions exist in both languages of a
pair: it is scored on those of its query language that a sentence of its passage language answers. Pairs that ask fewer
questions than their passage language's qrels judge have qrels of their own, so that any tool that averages over its
qrels scores the same ones. The titles of articles are translated; a question's article is called as in English.
"""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from hybrid_pyserini.data.dataset import PreparedDataset, all_pairs, union
from hybrid_pyserini.data.formats.lareqa import (
    ORIGIN,
    LareqaFile,
    check_counts,
    language_files,
    name_groups,
    read_lareqa,
    to_passage,
)
from hybrid_pyserini.records import ALL, Pair, Qrels

LICENCE = "CC BY-NC 4.0"

COUNTS = {
    "ar": (517, 2545), "de": (512, 2362), "en": (1148, 6264), "es": (500, 1787), "hi": (507, 2426), "vi": (511, 2828),
    "zh": (504, 2322),
}
"""Language -> number of questions and of candidate sentences, as published (README of ``ORIGIN``)."""


def files(source: Path) -> dict[str, Path]:
    """The official files, ``<language>.json``; raises InputError where one of the seven is missing."""
    return language_files(source, COUNTS, "MLQA-R")


def read(source: Path, name: str) -> PreparedDataset:
    """The whole benchmark; raises InputError where the files are not the published ones.

    A question whose answer starts outside every sentence is left out, as LAReQA's own loader does, and counted.
    """
    languages = [read_lareqa(path, path.stem, skip_outside=True) for path in files(source).values()]
    for file in languages:
        check_counts(file, *COUNTS[file.language], "MLQA-R")
    groups = name_groups(languages, "mlqa-r")
    codes = [file.language for file in languages]
    qrels = {
        file.language: {id_: {asked.answer.docid: 1} for id_, asked in file.questions.items()} for file in languages
    }
    in_languages = Counter(Counter(id_ for file in languages for id_ in file.questions).values())
    return PreparedDataset(
        name=name,
        passages={
            file.language: [to_passage(sentence, file.language, groups) for sentence in file.sentences]
            for file in languages
        },
        topics={file.language: {id_: asked.text for id_, asked in file.questions.items()} for file in languages},
        qrels=qrels,
        pairs=all_pairs(codes, codes),
        pair_qrels=_pair_qrels(qrels),
        articles=_articles(languages),
        origin=ORIGIN,
        licence=LICENCE,
        notes={
            **{f"questions_in_{count}_languages": questions for count, questions in sorted(in_languages.items())},
            "groups_of_answer_sentences": len(set(groups.values())),
            "answers_past_the_end_of_their_sentence": sum(
                asked.past_end for file in languages for asked in file.questions.values()
            ),
            "questions_left_out_because_their_answer_starts_outside_every_sentence": sum(
                len(file.skipped) for file in languages
            ),
        },
    )


def _pair_qrels(qrels: dict[str, Qrels]) -> dict[Pair, Qrels]:
    """The qrels of the pairs, pools among them, whose query language lacks some questions that others have."""
    pool = union(qrels.values())
    own = {}
    for pair in all_pairs(list(qrels), list(qrels)):
        judged = pool if pair.passage == ALL else qrels[pair.passage]
        asked = {id_: relevances for id_, relevances in judged.items() if id_ in qrels[pair.query]}
        if len(asked) < len(judged):
            own[pair] = asked
    return own


def _articles(languages: Sequence[LareqaFile]) -> dict[str, str]:
    """Question -> the title of its article, in English where it is asked in English, else in the first language."""
    titles: dict[str, str] = {}
    for file in sorted(languages, key=lambda file: file.language != "en"):
        for id_, asked in file.questions.items():
            titles.setdefault(id_, asked.answer.article)
    return titles
