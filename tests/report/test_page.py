"""The page without a browser: well-formed, self-contained, escaped, accessible, and with everything in it."""

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path

import pytest
from evaluated_workspace import PAIRS, POOR, add_system, evaluate_all, make
from reported_workspace import NASTY, report_of, reported

from hybrid_pyserini.records import Pair
from hybrid_pyserini.report.page import page
from hybrid_pyserini.report.report import Report
from hybrid_pyserini.report.worst_questions import Shown, WorstQuestion
from hybrid_pyserini.workspace import Workspace

VOID = {"meta", "link", "img", "br", "hr"}


class Element:
    def __init__(self, name: str, attributes: dict[str, str]) -> None:
        self.name, self.attributes, self.text = name, attributes, ""
        self.children: list[Element] = []

    def all(self, name: str) -> Iterator["Element"]:
        for child in self.children:
            if child.name == name:
                yield child
            yield from child.all(name)

    def one(self, name: str) -> "Element":
        return next(self.all(name))


class Reader(HTMLParser):
    """Raises AssertionError for a tag that is not closed where it should be."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.root = Element("", {})
        self.open = [self.root]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        names = [name for name, _ in attrs]
        assert len(names) == len(set(names)), f"{tag}: an attribute twice"
        element = Element(tag, {name: value or "" for name, value in attrs})
        self.open[-1].children.append(element)
        if tag not in VOID:
            self.open.append(element)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop().name == tag, f"</{tag}> at {self.getpos()}"

    def handle_data(self, data: str) -> None:
        for element in self.open:
            element.text += data


def read(html: str) -> Element:
    reader = Reader()
    reader.feed(html)
    reader.close()
    assert reader.open == [reader.root], "not closed"
    return reader.root


@pytest.fixture(scope="module")
def html(report: Report) -> str:
    return page(report)


@pytest.fixture(scope="module")
def root(html: str) -> Element:
    return read(html)


def elements(root: Element) -> Iterator[Element]:
    for child in root.children:
        yield child
        yield from elements(child)


def test_the_reader_sees_what_is_not_closed() -> None:
    with pytest.raises(AssertionError):
        read("<p><b>x</p>")


def test_ids_are_unique_and_everything_referred_to_is_there(root: Element) -> None:
    ids = Counter(element.attributes["id"] for element in elements(root) if "id" in element.attributes)
    assert set(ids.values()) == {1}
    for element in elements(root):
        for name in ("aria-labelledby", "href"):
            if (target := element.attributes.get(name, "")) and not target.startswith("data:"):
                assert target.removeprefix("#") in ids


def test_nothing_is_loaded_from_elsewhere_and_nothing_runs(html: str, root: Element) -> None:
    for element in elements(root):
        assert element.name not in {"script", "iframe", "object", "embed", "base", "form"}
        for name, value in element.attributes.items():
            assert not name.startswith("on")
            if name in {"src", "href", "srcset"}:
                assert value.startswith(("data:", "#")), value[:80]
    style = root.one("style").text
    assert "url(" not in style and "@import" not in style
    outside = re.sub(r"data:image/svg\+xml;base64,[\w+/=]+", "", html).replace("example.org", "")
    assert not re.search(r"https?://(?!\))", outside)


def test_texts_are_texts(root: Element) -> None:
    articles = list(root.all("article"))
    assert articles and all(NASTY in article.one("h3").text for article in articles)
    assert any(NASTY in cell.text for cell in articles[0].all("td"))


def test_every_part_is_there(root: Element, report: Report) -> None:
    headings = [heading.text for heading in root.all("h2")]
    assert headings == [
        "Summary", "Over alpha", "Tables", "Language pairs", "Language bias in the pool", "Worst questions",
        "Provenance",
    ]
    maps = [table for table in root.all("table") if table.attributes.get("class") == "heat"]
    assert [one.one("caption").text for one in maps] == [
        "RR of poor", "RR of other", "RR of good", "RR of good minus poor", "RR of good minus other",
    ]
    assert all(len(list(one.all("td"))) == 6 for one in maps)
    captions = [caption.text for caption in root.all("caption")]
    assert all(table.title in captions for table in (*report.tables, *report.bias_tables, report.data))
    assert len(list(root.all("img"))) == len(report.pictures) == 4
    assert "hybrid-pyserini report six poor other good --alpha 0=poor 0.5=good 1=other" in root.one("footer").text


def test_cells_are_the_comparisons(root: Element, report: Report) -> None:
    table = next(one for one in root.all("table") if one.one("caption").text.startswith("Table 1"))
    rows = [[cell.text for cell in row.children] for row in table.one("tbody").children]
    assert [[text.removesuffix("†") for text in row] for row in rows] == [
        [cell.text for cell in row] for row in report.tables[0].rows
    ]
    assert [cell.text for cell in table.all("strong")] == [
        cell.text for row in report.tables[0].rows for cell in row if cell.place == 1
    ]


def test_it_can_be_read_without_eyes(root: Element) -> None:
    assert root.one("html").attributes["lang"] == "en"
    assert len(list(root.all("h1"))) == 1
    assert all(image.attributes["alt"].startswith(("Bar chart. ", "Curves. ")) for image in root.all("img"))
    for table in root.all("table"):
        heads = list(table.all("th"))
        assert heads and all(head.attributes.get("scope") in {"col", "row"} and head.text for head in heads)
    for box in elements(root):
        if box.attributes.get("class") == "scroll":  # reached by keyboard, and then said what it is
            assert box.attributes["tabindex"] == "0" and {"aria-labelledby", "aria-label"} & box.attributes.keys()
    levels = [int(element.name[1]) for element in elements(root) if re.fullmatch("h[1-6]", element.name)]
    assert all(after - before <= 1 for before, after in pairwise(levels))


def test_right_to_left_and_unknown_languages(report: Report) -> None:
    arabic = Shown("ar:1", 2, "ar", "DNA", "نص")
    question = WorstQuestion(
        "q", Pair("ar", "all"), "ما هو DNA؟", 0.1, (arabic,), arabic, (Shown("x:1", 1, None, "", ""),), 7,
        {"zh_Hans": 7},
    )
    assert report.worst is not None
    root = read(page(replace(report, worst=replace(report.worst, questions=[question]))))
    assert root.one("article").one("h3").one("span").attributes == {"lang": "ar", "dir": "rtl"}
    unknown, gap, relevant = (row.children for row in root.one("article").one("tbody").children)
    assert (unknown[3].text, unknown[3].attributes) == ("x:1", {"dir": "auto"})
    assert gap[0].text == "In all, 7 that are not judged relevant stand above: 7 zh_Hans"
    assert (relevant[3].text, relevant[3].attributes) == ("DNA: نص", {"lang": "ar", "dir": "rtl"})


def test_what_is_not_there_is_left_out(workspace: Workspace) -> None:
    root = read(page(report_of(workspace, "poor", "good", worst=0)))
    assert "Over alpha" not in [heading.text for heading in root.all("h2")]
    assert not any(link.attributes["href"] == "#alpha" for link in root.all("a"))
    assert not list(root.all("article")) and "Worst questions" not in root.text


def test_pairs_within_languages_alone(tmp_path: Path) -> None:
    """As in a data set without a pool; means of cross and multi, and all of language bias, have no figure."""
    workspace = make(tmp_path)
    evaluate_all(workspace, "good", "poor", pairs=[pair for pair in PAIRS if pair.setting == "mono"])
    report = report_of(workspace, "poor", "good", alphas={0.0: "poor", 1.0: "good"})
    root = read(page(report))
    assert [table.title for table in report.bias_tables] == [] and [one.name for one in report.curves] == ["alpha"]
    assert "Language bias in the pool" not in root.text
    curve = [[cell.text.split(" ±")[0] for cell in row.children] for row in root.one("tbody").children]
    assert curve == [["0", "poor", "0.542", "-", "-", "-"], ["1", "good", "0.917", "-", "-", "-"]]
    maps = [table for table in root.all("table") if table.attributes.get("class") == "heat"]
    cells = [[cell.text for cell in row.all("td")] for row in maps[0].one("tbody").children]
    assert cells == [[".54", "–"], ["–", ".54"]]


def test_one_pair_alone_and_systems_of_several_seeds(tmp_path: Path) -> None:
    workspace = reported(tmp_path)
    add_system(workspace, "fourth", POOR, (3,) * 6)
    evaluate_all(workspace, "good", "poor", "other", "fourth", pairs=[Pair("de", "en")])
    root = read(page(report_of(workspace, "first=good,other", "second=poor,fourth", worst=0)))
    assert root.one("main").one("p").text.startswith("No mean is of all its language pairs")
    assert any(note.text.startswith("settings of cross: ") for note in root.all("li"))


def test_with_nothing_above_the_answers_that_is_said(report: Report) -> None:
    assert report.worst is not None
    root = read(page(replace(report, worst=replace(report.worst, questions=[]))))
    assert not list(root.all("article")) and "Nothing stands above the answers of good" in root.text


def test_equal_work_gives_equal_bytes(workspace: Workspace, report: Report, html: str) -> None:
    again = report_of(workspace, "poor", "other", "good", alphas={0.0: "poor", 0.5: "good", 1.0: "other"})
    assert page(again) == html
