"""Topics, qrels, runs and ranks: what is written comes back, in trec_eval's order; what is broken is named."""

import gzip
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from numpy import float32, nextafter

from hybrid_pyserini.errors import InputError
from hybrid_pyserini.trec import (
    Hit,
    RankedPassage,
    docid_order,
    in_order,
    read_qrels,
    read_ranks,
    read_run,
    read_topics,
    write_qrels,
    write_ranks,
    write_run,
    write_topics,
)

quick = settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
ids = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=6).filter(
    lambda value: not any(character.isspace() for character in value) and "\ufeff" not in value
)
queries = st.text(st.characters(exclude_categories=["Cs"]), min_size=1).filter(lambda value: value.split())
float32s = st.floats(width=32, allow_nan=False, allow_infinity=False)


def error_of(read: Callable[[Path], Any], path: Path) -> str:
    with pytest.raises(InputError) as error:
        list(read(path))
    assert "\n" not in str(error.value)
    return str(error.value)


# --- order

def test_ties_go_by_descending_docid_in_bytes() -> None:
    hits = [Hit(docid, 0.5) for docid in ("a", "B", "é", "10", "9", "z")]
    assert [hit.docid for hit in in_order([*hits, Hit("first", 0.6)])] == ["first", "é", "z", "a", "B", "9", "10"]
    # U+FF5E sorts after U+1D11E in UTF-16, before it in UTF-8
    assert [hit.docid for hit in in_order([Hit("\uff5e", 1.0), Hit("𝄞", 1.0)])] == ["𝄞", "\uff5e"]


def test_zero_and_minus_zero_are_equal() -> None:
    assert [hit.docid for hit in in_order([Hit("a", 0.0), Hit("b", -0.0), Hit("c", 0.0)])] == ["c", "b", "a"]


@quick
@given(hits=st.dictionaries(ids, st.sampled_from([0.0, 0.5, 1.0])).map(lambda d: [Hit(*item) for item in d.items()]))
def test_order_against_counting(hits: list[Hit]) -> None:
    """A passage's place is the number of passages that stand before it by definition."""
    ordered = in_order(hits)
    assert sorted(ordered) == sorted(hits)
    for place, hit in enumerate(ordered):
        before = [
            other for other in hits
            if other.score > hit.score or (other.score == hit.score and other.docid.encode() > hit.docid.encode())
        ]
        assert len(before) == place


@quick
@given(docids=st.lists(ids, unique=True))
def test_docid_order_is_the_order_of_equal_scores(docids: list[str]) -> None:
    expected = [hit.docid for hit in in_order(Hit(docid, 1.0) for docid in docids)]
    assert [docids[position] for position in docid_order(docids)] == expected


# --- topics

@quick
@given(topics=st.dictionaries(ids, queries, min_size=1))
def test_topics_come_back_with_single_blanks(tmp_path: Path, topics: dict[str, str]) -> None:
    path = tmp_path / "topics.tsv"
    changed = write_topics(path, topics)
    expected = {qid: " ".join(query.split()) for qid, query in topics.items()}
    assert read_topics(path) == expected
    assert list(read_topics(path)) == list(topics)
    assert changed == sum(expected[qid] != topics[qid] for qid in topics)


def test_topics_are_pyserinis_tsv(tmp_path: Path) -> None:
    assert write_topics(tmp_path / "t.tsv", {"007": "who \n is\u3000it?", "7": "what?"}) == 1
    assert (tmp_path / "t.tsv").read_bytes() == b"007\twho is it?\n7\twhat?\n"


def test_topics_from_windows(tmp_path: Path) -> None:
    (tmp_path / "t.tsv").write_bytes(b"\xef\xbb\xbf1\twho?\r\n2\twhat?\r\n")
    assert read_topics(tmp_path / "t.tsv") == {"1": "who?", "2": "what?"}


@pytest.mark.parametrize(("line", "message"), [
    ("2 who?", ":2: expected qid<TAB>query, found 1 field(s)"),
    ("2\twho?\tmore", ":2: expected qid<TAB>query, found 3 field(s)"),
    ("", ":2: expected qid<TAB>query, found 1 field(s)"),
    ("2\t \u3000", ":2: query '2' is empty"),
    ("2\t", ":2: query '2' is empty"),
    ("\twho?", ":2: query id is missing"),
    ("a b\twho?", ":2: query id 'a b' contains a blank"),
    ("1\twho?", ":2: query id '1' occurs twice"),
])
def test_broken_topics_are_named(tmp_path: Path, line: str, message: str) -> None:
    path = tmp_path / "t.tsv"
    path.write_text(f"1\twho?\n{line}\n")
    assert error_of(read_topics, path).startswith(f"{path}{message}")


