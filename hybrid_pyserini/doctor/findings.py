"""A finding, and how findings are printed."""

import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

_WIDTH = 110


class Level(StrEnum):
    """How a finding bears on the main job; the values stand on the page."""

    OK = "ok"
    NOTE = "note"
    """The main job runs; something is slower, not used or yet to come."""
    MISSING = "MISSING"
    """The main job, or a part of it, cannot run."""


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at."""

    level: Level
    subject: str
    text: str
    remedy: str = ""
    """What to do about it, to be typed or done as it stands; empty where there is nothing to do."""

    def __post_init__(self) -> None:
        if self.level is Level.MISSING and not self.remedy:
            raise ValueError(f"{self.subject} is missing, and no remedy is given")


def readable_size(size: float) -> str:
    """Bytes, as people read them: ``1.1 GB``, ``16 MB``."""
    return f"{size / 1e9:.1f} GB" if size >= 1e9 else f"{size / 1e6:.0f} MB"


def page(title: str, findings: Sequence[Finding]) -> str:
    """A topic as it is printed: level, subject and text in columns; a remedy on a line of its own, never broken, so
    that a command can be copied."""
    level_width, subject_width = (max(map(len, column)) for column in (
        list(Level), [finding.subject for finding in findings],
    ))
    lines = [title]
    for finding in findings:
        start = f"  {finding.level:{level_width}}  {finding.subject:{subject_width}}  "
        lines.append(textwrap.fill(
            finding.text, width=_WIDTH, initial_indent=start, subsequent_indent=" " * len(start),
            break_long_words=False, break_on_hyphens=False,
        ))
        if finding.remedy:
            lines.append(f"{'':{len(start)}}-> {finding.remedy}")
    return "\n".join(lines)
