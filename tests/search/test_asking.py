"""``ask`` against the run of the same question, and the command on a tiny real checkpoint."""

from pathlib import Path

import pytest
from small_dense_workspace import small_workspace

from hybrid_pyserini.cli import main
from hybrid_pyserini.collection import read_collection
from hybrid_pyserini.errors import InputError
from hybrid_pyserini.records import Pair
from hybrid_pyserini.search.asking import ask
from hybrid_pyserini.trec import read_run
from hybrid_pyserini.workspace import Workspace


@pytest.fixture(scope="module")
def searched(tmp_path_factory: pytest.TempPathFactory, tiny_checkpoint: Path) -> Workspace:
    root = tmp_path_factory.mktemp("asked")
    workspace, _ = small_workspace(root)
    model = ["small", "--workspace", str(root), "--model", str(tiny_checkpoint)]
    assert main(["index", *model]) == 0
    assert main(["search", *model, "--pairs", "de-en,de-all", "--hits", "7"]) == 0
    (root / "models").mkdir()
    (root / "models" / "tiny").symlink_to(tiny_checkpoint)
    return workspace


@pytest.mark.parametrize("passages", ["en", "all"])
def test_the_answers_are_the_runs(searched: Workspace, passages: str) -> None:
    run = read_run(searched.run("small", "tiny", Pair("de", passages)))
    contents = {
        p.id: p.contents for language in ("de", "en", "th")
        for p in read_collection(searched.collection("small", language))
    }
    for number in (0, 11):
        answers = ask(searched, "small", "tiny", f"  de query\n {number}", passages=passages, hits=7)
        expected = run[f"q{number}"]
        assert [answer.score for answer in answers] == pytest.approx(list(expected.values()), abs=1e-5)
        assert all(answer.score == pytest.approx(expected[answer.passage.id], abs=1e-5) for answer in answers)
        assert all(answer.passage.contents == contents[answer.passage.id] for answer in answers)


def test_the_command_prints_rank_score_language_and_text(
    searched: Workspace, capsys: pytest.CaptureFixture[str]
) -> None:
    status = main([
        "ask", "small", "de query 3", "--model", "tiny", "--passages", "th", "--hits", "2",
        "--workspace", str(searched.root),
    ])
    assert status == 0
    first, second = capsys.readouterr().out.splitlines()
    best = ask(searched, "small", "tiny", "de query 3", passages="th", hits=1)[0]
    assert first == f"  1. {best.score:.3f} th: {best.passage.text}"
    assert second.startswith("  2. ")


@pytest.mark.parametrize(("question", "options", "says"), [
    ("", {}, "nothing is asked"),
    ("why", {"passages": "fr"}, "no passages in 'fr' in small; choose from de, en, th, all"),
    ("why", {"hits": 0}, "0 hits"),
    ("why", {"model": "none"}, "no index here"),
    ("why", {"dataset": "none"}, "none"),
])
def test_what_cannot_be_asked(searched: Workspace, question: str, options: dict[str, object], says: str) -> None:
    arguments = {"dataset": "small", "model": "tiny"} | options
    with pytest.raises(InputError, match=says):
        ask(searched, arguments.pop("dataset"), arguments.pop("model"), question, **arguments)
