"""What a store of parallel examples costs at two sizes: to build from its source, to open, and to train from.

    python tests/benchmarks/examples_scale.py [--sizes 500000 5000000] [--form rows|own] [--folder FOLDER]

The source is generated: three languages, one language after the other in the row form, as translations of one data set
come; one passage in a hundred answers two questions, a question has a hard negative in one language, and every
fiftieth question without its last language. Each step runs in a process of its own, whose anonymous memory (RssAnon, so
on Linux only; mapped files are not in it) is sampled every 20 ms, imports included. Batches are of 64 queries, and the
model is a tiny one, so that what a batch costs besides the model is not lost in it.

It prints a table, and as its last line {"sizes": [{...}, {...}]}, a size each, with the table's figures by name. The
defaults take some minutes; 5 million examples need 20 GB of disk.
"""

import argparse
import json
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any

LANGUAGES = ("de", "en", "zh")
_PHRASES = [" ".join(f"word{(i * 37 + j * j * 11) % 1000}" for j in range(9)) for i in range(1009)]
_STEPS, _FEWER_STEPS = 60, 10

COLUMNS = {
    "examples": "examples", "source_mb": "source MB", "build_seconds": "build s", "build_cpu_seconds": "build CPU s",
    "build_anon_mb": "build anon MB", "open_seconds": "open s", "open_anon_mb": "open anon MB", "batch_ms": "batch ms",
    "step_ms": "step ms", "step_cpu_ms": "step CPU ms", "train_anon_mb": "train anon MB",
}
"""``open``: store and batch plan; its memory is what they add. ``batch``: planned, read and tokenized; the median.
``step``: of a whole training. ``anon``: the peak of the process, imports included."""