def test_empty_topics_are_an_error(tmp_path: Path) -> None:
    (tmp_path / "t.tsv").write_text("")
    assert "no topics in the file" in error_of(read_topics, tmp_path / "t.tsv")


@pytest.mark.parametrize(("topics", "message"), [
    ({"1": "a", "2": " \n"}, "query '2' is empty"), ({"1": "a", "b c": "x"}, "contains a blank"),
])
def test_topics_that_cannot_be_written_leave_nothing(tmp_path: Path, topics: dict[str, str], message: str) -> None:
    with pytest.raises(InputError) as error:
        write_topics(tmp_path / "t.tsv", topics)
    assert message in str(error.value)
    assert list(tmp_path.iterdir()) == []


# --- qrels

@quick
@given(qrels=st.dictionaries(ids, st.dictionaries(ids, st.integers(-2, 5), min_size=1), min_size=1))
def test_qrels_come_back(tmp_path: Path, qrels: dict[str, dict[str, int]]) -> None:
    path = tmp_path / "qrels.txt"
    assert write_qrels(path, qrels) == sum(map(len, qrels.values()))
    assert read_qrels(path) == qrels


def test_qrels_in_other_peoples_forms(tmp_path: Path) -> None:
    (tmp_path / "q.txt").write_bytes(b"\xef\xbb\xbf1\tQ0\td1\t2\r\n\r\n1 0  d2 -1\n2 0 d1 0")
    assert read_qrels(tmp_path / "q.txt") == {"1": {"d1": 2, "d2": -1}, "2": {"d1": 0}}


@pytest.mark.parametrize(("line", "message"), [
    ("1 0 d2", "expected 'qid 0 docid relevance'"),
    ("1 0 d2 1 x", "expected 'qid 0 docid relevance'"),
    ("1 0 d2 yes", "with a whole number last"),
    ("1 0 d2 0.5", "with a whole number last"),
    ("1 0 d2 -", "with a whole number last"),
    ("1 0 d2 --1", "with a whole number last"),
    ("1 0 d1 0", "query '1' judges passage 'd1' twice"),
])
def test_broken_qrels_are_named(tmp_path: Path, line: str, message: str) -> None:
    path = tmp_path / "q.txt"
    path.write_text(f"1 0 d1 1\n\n{line}\n")
    found = error_of(read_qrels, path)
    assert found.startswith(f"{path}:3: ")
    assert message in found


def test_empty_qrels_are_an_error(tmp_path: Path) -> None:
    (tmp_path / "q.txt").write_text("\n")
    assert "no judgements in the file" in error_of(read_qrels, tmp_path / "q.txt")


# --- runs

@quick
@given(run=st.dictionaries(ids, st.dictionaries(ids, float32s, min_size=1)))
def test_runs_give_every_float32_back(tmp_path: Path, run: dict[str, dict[str, float]]) -> None:
    path = tmp_path / "run.txt"
    write_run(path, ((qid, in_order(Hit(*hit) for hit in hits.items())) for qid, hits in run.items()), "tag")
    read = read_run(path)
    assert {qid: {docid: float32(score) for docid, score in hits.items()} for qid, hits in read.items()} == run
    for qid, hits in read.items():  # the file's order is trec_eval's, of the scores as read too
        assert list(hits) == [hit.docid for hit in in_order(Hit(docid, float32(s)) for docid, s in hits.items())]
        assert list(hits) == [hit.docid for hit in in_order(Hit(*hit) for hit in run[qid].items())]


def test_neighbouring_scores_stay_apart(tmp_path: Path) -> None:
    """Pyserini's six decimals would make them equal, and so change the ranking."""
    one = float32(0.7)
    other = nextafter(one, float32(1))
    assert f"{one:.6f}" == f"{other:.6f}"
    write_run(tmp_path / "run.txt", [("q", in_order([Hit("z", one), Hit("a", other)]))], "x")
    assert read_run(tmp_path / "run.txt") == {"q": {"a": pytest.approx(0.70000005), "z": pytest.approx(0.7)}}
    assert read_run(tmp_path / "run.txt")["q"]["a"] > read_run(tmp_path / "run.txt")["q"]["z"]


def test_the_form_of_a_run(tmp_path: Path) -> None:
    write_run(tmp_path / "run.txt", [("q1", [Hit("b", float(float32(0.1))), Hit("a", -2.0)]), ("q2", [])], "model")
    assert (tmp_path / "run.txt").read_text() == "q1 Q0 b 1 0.100000001 model\nq1 Q0 a 2 -2 model\n"


