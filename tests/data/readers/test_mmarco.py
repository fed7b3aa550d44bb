"""mMARCO: files in the published form, read beside ir_datasets' formats; parallel examples; what is wrong."""

import random
from collections import defaultdict
from pathlib import Path

import pytest
from written_files import read_source, write

from hybrid_pyserini.cli import main
from hybrid_pyserini.data.readers import mmarco
from hybrid_pyserini.data.registry import READERS
from hybrid_pyserini.data.sources.readers import mmarco as training
from hybrid_pyserini.data.sources.source_registry import SOURCE_READERS
from hybrid_pyserini.errors import InputError
from hybrid_pyserini.records import Negative, Passage

LANGUAGES = {"english": "en", "german": "de", "chinese": "zh"}
PASSAGES, QUERIES, JUDGED = 30, 12, 4


def passage(code: str, number: int) -> str:
    return f"{code} passage\u2028{number}, 茶 \"quoted"


def query(code: str, number: int) -> str:
    return f" {code} query {number} "


def triples() -> list[tuple[int, int, int]]:
    """In no order, as published: two positives for some queries, repeated lines, and a positive among the negatives."""
    drawn = random.Random(3)
    lines = [(q, (q, q + 10)[drawn.random() < 0.3], drawn.randrange(PASSAGES)) for q in range(8) for _ in range(7)]
    lines += [lines[0], (0, 0, 10), (0, 10, 0)]
    drawn.shuffle(lines)
    return lines


