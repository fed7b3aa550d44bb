"""A picture of the report: SVG, and the same in words.

They are about 400 pixels wide, so that on a phone their letters are as large as those around them; what they show
stands in a table too.
"""

import io
from dataclasses import dataclass
from typing import TYPE_CHECKING

from hybrid_pyserini.report.picture_style import METADATA

if TYPE_CHECKING:
    from matplotlib.figure import Figure

NAMES = ("rank-distance", "same-language", "alpha", "alpha-rank-distance")
"""Of all the pictures a report can have."""

WIDTH = 4.2  # inches: 403 pixels


@dataclass(frozen=True)
class Picture:
    """A picture and what it shows in words, for those who do not see it."""

    name: str
    """Of its file, without the suffix."""
    title: str
    alt: str
    svg: bytes


def svg_of(figure: "Figure") -> bytes:
    written = io.BytesIO()
    figure.savefig(written, format="svg", metadata=METADATA[".svg"])
    return written.getvalue()
