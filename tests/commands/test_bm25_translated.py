"""``bm25`` with queries in translation, from files and by a tiny real model: a system of its own; what is refused."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from parallel_words import WORDS
from tiny_translators import tiny_translator

from hybrid_pyserini.baselines.analysis import load_analyzer
from hybrid_pyserini.cli import main
from hybrid_pyserini.collection import write_collection
from hybrid_pyserini.records import Pair, Passage
from hybrid_pyserini.trec import read_run, read_topics, write_qrels, write_topics
from hybrid_pyserini.workspace import DatasetInfo, Workspace

PASSAGES = {"de": ["Die Häuser der Stadt", "Ein Fluss"], "en": ["The houses of the town", "A river"],
            "el": ["Τα σπίτια της πόλης", "Ένα ποτάμι"]}
ENGLISH = {"q1": "town houses", "q2": "which river?", "q3": "NFL"}
TRANSLATED = {"de": {"q1": "Häuser einer Stadt", "q3": "NFL"},
              "el": {"q1": "σπίτια πόλης", "q2": "ποιο ποτάμι;", "q3": "NFL"}}
PAIRS = tuple(Pair("en", passages) for passages in ("en", "de", "el", "all"))


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    workspace = Workspace(tmp_path / "workspace")
    qrels: dict[str, dict[str, int]] = {"q1": {}, "q2": {}}
    for language, texts in PASSAGES.items():
        write_collection(workspace.collection("toy", language), [
            Passage(f"{language}{n}", text, text, "", f"{language}{n}", language) for n, text in enumerate(texts, 1)
        ])
        judged = {f"q{n}": {f"{language}{n}": 1} for n in (1, 2)}
        write_qrels(workspace.qrels("toy", language), judged)
        qrels = {query_id: qrels[query_id] | judged[query_id] for query_id in qrels}
    write_qrels(workspace.qrels("toy", "all"), qrels)
    write_topics(workspace.topics("toy", "en"), ENGLISH)
    DatasetInfo("toy", tuple(PASSAGES), PAIRS).write(workspace.dataset_file("toy"))
    return workspace


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Named with a dot, as anyone may name a folder."""
    for language, topics in TRANSLATED.items():
        write_topics(tmp_path / "mt.v2" / f"topics.toy.en-{language}.tsv", topics)
    return tmp_path / "mt.v2"


def words(workspace: Workspace, *more: object) -> list[str]:
    return ["bm25", "toy", "--workspace", str(workspace.root), "--hits", "2", "--pool-hits", "6", *map(str, more)]


def found(workspace: Workspace, system: str, passages: str) -> dict[str, list[str]]:
    run = read_run(workspace.run("toy", system, Pair("en", passages)))
    return {query_id: list(hits) for query_id, hits in run.items()}


def refusal(command: list[str], capsys: pytest.CaptureFixture[str]) -> str:
    capsys.readouterr()
    assert main(command) == 2
    error = capsys.readouterr().err
    assert error.count("\n") == 1
    return error


