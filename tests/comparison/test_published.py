"""Published figures: those that are shipped, and how they stand beside ours in ``compare``, in cells worked by hand."""

import csv
import io
import json
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path

import pytest
import yaml
from evaluated_workspace import evaluate_all, make
from packaging.version import Version

from hybrid_pyserini.cli import main
from hybrid_pyserini.comparison import published as module
from hybrid_pyserini.comparison.published import published
from hybrid_pyserini.records import Pair
from hybrid_pyserini.workspace import Workspace

FIGURES = {
    "of": "six, by others", "source": "a paper",
    "figures": {
        "bm25": {"R@1": {"de": 0.5, "en": 0.2, "fr": 0.9}, "nDCG@10": {"de": 0.4, "en": 0.1, "fr": 0.9}},
        "dpr": {"R@1": {"en": 0.4}, "nDCG@10": {"en": 0.3}},
    },
}


@pytest.fixture
def workspace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Workspace:
    (tmp_path / "published").mkdir()
    (tmp_path / "published" / "six.json").write_text(json.dumps(FIGURES))
    monkeypatch.setattr(module, "_FOLDER", tmp_path / "published")
    return make(tmp_path)


def compared(workspace: Workspace, capsys: pytest.CaptureFixture[str], form: str = "table") -> str:
    capsys.readouterr()
    assert main(["compare", "six", "good", "poor", "--format", form, "--workspace", str(workspace.root)]) == 0
    return capsys.readouterr().out


def table_of(out: str) -> list[list[str]]:
    """The cells of the table of R@1, its header first."""
    table = out[out.index("Published: R@1 on six, within a language"):].split("\n\n")[1]
    rows = [[cell.strip() for cell in line.split("|")[1:-1]] for line in table.splitlines()]
    return [rows[0], *rows[2:]]


def test_they_stand_beside_ours(workspace: Workspace, capsys: pytest.CaptureFixture[str]) -> None:
    """R@1 of ``good`` is 5/6 and of ``poor`` 1/6 in each language. French, which is not ours, is in no mean; ``dpr``
    without German has none. RR was not published, and nDCG@10 was not measured."""
    out = compared(workspace, capsys)
    assert out.count("Published: ") == 2  # the table, and the note
    assert table_of(out) == [
        ["R@1, mono", "good", "poor", "bm25 (published)", "dpr (published)"],
        ["de", "0.833", "0.167", "0.500", "-"],
        ["en", "0.833", "0.167", "0.200", "0.400"],
        ["mean", "0.833", "0.167", "0.350", "-"],
    ]
    assert "Published: six, by others, from a paper; not made here and not tested" in out


def test_no_mean_where_ours_has_none(workspace: Workspace, capsys: pytest.CaptureFixture[str]) -> None:
    """Of two languages only English was scored."""
    evaluate_all(workspace, "good", "poor", pairs=[Pair("en", "en"), Pair("de", "en")])
    record = json.loads(compared(workspace, capsys, "json"))
    assert record["published"]["figures"] == {
        "R@1": {"bm25": {"languages": {"en": 0.2}, "mean": None}, "dpr": {"languages": {"en": 0.4}, "mean": None}},
    }
    assert [row[0] for row in table_of(compared(workspace, capsys))] == ["R@1, mono", "en"]


def test_tests_and_marks_leave_them_out(workspace: Workspace, capsys: pytest.CaptureFixture[str]) -> None:
    record = json.loads(compared(workspace, capsys, "json"))
    del record["published"]
    assert "dpr" not in json.dumps(record)


def test_every_form_has_them(workspace: Workspace, capsys: pytest.CaptureFixture[str]) -> None:
    lines = [row for row in csv.DictReader(io.StringIO(compared(workspace, capsys, "csv"))) if row["of"] == "published"]
    assert [(row["system"], row["language"], row["setting"], row["measure"], row["mean"]) for row in lines] == [
        ("bm25", "de", "mono", "R@1", "0.5"), ("bm25", "en", "mono", "R@1", "0.2"), ("bm25", "", "mono", "R@1", "0.35"),
        ("dpr", "de", "mono", "R@1", ""), ("dpr", "en", "mono", "R@1", "0.4"), ("dpr", "", "mono", "R@1", ""),
    ]
    for form in ("markdown", "latex"):
        assert "bm25 (published)" in compared(workspace, capsys, form)
    assert main(["report", "six", "good", "poor", "--workspace", str(workspace.root)]) == 0
    assert "bm25 (published)" in (workspace.root / "reports" / "six" / "report.md").read_text()


def test_another_data_set_has_none(workspace: Workspace, capsys: pytest.CaptureFixture[str]) -> None:
    (workspace.root / "published" / "six.json").rename(workspace.root / "published" / "seven.json")
    assert "ublished" not in compared(workspace, capsys, "json") + compared(workspace, capsys)


def test_miracls_figures_are_pyserinis() -> None:
    """As the installed Pyserini has them. BM25 of Persian and Korean changed with the analyzers of Pyserini 2; the
    shipped ones are 2.4's."""
    shipped = json.loads((module._FOLDER / "miracl.json").read_text())["figures"]
    pyserini = Path(str(find_spec("pyserini").origin)).parent
    differing, compared = set(), 0
    for condition in yaml.safe_load((pyserini / "2cr" / "miracl.yaml").read_text())["conditions"]:
        name, language = condition["name"].rsplit(".", 1)
        system = {"bm25": "bm25", "mdpr-tied-pft-msmarco": "mdpr"}.get(name)
        scores = next(split["scores"][0] for split in condition["splits"] if split["split"] == "dev")
        for measure, value in scores.items() if system else ():
            compared += 1
            if shipped[system][measure][language] != value:
                differing.add((system, language))
    assert compared == 2 * 2 * 18 == sum(len(of) for by_measure in shipped.values() for of in by_measure.values())
    assert differing == ({("bm25", "fa"), ("bm25", "ko")} if Version(version("pyserini")) < Version("2") else set())


def test_miracls_mean_is_over_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    """BM25 of Arabic and Swahili: (.4809 + .3826) / 2."""
    record = {
        "dataset": "miracl", "measures": ["nDCG@10", "AP"], "settings": {"mono": {"nDCG@10": {}}},
        "by_query_language": {language: {"mono": {"nDCG@10": {}}} for language in ("ar", "sw")},
    }
    of = published(record)["published"]["figures"]
    assert list(of) == ["nDCG@10"]
    assert of["nDCG@10"]["bm25"] == {"languages": {"ar": 0.4809, "sw": 0.3826}, "mean": pytest.approx(0.43175)}
    assert of["nDCG@10"]["mdpr"]["languages"] == {"ar": 0.4993, "sw": 0.2990}
