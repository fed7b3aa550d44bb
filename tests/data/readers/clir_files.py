"""Small HC4 and NeuCLIR folders in the publishers' form: one object a line, with every member that theirs have."""

import io
import json
import tarfile
from pathlib import Path
from typing import Any

ENGLISH = {"1001": ("Glass river", "Where is the glass river?"), "1002": ("Night ferry", "When does the ferry go?"),
           "1003": ("Salt road", "Who built the salt road?")}
NATIVE = {
    "zho": {"1001": ("玻璃河", "玻璃河在哪里？"), "1002": ("夜班渡轮", "渡轮几点开？")},
    "fas": {"1001": ("رود شیشه‌ای", "رود شیشه‌ای کجاست؟ ۱۲")},
    "rus": {"1002": ("Ночной паром", "Когда идёт паром?")},
}


def topic(topic_id: str, narrative: bool, report: bool) -> dict[str, Any]:
    """A topic with its human translations, and machine translations into all three languages."""
    def entry(lang: str, source: str, title: str, description: str) -> dict[str, str]:
        extra = {"topic_narrative": f"Narrative of {title}"} if narrative else {}
        return {"lang": lang, "source": source, "topic_title": title, "topic_description": description, **extra}

    title, description = ENGLISH[topic_id]
    human = {lang: topics[topic_id] for lang, topics in NATIVE.items() if topic_id in topics}
    entries = [entry("eng", "original", title, description)]
    entries += [entry(lang, "human translation", *texts) for lang, texts in human.items()]
    machine = "20220114-scale21-sockeye2-tm1"
    entries += [entry(lang, machine, f"mt {title}", f"mt {description}") for lang in ("fas", "zho", "rus")]
    values = ("very_valuable", "somewhat_valuable", "not_that_valuable", "non_relevant")
    return {
        "topic_id": topic_id, "languages_with_qrels": list(human), "topics": entries,
        "narratives": {lang: dict.fromkeys(values, "") for lang in human},
    } | ({"report": {"url": "https://example.org/", "text": "A report.", "date": "2018-04-04"}} if report else {})


def document(docid: str, title: str, text: str) -> dict[str, str]:
    return {"id": docid, "cc_file": "crawl-data/CC-NEWS/2016/09/CC-NEWS-20160908184512-00010.warc.gz",
            "time": "2016-09-08T20:11:05+00:00", "title": title, "text": text, "url": "https://example.org/a"}


DOCUMENTS = {
    "zho": [
        document("0d8a-1", "玻璃河", "在北方。\n\u2028第二行\t表"), document("0d8a-2", "", "渡轮"),
        document("0d8a-3", " ", ""),
    ],
    "fas": [document("0d8a-4", "رود", "۱۲ کیلومتر")],
    "rus": [document("0d8a-5", "Паром", "Идёт ночью."), document("0d8a-6", "Соль", "Дорога.")],
}
JUDGED = {  # language -> topic, document, grade
    "zho": [("1001", "0d8a-1", 3), ("1001", "0d8a-2", 0), ("1002", "0d8a-2", 1)],
    "fas": [("1001", "0d8a-4", 1)],
    "rus": [("1002", "0d8a-5", 3), ("1002", "0d8a-6", 0)],
}


def write_lines(path: Path, rows: list[dict[str, Any]]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")


def write_qrels(path: Path, judged: list[tuple[str, str, int]], column: str = "0") -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(f"{topic} {column} {docid} {grade}\n" for topic, docid, grade in judged))


def write_hc4(folder: Path) -> Path:
    for split in ("test", "dev"):
        write_lines(folder / f"{split}.topics.v1-0.jsonl", [topic(id_, False, True) for id_ in ENGLISH])
        for lang, judged in JUDGED.items():
            write_qrels(folder / lang / f"{split}.qrels.v1-0.txt", judged)
    for lang, rows in DOCUMENTS.items():
        write_lines(folder / lang / "hc4_docs.jsonl", rows)
    return folder


def write_neuclir(folder: Path) -> Path:
    """Both years in one folder, with documents under the track's names."""
    topics = [topic(id_, True, False) for id_ in ENGLISH]
    write_lines(folder / "topics.0720.utf8.jsonl", topics)
    write_lines(folder / "neuclir-2023-topics.0605.jsonl", topics)
    everything = "".join(
        f"{topic_id} {lang} {docid} {grade}\n" for lang, judged in JUDGED.items() for topic_id, docid, grade in judged
    )
    (folder / "2022-qrels.all").write_text(everything)
    with tarfile.open(folder / "neuclir-2023-qrels.final.tar.gz", "w:gz") as tar:
        for lang, judged in JUDGED.items():
            text = "".join(f"{topic_id} 0 {docid} {grade}\n" for topic_id, docid, grade in judged).encode()
            member = tarfile.TarInfo(f"qrels.final.gains.{lang}")
            member.size = len(text)
            tar.addfile(member, io.BytesIO(text))
    for lang, rows in DOCUMENTS.items():
        write_lines(folder / lang / "docs.jsonl", rows)
    return folder