def test_a_gzipped_run_has_the_same_lines_and_always_the_same_bytes(tmp_path: Path) -> None:
    rankings = [(f"q{i}", [Hit(f"d{j}", float(float32(1 / (j + 1)))) for j in range(50)]) for i in range(300)]
    paths = [tmp_path / name for name in ("run.txt", "run.txt.gz", "other.txt.gz")]
    for path in paths:
        write_run(path, rankings, "x")
    plain, packed, other = (path.read_bytes() for path in paths)
    assert gzip.decompress(packed) == plain
    assert packed == other
    assert packed[3] == 0  # no file name
    assert packed[4:8] == bytes(4)  # no time
    assert len(packed) < len(plain) / 4
    assert read_run(paths[1]) == read_run(paths[0])
    paths[1].write_bytes(packed[:-100])
    assert "the gzip file ends early or is damaged" in error_of(read_run, paths[1])


def test_percent_signs_are_text(tmp_path: Path) -> None:
    write_run(tmp_path / "run.txt", [("%s", [Hit("100%", 1.0), Hit("%d", 0.5)])], "%g")
    assert (tmp_path / "run.txt").read_text() == "%s Q0 100% 1 1 %g\n%s Q0 %d 2 0.5 %g\n"


def test_runs_in_other_peoples_forms(tmp_path: Path) -> None:
    (tmp_path / "run.txt").write_bytes(b"\xef\xbb\xbfq1\tQ0\td1\t1\t1e-3\tx\r\n\nq2 Q0 d1 1 5 x\nq1 Q0 d2 2 -1 x")
    assert read_run(tmp_path / "run.txt") == {"q1": {"d1": 0.001, "d2": -1.0}, "q2": {"d1": 5.0}}


blanks = st.sampled_from([" ", "  ", "\t", " \t"])
odd_lines = st.lists(st.tuples(
    st.sampled_from(["q1", "q2", "9", "語"]), blanks, st.sampled_from(["d1", "d2", "d3", "é:1"]), blanks,
    st.sampled_from([*["1", "-0.5", "1e-3", "1e308"] * 4, "1e400", "nan", "x"]),
    st.sampled_from([*[" tag", "\ttag"] * 8, "", " tag more"]), st.sampled_from(["\n", "\r\n", " \n", "\n\n"]),
), max_size=5)


def slowly(path: Path) -> dict[str, dict[str, float]] | str:
    """A run, or where it is wrong and how, in words of its own."""
    run: dict[str, dict[str, float]] = {}
    for number, line in enumerate(path.read_bytes().decode("utf-8-sig").split("\n"), start=1):
        parts = line.split()
        if not parts:
            continue
        if len(parts) != 6:
            return f":{number}: expected 'qid Q0"
        if parts[4] in ("1e400", "nan", "x"):
            return f":{number}: score {parts[4]!r} of passage {parts[2]!r}"
        if parts[2] in run.get(parts[0], {}):
            return f":{number}: query {parts[0]!r} retrieves passage {parts[2]!r} twice"
        run.setdefault(parts[0], {})[parts[2]] = float(parts[4])
    return run


@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(lines=odd_lines, start=st.sampled_from(["", "\ufeff", "\n"]), packed=st.booleans())
def test_any_run_is_read_or_named_by_its_first_fault(tmp_path: Path, lines: list, start: str, packed: bool) -> None:
    """What reads fast and what then names the fault agree, in every mixture of forms and faults."""
    text = start + "".join(f"{q}{a}Q0{b}{d} 1 {s}{tag}{end}" for q, a, d, b, s, tag, end in lines)
    path = tmp_path / "run.txt"
    path.write_bytes(text.encode())
    expected = slowly(path)
    if packed:
        path = tmp_path / "run.txt.gz"
        path.write_bytes(gzip.compress(text.encode()))
    if isinstance(expected, str):
        assert error_of(read_run, path).startswith(f"{path}{expected}")
    else:
        assert read_run(path) == expected
        assert list(read_run(path)) == list(expected)


@pytest.mark.parametrize("content", [b"q1 Q0 d1 1 1 x\nq1 Q0 \xff 2 1 x\n", b"q1 Q0 d1 1 1 x\nq1 Q0 d\xe8\xaa 2 1 x\n"])
def test_a_run_that_is_not_utf8_is_named(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "run.txt").write_bytes(content)
    assert error_of(read_run, tmp_path / "run.txt").startswith(f"{tmp_path / 'run.txt'}:2: not UTF-8")


