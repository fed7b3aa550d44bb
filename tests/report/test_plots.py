"""The picture of several models: what is drawn, read from the figure's artists, and the bytes that are written."""

import itertools
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import matplotlib
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from matplotlib.image import imread
from matplotlib.text import Text

from hybrid_pyserini.errors import InputError
from hybrid_pyserini.report.plots import MOST_MODELS, check_picture, settings_figure, settings_picture

LONG = "xlm-roberta-large_fine-tuned_on_XQuAD-R_and_MLQA-R_hybrid_alpha-05_seed-42"


def evaluation(
    model: str, mono: float | None = 0.9, cross: float | None = 0.5, multi: float | None = 0.25, *,
    distance: float | None = 50.0, bound: bool | None = False,
) -> dict[str, Any]:
    """An evaluation of two measures; the figures given are AP's, the first's."""
    settings = {"mono": mono, "cross": cross, "multi": multi}
    return {
        "dataset": "toy",
        "model": model,
        "settings": {setting: {"AP": value, "R@1": 0.125} for setting, value in settings.items()},
        "language_bias": {"rank_distance": {"mean": distance, "normalised": None, "bound": bound}},
    }


def bars(figure: Figure) -> list[list[float]]:
    """The heights of the left panel's bars, a list a model."""
    return [[bar.get_height() for bar in container] for container in figure.axes[0].containers]


def ends(figure: Figure) -> list[float]:
    """Where the right panel's bars end."""
    return [bar.get_x() + bar.get_width() for container in figure.axes[1].containers for bar in container]


def words(axes: Any) -> list[str]:
    return [text.get_text() for text in axes.texts]


def drawn_texts(figure: Figure) -> Iterator[tuple[Text, Any]]:
    """Every visible text that says something, with its place in pixels as it is drawn."""
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    for text in figure.findobj(Text):
        if text.get_visible() and text.get_text():
            yield text, text.get_window_extent(canvas.get_renderer())


def test_bars_are_the_first_measures_figures_in_the_order_given() -> None:
    figure = settings_figure([evaluation("z", 0.75, 0.5, 0.25), evaluation("a", 1.0, 0.0, 0.125)])
    assert bars(figure) == [[0.75, 0.5, 0.25], [1.0, 0.0, 0.125]]
    left = figure.axes[0]
    assert words(left) == ["0.750", "0.500", "0.250", "1.000", "0.000", "0.125"]
    middles = [[bar.get_center()[0] for bar in container] for container in left.containers]
    assert all(z < a for z, a in zip(*middles, strict=True))
    assert [label.get_text().split("\n")[0] for label in left.get_xticklabels()] == ["mono", "cross", "multi"]
    assert [text.get_text() for text in figure.legends[0].get_texts()] == ["z", "a"]


def test_the_axis_of_effectiveness_goes_from_0_to_1() -> None:
    left = settings_figure([evaluation("m", 0.1, 0.1, 0.1)]).axes[0]
    assert left.get_ylim()[0] == 0
    assert left.spines.left.get_bounds() == (0, 1)
    assert left.get_title() == "AP on toy\nhigher is better"


def test_a_measure_above_1_is_not_cut() -> None:
    left = settings_figure([evaluation("m", 1.0, 0.5, 30.0)]).axes[0]
    assert left.spines.left.get_bounds() == (0, 30)
    assert left.get_ylim()[1] > 30


def test_rank_distances_on_a_linear_axis() -> None:
    figure = settings_figure([evaluation("x-y", distance=20.0), evaluation("hybrid", distance=380.04)])
    right = figure.axes[1]
    assert ends(figure) == pytest.approx([20, 380.04])
    assert words(right) == ["x-y", "20.0", "hybrid", "380.0"]
    assert (right.get_xscale(), right.get_xlabel()) == ("linear", "ranks")
    assert right.get_xlim()[0] == 0
    assert right.get_title() == "Rank distance in the pool\nsmaller is better"
    first, second = (bar.get_center()[1] for container in right.containers for bar in container)
    assert (first < second) == right.yaxis_inverted()  # from the top down


def test_distances_far_apart_have_a_log_axis_that_says_so() -> None:
    figure = settings_figure([evaluation("x-y", distance=20.0), evaluation("x-x-mono", distance=11000.0)])
    right = figure.axes[1]
    assert ends(figure) == pytest.approx([20, 11000])
    assert (right.get_xscale(), right.get_xlabel()) == ("log", "ranks (log axis)")
    assert right.get_xlim()[0] == 1
    assert [label.get_text() for label in right.get_xticklabels()] == ["1", "10", "100", "1,000", "10,000"]


