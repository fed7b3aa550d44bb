"""NeuCLIR 2022 and 2023: small folders in TREC's form, against ir_datasets' loaders of the same files."""

import gzip
import shutil
import tarfile
from collections.abc import Callable
from pathlib import Path

import pytest
from clir_files import DOCUMENTS, ENGLISH, JUDGED, NATIVE, write_neuclir
from local_file import LocalFile, ir_datasets_formats

from hybrid_pyserini.cli import main
from hybrid_pyserini.data.readers import neuclir
from hybrid_pyserini.records import Pair

LANGUAGES = {"zh": "zho", "fa": "fas", "ru": "rus"}
QRELS_2023 = "neuclir-2023-qrels.final.tar.gz"


@pytest.fixture
def source(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    counts = {language: len(JUDGED[lang]) for language, lang in LANGUAGES.items()}
    monkeypatch.setattr(neuclir, "JUDGEMENTS", {2022: counts, 2023: counts})
    monkeypatch.setattr(neuclir, "DOCUMENTS", {language: len(DOCUMENTS[lang]) for language, lang in LANGUAGES.items()})
    return write_neuclir(tmp_path / "neuclir")


def test_the_pool_is_2023s_alone(source: Path) -> None:
    dataset_2022, dataset_2023 = (neuclir.read(source, "n", year) for year in (2022, 2023))
    singles = (
        *(Pair("en", language) for language in LANGUAGES), *(Pair(language, language) for language in LANGUAGES)
    )
    assert dataset_2022.pairs == singles
    assert dataset_2023.pairs == (*singles, Pair("en", "all"))
    assert dataset_2022.qrels == dataset_2023.qrels == {
        language: {
            id_: {docid: grade for topic_id, docid, grade in JUDGED[lang] if topic_id == id_}
            for id_, _, _ in JUDGED[lang]
        } for language, lang in LANGUAGES.items()
    }
    assert dataset_2023.topics["en"] == {id_: " ".join(ENGLISH[id_]) for id_ in ("1001", "1002")}
    assert dataset_2023.topics["ru"] == {id_: " ".join(texts) for id_, texts in NATIVE["rus"].items()}


def test_one_language_alone_has_no_pool(source: Path) -> None:
    for lang in ("fas", "rus"):
        shutil.rmtree(source / lang)
    assert neuclir.read(source, "n", 2023).pairs == (Pair("en", "zh"), Pair("zh", "zh"))


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(("year", "query"), [
    (2022, "ExctractedCCNoReportQuery"), (2023, "ExctractedCCNoReportNoHtNarQuery"),
])
def test_the_same_as_ir_datasets(source: Path, tmp_path: Path, language: str, year: int, query: str) -> None:
    formats = ir_datasets_formats(tmp_path)
    from ir_datasets.datasets.neuclir import LangFilteredTrecQrels
    from ir_datasets.util.fileio import TarExtract
    lang = LANGUAGES[language]
    dataset = neuclir.read(source, "n", year, fields=("title",))
    if year == 2022:
        qrels = LangFilteredTrecQrels(LocalFile(source / "2022-qrels.all"), {}, lang)
    else:
        qrels = formats.TrecQrels(TarExtract(LocalFile(source / QRELS_2023), f"qrels.final.gains.{lang}"), {})
    judged = [(each.query_id, each.doc_id, each.relevance) for each in qrels.qrels_iter()]
    assert judged == [
        (id_, docid, grade) for id_, judged in dataset.qrels[language].items() for docid, grade in judged.items()
    ]
    topics = LocalFile(source / neuclir.TOPICS[year])
    # filter_lwq: our small topics, unlike theirs, have translations for the judged languages alone.
    theirs = formats.ExctractedCCQueries(topics, subset_lang=language, cls=getattr(formats, query))
    asked = {each.query_id: each for each in theirs.queries_iter()}
    assert dataset.topics[language] == {id_: each.ht_title for id_, each in asked.items()}
    assert {id_: dataset.topics["en"][id_] for id_ in asked} == {id_: each.title for id_, each in asked.items()}


def test_the_pool_by_the_command_line(source: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Its qrels are the union, and its documents those of the Hugging Face data set by their names there."""
    (source / "data").mkdir()
    for lang in LANGUAGES.values():
        packed = source / "data" / f"{lang}-00000-of-00001.jsonl.gz"
        packed.write_bytes(gzip.compress((source / lang / "docs.jsonl").read_bytes()))
        shutil.rmtree(source / lang)
    assert main(["prepare", "neuclir-2023", "--source", str(source), "--workspace", str(tmp_path)]) == 0
    assert "6 language pairs, 1 pools" in capsys.readouterr().out
    lines = (tmp_path / "topics/neuclir-2023/qrels.neuclir-2023.all.txt").read_text().splitlines()
    assert {*lines} == {f"{id_} 0 {docid} {grade}" for judged in JUDGED.values() for id_, docid, grade in judged}


def test_a_translation_is_a_query_only_where_its_language_judges_it(
    source: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(neuclir.JUDGEMENTS, 2022, dict.fromkeys(LANGUAGES, 1))
    (source / "2022-qrels.all").write_text("1001 zho 0d8a-1 3\n1001 fas 0d8a-4 1\n1002 rus 0d8a-5 3\n")
    dataset = neuclir.read(source, "n", 2022)
    assert [*dataset.topics["zh"]] == ["1001"] and [*dataset.topics["en"]] == ["1001", "1002"]


def test_unpacked_judgements(source: Path) -> None:
    with tarfile.open(source / QRELS_2023) as tar:
        tar.extractall(source, filter="data")
    packed = neuclir.read(source, "n", 2023).qrels
    (source / QRELS_2023).unlink()
    assert neuclir.read(source, "n", 2023).qrels == packed
    assert {"qrels.final.gains.zho", "qrels.final.gains.fas"} < neuclir.files(source, 2023).keys()


def test_of_what_is_unpacked_and_packed_the_manifest_names_what_was_read(source: Path) -> None:
    with tarfile.open(source / QRELS_2023) as tar:
        tar.extract("qrels.final.gains.zho", source, filter="data")
    named = {name for name in neuclir.files(source, 2023) if "qrels" in name}
    assert named == {"qrels.final.gains.zho", QRELS_2023}
    (source / "qrels.final.gains.zho").write_text("1001 0 0d8a-1 1\n1001 0 0d8a-2 1\n1002 0 0d8a-2 1\n")
    dataset = neuclir.read(source, "n", 2023)
    assert dataset.qrels["zh"]["1001"] == {"0d8a-1": 1, "0d8a-2": 1}
    assert dataset.qrels["fa"] == {"1001": {"0d8a-4": 1}}


def pack_folders(path: Path) -> None:
    with tarfile.open(path, "w:gz") as tar:
        for lang in LANGUAGES.values():
            folder = tarfile.TarInfo(f"qrels.final.gains.{lang}")
            folder.type = tarfile.DIRTYPE
            tar.addfile(folder)


def drop_first_line(path: Path) -> None:
    path.write_text(path.read_text().partition("\n")[2])


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-30])


@pytest.mark.parametrize(("year", "damage", "where", "found"), [
    (2022, lambda s: (s / "2022-qrels.all").write_text("1001 zho 0d8a-1 3\n1001 eng 0d8a-2 0\n"), "2022-qrels.all:2",
     "language 'eng' in the second column, expected one of zho fas rus"),
    (2022, lambda s: (s / "2022-qrels.all").write_text("1001 zho 0d8a-1 3\n1001\n"), "2022-qrels.all:2",
     "expected 'qid 0 docid relevance'"),
    (2022, lambda s: (s / "2022-qrels.all").unlink(), "2022-qrels.all",
     "no such file; take it from https://trec.nist.gov/data/neuclir2022.html"),
    (2023, lambda s: cut(s / QRELS_2023), QRELS_2023, "the archive ends early or is damaged"),
    (2023, lambda s: (s / QRELS_2023).write_text("no archive"), QRELS_2023, "the archive ends early or is damaged"),
    (2023, lambda s: tarfile.open(s / QRELS_2023, "w:gz").close(), QRELS_2023, "no qrels.final.gains.zho in the arch"),
    (2023, lambda s: pack_folders(s / QRELS_2023), QRELS_2023, "no qrels.final.gains.zho in the archive"),
    (2022, lambda s: drop_first_line(s / "rus/docs.jsonl"), "2022-qrels.all:5", "the corpus has no passage '0d8a-5'"),
    (2023, lambda s: drop_first_line(s / "rus/docs.jsonl"), f"{QRELS_2023}/qrels.final.gains.rus",
     "the corpus has no passage '0d8a-5'"),
    (2023, lambda s: (s / "qrels.final.gains.rus").write_text("1002 0 0d8a-5 3\n"), "qrels.final.gains.rus",
     "1 judgements, 2 were published"),
    (2023, lambda s: (s / "qrels.final.gains.rus").write_text("1002 0 0d8a-5 high\n"), "qrels.final.gains.rus:1",
     "expected 'qid 0 docid relevance'"),
])
def test_what_is_wrong_is_one_line_with_the_place(
    source: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], year: int, damage: Callable[[Path], object],
    where: str, found: str,
) -> None:
    damage(source)
    assert main(["prepare", f"neuclir-{year}", "--source", str(source), "--workspace", str(tmp_path / "w")]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith(f"hybrid-pyserini prepare: {source / where}: ")
    assert found in line
    assert not list((tmp_path / "w").rglob("*"))