@pytest.mark.java
def test_a_folder_is_a_system_of_its_own(
    workspace: Workspace, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(words(workspace)) == 0
    capsys.readouterr()
    for state in ("written", "kept"):
        assert main(words(workspace, "--topics-translated", folder)) == 0
        assert [line.split("\t", 2)[0::2] for line in capsys.readouterr().out.splitlines()] == [
            ["en-en", f"{state}\t1 of 3 queries without a hit"],
            ["en-de", f"{state}\t2 of 3 queries without a hit, 1 not translated"],
            ["en-el", f"{state}\t1 of 3 queries without a hit"],
            ["en-all", f"{state}\t1 of 3 queries without a hit, 1 not translated"],
        ]
    assert found(workspace, "bm25", "de") == found(workspace, "bm25", "el") == {}
    assert found(workspace, "bm25+mt-v2", "de") == {"q1": ["de1"]}
    assert found(workspace, "bm25+mt-v2", "el") == {"q1": ["el1"], "q2": ["el2"]}
    assert found(workspace, "bm25+mt-v2", "en") == found(workspace, "bm25", "en") == {"q1": ["en1"], "q2": ["en2"]}
    pool = found(workspace, "bm25+mt-v2", "all")
    assert {query_id: set(hits) for query_id, hits in pool.items()} == {
        "q1": {"de1", "en1", "el1"}, "q2": {"en2", "el2"}
    }
    assert main(["evaluate", "toy", "--model", "bm25", "bm25+mt-v2", "--workspace", str(workspace.root)]) == 0
    assert main(["compare", "toy", "bm25", "bm25+mt-v2", "--workspace", str(workspace.root)]) == 0
    shown = capsys.readouterr()
    assert "bm25+mt-v2" in shown.out
    assert "other seeds" not in shown.out + shown.err


@pytest.mark.java
def test_the_stock_command_finds_the_same_with_the_same_words(
    workspace: Workspace, folder: Path, tmp_path: Path
) -> None:
    """A translation is what Pyserini is given as topics of the passages' language."""
    assert main(words(workspace, "--topics-translated", folder, "--pairs", "en-el")) == 0
    analyze = load_analyzer("el")
    write_topics(tmp_path / "topics.tsv", {
        query_id: " ".join(analyze(query)) for query_id, query in TRANSLATED["el"].items()
    })
    assert main([
        "pyserini", "search.lucene", "--index", str(workspace.bm25_index("toy", "el")), "--topics",
        str(tmp_path / "topics.tsv"), "--bm25", "--pretokenized", "--output", str(tmp_path / "run.txt"),
    ]) == 0
    ours, stock = read_run(workspace.run("toy", "bm25+mt-v2", Pair("en", "el"))), read_run(tmp_path / "run.txt")
    assert ours.keys() == stock.keys()
    for query_id, hits in ours.items():
        assert hits == pytest.approx(stock[query_id], abs=1e-4)


@pytest.mark.java
def test_a_file_is_for_one_pair_and_another_one_is_noticed(
    workspace: Workspace, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = folder.rename(folder.with_name("x")) / "topics.toy.en-de.tsv"
    command = words(workspace, "--topics-translated", file)
    for pairs in ([], ["--pairs", "en-en"], ["--pairs", "en-all"], ["--pairs", "en-de,en-el"]):
        assert "a file has the queries of one pair of two languages" in refusal([*command, *pairs], capsys)
    assert main([*command, "--pairs", "en-de"]) == 0
    assert found(workspace, "bm25+translated", "de") == {"q1": ["de1"]}
    manifest = json.loads(workspace.run_manifest("toy", "bm25+translated").read_text())
    assert manifest["pairs"] == {"en-de": {"queries": 3, "untranslated": 1, "without_hits": 2}}
    assert "translation en-de" in manifest["inputs"]
    write_topics(file, TRANSLATED["de"] | {"q2": "welcher Fluss?"})
    assert "translation en-de is " in refusal([*command, "--pairs", "en-de"], capsys)
    assert main([*command, "--pairs", "en-de", "--overwrite"]) == 0
    assert found(workspace, "bm25+translated", "de") == {"q1": ["de1"], "q2": ["de2"]}


@pytest.mark.parametrize(("topics", "problem"), [
    (TRANSLATED["de"], "not in 'el', which is written in Grek: most letters are Latin; give the queries in 'el'"),
    ({"q1": "σπίτια", "q9": "ποτάμι"}, "1 of 2 queries, such as 'q9', are none of toy in en"),
    (None, "no queries of en in el; run 'hybrid-pyserini translate toy --topics --from en --to el'"),
])
def test_what_cannot_be_the_translation_is_one_line(
    workspace: Workspace, folder: Path, capsys: pytest.CaptureFixture[str], topics: dict[str, str] | None, problem: str
) -> None:
    file = folder / "topics.toy.en-el.tsv"
    if topics is None:
        file.unlink()
    else:
        write_topics(file, topics)
    assert problem in refusal(words(workspace, "--topics-translated", folder), capsys)
    assert not (workspace.root / "indexes").exists()


def test_the_data_sets_own_queries_in_another_language_are_noticed(
    workspace: Workspace, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Of the same script, so that letters do not tell: English for German, and French, which the data set has too."""
    info = DatasetInfo("toy", ("de", "en", "el", "fr"), PAIRS)
    info.write(workspace.dataset_file("toy"))
    french = {"q1": "maisons de la ville", "q2": "quelle rivière ?", "q3": "NFL"}
    write_topics(workspace.topics("toy", "fr"), french)
    command = words(workspace, "--topics-translated", folder / "topics.toy.en-de.tsv", "--pairs", "en-de")
    for language, topics in (("en", {"q1": ENGLISH["q1"], "q3": "NFL"}), ("fr", french)):
        write_topics(folder / "topics.toy.en-de.tsv", topics)
        assert f"these are the queries of toy in {language}, not in 'de'; give the queries in 'de'" in refusal(
            command, capsys
        )
    assert not (workspace.root / "indexes").exists()


@pytest.mark.java
def test_the_data_sets_own_queries_in_the_passages_language_are_a_translation(
    workspace: Workspace, folder: Path
) -> None:
    """Even where all of them are written alike in both languages."""
    write_topics(workspace.topics("toy", "de"), ENGLISH)
    write_topics(folder / "topics.toy.en-de.tsv", ENGLISH)
    assert main(words(workspace, "--topics-translated", folder, "--pairs", "en-de")) == 0


def test_what_a_model_translated_otherwise_is_not_replaced(
    workspace: Workspace, capsys: pytest.CaptureFixture[str]
) -> None:
    """Not with ``--overwrite`` either, which is about indexes and runs."""
    tiny_translator("m2m", workspace.root / "models" / "m2m", steps=1)
    path = workspace.translated_topics("toy", "m2m", Pair("en", "de"))
    write_topics(path, TRANSLATED["de"])
    before = path.read_bytes()
    for more in ([], ["--overwrite"]):
        error = refusal(words(workspace, "--translate", "m2m", "--pairs", "en-de", *more), capsys)
        assert "the file was not made by this command; take it as it is with --topics-translated " in error
        assert f" --topics-translated {path.parent}, or translate it again" in error
    assert path.read_bytes() == before
    assert not (workspace.root / "indexes").exists()


@pytest.mark.java
@pytest.mark.slow
def test_a_model_translates_first(workspace: Workspace, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """As if ``translate --topics`` and ``--topics-translated`` had been run one after the other."""
    (workspace.root / "models").mkdir()
    tiny_translator("m2m", workspace.root / "models" / "m2m")
    pairs = "en-de,de-en,en-all,de-all,en-en"
    for language in ("en", "de"):
        topics = {f"q{n}": " ".join(WORDS[language][n : n + 2]) for n in range(6)}
        write_topics(workspace.topics("toy", language), topics)
        write_collection(workspace.collection("toy", language), [
            Passage(f"{language}{n}", word, word, "", f"{language}{n}", language)
            for n, word in enumerate(WORDS[language], 1)
        ])
    write_qrels(workspace.qrels("toy", "all"), {"q1": {"de1": 1, "en1": 1}})
    declared = tuple(Pair(*pair.split("-")) for pair in pairs.split(","))
    DatasetInfo("toy", ("de", "en"), declared).write(workspace.dataset_file("toy"))
    copy = Workspace(tmp_path / "copy")
    shutil.copytree(workspace.root, copy.root)

    assert main(words(workspace, "--translate", "m2m")) == 0
    lines = capsys.readouterr().out.splitlines()
    translate = ["translate", "toy", "--topics", "--model", "m2m", "--from", "en,de", "--workspace", str(copy.root)]
    assert main(translate) == 0
    for pair in (Pair("en", "de"), Pair("de", "en")):
        made = [each.translated_topics("toy", "m2m", pair) for each in (workspace, copy)]
        assert made[0].read_bytes() == made[1].read_bytes()
        assert read_topics(made[0])
    capsys.readouterr()
    assert main(words(copy, "--topics-translated", copy.translated_topics("toy", "m2m", Pair("en", "de")).parent)) == 0
    assert [line.replace(str(copy.root), str(workspace.root)) for line in capsys.readouterr().out.splitlines()] == lines
    runs = [
        {path.name: path.read_bytes() for path in (each.root / "runs" / "toy").glob("run.toy.bm25+m2m.*.txt")}
        for each in (workspace, copy)
    ]
    assert runs[0] == runs[1]
    assert len(runs[0]) == 5
    assert runs[0]["run.toy.bm25+m2m.en-de.txt"]


def test_a_model_that_is_not_there_or_lacks_a_language_is_one_line(
    workspace: Workspace, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert "no-such-model" in refusal(words(workspace, "--translate", str(tmp_path / "no-such-model")), capsys)
    tiny_translator("m2m", workspace.root / "models" / "m2m", steps=1)
    DatasetInfo("toy", ("en", "te"), (Pair("en", "te"),)).write(workspace.dataset_file("toy"))
    assert "te" in refusal(words(workspace, "--translate", "m2m"), capsys)
    assert not (workspace.root / "indexes").exists()


def test_both_ways_at_once_are_refused(workspace: Workspace, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="2"):
        main(words(workspace, "--translate", "m2m", "--topics-translated", folder))
    assert "not allowed with" in capsys.readouterr().err


def test_without_java_nothing_is_translated(workspace: Workspace) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "hybrid_pyserini", *words(workspace, "--translate", "no-such-model")],
        env=os.environ | {"HYBRID_PYSERINI_JAVA": "/no/such/java"}, capture_output=True, text=True, timeout=120,
    )
    assert done.returncode == 2
    assert done.stderr.splitlines()[-1].startswith("hybrid-pyserini bm25: no Java 21 or newer")