def test_a_bound_is_an_open_bar_with_a_sign() -> None:
    figure = settings_figure([evaluation("bm25", distance=60.0, bound=True), evaluation("hybrid", distance=50.0)])
    right = figure.axes[1]
    (bound,), (measured,) = right.containers
    assert words(right) == ["bm25", "<= 60.0", "hybrid", "50.0"]
    assert to_rgb(bound.get_facecolor()) == (1, 1, 1) != to_rgb(measured.get_facecolor())
    assert bound.get_linestyle() != measured.get_linestyle() == "solid"
    assert right.get_xlabel() == "ranks\nopen bar: upper bound, passages unranked"


def test_what_is_null_is_said_and_not_drawn_as_zero() -> None:
    null = evaluation("null", 0.5, None, None, distance=None, bound=True)
    figure = settings_figure([evaluation("far", distance=9000.0), null, evaluation("near", distance=2.0)])
    left, right = figure.axes
    assert words(left)[3:6] == ["0.500", "no figure", "no figure"]
    assert words(right) == ["far", "9000.0", "null", "no figure", "near", "2.0"]
    assert ends(figure) == pytest.approx([9000, 2])
    assert "open bar" not in right.get_xlabel()
    said = [box for text, box in drawn_texts(figure) if text.get_text() == "no figure"]
    assert len(said) == 3
    for box, axes in zip(said, (left, left, right), strict=True):
        assert axes.bbox.x0 <= box.x0 and box.x1 <= axes.bbox.x1 and axes.bbox.y0 <= box.y0


def test_no_rank_distance_at_all() -> None:
    right = settings_figure([evaluation("m", distance=None, bound=None)]).axes[1]
    assert words(right) == ["m", "no figure"]
    assert not right.get_xticks().size


def test_a_distance_of_zero_beside_large_ones_is_written() -> None:
    """A log axis has no zero."""
    models = [evaluation("none", distance=0.0), evaluation("some", distance=2.0), evaluation("far", distance=9000.0)]
    figure = settings_figure(models)
    assert figure.axes[1].get_xscale() == "log"
    (box,) = (box for text, box in drawn_texts(figure) if text in figure.axes[1].texts and text.get_text() == "0.0")
    assert figure.axes[1].bbox.x0 <= box.x0 and box.x1 <= figure.axes[1].bbox.x1


@pytest.mark.parametrize(
    "names",
    [
        ["hybrid"], [LONG], ["bm25", "x-x-mono", "x-y", "hybrid"], [LONG + c for c in "1234"],
        [f"m{i}" for i in range(5)], [LONG + c for c in "12345678"], ["_leading", "W" * 100, "i" * 100],
        [f"{LONG}{i}" for i in range(MOST_MODELS)],
    ],
    ids=lambda names: f"{len(names)} of {max(map(len, names))}",
)
def test_nothing_is_cut_off_and_nothing_overlaps(names: list[str]) -> None:
    distances = itertools.cycle([13768.5, 1234567.8, 174.2, 9.0])
    figure = settings_figure([
        evaluation(name, 1.0, 0.967, 0.959, distance=distance, bound=distance > 1000)
        for name, distance in zip(names, distances, strict=False)
    ])
    texts = [(text.get_text(), box) for text, box in drawn_texts(figure)]
    for said, box in texts:
        assert figure.bbox.x0 <= box.x0 and box.x1 <= figure.bbox.x1, said
        assert figure.bbox.y0 <= box.y0 and box.y1 <= figure.bbox.y1, said
    shrunk = [(said, box.padded(-1)) for said, box in texts]  # of the space around letters
    for (one, first), (other, second) in itertools.combinations(shrunk, 2):
        assert not first.overlaps(second), (one, other)
    joined = [said.replace("\n", "") for said, _ in texts]
    assert [joined.count(name) for name in names] == [2] * len(names)  # whole, in the legend and in the right panel


@pytest.mark.parametrize("models", [2, 3, 4])
def test_colours_differ_in_black_and_white(models: int) -> None:
    containers = settings_figure([evaluation(str(i)) for i in range(models)]).axes[0].containers
    lights = [lightness(to_rgb(container[0].get_facecolor())) for container in containers]
    assert all(lighter - darker > 12 for lighter, darker in itertools.pairwise(lights)), lights


def lightness(colour: tuple[float, float, float]) -> float:
    """CIE L*, 0 to 100, of an sRGB colour."""
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in colour]
    luminance = sum(weight * c for weight, c in zip((0.2126, 0.7152, 0.0722), linear, strict=True))
    return 116 * luminance ** (1 / 3) - 16


