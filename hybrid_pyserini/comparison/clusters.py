"""What is resampled: articles where the data set says which article a question is asked of, else questions.

A question id is one question in all languages, so whichever it is, a cluster holds its questions with all their
translations and in all pairs.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from hybrid_pyserini.data.question_articles import read_question_articles
from hybrid_pyserini.errors import InputError
from hybrid_pyserini.provenance import sha256
from hybrid_pyserini.workspace import Workspace


@dataclass(frozen=True)
class Clusters:
    """Questions by cluster."""

    kind: str
    """``article`` or ``question``."""
    of_question: np.ndarray
    """Cluster number from 0 of each question [questions]."""

    @property
    def count(self) -> int:
        """The number of clusters."""
        return int(self.of_question.max()) + 1

    def sums(self, values: np.ndarray) -> np.ndarray:
        """Sums over the questions of each cluster: [questions, ...] -> [clusters, ...]."""
        sums = np.zeros((self.count, *values.shape[1:]))
        np.add.at(sums, self.of_question, values)
        return sums


def articles_hash(workspace: Workspace, dataset: str) -> str | None:
    """SHA-256 of the articles' file; None where questions are the clusters."""
    path = workspace.question_articles(dataset)
    return sha256(path) if path.exists() else None


def clusters_of(workspace: Workspace, dataset: str, questions: Sequence[str]) -> Clusters:
    """The clusters of these different questions; raises InputError where the articles' file lacks one of them."""
    path = workspace.question_articles(dataset)
    if not path.exists():
        return Clusters("question", np.arange(len(questions)))
    articles = read_question_articles(path)
    for question in questions:
        if question not in articles:
            raise InputError(f"no article for query {question!r}", remedy="prepare the data set again", path=path)
    _, of_question = np.unique([articles[question] for question in questions], return_inverse=True)
    return Clusters("article", of_question)
