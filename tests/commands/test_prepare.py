"""``prepare`` through the command line: its tables, what it keeps, and one line for whatever is wrong."""

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from hybrid_pyserini.cli import main
from hybrid_pyserini.data.readers import xquad_r
from hybrid_pyserini.data.registry import READERS

TINY = Path(__file__).parents[1] / "data" / "readers" / "tiny-xquad-r"


@pytest.fixture
def tiny(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A copy of the hand-made XQuAD-R, to be broken."""
    monkeypatch.setattr(xquad_r, "QUESTIONS", 6)
    monkeypatch.setattr(xquad_r, "SENTENCES", {"de": 6, "en": 7, "zh": 6})
    monkeypatch.setattr(xquad_r, "TEST_ARTICLES", ("Tea",))
    monkeypatch.setattr(xquad_r, "VALIDATION_ARTICLES", ("Rhine",))
    return shutil.copytree(TINY, tmp_path / "source")


@pytest.fixture
def own(tmp_path: Path) -> Path:
    files = {
        "corpus/de.jsonl": '{"id": "1", "text": "Der Rhein ist lang."}\n{"id": "2", "text": "Tee ist grün."}\n',
        "corpus/en.jsonl": '{"id": "1", "text": "The Rhine is long."}\n',
        "topics/de.tsv": "q1\tWie lang?\nq2\tWie grün?\n",
        "qrels/de.txt": "q1 0 1 1\nq2 0 2 1\n",
        "qrels/en.txt": "q1 0 1 1\n",
        "train.jsonl": '{"id": "t1", "language": "de", "query": "Was?", "positive": "Das."}\n',
    }
    for name, text in files.items():
        path = tmp_path / "own" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return tmp_path / "own"


def prepare(workspace: Path, *arguments: str | Path) -> int:
    return main(["prepare", "--workspace", str(workspace), *map(str, arguments)])


def snapshot(workspace: Path) -> dict[str, tuple[int, bytes]]:
    files = (path for path in sorted(workspace.rglob("*")) if path.is_file())
    return {str(path.relative_to(workspace)): (path.stat().st_mtime_ns, path.read_bytes()) for path in files}


def test_prints_a_table_of_counts(tiny: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert prepare(tmp_path / "w", "xquad-r", "--source", tiny) == 0
    assert capsys.readouterr().out.splitlines()[1:] == [
        "language      topics    passages  judgements",
        "de                 6           6           6",
        "en                 6           7           6",
        "zh                 6           6           6",
        "all               18          19          18",
        "9 language pairs, 3 pools",
        "groups of answer sentences: 4",
        "answers past the end of their sentence: 1",
        "queries with white space made one blank: 1",
        "articles: 2",
    ]
    assert (tmp_path / "w/topics/xquad-r/topics.xquad-r.en.tsv").read_text().splitlines()[3] == (
        "q4\tOn which river does Cologne lie?"
    )


def test_again_keeps_and_overwrite_redoes(tiny: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    workspace = tmp_path / "w"
    prepare(workspace, "xquad-r", "--source", tiny)
    first, table = snapshot(workspace), capsys.readouterr().out.splitlines()[1:]
    assert prepare(workspace, "xquad-r", "--source", tiny) == 0
    out = capsys.readouterr().out.splitlines()
    assert out[0] == "xquad-r is prepared already from these files: kept (--overwrite prepares it again)"
    assert out[1:] == table
    assert snapshot(workspace) == first
    assert prepare(workspace, "xquad-r", "--source", tiny, "--overwrite") == 0
    redone = snapshot(workspace)
    assert {name: data for name, (_, data) in redone.items()} == {name: data for name, (_, data) in first.items()}
    assert all(redone[name][0] != first[name][0] for name in first)


def test_changed_sources_are_refused_until_overwrite(
    tiny: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    workspace = tmp_path / "w"
    prepare(workspace, "xquad-r", "--source", tiny)
    before = snapshot(workspace)
    (tiny / "zh.json").write_text((tiny / "zh.json").read_text().replace("茶来自哪里", "茶从哪里来"))
    assert prepare(workspace, "xquad-r", "--source", tiny) == 2
    assert "from other files than these (zh.json differ); give --overwrite" in capsys.readouterr().err
    assert snapshot(workspace) == before
    assert prepare(workspace, "xquad-r", "--source", tiny, "--overwrite") == 0
    assert "茶从哪里来" in (workspace / "topics/xquad-r/topics.xquad-r.zh.tsv").read_text()


def test_heldout_gives_topics_of_some_articles_and_training_sources(
    tiny: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(xquad_r, "VALIDATION_ARTICLES", ())
    assert prepare(tmp_path / "w", "xquad-r", "--source", tiny, "--heldout") == 0
    out = capsys.readouterr().out
    assert "training source xquad-r-train: 4 examples" in out
    assert sorted(path.name for path in (tmp_path / "w/topics").iterdir()) == ["xquad-r-heldout"]
    rows = [json.loads(line) for line in (tmp_path / "w/sources/xquad-r-train.jsonl").read_text().splitlines()]
    assert [(row["id"], row["group"]) for row in rows] == [
        ("q1", "xquad-r:q1"), ("q2", "xquad-r:q1"), ("q3", "xquad-r:q1"), ("q4", "xquad-r:q4"),
    ]


def test_own_data(own: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    workspace = tmp_path / "w"
    assert prepare(workspace, "own", "--name", "mine", "--source", own) == 0
    out = capsys.readouterr().out
    assert "docids: prefixed with '<language>:', because some occur in several languages" in out
    assert "training source mine-train: 1 examples" in out
    assert (workspace / "topics/mine/qrels.mine.all.txt").read_text() == "q1 0 de:1 1\nq1 0 en:1 1\nq2 0 de:2 1\n"
    assert [json.loads(line)["id"] for line in (workspace / "collections/mine/de.jsonl").open()] == ["de:1", "de:2"]


@pytest.mark.java
def test_a_language_of_questions_only_needs_no_passages(
    own: Path, tmp_path: Path, tiny_checkpoint: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (own / "topics/de.tsv").rename(own / "topics/sw.tsv")  # Swahili questions, German and English passages
    workspace = tmp_path / "w"
    assert prepare(workspace, "own", "--name", "mine", "--source", own) == 0
    model = ["mine", "--model", str(tiny_checkpoint), "--workspace", str(workspace)]
    for command in (["index", *model], ["search", *model], ["bm25", "mine", "--workspace", str(workspace)]):
        assert main(command) == 0, capsys.readouterr().err
    name = tiny_checkpoint.name
    assert sorted(path.name for path in (workspace / "indexes/mine" / name).iterdir()) == ["all", "de", "en"]
    for system in (name, "bm25"):
        for pair in ("sw-de", "sw-en", "sw-all"):
            assert (workspace / f"runs/mine/run.mine.{system}.{pair}.txt").is_file()
    assert main(["evaluate", "mine", "--model", name, "bm25", "--workspace", str(workspace)]) == 0


def test_articles_of_own_data(own: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """They come from the folder, so that ``--overwrite``, which empties the topics' folder, keeps them."""
    (own / "articles.tsv").write_text("q1\tThe Rhine\nq2\tTea\n")
    written = tmp_path / "w/topics/mine/articles.mine.tsv"
    for more in ([], ["--overwrite"]):
        assert prepare(tmp_path / "w", "own", "--name", "mine", "--source", own, *more) == 0
        assert "articles: 2" in capsys.readouterr().out.splitlines()
        assert written.read_text() == "q1\tThe Rhine\nq2\tTea\n"


def change_json(file: str, change: Callable[[dict], object]) -> Callable[[Path], None]:
    def apply(source: Path) -> None:
        value = json.loads((source / file).read_text())
        change(value["data"][0]["paragraphs"][0])
        (source / file).write_text(json.dumps(value))
    return apply


@pytest.mark.parametrize(
    ("damage", "where", "found"),
    [
        (lambda s: (s / "en.json").unlink(), "en.json: ", "no such file; XQuAD-R has one for each of de en zh"),
        (lambda s: (s / "en.json").write_text('{"data":\n ['), "en.json:2: ", "broken JSON"),
        (lambda s: (s / "en.json").write_text('{"data": {}}'), "en.json: ", "'data' is missing or no list"),
        (change_json("de.json", lambda p: p["qas"][0].update(id="q2")), "de.json: ", "question id 'q2' occurs twice"),
        (change_json("de.json", lambda p: p["qas"][0].update(id="q 1")), "de.json: ", "'q 1' contains a blank"),
        (change_json("de.json", lambda p: p["qas"][0].update(question="")), "de.json: ", "question 'q1' is empty"),
        (change_json("de.json", lambda p: p["qas"].pop(0)), "de.json: ", "question 'q1' of en.json is missing"),
        (change_json("zh.json", lambda p: p["qas"][0]["answers"][0].update(answer_start=-1)), "zh.json: ",
         "answer_start -1 lies outside every sentence"),
        (change_json("zh.json", lambda p: p["sentence_breaks"].pop()), "zh.json: ", "2 'sentences' but 1 'sentence_br"),
    ],
)
def test_a_broken_xquad_r_is_one_line_and_leaves_nothing(
    damage: Callable[[Path], object], where: str, found: str, tiny: Path, tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    damage(tiny)
    assert prepare(tmp_path / "w", "xquad-r", "--source", tiny) == 2
    check_one_line(capsys, f"{tiny}/{where}", found)
    assert not list((tmp_path / "w").rglob("*"))


@pytest.mark.parametrize(
    ("file", "text", "where", "found"),
    [
        ("topics/de.tsv", "q1\tWie lang?\nq2\n", "topics/de.tsv:2: ", "expected qid<TAB>query, found 1 field(s)"),
        ("qrels/en.txt", "q1 0 1 1\nq1 0 7 1\n", "qrels/en.txt:2: ", "the corpus has no passage '7'"),
        ("corpus/en.jsonl", '{"id": "1", "text": ""}\n', "corpus/en.jsonl:1: ", "'text' of passage '1' is empty"),
        ("corpus/zh-Hant.jsonl", "", "corpus/zh-Hant.jsonl: ", "write 'zh_Hans' for 'zh-Hans'"),
        ("train.jsonl", '{"id": "t1"}\n', "train.jsonl:1: ", "no 'language'"),
    ],
)
def test_broken_own_data_is_one_line_and_leaves_nothing(
    file: str, text: str, where: str, found: str, own: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (own / file).write_text(text)
    assert prepare(tmp_path / "w", "own", "--name", "mine", "--source", own) == 2
    check_one_line(capsys, f"{own}/{where}", found)
    assert not list((tmp_path / "w").rglob("*"))


def test_what_git_leaves_without_lfs_is_known_for_what_it_is(
    own: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (own / "corpus/en.jsonl").rename(own / "corpus/en.jsonl.gz")
    (own / "corpus/en.jsonl.gz").write_text(
        "version https://git-lfs.github.com/spec/v1\noid sha256:4d7a2146\nsize 12345\n"
    )
    assert prepare(tmp_path / "w", "own", "--name", "mine", "--source", own) == 2
    check_one_line(capsys, f"{own}/corpus/en.jsonl.gz: ", "git-lfs's pointer to the file, not the file; install")
    assert not list((tmp_path / "w").rglob("*"))


@pytest.mark.parametrize(
    ("arguments", "found"),
    [
        (["xquad"], "unknown data set 'xquad'; choose among beir, belebele, "),
        (["own"], "'own' needs a name; give --name"),
        (["xquad-r", "--heldout", "--name", "x"], "always called 'xquad-r-heldout'; leave out --name"),
        (["own", "--name", "a.b"], "data set name 'a.b'"),
        (["own", "--name", "a", "--heldout"], "'own' has no held-out split; leave out --heldout; it is for xquad-r"),
    ],
)
def test_wrong_arguments(
    arguments: list[str], found: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert prepare(tmp_path / "w", *arguments, "--source", tmp_path) == 2
    check_one_line(capsys, "", found)


def test_a_missing_source_folder(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert prepare(tmp_path / "w", "xquad-r", "--source", tmp_path / "nowhere") == 2
    check_one_line(capsys, f"{tmp_path}/nowhere: ", "no such folder")


def test_the_demos_data(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Built in: both data sets and both training sources; kept when it is done again."""
    assert prepare(tmp_path, "demo") == 0
    out = capsys.readouterr().out
    assert out.startswith("demo and demo-validation are prepared\n") and "training source demo-train: " in out
    files = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*") if path.is_file()}
    assert {path.parent.name for path in files if path.name == "dataset.json"} == {"demo", "demo-validation"}
    assert prepare(tmp_path, "demo") == 0
    assert "are prepared already: kept" in capsys.readouterr().out
    assert {path: path.stat().st_mtime_ns for path in files} == files
    assert prepare(tmp_path, "demo", "--overwrite") == 0
    assert {path: path.stat().st_mtime_ns for path in files} != files


def test_the_demos_data_for_a_shift_of_domain(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert prepare(tmp_path, "demo-shift") == 0
    out = capsys.readouterr().out
    assert out.startswith("demo-seen, demo-time-zone and demo-script are prepared\n")
    assert "training source demo-seen-train: " in out
    assert prepare(tmp_path, "demo-shift") == 0
    assert "demo-seen, demo-time-zone and demo-script are prepared already: kept" in capsys.readouterr().out


@pytest.mark.parametrize(("arguments", "found"), [
    (["demo", "--source", "there"], "'demo' is built in; leave out --source"), (["xquad-r"], "give --source FOLDER"),
])
def test_a_source_too_much_or_too_little(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], found: str
) -> None:
    assert prepare(tmp_path, *arguments) == 2
    check_one_line(capsys, "", found)


def test_training_sources_are_those_that_are_known_before_reading(tiny: Path) -> None:
    reader = READERS["xquad-r"].heldout
    assert reader is not None
    dataset = reader.read(tiny, "xquad-r-heldout")
    assert dataset.training.keys() == reader.training.keys()
    assert {*reader.training["xquad-r-train"]} == {"ar", "de", "el", "en", "es", "hi", "ru", "th", "tr", "vi", "zh"}


def check_one_line(capsys: pytest.CaptureFixture[str], where: str, found: str) -> None:
    captured = capsys.readouterr()
    assert not captured.out
    assert captured.err.count("\n") == 1
    assert captured.err.startswith(f"hybrid-pyserini prepare: {where}")
    assert found in captured.err


def test_the_real_xquad_r(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    data = Path(os.environ.get("HYBRID_PYSERINI_DATA", Path(__file__).parents[2] / ".." / "shared" / "data"))
    if not (data / "xquad-r").is_dir():
        pytest.skip(f"no XQuAD-R in {data}: set HYBRID_PYSERINI_DATA to the folder that holds xquad-r/")
    assert prepare(tmp_path, "xquad-r", "--source", data / "xquad-r") == 0
    rows = [line.split() for line in capsys.readouterr().out.splitlines()[2:13]]
    assert [f"{language} {passages}" for language, _, passages, _ in rows] == [
        "ar 1222", "de 1276", "el 1234", "en 1180", "es 1215", "hi 1244", "ru 1219", "th 852", "tr 1167", "vi 1209",
        "zh 1196",
    ]
    assert {(topics, judgements) for _, topics, _, judgements in rows} == {("1190", "1190")}
