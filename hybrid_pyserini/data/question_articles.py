"""``articles.<dataset>.tsv``: which article each question is asked of, where a data set has articles.

Questions of one article resemble each other, and so do a system's figures on them: who asks how far a difference holds
for other articles too has to resample articles, not questions (``comparison/clusters.py``).
"""

from collections.abc import Collection, Mapping
from pathlib import Path

from hybrid_pyserini.atomic import replacing_file
from hybrid_pyserini.collection import check_id
from hybrid_pyserini.data.text import check_text, one_line
from hybrid_pyserini.errors import InputError
from hybrid_pyserini.jsonl import read_lines


def check_articles(articles: Mapping[str, str], query_ids: Collection[str], path: Path | None = None) -> None:
    """Raise InputError unless every question has an article, and every article's question is there; ``path``: the file
    they come from."""
    for query_id in articles:
        if query_id not in query_ids:
            raise InputError(
                f"no topics have query {query_id!r} of article {articles[query_id]!r}", remedy="add it or remove it",
                path=path,
            )
    for query_id in sorted(set(query_ids).difference(articles)):
        raise InputError(
            f"query {query_id!r} has no article", remedy="give each query one, or none of them", path=path
        )


def write_question_articles(path: Path, articles: Mapping[str, str]) -> int:
    """Write ``qid<TAB>article`` lines, query id -> article; return the number of different articles."""
    with replacing_file(path) as aside, aside.open("w", encoding="utf-8", newline="\n") as file:
        for query_id, article in articles.items():
            check_text(article, f"the article of query {query_id!r}")
            file.write(f"{check_id(query_id, 'query id')}\t{one_line(article)}\n")
    return len({one_line(article) for article in articles.values()})


def read_question_articles(path: Path) -> dict[str, str]:
    """Read query id -> article; raises InputError for a broken line or a repeated id."""
    articles: dict[str, str] = {}
    for number, line in read_lines(path):
        query_id, tab, article = line.partition("\t")
        if not (query_id and tab and article.strip()) or "\t" in article:
            raise InputError("expected qid<TAB>article", remedy="write the line in this form", path=path, line=number)
        if query_id in articles:
            raise InputError(f"query id {query_id!r} occurs twice", remedy="keep one line", path=path, line=number)
        articles[query_id] = article
    return articles