def main() -> None:
    parser = argparse.ArgumentParser(description="time and memory of a store of parallel examples, by its size")
    parser.add_argument("--sizes", nargs="+", type=int, default=[50_000, 500_000], help="numbers of examples")
    parser.add_argument("--form", choices=WRITERS, default="rows", help="of the source")
    parser.add_argument("--folder", type=Path, help="where to work (default: the system's for temporary files)")
    parser.add_argument("--train-from", type=Path, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.train_from:
        print(json.dumps(train_from(arguments.train_from)))
        return
    measured = []
    print("".join(f"{title:>15}" for title in COLUMNS.values()), flush=True)
    for size in arguments.sizes:
        with tempfile.TemporaryDirectory(dir=arguments.folder) as folder:
            measured.append(measure(Path(folder), size, WRITERS[arguments.form]))
        print("".join(f"{measured[-1][name]:>15,}" for name in COLUMNS), flush=True)
    print(json.dumps({"sizes": measured}))


def measure(folder: Path, size: int, lines: Callable[[int], Iterator[dict[str, Any]]]) -> dict[str, float]:
    """Build a store of ``size`` examples and train from it, in other processes."""
    source = folder / "sources" / "s.jsonl"
    source.parent.mkdir()
    with source.open("w") as file:
        file.writelines(f"{json.dumps(line)}\n" for line in lines(size))
    megabytes = source.stat().st_size // 2**20
    started, cpu = time.perf_counter(), cpu_seconds_of_children()
    _, build_anon = watched([sys.executable, "-m", "hybrid_pyserini", "examples", "s", "--workspace", str(folder)])
    build_seconds, build_cpu = time.perf_counter() - started, cpu_seconds_of_children() - cpu
    source.unlink()
    said, train_anon = watched([sys.executable, __file__, "--train-from", str(folder / "examples" / "s")])
    return {
        "examples": size, "source_mb": megabytes, "build_seconds": round(build_seconds, 1),
        "build_cpu_seconds": round(build_cpu, 1), "build_anon_mb": build_anon, "train_anon_mb": train_anon,
        **json.loads(said.splitlines()[-1]),
    }


def rows(size: int) -> Iterator[dict[str, Any]]:
    """The row form, language by language."""
    for language in LANGUAGES:
        for i in range(size):
            if language == LANGUAGES[-1] and i % 50 == 0:
                continue
            row = {"id": f"q{i}", "language": language, "query": query(language, i), "positive": passage(language, i)}
            if language == LANGUAGES[0]:
                row["negatives"] = [passage(language, i * 7919 % size)]
            yield row


def own(size: int) -> Iterator[dict[str, Any]]:
    """The project's own form."""
    for i in range(size):
        languages = LANGUAGES[:-1] if i % 50 == 0 else LANGUAGES
        other = i * 7919 % size
        yield {
            "id": f"q{i}", "group": f"g{i}", "queries": {language: query(language, i) for language in languages},
            "positives": {language: passage(language, i) for language in languages},
            "negatives": {languages[0]: [{"text": passage(languages[0], other), "group": f"g{other}"}]},
        }


WRITERS = {"rows": rows, "own": own}


def query(language: str, i: int) -> str:
    return f"{language} {_PHRASES[i * 13 % 1009]} {i} ?"


def passage(language: str, i: int) -> str:
    """Of 18 words and a number, the same for the last two of every hundred."""
    return f"{language} {_PHRASES[i % 1009 - i % 100 // 99]} {_PHRASES[i // 1009 % 1009]} {i - i % 100 // 99}"


def watched(command: list[str]) -> tuple[str, int]:
    """Run a command; return its standard output and the peak of its anonymous memory in MB."""
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    peak = 0
    while process.poll() is None:
        peak = max(peak, anonymous_kib(process.pid))
        time.sleep(0.02)
    out, _ = process.communicate()  # so little that it never fills the pipe
    if process.returncode:
        sys.exit(f"{' '.join(command)} failed")
    return out, peak // 1024


def cpu_seconds_of_children() -> float:
    """Of those that have ended, which others on the machine do not slow down as they do the clock's."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def anonymous_kib(pid: int | str) -> int:
    """Of a process; 0 where it has ended."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("RssAnon:"):
            return int(line.split()[1])
    return 0


def train_from(folder: Path) -> dict[str, float]:
    """Open a store, draw batches and train a tiny model from it; what this costs."""
    from transformers import TrainingArguments

    from hybrid_pyserini.encoder.encoder import Encoder
    from hybrid_pyserini.training.batching import BatchPlan
    from hybrid_pyserini.training.collator import PlannedBatches
    from hybrid_pyserini.training.examples import ExampleStore
    from hybrid_pyserini.training.init import init
    from hybrid_pyserini.training.settings import TrainSettings, trainer_defaults
    from hybrid_pyserini.training.training import train

    before, started = anonymous_kib("self"), time.perf_counter()
    store = ExampleStore(folder)
    plan = BatchPlan([store], "hybrid", 64, seed=1)
    open_seconds, open_anon = time.perf_counter() - started, anonymous_kib("self") - before

    texts = [text for example in islice(store, 2000) for text in example.positives.values()]
    model = folder.with_name("tiny")
    init(model, texts, layers=1, width=64, pieces=2000, seed=1, max_length=128)
    batches = PlannedBatches(plan, [store], Encoder.load(str(model)), steps=200)
    batch_seconds = [timed(lambda step=step: batches[step]) for step in range(200)]  # type: ignore[misc]

    def train_for(steps: int) -> tuple[float, float]:
        output = folder.with_name(f"trained-{steps}")
        arguments = trainer_defaults(output) | {"max_steps": steps, "save_strategy": "no", "disable_tqdm": True}
        settings = TrainSettings(examples=(str(folder),), init=str(model), batch_size=64)
        started, cpu = time.perf_counter(), time.process_time()
        train(settings, TrainingArguments(**arguments), output)
        return time.perf_counter() - started, time.process_time() - cpu

    fewer, more = train_for(_FEWER_STEPS), train_for(_STEPS)
    step_ms, step_cpu_ms = (1000 * (m - f) / (_STEPS - _FEWER_STEPS) for f, m in zip(fewer, more, strict=True))
    return {
        "open_seconds": round(open_seconds, 3), "open_anon_mb": round(open_anon / 1024, 1),
        "batch_ms": round(1000 * statistics.median(batch_seconds), 1),
        "step_ms": round(step_ms, 1), "step_cpu_ms": round(step_cpu_ms, 1),
    }


def timed(work: Callable[[], Any]) -> float:
    """Seconds that it takes."""
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


if __name__ == "__main__":
    main()