def test_a_run_that_cannot_be_opened_is_named(tmp_path: Path) -> None:
    assert "no such file" in error_of(read_run, tmp_path / "none.txt")
    assert "cannot be read (Is a directory)" in error_of(read_run, tmp_path)
    packed = gzip.compress(b"q1 Q0 d1 1 1 x\n")
    for content in (b"q1 Q0 d1 1 1 x\n", packed[:-9], packed[:10] + b"\xff" * 20, packed[:-8] + b"wrong" + packed[-3:]):
        (tmp_path / "run.txt.gz").write_bytes(content)
        assert "the gzip file ends early or is damaged" in error_of(read_run, tmp_path / "run.txt.gz")


def test_an_empty_run_is_a_run(tmp_path: Path) -> None:
    write_run(tmp_path / "run.txt", [("q1", [])], "x")
    assert read_run(tmp_path / "run.txt") == {}


@pytest.mark.parametrize(("line", "message"), [
    ("q1 Q0 d2 2 0.5", "found 5 field(s)"),
    ("q1 Q0 d 2 2 0.5 x", "found 7 field(s)"),
    ("q1 Q0 d2 2 nan x", "score 'nan' of passage 'd2' is no finite number"),
    ("q1 Q0 d2 2 inf x", "score 'inf' of passage 'd2' is no finite number"),
    ("q1 Q0 d2 2 -Infinity x", "is no finite number"),
    ("q1 Q0 d2 2 high x", "score 'high' of passage 'd2' is no finite number"),
    ("q1 Q0 d1 2 0.5 x", "query 'q1' retrieves passage 'd1' twice"),
])
def test_broken_runs_are_named(tmp_path: Path, line: str, message: str) -> None:
    path = tmp_path / "run.txt"
    path.write_text(f"q1 Q0 d1 1 1 x\nq2 Q0 d1 1 1 x\n{line}\n")
    found = error_of(read_run, path)
    assert found.startswith(f"{path}:3: ")
    assert message in found


# --- ranks

ranked = st.builds(
    lambda qid, docid, rank, score, size: RankedPassage(qid, docid, rank, None if rank is None else score, size),
    ids, ids, st.none() | st.integers(1, 10**6), float32s, st.integers(1, 10**6),
)


@quick
@given(lines=st.lists(ranked))
def test_ranks_come_back(tmp_path: Path, lines: list[RankedPassage]) -> None:
    path = tmp_path / "ranks.tsv"
    write_ranks(path, lines)
    read = list(read_ranks(path))
    assert [(r.query_id, r.docid, r.rank, r.size) for r in read] == [
        (r.query_id, r.docid, r.rank, r.size) for r in lines
    ]
    assert [r.score if r.score is None else float32(r.score) for r in read] == [r.score for r in lines]


def test_the_form_of_ranks(tmp_path: Path) -> None:
    write_ranks(tmp_path / "r.tsv", [RankedPassage("q", "a", 3, 0.5, 9), RankedPassage("q", "b", None, None, 9)])
    assert (tmp_path / "r.tsv").read_text() == "qid\tdocid\trank\tscore\tN\nq\ta\t3\t0.5\t9\nq\tb\t\t\t9\n"


@pytest.mark.parametrize("line", [
    "q\tb\t3\t0.5", "q\tb\tthird\t0.5\t9", "q\tb\t3\thigh\t9", "q\tb\t3\t0.5\t", "", "q b 3",
    "qid\tdocid\trank\tscore\tN",
])
def test_broken_ranks_are_named(tmp_path: Path, line: str) -> None:
    path = tmp_path / "r.tsv"
    path.write_text(f"qid\tdocid\trank\tscore\tN\nq\ta\t1\t0.5\t9\n{line}\n")
    assert error_of(read_ranks, path).startswith(f"{path}:3: expected qid<TAB>docid<TAB>rank<TAB>score<TAB>N; ")


# --- all of them

@pytest.mark.parametrize(("write", "content"), [(write_topics, {"q": "x"}), (write_qrels, {"q": {"d": 1}})])
def test_what_fails_while_writing_keeps_the_file_before(
    tmp_path: Path, write: Callable[[Path, Any], int], content: Any
) -> None:
    class Failing(dict):
        def items(self) -> Any:
            yield from super().items()
            raise OSError("disk full")

    path = tmp_path / "file"
    write(path, content)
    before = path.read_bytes()
    with pytest.raises(OSError, match="disk full"):
        write(path, Failing(content))
    assert path.read_bytes() == before
    assert [p.name for p in tmp_path.iterdir()] == ["file"]


@pytest.mark.parametrize("name", ["run.txt", "run.txt.gz"])
def test_a_run_that_fails_while_writing_leaves_nothing(tmp_path: Path, name: str) -> None:
    def rankings() -> Any:
        yield "q1", [Hit("a", 1.0)]
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_run(tmp_path / name, rankings(), "x")
    assert list(tmp_path.iterdir()) == []
