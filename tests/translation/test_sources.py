"""A training source made parallel: what is added, what stays, what is dropped and counted, and going on."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from fake_translator import FakeTranslator

from hybrid_pyserini.data.sources.example_source import read_examples, write_examples
from hybrid_pyserini.errors import InputError
from hybrid_pyserini.jsonl import read_json
from hybrid_pyserini.records import Negative, ParallelExample
from hybrid_pyserini.share import Share
from hybrid_pyserini.translation import translating
from hybrid_pyserini.translation.sources import TranslatedSource, translate_source
from hybrid_pyserini.translation.translating import HowToTranslate
from hybrid_pyserini.translation.translator import Translator
from hybrid_pyserini.workspace import Workspace


def example(number: int, query: str = "q", positive: str = "p", *negatives: str) -> ParallelExample:
    return ParallelExample(
        f"e{number}", f"g{number}", {"en": f"{query}{number}"}, {"en": f"{positive}{number}"},
        {"en": tuple(Negative(text, f"n{text[-3:]}") for text in negatives)} if negatives else {}, ("o1",),
    )


EXAMPLES = [
    example(0, "q", "p", "bad", "RUN bad"), example(1, "RUN"), example(2, "q", "NIL"), example(3, "q", "p", "RUN"),
    ParallelExample("had", "g", {"en": "q", "de": "Frage"}, {"en": "p"}),
    ParallelExample("other", "g", {"fr": "q"}, {"fr": "p"}, {"en": (Negative("alone", "n"),)}),
    ParallelExample("half", "g", {"en": "q"}, {"fr": "p"}), *(example(number) for number in range(10, 20)),
]


@pytest.fixture(autouse=True)
def blocks_of_4_examples(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(translating, "BLOCK", 4)


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    workspace = Workspace(tmp_path)
    write_examples(workspace.source("mono"), EXAMPLES)
    return workspace


def translate(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch, translator: FakeTranslator | None = None, *,
    source: str = "mono", output: str = "many", targets: Sequence[str] = ("de", "zh"), **more: Any,
) -> TranslatedSource:
    monkeypatch.setattr(Translator, "load", lambda *_, **__: translator or FakeTranslator())
    return translate_source(
        workspace, source, output, HowToTranslate("m"), language="en", targets=targets, **more
    )


def files(workspace: Workspace) -> dict[str, bytes]:
    """All that was written, but for the lock."""
    root = workspace.root
    return {
        str(path.relative_to(root)): path.read_bytes()
        for path in sorted(root.rglob("*")) if path.is_file() and path.name != ".lock"
    }


def test_the_original_stays_and_translations_are_added(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    told = translate(workspace, monkeypatch)
    found = {each.id: each for each in read_examples(workspace.source("many"))}
    assert list(found) == [each.id for each in EXAMPLES]
    assert found["e0"] == ParallelExample(
        "e0", "g0", {"en": "q0", "de": "de<q0>", "zh": "zh<q0>"}, {"en": "p0", "de": "de<p0>", "zh": "zh<p0>"},
        {
            "en": (Negative("bad", "nbad"), Negative("RUN bad", "nbad")),
            "de": (Negative("de<bad>", "nbad"),), "zh": (Negative("zh<bad>", "nbad"),),
        }, ("o1",),
    )
    assert [found[f"e{number}"] for number in (1, 2)] == EXAMPLES[1:3]
    assert found["e3"].positives == {"en": "p3", "de": "de<p3>", "zh": "zh<p3>"}
    assert found["e3"].negatives == EXAMPLES[3].negatives
    assert (found["had"].queries, found["had"].positives) == (
        {"en": "q", "de": "Frage", "zh": "zh<q>"}, {"en": "p", "zh": "zh<p>"}
    )
    assert found["other"] == EXAMPLES[5]
    assert (found["half"].queries, found["half"].positives) == ({"en": "q", "de": "de<q>", "zh": "zh<q>"}, {"fr": "p"})
    assert found["e19"].queries == {"en": "q19", "de": "de<q19>", "zh": "zh<q19>"}
    assert (told.examples, told.kept, told.missing) == (17, False, 0)
    assert told.counts == {
        "de": {"empty": 1, "had already": 1, "negatives dropped": 2, "nothing to translate": 1, "runaway": 1,
               "translated": 13},
        "zh": {"empty": 1, "negatives dropped": 2, "nothing to translate": 1, "runaway": 1, "translated": 14},
    }
    dropped = (workspace.source_translation("many") / "dropped.tsv").read_text().splitlines()
    assert sorted(dropped) == sorted(
        f"{line}" for k in ("de", "zh") for line in
        (f"e0\t{k}\tnegatives dropped", f"e1\t{k}\trunaway", f"e2\t{k}\tempty", f"e3\t{k}\tnegatives dropped")
    )


def test_it_is_kept_and_told_again(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    first, before = translate(workspace, monkeypatch), files(workspace)
    translator = FakeTranslator()
    again = translate(workspace, monkeypatch, translator)
    assert (again.kept, again.counts, again.examples) == (True, first.counts, first.examples)
    assert (translator.given, files(workspace)) == ([], before)
    assert not translate(workspace, monkeypatch, translator, overwrite=True).kept
    assert (translator.given, files(workspace)) == ([], before)


@pytest.mark.parametrize("of_processes", [2, 3, 7])
def test_processes_share_out_all_parts_once(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch, of_processes: int
) -> None:
    translate(workspace, monkeypatch, output="alone")
    translators = [FakeTranslator() for _ in range(of_processes)]
    told = [
        translate(workspace, monkeypatch, translators[number], share=Share(number, of_processes))
        for number in reversed(range(of_processes))
    ]
    assert [each.missing > 0 for each in told] == [*[True] * (of_processes - 1), False]
    assert workspace.source("many").read_bytes() == workspace.source("alone").read_bytes()
    everything = [each for translator in translators for each in translator.given]
    assert len(everything) == sum(1 for e in EXAMPLES for _ in ("de", "zh") for _ in _texts(e)) - 2  # "had" in German
    assert all(translator.given for translator in translators)


def _texts(e: ParallelExample) -> list[str]:
    texts = [k["en"] for k in (e.queries, e.positives) if "en" in k]
    return [*texts, *(n.text for n in e.negatives.get("en", ()))] if texts else []


def test_finished_parts_are_kept(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    translate(workspace, monkeypatch)
    before = files(workspace)
    folder = workspace.source_translation("many")
    for path in (workspace.source("many"), folder / "manifest.json", folder / "de" / "00003.jsonl"):
        path.unlink()
    translator = FakeTranslator()
    translate(workspace, monkeypatch, translator)
    assert {target for target, _ in translator.given} == {"de"}
    assert len(translator.given) == 8
    assert files(workspace) == before


def test_an_end_at_any_moment_of_writing_is_mended(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    """After the manifest and before the source has its name; and before both."""
    translate(workspace, monkeypatch)
    before = files(workspace)
    for gone in ([workspace.source("many")],
                 [workspace.source("many"), workspace.source_translation("many") / "manifest.json"]):
        for path in gone:
            path.unlink()
        translator = FakeTranslator()
        translate(workspace, monkeypatch, translator)
        assert (files(workspace), translator.given) == (before, [])


@pytest.mark.parametrize(("change", "problem"), [
    ("model", "the file was translated otherwise (languages is"), ("languages", "was translated otherwise"),
    ("source", "was translated otherwise"), ("edited", "was translated otherwise (sha256 is"),
    ("foreign", "was not made by this command"),
])
def test_what_was_made_otherwise_is_refused_and_replaced(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch, change: str, problem: str
) -> None:
    translate(workspace, monkeypatch)
    targets, translator = ("de", "zh"), FakeTranslator()
    if change == "model":
        translator = FakeTranslator(fingerprint="e" * 64)
    elif change == "languages":
        targets = ("de", "zh", "hi")
    elif change == "source":
        write_examples(workspace.source("mono"), EXAMPLES[:5])
    elif change == "edited":
        workspace.source("many").write_text("")
    else:
        (workspace.source_translation("many") / "manifest.json").unlink()
        workspace.source_info("many").write_text("{}")
    with pytest.raises(InputError) as raised:
        translate(workspace, monkeypatch, translator, targets=targets)
    assert problem in str(raised.value)
    assert "give --overwrite" in str(raised.value)
    assert translate(workspace, monkeypatch, translator, targets=targets, overwrite=True).counts.keys() == set(targets)
    assert translate(workspace, monkeypatch, translator, targets=targets).kept
    assert not workspace.source_info("many").exists()


def test_parts_of_another_model_are_refused_and_replaced(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    """After an interruption, when there is no source yet."""
    translate(workspace, monkeypatch)
    before = files(workspace)
    workspace.source("many").unlink()
    other = FakeTranslator(fingerprint="e" * 64)
    with pytest.raises(InputError, match=r"de/00000\.jsonl: translations that were made from something else \(model"):
        translate(workspace, monkeypatch, other)
    assert other.given == []
    translate(workspace, monkeypatch, other, overwrite=True)
    assert files(workspace).keys() == before.keys()
    assert read_json(workspace.source_translation("many") / "manifest.json")["languages"]["de"]["model"] == "e" * 64


@pytest.mark.parametrize("damage", ['{"text": "a"}\n', '{"txt": "a"}\n', ""])
def test_a_damaged_part_is_refused(workspace: Workspace, monkeypatch: pytest.MonkeyPatch, damage: str) -> None:
    translate(workspace, monkeypatch)
    workspace.source("many").unlink()
    path = workspace.source_translation("many") / "zh" / "00001.jsonl"
    path.write_text(path.read_text().splitlines()[0] + "\n" + damage)
    with pytest.raises(InputError, match=r"zh/00001\.jsonl: a damaged part of a translation; remove this file"):
        translate(workspace, monkeypatch)
    assert not workspace.source("many").exists()


def test_rows_and_gzip_are_read_as_elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "rows.jsonl"
    path.write_text('{"id": "1", "language": "en", "query": "q", "positives": ["p", "p2"], "negatives": ["n"]}\n')
    translate(Workspace(tmp_path), monkeypatch, source=str(path))
    found = list(read_examples(tmp_path / "sources" / "many.jsonl"))
    assert [each.positives for each in found] == [
        {"en": "p", "de": "de<p>", "zh": "zh<p>"}, {"en": "p2", "de": "de<p2>", "zh": "zh<p2>"}
    ]
    assert found[0].negatives["de"][0].text == "de<n>"


def test_nothing_is_written_where_nothing_came_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    workspace = Workspace(tmp_path)
    write_examples(workspace.source("mono"), [example(1, "RUN"), example(2, "NIL")])
    with pytest.raises(InputError, match="no translation from en to de, zh came out of m: each was empty or did not"):
        translate(workspace, monkeypatch)
    assert not workspace.source("many").exists()


@pytest.mark.parametrize(("examples", "targets"), [
    ([ParallelExample("a", "g", {"fr": "q"}, {"fr": "p"})], ("de", "zh")),  # none in English
    ([ParallelExample("a", "g", {"en": "q", "de": "Q"}, {"en": "p", "de": "P"})], ("de",)),  # all in German already
])
def test_where_there_is_nothing_to_translate_it_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, examples: list[ParallelExample], targets: Sequence[str]
) -> None:
    workspace = Workspace(tmp_path)
    write_examples(workspace.source("mono"), examples)
    before = files(workspace)
    with pytest.raises(InputError, match=r"mono\.jsonl: nothing to translate: no example has a text in 'en' and none "):
        translate(workspace, monkeypatch, targets=targets)
    assert files(workspace) == before


def test_a_broken_line_shows_before_any_work(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    with workspace.source("mono").open("a") as file:
        file.write('{"id": "last"}\n')
    translator = FakeTranslator()
    with pytest.raises(InputError, match=r"mono\.jsonl:18: "):
        translate(workspace, monkeypatch, translator)
    assert translator.given == []


@pytest.mark.parametrize(("more", "problem"), [
    ({"source": "none"}, "none: no such training source; give a name in sources/"),
    ({"output": "mono"}, "the output would replace its source"), ({"output": "a.b"}, "source name 'a.b' has"),
    ({"targets": ["de", "en"]}, "from 'en' into itself; leave it out of --to"),
    ({"targets": ["xx"]}, "the model has no language 'xx'"),
])
def test_what_cannot_be_is_refused(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch, more: dict[str, Any], problem: str
) -> None:
    with pytest.raises(InputError) as raised:
        translate(workspace, monkeypatch, **more)
    assert problem in str(raised.value)
