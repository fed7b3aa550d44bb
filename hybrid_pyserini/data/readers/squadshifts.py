"""SQuADShifts (Miller et al. 2020, arXiv 2004.14444): English questions on paragraphs of four kinds of text.

The paper stops training at the lowest loss on it. So it becomes a source of examples, each question with its paragraph
as positive, and a data set to search, in which that paragraph alone is relevant. Equal paragraphs are one passage and
one passage group.
"""

from pathlib import Path

from hybrid_pyserini.data.dataset import PreparedDataset
from hybrid_pyserini.data.formats.source_files import those_there
from hybrid_pyserini.data.formats.squad_paragraphs import Paragraphs
from hybrid_pyserini.records import Pair

ORIGIN = "https://modestyachts.github.io/squadshifts-website"
FILES = ("amazon_reviews_v1.0.json", "new_wiki_v1.0.json", "nyt_v1.0.json", "reddit_v1.0.json")


def files(source: Path) -> dict[str, Path]:
    """Those of the four published files that are there; raises InputError where there is none."""
    return those_there(
        source, FILES, f"none of SQuADShifts' files here: {', '.join(FILES)}", f"take them from {ORIGIN}"
    )


def read(source: Path, name: str) -> PreparedDataset:
    """Read the files that are there; raises InputError, with file and place, for whatever is wrong in one."""
    contents = Paragraphs()
    paragraphs = {
        path.name: contents.read(path, path.name.removesuffix("_v1.0.json")) for path in files(source).values()
    }
    return PreparedDataset(
        name=name,
        passages={"en": contents.passages.values()},
        topics={"en": {id_: text for id_, (text, _) in contents.questions.items()}},
        qrels={"en": {id_: {passage.id: 1} for id_, (_, passage) in contents.questions.items()}},
        pairs=(Pair("en", "en"),),
        training={name: contents.examples()},
        origin=ORIGIN,
        notes={
            "files": ", ".join(paragraphs),
            "paragraphs_equal_to_an_earlier_one": sum(paragraphs.values()) - len(contents.passages),
        },
    )
