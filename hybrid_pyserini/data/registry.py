"""The data sets that ``prepare`` knows, by name."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

from hybrid_pyserini.data.dataset import PreparedDataset
from hybrid_pyserini.data.published_format import PublishedFormat
from hybrid_pyserini.data.readers import (
    beir,
    belebele,
    ciral,
    hc4,
    miracl,
    mkqa,
    mlqa_r,
    mmarco,
    mr_tydi,
    neuclir,
    own_data,
    squad_versions,
    squadshifts,
    tatoeba,
    xm3600,
    xquad_r,
)
from hybrid_pyserini.data.sources.source_registry import SOURCE_READERS
from hybrid_pyserini.errors import InputError


@dataclass(frozen=True, kw_only=True)
class Reader(PublishedFormat):
    """How one published format becomes a PreparedDataset."""

    read: Callable[[Path, str], PreparedDataset]
    """Folder, name of the data set -> the data set; raises InputError for whatever is wrong."""
    training: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Training source that comes with it, as far as that is known before reading -> its languages."""
    heldout: "Reader | None" = None
    """The same files split into training examples and a test set, where the data set comes without such a split."""
    variants: Mapping[str, "Reader"] = field(default_factory=dict)
    """Other choices of the same files, such as another split, by what they are called on the command line."""


_FIELDS = {"title": ("title",), "description": ("description",)}
"""What else than title and description may be the query of a TREC topic."""


def _with_fields(reader: Reader, read: Callable[..., PreparedDataset]) -> Reader:
    """A reader of TREC topics, with variants whose queries are one field alone; ``read`` takes the ``fields``."""
    names = {f"{reader.name}-{field}": fields for field, fields in _FIELDS.items()}
    return replace(reader, variants={
        name: replace(reader, name=name, read=partial(read, fields=fields)) for name, fields in names.items()
    })


def _hc4() -> Reader:
    """HC4's test set; its other splits, and each split with other queries, are variants."""
    variants: dict[str, Reader] = {}
    for split, name in (("test", "hc4"), ("dev", "hc4-dev"), ("train", "hc4-train")):
        read = partial(hc4.read, split=split)
        reader = Reader(
            summary="HC4: English topics on Chinese, Persian and Russian news, the test set; a folder with "
            "test.topics.v1-0.jsonl and, for each language, zho/test.qrels.v1-0.txt and zho/hc4_docs.jsonl",
            name=name, files=partial(hc4.files, split=split), read=read, published="hc4",
        )
        variants |= {name: reader, **_with_fields(reader, read).variants}
    return replace(variants.pop("hc4"), variants=variants)


def _neuclir(year: int, tasks: str) -> Reader:
    read = partial(neuclir.read, year=year)
    return _with_fields(Reader(
        summary=f"TREC NeuCLIR {year}: English topics on Chinese, Persian and Russian news{tasks}; a folder with "
        f"{neuclir.TOPICS[year]}, the qrels and data/zho-00000-of-00001.jsonl.gz or zho/docs.jsonl",
        name=f"neuclir-{year}", files=partial(neuclir.files, year=year), read=read, published="neuclir",
    ), read)


def _ciral() -> Reader:
    """CIRAL's test set A with the track's pools, which results are reported on; the other sets are variants."""
    reader = Reader(
        summary="CIRAL: English questions on Hausa, Somali, Swahili and Yoruba news, test set A with the pools' "
        "judgements; a folder with ciral-hausa/, ... and passages-v1.0/",
        name="ciral", files=ciral.files, read=ciral.read, published="ciral",
    )
    return replace(reader, variants={
        name: replace(reader, name=name, files=partial(ciral.files, split=split), read=partial(ciral.read, split=split))
        for name, split in (("ciral-dev", "dev"), ("ciral-test-a", "test-a"), ("ciral-test-b", "test-b"))
    })


