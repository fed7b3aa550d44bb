"""Topics in other languages: the files, what is dropped, and what is refused."""

from pathlib import Path

import pytest
from fake_translator import FakeTranslator

from hybrid_pyserini.data.dataset import all_pairs
from hybrid_pyserini.errors import InputError
from hybrid_pyserini.jsonl import read_json
from hybrid_pyserini.records import Pair
from hybrid_pyserini.share import Share
from hybrid_pyserini.translation import translating
from hybrid_pyserini.translation.topics import TranslatedTopics, translate_topics
from hybrid_pyserini.translation.translating import HowToTranslate
from hybrid_pyserini.translation.translator import Translator
from hybrid_pyserini.trec import read_topics, write_topics
from hybrid_pyserini.workspace import DatasetInfo, Workspace

TOPICS = {"007": "Where?", "b": "RUN", "c": "who  said", "d": "NIL", "e": "last"}


@pytest.fixture(autouse=True)
def blocks_of_2_queries(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(translating, "BLOCK", 2)


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    workspace = Workspace(tmp_path)
    pairs = all_pairs(("en", "fr"), ("de", "en", "zh"))
    DatasetInfo("d", ("de", "en", "fr", "zh"), pairs).write(workspace.dataset_file("d"))
    for language in ("en", "fr"):
        write_topics(workspace.topics("d", language), TOPICS)
    return workspace


def translate(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch, translator: FakeTranslator | None = None, *,
    sources: tuple[str, ...] = ("en",), targets: tuple[str, ...] | None = None, share: Share | None = None,
    overwrite: bool = False,
) -> tuple[TranslatedTopics, ...]:
    monkeypatch.setattr(Translator, "load", lambda *_, **__: translator or FakeTranslator())
    return translate_topics(
        workspace, "d", HowToTranslate("hub/m.1"), sources=sources, targets=targets, share=share, overwrite=overwrite
    )


def test_a_topics_file_for_each_language(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    told = translate(workspace, monkeypatch)
    folder = workspace.root / "translations" / "topics" / "d" / "m-1"
    assert [(str(each.pair), each.path, each.kept) for each in told] == [
        ("en-de", folder / "topics.d.en-de.tsv", False), ("en-zh", folder / "topics.d.en-zh.tsv", False)
    ]
    assert (folder / "topics.d.en-de.tsv").read_text() == "007\tde<Where?>\nc\tde<who said>\ne\tde<last>\n"
    assert list(read_topics(folder / "topics.d.en-zh.tsv")) == ["007", "c", "e"]
    assert (told[0].queries, told[0].dropped) == (5, {"b": "runaway", "d": "empty"})
    manifest = read_json(folder / "topics.d.en-de.json")
    assert (manifest["queries"], manifest["dropped"], manifest["to"]) == (5, {"b": "runaway", "d": "empty"}, "de")
    again = translate(workspace, monkeypatch, translator := FakeTranslator())
    assert [(each.kept, each.dropped) for each in again] == [(True, told[0].dropped)] * 2
    assert translator.given == []


def test_another_language_is_translated_beside(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    translate(workspace, monkeypatch, targets=("de",))
    translator = FakeTranslator()
    told = translate(workspace, monkeypatch, translator, targets=("de", "hi"))
    assert [each.kept for each in told] == [True, False]
    assert {target for target, _ in translator.given} == {"hi"}


def test_jobs_share_out_the_parts(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    second = translate(workspace, monkeypatch, share=Share(1, 2))
    assert all(each.missing and not each.path.exists() for each in second)
    first = translate(workspace, monkeypatch, share=Share(0, 2))
    assert [(each.missing, len(read_topics(each.path))) for each in first] == [(0, 3), (0, 3)]


def test_other_topics_are_refused_and_replaced(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    translate(workspace, monkeypatch)
    write_topics(workspace.topics("d", "en"), {"a": "new"})
    with pytest.raises(InputError, match=r"topics\.d\.en-de\.tsv: the file was translated otherwise \(source is"):
        translate(workspace, monkeypatch)
    assert read_topics(translate(workspace, monkeypatch, overwrite=True)[0].path) == {"a": "de<new>"}


def test_what_cannot_be_is_refused(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(InputError, match="d has no topics in 'zh'; give --from one of: en fr"):
        translate(workspace, monkeypatch, sources=("en", "zh"))
    with pytest.raises(InputError, match="topics in en are to be in en; give --to other languages"):
        translate(workspace, monkeypatch, targets=("en",))
    write_topics(workspace.topics("d", "en"), {"a": "RUN"})
    with pytest.raises(InputError, match=r"no translation from en to de came out of hub/m\.1"):
        translate(workspace, monkeypatch)
    assert not workspace.translated_topics("d", "m-1", Pair("en", "de")).exists()
