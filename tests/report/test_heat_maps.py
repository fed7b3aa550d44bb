"""Heat maps: which figure stands where, in which shade; and the style sheet's shades themselves."""

import re
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from hybrid_pyserini.report import heat_maps
from hybrid_pyserini.report.heat_maps import LEVELS, HeatCell, difference_heat_maps, system_heat_maps

CSS = (Path(heat_maps.__file__).parent / "templates" / "page.css").read_text(encoding="utf-8")


def record(highest: float = 0.9) -> dict[str, Any]:
    of_pair = {"measure": "AP", "a": "x", "b": "y"}
    return {
        "measures": ["AP", "R@1"], "systems": [{"name": "x"}, {"name": "y"}],
        "pairs": {
            "en-de": {"AP": {"x": 0.0, "y": highest}}, "de-de": {"AP": {"x": 0.45, "y": 0.004}},
            "de-all": {"AP": {"x": 0.1, "y": 0.2}}, "de-en": {"AP": {"x": 0.3, "y": 0.3}},
        },
        "pair_differences": [
            {**of_pair, "pair": "en-de", "difference": -0.9, "p_t_holm": 0.01},
            {**of_pair, "pair": "de-de", "difference": 0.446, "p_t_holm": 0.06},
            {**of_pair, "pair": "de-all", "difference": -0.1, "p_t_holm": None},
            {**of_pair, "pair": "de-en", "difference": 0.001, "p_t_holm": 0.2},
            {**of_pair, "pair": "de-en", "difference": 1.0, "p_t_holm": 0.2, "measure": "R@1"},
        ],
    }


def test_a_systems_figures() -> None:
    x, y = system_heat_maps(record())
    assert (x.title, y.title) == ("AP of x", "AP of y")
    assert x.columns == y.columns == ("de", "en", "all")
    assert x.rows == (
        ("de", (HeatCell(".45", 5), HeatCell(".30", 3), HeatCell(".10", 1))),
        ("en", (HeatCell("0", 0), None, None)),
    )
    assert [cell.text for cell in y.rows[0][1][:1]] == [".00"]
    assert y.rows[1][1][0] == HeatCell(".90", LEVELS)


def test_the_scale_is_one_for_all_systems_and_ends_at_the_highest() -> None:
    x, y = system_heat_maps(record(0.45))
    assert x.rows[0][1][0].level == y.rows[1][1][0].level == LEVELS
    assert "the highest of all systems is 0.450" in x.note
    assert system_heat_maps(record(12.0))[1].rows[1][1][0].text == "12"


def test_differences_are_the_last_systems_minus_the_others() -> None:
    (one,) = difference_heat_maps(record())
    assert one.title == "AP of y minus x"
    assert one.rows == (
        ("de", (HeatCell("−.45", 5, -1), HeatCell("0", 0), HeatCell("+.10", 1, 1))),
        ("en", (HeatCell("+.90", LEVELS, 1, True), None, None)),
    )
    assert [cell.sign for cell in one.legend] == [-1, -1, -1, 0, 1, 1, 1]


def test_each_difference_has_a_scale_of_its_own() -> None:
    small = {"measure": "AP", "a": "z", "b": "y", "p_t_holm": 0.2}
    three = record()
    three["systems"].insert(0, {"name": "z"})
    three["pair_differences"] += [
        {**small, "pair": "de-de", "difference": -0.2}, {**small, "pair": "de-en", "difference": 0.1},
        {**small, "pair": "de-de", "difference": 0.9, "a": "z", "b": "x"},
    ]
    of_z, of_x = difference_heat_maps(three)
    assert of_z.title == "AP of y minus z" and "±0.200" in of_z.note
    assert of_z.rows == (("de", (HeatCell("+.20", LEVELS, 1), HeatCell("−.10", 5, -1))),)
    assert of_x == difference_heat_maps(record())[0]


def test_a_shade_of_the_legend_begins_at_its_figure() -> None:
    legend = system_heat_maps(record(1.0))[0].legend
    assert [(cell.text, cell.level) for cell in legend] == [
        ("0", 0), (".10", 1), (".20", 2), (".30", 3), (".40", 4), (".50", 5), (".60", 6), (".70", 7), (".80", 8),
        (".90", 9),
    ]
    just_below = record(1.0)
    just_below["pairs"]["de-de"]["AP"]["x"] = 0.4999
    assert [one.rows[0][1][0].level for one in system_heat_maps(just_below)] == [4, 0]  # type: ignore[union-attr]


def test_the_shades_of_a_differences_legend_are_evenly_spaced_on_any_scale() -> None:
    for furthest in (0.07, 0.168, 0.8803788499178777, 0.983, 1.0):
        one = record()
        one["pair_differences"][0]["difference"] = furthest
        one["pair_differences"][1]["difference"] = 0.01
        assert [cell.level for cell in difference_heat_maps(one)[0].legend] == [9, 6, 3, 0, 3, 6, 9], furthest


def test_next_to_no_difference_is_pale() -> None:
    one = record()
    for row in one["pair_differences"]:
        row["difference"] /= 100
    assert difference_heat_maps(one)[0].rows[1][1][0] == HeatCell("+.01", 2, 1, True)


def test_the_order_in_the_record_does_not_matter() -> None:
    turned = record()
    for row in turned["pair_differences"]:
        row.update(a="y", b="x", difference=-row["difference"])
    assert difference_heat_maps(turned) == difference_heat_maps(record())


def luminance(colour: str) -> float:
    """Relative luminance by WCAG 2."""
    digits = colour[1:] if len(colour) == 7 else "".join(2 * digit for digit in colour[1:])
    parts = [int(digits[place : place + 2], 16) / 255 for place in (0, 2, 4)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return sum(weight * part for weight, part in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


def shades(letter: str) -> list[tuple[str, str]]:
    """Background and text colour of each level."""
    found = [("#ffffff", "#1a1a1a")] if letter == "n" else []
    for rule in re.findall(rf"^\.{letter}\d {{ (.*?) }}", CSS, re.MULTILINE):
        background, colour = re.search(r"background: (#\w+)", rule), re.search(r"[^-]color: (#\w+)", rule)
        assert background
        found.append((background[1], colour[1] if colour else "#1a1a1a"))
    return found


@pytest.mark.parametrize("letter", "pn")
def test_shades_get_darker_and_figures_stay_readable(letter: str) -> None:
    of_level = shades(letter)
    assert len(of_level) == LEVELS + 1
    assert all(luminance(light) > luminance(dark) for (light, _), (dark, _) in pairwise(of_level))
    for background, colour in of_level:
        bright, dark = sorted((luminance(background), luminance(colour)), reverse=True)
        assert (bright + 0.05) / (dark + 0.05) > 4.5, background  # WCAG 2, level AA