READERS = {
    "beir": Reader(
        summary="a folder in BEIR's form: corpus.jsonl, queries.jsonl, qrels/test.tsv; English, or of folders "
        "<language>/ each in its own",
        name=None, files=beir.files, read=beir.read,
    ),
    "belebele": Reader(
        summary="Belebele: 900 questions on 488 passages, parallel in 122 languages; a folder of "
        "<FLORES-200 code>.jsonl, whichever there are",
        name="belebele", files=belebele.files, read=belebele.read,
    ),
    "ciral": _ciral(),
    "hc4": _hc4(),
    "miracl": Reader(
        summary="MIRACL v1.0, its dev split: questions on Wikipedia in 18 languages; the folders of the hub's miracl "
        "and miracl-corpus, of as many languages as have a corpus",
        name="miracl", files=miracl.files, read=miracl.read,
        training={"miracl-train": tuple(code for code in miracl.LANGUAGES if code not in ("de", "yo"))},
    ),
    "mkqa": Reader(
        summary="MKQA: questions in 26 languages on an English corpus; a folder with mkqa.jsonl.gz and corpus.jsonl, "
        "such as BEIR's nq has",
        name="mkqa", files=mkqa.files, read=mkqa.read,
    ),
    "mlqa-r": Reader(
        summary="MLQA-R (LAReQA): questions in two to four of 7 languages, answered by sentences; a folder of "
        "<language>.json",
        name="mlqa-r", files=mlqa_r.files, read=mlqa_r.read,
    ),
    "mmarco": Reader(
        summary="mMARCO dev/small: 6,980 questions on MS MARCO's passages, 14 languages, parallel; the folder data of "
        "unicamp-dl/mmarco, with whichever languages",
        name="mmarco", files=mmarco.files, read=mmarco.read,
    ),
    "mr-tydi": Reader(
        summary="Mr. TyDi, its test split: questions on Wikipedia in 11 languages; the folders of the hub's mr-tydi "
        "and mr-tydi-corpus, or the archives, unpacked",
        name="mr-tydi", files=mr_tydi.files, read=mr_tydi.read, training={"mr-tydi-train": mr_tydi.LANGUAGES},
    ),
    "mr-tydi-dev": Reader(
        summary="Mr. TyDi's dev split, to choose a checkpoint by",
        name="mr-tydi-dev", files=partial(mr_tydi.files, split="dev"), read=partial(mr_tydi.read, split="dev"),
        published="mr-tydi",
    ),
    "neuclir-2022": _neuclir(2022, ""),
    "neuclir-2023": _neuclir(2023, " and on all three together"),
    "squad": Reader(
        summary="SQuAD 1.1: English questions on paragraphs; dev-v1.1.json and, to train on, train-v1.1.json",
        name="squad", files=squad_versions.files_of("1.1"), read=squad_versions.reader_of("1.1"),
        training={"squad-train": ("en",)},
    ),
    "squad-v2": Reader(
        summary="SQuAD 2.0, its answerable questions: dev-v2.0.json and, to train on, train-v2.0.json",
        name="squad-v2", files=squad_versions.files_of("2.0"), read=squad_versions.reader_of("2.0"),
        training={"squad-v2-train": ("en",)},
    ),
    "squadshifts": Reader(
        summary="SQuADShifts: English questions on paragraphs, to stop training by as the paper does; a folder with "
        "new_wiki_v1.0.json and the like, whichever there are",
        name="squadshifts", files=squadshifts.files, read=squadshifts.read, training={"squadshifts": ("en",)},
    ),
    "tatoeba": Reader(
        summary="Tatoeba: sentences and their English translations, both ways; a folder with tatoeba.<xxx>-eng.<xxx> "
        "and tatoeba.<xxx>-eng.eng, whichever there are",
        name="tatoeba", files=tatoeba.files, read=tatoeba.read,
    ),
    "xm3600": Reader(
        summary="XM3600: captions of 3,600 images in 36 languages, searched by captions; a folder with captions.jsonl",
        name="xm3600", files=xm3600.files, read=xm3600.read,
    ),
    "xquad-r": Reader(
        summary="XQuAD-R (LAReQA): 1,190 questions in 11 languages, answered by sentences; a folder of <language>.json",
        name="xquad-r", files=xquad_r.files, read=xquad_r.read,
        heldout=Reader(
            summary="XQuAD-R split by article: 36 for training, 12 for testing",
            name="xquad-r-heldout", files=xquad_r.files, read=xquad_r.read_heldout, published="xquad-r",
            training=dict.fromkeys(("xquad-r-train", "xquad-r-validation"), tuple(xquad_r.SENTENCES)),
        ),
    ),
    "xquad-r-validation": Reader(
        summary="four of XQuAD-R's articles to choose a checkpoint by: none that --heldout trains or tests on",
        name="xquad-r-validation", files=xquad_r.files, read=xquad_r.read_validation, published="xquad-r",
    ),
    "own": Reader(
        summary="your own data: a folder with corpus/<language>.jsonl or .tsv, topics/<language>.tsv, "
        "qrels/<language>.txt and, if you like, train.jsonl and articles.tsv",
        name=None, files=own_data.files, read=own_data.read,
    ),
}


def find_reader(dataset: str, *, heldout: bool) -> Reader:
    """The reader of a data set; raises InputError, naming those there are, for an unknown one and a missing split."""
    known = READERS | {name: variant for reader in READERS.values() for name, variant in reader.variants.items()}
    if dataset not in known:
        names = ", ".join(sorted([*READERS, *SOURCE_READERS]))
        raise InputError(f"unknown data set {dataset!r}", remedy=f"choose among {names}")
    reader = known[dataset]
    if not heldout:
        return reader
    if reader.heldout is None:
        having = ", ".join(sorted(name for name, other in READERS.items() if other.heldout))
        raise InputError(f"{dataset!r} has no held-out split", remedy=f"leave out --heldout; it is for {having}")
    return reader.heldout
