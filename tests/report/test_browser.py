"""The page in a real browser: no error, nothing wider than the window, every heat map and picture on it.

The browser is driven by its own flags; nothing is installed for it. The page is loaded into a frame of the width in
question, since a browser's window may not become as narrow as a phone, with a script added that reports to the frame's
parent, into whose document the report is written.
"""

import json
import re
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import replace
from html import unescape
from pathlib import Path
from typing import Any

import pytest

from hybrid_pyserini.records import Pair
from hybrid_pyserini.report.heat_maps import difference_heat_maps, system_heat_maps
from hybrid_pyserini.report.page import page
from hybrid_pyserini.report.report import Report
from hybrid_pyserini.report.worst_questions import Shown, WorstQuestion

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
BROWSER = next((path for name in NAMES if (path := shutil.which(name))), None)

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(BROWSER is None, reason=f"no browser is installed (looked for {', '.join(NAMES)})"),
]

LOOKS = """
<script>
const errors = [];
addEventListener("error", event => errors.push(String(event.message || event.target.outerHTML).slice(0, 200)), true);
addEventListener("load", () => {
  const box = element => element.getBoundingClientRect();
  const root = document.documentElement;
  parent.postMessage({
    width: innerWidth, overflow: root.scrollWidth - root.clientWidth, errors,
    heat: [...document.querySelectorAll("table.heat")].map(table => ({
      title: table.caption.textContent, cells: table.querySelectorAll("td").length, width: box(table).width,
      height: box(table).height, hidden: table.parentElement.scrollWidth - table.parentElement.clientWidth,
      shade: getComputedStyle(table.querySelector("td")).backgroundColor,
    })),
    pictures: [...document.images].map(image => ({natural: image.naturalWidth, width: box(image).width})),
    outside: [...document.querySelectorAll("body *:not(.scroll *, .unseen)")]
      .filter(element => box(element).right > root.clientWidth + 1).map(element => element.outerHTML),
    loaded: performance.getEntriesByType("resource").map(entry => entry.name).filter(name => !name.startsWith("data:")),
  }, "*");
});
</script>
"""

FRAME = """<!DOCTYPE html><meta charset="utf-8"><body style="margin:0"><pre></pre><script>
addEventListener("message", event => { document.querySelector("pre").textContent = JSON.stringify(event.data); });
</script><iframe src="page.html" style="width:WIDTHpx;height:900px;border:0"></iframe>"""


def opened(folder: Path, html: str, width: int) -> dict[str, Any]:
    """What the page says of itself in a window of so many pixels, and under ``console`` what the browser says of it."""
    assert BROWSER is not None
    (folder / "page.html").write_text(html.replace("<head>", f"<head>{LOOKS}", 1), encoding="utf-8")
    (folder / "frame.html").write_text(FRAME.replace("WIDTH", str(width)), encoding="utf-8")
    done = subprocess.run(
        [
            BROWSER, "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run",
            "--host-resolver-rules=MAP * ~NOTFOUND", "--enable-logging=stderr", f"--user-data-dir={folder / 'profile'}",
            f"--window-size={width + 100},1000", "--virtual-time-budget=10000", "--dump-dom",
            (folder / "frame.html").as_uri(),
        ],
        capture_output=True, text=True, timeout=180,
    )
    found = re.search(r"<pre>(\{.*?\})</pre>", done.stdout, re.DOTALL)
    assert found, f"{done.returncode} {done.stdout[-2000:]} {done.stderr[-2000:]}"
    console = [line for line in done.stderr.splitlines() if "CONSOLE" in line]
    return json.loads(unescape(found[1])) | {"console": console}


ELEVEN = "ar de el en es hi ru th tr vi zh".split()
THIRTY = [f"{letter}{other}" for letter in "abcde" for other in "uvwxyz"]


def of_languages(report: Report, languages: Sequence[str]) -> Report:
    """The report with heat maps of so many languages, significantly below zero everywhere: as wide as figures get."""
    pairs = [f"{query}-{passage}" for query in languages for passage in (*languages, "all")]
    record = {
        "measures": ["AP"], "systems": [{"name": "first"}, {"name": "second"}],
        "pairs": {pair: {"AP": {"first": 0.88, "second": 0.6}} for pair in pairs},
        "pair_differences": [
            {"pair": pair, "measure": "AP", "a": "first", "b": "second", "difference": 0.28, "p_t_holm": 0.01}
            for pair in pairs
        ],
    }
    return replace(report, heat_maps=system_heat_maps(record), differences=difference_heat_maps(record))


@pytest.mark.parametrize("width", [1280, 390, 320])
def test_the_page_in_a_browser(report: Report, tmp_path: Path, width: int) -> None:
    wide = of_languages(report, ELEVEN)
    seen = opened(tmp_path, page(wide), width)
    assert seen["width"] == width
    assert (seen["errors"], seen["console"], seen["loaded"]) == ([], [], [])
    assert seen["overflow"] == 0 and seen["outside"] == []
    assert [table["title"] for table in seen["heat"]] == [
        one.title for one in (*wide.heat_maps, *wide.differences)
    ]
    assert all(table["cells"] == 132 and table["height"] > 200 for table in seen["heat"])
    assert all(250 < table["width"] < 450 for table in seen["heat"])  # by the fonts that there are
    assert any(table["shade"] != "rgb(255, 255, 255)" for table in seen["heat"])
    assert len(seen["pictures"]) == len(wide.pictures)
    assert all(picture["natural"] > 0 and 250 < picture["width"] <= min(404, width) for picture in seen["pictures"])


def test_where_there_is_room_all_of_a_heat_map_is_seen(report: Report, tmp_path: Path) -> None:
    seen = opened(tmp_path, page(of_languages(report, THIRTY)), 1280)
    assert [table["cells"] for table in seen["heat"]] == [930] * 3
    assert [table["hidden"] for table in seen["heat"]] == [0] * 3 and seen["overflow"] == 0


def test_very_long_words_stay_in_the_window(report: Report, tmp_path: Path) -> None:
    word = 300 * "W"
    assert report.worst is not None
    passage = Shown(word, 2, "de", word, word)
    question = WorstQuestion(word, Pair("de", "all"), word, 0.1, (passage, passage), passage, (passage,), 7, {"de": 7})
    long = replace(
        report, dataset=word, systems=[word, word], summary=[word, word], notes=[word],
        differences=[replace(one, title=word, note=word, marks=word) for one in report.differences],
        heat_maps=[replace(one, title=word, note=word) for one in report.heat_maps],
        worst=replace(report.worst, model=word, questions=[question]), provenance=[("Command", word)],
    )
    seen = opened(tmp_path, page(long), 390)
    assert seen["overflow"] == 0 and seen["outside"] == []
    assert [table["hidden"] for table in seen["heat"]] == [0] * 5  # by their titles


def test_what_is_wrong_would_be_seen(report: Report, tmp_path: Path) -> None:
    wrong = page(report).replace("</body>", (
        '<div style="width:2000px">wide</div><img src="missing.png" alt="">'
        "<script>console.log(1); wrong()</script></body>"
    ))
    seen = opened(tmp_path, wrong, 390)
    assert seen["overflow"] > 0 and seen["outside"]
    assert len(seen["console"]) >= 2 and any("wrong" in error for error in seen["errors"])
    assert any("missing.png" in error for error in seen["errors"])
