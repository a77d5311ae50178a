"""Verdicts: kept, settled, counted, exported."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError
from typer.testing import CliRunner

from asid.pipeline.auditing.intervals import wilson
from asid.pipeline.cli import app
from asid.pipeline.review import open_sample, save
from asid.pipeline.review.verdicts import AnchorMark, Book, ReviewFinding, Verdict, alpha, result
from asid.pipeline.run.folder import Run
from tests import samples


@pytest.fixture
def run(tmp_path: Path) -> Run:
    return samples.make(tmp_path / "run")


def verdict(clip: str, reviewer: str, said: str, at: float = 0.0, **more: Any) -> Verdict:
    return Verdict(clip=clip, reviewer=reviewer, said=said, at=at, **more)  # type: ignore[arg-type]


def test_wilson_against_known_intervals() -> None:
    low, high = wilson(294, 300)  # the paper's 98 % of 300
    assert (round(low, 4), round(high, 4)) == (0.9571, 0.9908)
    assert wilson(0, 0) == (0.0, 1.0)
    assert wilson(0, 10)[0] == 0
    assert wilson(10, 10)[1] == pytest.approx(1)
    assert round(wilson(10, 10)[0], 4) == 0.7225


@given(st.integers(1, 2000).flatmap(lambda count: st.tuples(st.integers(0, count), st.just(count))))
def test_wilson_holds_the_share(pair: tuple[int, int]) -> None:
    hits, count = pair
    low, high = wilson(hits, count)
    assert 0 <= low <= hits / count + 1e-12
    assert hits / count - 1e-12 <= high <= 1


def test_the_last_word_of_each_reviewer_counts_and_disputes_wait() -> None:
    found = result([
        verdict("a", "ann", "error", 1, attribute="speech"), verdict("a", "ann", "reliable", 2),
        verdict("a", "bob", "reliable", 3),
        verdict("b", "ann", "reliable", 4), verdict("b", "bob", "missing", 5),
        verdict("c", "ann", "error", 6, attribute="camera"), verdict("c", "bob", "reliable", 7),
        verdict("c", "cleo", "error", 8, attribute="camera", adjudicates=True),
    ])  # fmt: skip
    assert (found.judged, found.reliable, found.disputed) == (2, 1, ("b",))
    assert found.findings == {"error camera": 1}
    assert found.agreement == {"ann, bob": (3, pytest.approx(1 / 3), pytest.approx(-0.2))}


def test_a_clip_may_have_several_findings() -> None:
    more = (ReviewFinding(said="missing", attribute="camera", note="the pan"), ReviewFinding(said="error"))
    found = result([
        verdict("a", "ann", "error", attribute="speech", more=more), verdict("b", "ann", "reliable"),
        verdict("c", "ann", "missing", attribute="camera"),
    ])  # fmt: skip
    assert found.findings == {"error": 1, "error speech": 1, "missing camera": 2}
    assert (found.judged, found.reliable) == (3, 1)
    with pytest.raises(ValidationError, match="a reliable caption has no findings"):
        verdict("a", "ann", "reliable", more=more)


def test_disputed_clips_lie_within_the_interval_both_ways() -> None:
    agreed = [verdict(f"c{number}", "ann", "reliable", number) for number in range(40)]
    open_ones = [verdict(f"d{number}", name, said, 100 + number) for number in range(10)
                 for name, said in (("ann", "error"), ("bob", "reliable"))]  # fmt: skip
    found = result([*agreed, *open_ones])
    assert (found.judged, found.reliable, len(found.disputed)) == (40, 40, 10)
    assert (found.low, found.high) == (wilson(40, 50)[0], wilson(50, 50)[1])
    assert result(agreed).low > found.low


def test_clips_of_one_video_that_agree_widen_the_interval() -> None:
    said = [verdict(f"c{number}", "ann", "reliable" if number // 8 % 2 else "error", number) for number in range(64)]
    alone = result(said)
    together = result(said, {one.clip: f"v{number // 8}" for number, one in enumerate(said)})
    assert together.high - together.low > 1.5 * (alone.high - alone.low)
    assert (alone.videos, together.videos, together.share) == (64, 8, alone.share)


def test_alpha_of_three_reviewers_by_hand() -> None:
    clips = [{"ann": "reliable", "bob": "reliable", "cleo": "reliable"},
             {"ann": "error", "bob": "error", "cleo": "reliable"}]  # fmt: skip
    # Observed disagreement: 2 * (2 * 1) / 2 of 6 values = 1/3; expected: 2 * 4 * 2 / (6 * 5) = 8/15; 1 - 5/8.
    assert alpha(clips) == pytest.approx(1 - (1 / 3) / (8 / 15))
    assert alpha([{"ann": "error", "bob": "error"}]) is None, "nobody says anything else"
    assert alpha([{"ann": "error"}]) is None


def test_three_reviewers_are_compared_together_and_two_in_pairs() -> None:
    said = [verdict(clip, name, what, at) for at, (clip, name, what) in enumerate([
        ("a", "ann", "error"), ("a", "bob", "error"), ("a", "cleo", "error"), ("b", "ann", "reliable"),
        ("b", "bob", "reliable"), ("c", "bob", "missing"), ("c", "cleo", "missing"),
    ])]  # fmt: skip
    assert result(said).alpha == pytest.approx(1.0)
    assert result(said).reviewers == ("ann", "bob", "cleo")
    assert result([one for one in said if one.reviewer != "cleo"]).alpha is None


def test_deviations_come_from_marks() -> None:
    marks = (AnchorMark(anchor=12, true=12.5), AnchorMark(anchor=20, true=17))
    found = result([verdict("a", "ann", "reliable", marks=marks)])
    assert found.deviations == (-0.5, 3.0)
    assert (found.median_deviation, found.near) == (1.75, 0.5)


def test_sessions_side_by_side_lose_nothing(run: Run) -> None:
    books = [Book(run.storage) for _ in range(3)]
    for number in range(12):
        books[number % 3].add(verdict(f"clip{number}", "ann", "reliable"))
    told = Book(run.storage).read()
    assert [said.clip for said in told] == [f"clip{number}" for number in range(12)]
    files = list((Path(run.storage.root.removeprefix("file://")) / "review").iterdir())
    assert len(files) == 3
    assert all(file.suffix == ".jsonl" for file in files)


@pytest.mark.parametrize(
    "wrong", [{"attribute": "smell"}, {"reviewer": "../x"}, {"said": "fine"}, {"note": "x" * 5000}]
)
def test_what_is_no_verdict_is_refused(wrong: dict[str, str]) -> None:
    with pytest.raises(ValidationError):
        Verdict.model_validate({"clip": "a", "reviewer": "ann", "said": "error"} | wrong)


def test_the_sample_is_drawn_by_seed_from_kept_clips(run: Run) -> None:
    kept = {row.id for row in run.all_rows("finish") if row.kept}
    one, again, other = (list(open_sample(run, 5, seed).shards) for seed in (1, 1, 2))
    assert one == again != other
    assert len(set(one)) == 5
    assert set(one) <= kept
    assert set(open_sample(run, 300, 1).shards) == kept


def test_corrections_become_rows_and_preference_pairs(run: Run, tmp_path: Path) -> None:
    book, clips = Book(run.storage), open_sample(run, 4, 1)
    first, second, third, _ = clips.shards
    book.add(verdict(first, "ann", "error", correction=f"At 0s, better. {samples.RTL}"))
    book.add(verdict(second, "ann", "reliable", correction=clips.get(second).caption))  # nothing was changed
    book.add(verdict(third, "ann", "error", correction="At 0s, hers."))
    book.add(verdict(third, "bob", "missing", correction="At 0s, final.", adjudicates=True))
    assert save(run, clips, tmp_path / "out") == (2, 2)
    rows = {row["id"]: row for row in samples.lines(tmp_path / "out" / "corrected.jsonl")}
    assert {id: row["caption"] for id, row in rows.items()} == {
        first: f"At 0s, better. {samples.RTL}", third: "At 0s, final.",
    }  # fmt: skip
    for pair in samples.lines(tmp_path / "out" / "preferences.jsonl"):
        assert pair["chosen"][0]["content"] == rows[pair["id"]]["caption"]
        assert pair["rejected"][0]["content"] == clips.get(pair["id"]).caption
        assert pair["prompt"][0]["role"] == "user"


def test_the_command_says_the_share_with_its_interval(run: Run, tmp_path: Path) -> None:
    book = Book(run.storage)
    for clip in open_sample(run, 4, 1).shards:
        book.add(verdict(clip, "ann", "reliable"))
    told = CliRunner().invoke(app, ["review", str(tmp_path / "run"), "--result"])
    assert "4 of 4 clips are reliable: 100.0%, between 51.0% and 100.0% (Wilson, 95 %)" in told.output