def test_all_models_look_different() -> None:
    containers = settings_figure([evaluation(str(i)) for i in range(MOST_MODELS)]).axes[0].containers
    assert len({(container[0].get_facecolor(), container[0].get_hatch()) for container in containers}) == MOST_MODELS


@pytest.mark.parametrize("suffix", ["svg", "png", "pdf"])
def test_the_same_evaluations_give_the_same_bytes(tmp_path: Path, suffix: str) -> None:
    models = [evaluation("bm25", bound=True, distance=9000.0), *(evaluation(f"m{i}") for i in range(4))]
    first, second = tmp_path / f"first.{suffix}", tmp_path / "deeper" / f"second.{suffix.upper()}"
    settings_picture(models, first)
    with matplotlib.rc_context({"font.size": 20, "savefig.dpi": 50, "svg.fonttype": "none", "axes.grid": True}):
        settings_picture(models, second)  # whatever the user's matplotlibrc says
    assert first.read_bytes() == second.read_bytes()
    assert not [mark for mark in (b"CreationDate", b"dc:date", b"matplotlib.org") if mark in first.read_bytes()]
    assert list(second.parent.iterdir()) == [second]
    settings_picture(models[1:], second)
    assert first.read_bytes() != second.read_bytes()


def test_matplotlibs_settings_are_left_alone(tmp_path: Path) -> None:
    before = dict(matplotlib.rcParams)
    settings_picture([evaluation("m")], tmp_path / "m.svg")
    assert dict(matplotlib.rcParams) == before


def test_the_picture_is_white_and_of_a_readmes_width(tmp_path: Path) -> None:
    settings_picture([evaluation("m")], tmp_path / "m.png")
    pixels = imread(tmp_path / "m.png")
    assert pixels.shape[1] == 1600
    assert (pixels[[0, 0, -1, -1], [0, -1, 0, -1]] == 1).all()  # the corners, opaque
    assert (pixels[:, :, 3] == 1).all()
    settings_picture([evaluation("m")], tmp_path / "m.svg")
    svg = (tmp_path / "m.svg").read_text(encoding="utf-8")
    assert 'width="576pt"' in svg  # 768 pixels
    assert "<text" not in svg  # no font is needed


def test_a_failure_leaves_the_old_picture(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "m.svg").write_text("old")

    def fail(figure: Figure, path: Path, **options: Any) -> None:
        path.write_text("half")
        raise OSError("full")

    monkeypatch.setattr(Figure, "savefig", fail)
    with pytest.raises(OSError, match="full"):
        settings_picture([evaluation("m")], tmp_path / "m.svg")
    assert [path.read_text() for path in tmp_path.iterdir()] == ["old"]


@pytest.mark.parametrize(("name", "models", "message"), [
    ("m.gif", 1, "m.gif: a picture ends in .svg, .png, .pdf, and this name in '.gif'"),
    ("picture", 1, "picture: a picture ends in .svg, .png, .pdf, and this name in ''"),
    ("m.svg", 13, "m.svg: 13 models, and a picture holds 12 at most"),
])
def test_what_cannot_be_drawn_is_refused(tmp_path: Path, name: str, models: int, message: str) -> None:
    with pytest.raises(InputError) as one:
        check_picture(Path(name), [str(i) for i in range(models)])
    assert str(one.value).startswith(message)
    with pytest.raises(InputError):
        settings_picture([evaluation(str(i)) for i in range(models)], tmp_path / name)
    assert not list(tmp_path.iterdir())


def test_without_a_writable_home_or_display_not_a_word_is_said(tmp_path: Path) -> None:
    """In a process of its own: the bytes are those of this one, stderr is empty, and pyplot is never imported."""
    home = tmp_path / "home"
    home.write_text("a file, in which no folder can be made")
    program = (
        "import json, sys; from pathlib import Path; from hybrid_pyserini.report.plots import settings_picture;"
        "settings_picture(json.loads(sys.argv[1]), Path(sys.argv[2]));"
        "sys.exit('pyplot was imported' if 'matplotlib.pyplot' in sys.modules else 0)"
    )
    hidden = {"MPLCONFIGDIR", "XDG_CONFIG_HOME", "XDG_CACHE_HOME", "DISPLAY", "WAYLAND_DISPLAY", "MPLBACKEND"}
    done = subprocess.run(
        [sys.executable, "-c", program, json.dumps([evaluation("m")]), tmp_path / "there.svg"],
        env={name: value for name, value in os.environ.items() if name not in hidden} | {"HOME": str(home)},
        capture_output=True, text=True, timeout=120,
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    settings_picture([evaluation("m")], tmp_path / "here.svg")
    assert (tmp_path / "there.svg").read_bytes() == (tmp_path / "here.svg").read_bytes()
