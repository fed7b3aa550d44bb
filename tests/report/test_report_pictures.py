"""The report's pictures: their figures in words, and that they are sound SVG of a phone's width."""

import xml.etree.ElementTree as ElementTree

import pytest
from matplotlib.figure import Figure
from reported_workspace import report_of

from hybrid_pyserini.report import bars
from hybrid_pyserini.report.bars import same_language_picture
from hybrid_pyserini.report.curves import curve_pictures
from hybrid_pyserini.report.picture import NAMES
from hybrid_pyserini.report.pool_figures import SameLanguage, pool_tables, same_language
from hybrid_pyserini.report.report import Report
from hybrid_pyserini.workspace import Workspace


def test_all_pictures(report: Report) -> None:
    assert tuple(picture.name for picture in report.pictures) == NAMES
    for picture in report.pictures:
        root = ElementTree.fromstring(picture.svg)
        assert root.tag.endswith("svg") and float(root.attrib["width"].removesuffix("pt")) <= 303  # 404 pixels
        assert b"<dc:date>" not in picture.svg


def test_what_they_show_in_words(report: Report) -> None:
    distance, _, curve, over_alpha = (picture.alt for picture in report.pictures)
    assert distance == (
        "Bar chart. Rank distance in the pool, by query language: poor from 5 (de) to 5 (de); other from 4 (de) to 4 "
        "(de); good from 3 (de) to 3 (de)."
    )
    assert curve.startswith("Curves. RR over alpha: mono 0.542 at 0, 0.917 at 0.5, 0.750 at 1; cross 0.542 at 0")
    assert over_alpha == "Curves. Rank distance over alpha: rank distance 5.0 at 0, 3.2 at 0.5, 4.0 at 1."


def test_a_bound_is_marked_and_no_point_of_a_curve() -> None:
    figures = {"mean": 9.0, "low": None, "high": None}
    record = {"measures": ["AP"], "settings": {
        "mono": {}, "cross": {},
        "multi": {"rank distance": {"a": figures | {"bound": True}, "b": figures | {"bound": False}}},
    }}
    (picture,) = curve_pictures(record, {0.0: "a", 1.0: "b"})
    assert picture.alt.endswith("rank distance 9.0 at 1.")


def evaluation(**shares: float) -> dict[str, object]:
    of_share = {
        "mean": 0.5, "by_query_language": shares, "unbiased": 0.5, "unbiased_by_query_language": {"de": 0.5, "en": 0.5},
    }
    return {"language_bias": {"rank_distance": {"mean": 1.0}, "SameLanguage@9": of_share}}


def test_same_language_shares_are_means_over_models() -> None:
    shares = same_language({"a": [evaluation(de=0.25, en=0.5), evaluation(de=0.75, en=1.0)], "old": [
        {"language_bias": {"rank_distance": {}}}
    ]})
    assert shares == SameLanguage("SameLanguage@9", {"a": {"de": 0.5, "en": 0.75}}, {"de": 0.5, "en": 0.5})
    assert "a from 0.50 (de) to 0.75 (en)" in same_language_picture(shares).alt
    assert same_language({"old": [{"language_bias": {"rank_distance": {}}}]}) is None


@pytest.mark.parametrize("most", [0.02, 1.0])
def test_shares_have_a_linear_axis_that_holds_the_unbiased_value(monkeypatch: pytest.MonkeyPatch, most: float) -> None:
    drawn: list[Figure] = []
    monkeypatch.setattr(bars, "svg_of", drawn.append)
    same_language_picture(SameLanguage("SameLanguage@9", {"a": {"de": 0.01, "en": most}}, {"de": 0.5, "en": 0.5}))
    (axes,) = drawn[0].axes
    assert (axes.get_xscale(), axes.get_xlim()[0]) == ("linear", 0)
    assert axes.get_xlim()[1] > max(most, 0.5)
    assert axes.get_xlabel() == "nearer the black line, the unbiased share, is better"


def test_shares_of_different_depths_are_not_set_side_by_side() -> None:
    other = {"language_bias": {"SameLanguage@5": evaluation(de=1.0)["language_bias"]["SameLanguage@9"]}}  # type: ignore[index]
    assert same_language({"a": [evaluation(de=0.25)], "b": [other]}) is None


def test_the_pools_tables() -> None:
    tables = pool_tables({"a": [evaluation(de=0.25, en=0.5), evaluation(de=0.75, en=1.0)]})
    assert [[cell.text for cell in row] for table in tables for row in table.rows] == [
        ["a", "0.500", "0.500"], ["de", "0.500", "0.500"], ["en", "0.750", "0.500"],
    ]


def test_seeds_are_one_system(workspace: Workspace) -> None:
    report = report_of(workspace, "seeds=poor,other", "good")
    assert report.systems == ["seeds", "good"]
    assert [table.title for table in report.tables if table.title.startswith("Seeds")]
    assert [one.title for one in report.differences] == ["RR of good minus seeds"]
    turned = report_of(workspace, "good", "seeds=poor,other", worst=1)
    assert turned.worst is not None
    assert (turned.worst.model, turned.worst.note) == ("poor", ", the first of the 2 models of seeds")