@pytest.fixture
def source(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(mmarco, "PASSAGES", PASSAGES)
    monkeypatch.setattr(mmarco, "JUDGED", JUDGED)
    monkeypatch.setattr(training, "TRIPLES", len(triples()))
    data = tmp_path / "mmarco" / "data"
    for language, code in LANGUAGES.items():
        google = data / "google"
        write(google / f"collections/{language}_collection.tsv",
              "".join(f"{n}\t{passage(code, n)}\n" for n in range(PASSAGES)))
        write(google / f"queries/train/{language}_queries.train.tsv",
              "".join(f"{n}\t{query(code, n)}\n" for n in reversed(range(QUERIES))))
        every = "".join(f"{n}\t{query(code, n)}\n" for n in (1048585, 2, 524332, 3, 5, 7))
        write(google / f"queries/dev/{language}_queries.dev.tsv", every)
    write(data / "qrels.dev.small.tsv", "1048585\t0\t7\t1\n2\t0\t0\t1\n2\t0\t29\t1\n3\t0\t3\t1\n7\t0\t1\t1\n")
    write(data / "triples.train.ids.small.tsv", "".join(f"{q}\t{p}\t{n}\n" for q, p, n in triples()))
    return data.parent


def test_as_ir_datasets_reads_the_files(source: Path) -> None:
    formats = pytest.importorskip("ir_datasets.formats", reason="ir_datasets is not installed")

    def local(path: Path) -> object:
        class File:
            def path(self, force: bool = True) -> Path:
                return path

            def stream(self) -> object:
                return path.open("rb")
        return File()

    data = source / "data"
    dataset = READERS["mmarco"].read(source, "mmarco")
    qrels = defaultdict(dict)
    for each in formats.TrecQrels(local(data / "qrels.dev.small.tsv"), {}).qrels_iter():
        qrels[each.query_id][each.doc_id] = each.relevance
    for language, code in LANGUAGES.items():
        docs = formats.TsvDocs(local(data / f"google/collections/{language}_collection.tsv")).docs_iter()
        assert [(doc.doc_id, doc.text) for doc in docs] == [
            (each.id.removeprefix(f"{code}:"), each.text) for each in dataset.passages[code]
        ]
        queries = formats.TsvQueries(local(data / f"google/queries/dev/{language}_queries.dev.tsv")).queries_iter()
        assert {each.query_id: each.text for each in queries if each.query_id in qrels} == dataset.topics[code]
        assert dataset.qrels[code] == {
            query_id: {f"{code}:{docid}": relevance for docid, relevance in judged.items()}
            for query_id, judged in qrels.items()
        }
    pairs = formats.TsvDocPairs(local(data / "triples.train.ids.small.tsv")).docpairs_iter()
    assert [(int(p.query_id), int(p.doc_id_a), int(p.doc_id_b)) for p in pairs] == triples()


def test_every_pair_and_the_pool(source: Path) -> None:
    dataset = READERS["mmarco"].read(source, "mmarco")
    assert len(dataset.pairs) == 3 * 3 + 3
    assert list(dataset.passages["de"])[3] == Passage("de:3", passage("de", 3), passage("de", 3), "", "mmarco:3", "de")
    assert dataset.topics["zh"] == {str(n): query("zh", n) for n in (1048585, 2, 3, 7)}
    assert dataset.qrels["zh"]["2"] == {"zh:0": 1, "zh:29": 1}


def test_prepared_by_the_commands(source: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    workspace = ["--workspace", str(tmp_path / "w")]
    folder = str(source / "data")  # the folder data itself
    assert main(["prepare", "mmarco", "--source", folder, *workspace]) == 0
    assert "all               12          90          15" in capsys.readouterr().out
    assert main(["prepare", "mmarco-train", "--source", folder, *workspace]) == 0
    assert "negatives that are positives of their query left out" in capsys.readouterr().out
    assert main(["examples", "mmarco-train", *workspace]) == 0


def test_the_short_query_files_come_first(source: Path) -> None:
    short = write(source / "data/google/queries/dev/german_queries.dev.small.tsv",
                  "".join(f"{n}\tkurz {n}\n" for n in (3, 2, 1048585, 7)))
    assert short in READERS["mmarco"].files(source).values()
    assert READERS["mmarco"].read(source, "mmarco").topics["de"]["7"] == "kurz 7"


def test_parallel_examples_of_the_triples(source: Path, tmp_path: Path) -> None:
    """Against the triples in memory, in file order."""
    examples, notes = read_source("mmarco-train", source, tmp_path)
    negatives: dict[int, dict[int, list[int]]] = defaultdict(lambda: defaultdict(list))
    for q, positive, negative in triples():
        negatives[q][positive].append(negative)
    left_out = again = answering = 0
    expected = []
    for q in sorted(negatives):
        for number, (positive, listed) in enumerate(negatives[q].items()):
            once = list(dict.fromkeys(listed))
            wrong = [each for each in once if each not in negatives[q]]
            again += len(listed) - len(once)
            answering += len(once) - len(wrong)
            left_out += max(len(wrong) - 3, 0)
            expected.append(f"{q}#{number + 1}" if number else str(q))
            example = examples[expected[-1]]
            assert example.group == f"mmarco:{positive}"
            assert example.queries == {code: query(code, q).strip() for code in LANGUAGES.values()}
            assert example.positives == {code: passage(code, positive) for code in LANGUAGES.values()}
            assert example.negatives == {
                code: tuple(Negative(passage(code, each), f"mmarco:{each}") for each in wrong[:3])
                for code in LANGUAGES.values()
            }
            assert {*example.other_groups} == {f"mmarco:{other}" for other in negatives[q] if other != positive}
    assert list(examples) == expected
    assert any("#" in id_ for id_ in expected) and again and answering
    assert notes == {
        "negatives_that_are_listed_again": again, "negatives_left_out": left_out,
        "negatives_that_are_positives_of_their_query_left_out": answering,
    }
    assert {*SOURCE_READERS["mmarco-train"].languages(source)} == {*LANGUAGES.values()}



@pytest.mark.parametrize(("path", "old", "new", "line", "found"), [
    ("qrels.dev.small.tsv", "7\t0\t1\t1\n", "", None, "3 queries, where the published file has 4"),
    ("google/queries/dev/german_queries.dev.tsv", "3\t de", "4\t de", None, "no query '3', which qrels.dev.small.tsv"),
    ("google/queries/dev/german_queries.dev.tsv", "3\t de", "2\t de", 4, "query id '2' occurs twice"),
    ("google/queries/dev/german_queries.dev.tsv", "3\t de", "3\tde\t", 4, "expected query id<TAB>query, found 3 field"),
    ("google/collections/german_collection.tsv", f"29\t{passage('de', 29)}\n", "", None, "29 lines, where the publ"),
    ("google/collections/german_collection.tsv", "\n4\tde passage", "\n4\tde\tpassage", 5, "expected passage id<TAB>"),
])
def test_a_wrong_test_collection_is_refused_with_the_line(
    source: Path, path: str, old: str, new: str, line: int | None, found: str
) -> None:
    file = source / "data" / path
    assert old in file.read_text()
    file.write_text(file.read_text().replace(old, new, 1))
    with pytest.raises(InputError, match=found) as raised:
        for passages in READERS["mmarco"].read(source, "mmarco").passages.values():
            list(passages)
    assert (raised.value.path, raised.value.line) == (file, line)


@pytest.mark.parametrize(("path", "old", "new", "line", "found"), [
    ("triples.train.ids.small.tsv", "\n", "\n1\t2\n", 2, "expected query id<TAB>.*, found 2 field"),
    ("triples.train.ids.small.tsv", "\n", "\nx\t2\t3\n", 2, "an id is no whole number"),
    ("triples.train.ids.small.tsv", "\n", "\n1\t2\t3\n", None, "60 lines, where the published file has 59"),
    ("google/collections/german_collection.tsv", "\n4\tde passage", "\n3\tde passage", 5, "an id that occurs twice"),
    ("google/collections/german_collection.tsv", "\n4\tde passage", "\n4\tde\tpassage", 5, "expected id<TAB>text"),
    ("google/collections/german_collection.tsv", "\n4\tde", "\n99\tde", None, "no id 4, which triples.train.ids.small"),
    ("google/queries/train/german_queries.train.tsv", "\n4\t de", "\n99\t de", None, "no id 4, which triples.train"),
])
def test_a_wrong_training_file_is_refused_with_the_line(
    source: Path, tmp_path: Path, path: str, old: str, new: str, line: int | None, found: str
) -> None:
    file = source / "data" / path
    assert old in file.read_text()
    file.write_text(file.read_text().replace(old, new, 1))
    with pytest.raises(InputError, match=found) as raised:
        read_source("mmarco-train", source, tmp_path)
    assert (raised.value.path, raised.value.line) == (file, line)


def test_translations_that_came_out_empty_are_left_out_and_counted(source: Path, tmp_path: Path) -> None:
    before, _ = read_source("mmarco-train", source, tmp_path)
    chosen = next(each for each in before.values() if each.negatives)
    empty = {chosen.group, chosen.negatives["de"][0].group}
    file = source / "data/google/collections/german_collection.tsv"
    lines = (f"{n}\t{' ' if f'mmarco:{n}' in empty else passage('de', n)}\n" for n in range(PASSAGES))
    file.write_text("".join(lines))

    examples, notes = read_source("mmarco-train", source, tmp_path)
    shortened = 0
    for id_, each in before.items():
        after, negatives = examples[id_], each.negatives.get("de", ())
        assert {*after.queries} == {*after.positives} == {*each.queries} - ({"de"} if each.group in empty else set())
        if each.group not in empty:
            assert after.negatives.get("de", ()) == tuple(one for one in negatives if one.group not in empty)
            shortened += len(after.negatives.get("de", ())) < len(negatives)
    assert shortened
    met = [each.group for each in before.values()]
    met += [one.group for each in before.values() for one in each.negatives.get("de", ())]
    assert notes["empty_texts_left_out"] == sum(group in empty for group in met)

    dataset = READERS["mmarco"].read(source, "mmarco")
    assert not empty & {each.group for each in dataset.passages["de"]}
    assert len(list(dataset.passages["de"])) == PASSAGES - 2
    assert dataset.notes["de_passages_without_text_left_out"] == 2


def test_bytes_that_are_no_text(source: Path, tmp_path: Path) -> None:
    file = source / "data/google/collections/german_collection.tsv"
    file.write_bytes(file.read_bytes().replace(b"\n10\tde", b"\n10\t\xffde"))
    with pytest.raises(InputError, match=r"german_collection\.tsv:11: not UTF-8"):
        read_source("mmarco-train", source, tmp_path)


def test_missing_files(source: Path, tmp_path: Path) -> None:
    data = source / "data"
    (data / "google/queries/train/german_queries.train.tsv").unlink()
    assert len(READERS["mmarco"].files(source)) == 7
    with pytest.raises(InputError, match=r"german_queries\.train\.tsv: no such file for german_collection\.tsv"):
        SOURCE_READERS["mmarco-train"].files(source)
    (data / "qrels.dev.small.tsv").unlink()
    with pytest.raises(InputError, match=r"qrels\.dev\.small\.tsv: no such file"):
        READERS["mmarco"].files(source)
    with pytest.raises(InputError, match=r"qrels\.dev\.small\.tsv: no such file"):
        READERS["mmarco"].files(tmp_path)
