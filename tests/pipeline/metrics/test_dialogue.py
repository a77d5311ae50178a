"""DiaDem's dynamic programme against its check values, against trying everything, and against what must always hold."""

from __future__ import annotations

import random
from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from asid.pipeline.metrics.dialogue import (
    GAMMA,
    Alignment,
    DialogueClip,
    DialogueLine,
    DialogueScore,
    MatchedBlock,
    Shares,
    align,
    figures,
    normalise,
    read_lines,
    score,
    shares,
    similarity,
    table,
)
from asid.pipeline.metrics.figure import Absent

PREDICTED = read_lines('man: "Hello there."\nman: "How are you?"\nwoman: "I am fine."')
REFERENCE = read_lines(["tall man: Hello there, how are you?", "woman in red: I'm fine."])

DIALOGUES = st.lists(
    st.builds(DialogueLine, st.sampled_from(["a", "b"]), st.text("xyz", min_size=1, max_size=4)), max_size=5
)


def spoken(*lines: tuple[str, str]) -> tuple[DialogueLine, ...]:
    return tuple(DialogueLine(speaker, said) for speaker, said in lines)


# --- benchmarks.md, section 6 ------------------------------------------------------------------------------------


def test_check_a_merges_two_lines_of_one_speaker() -> None:
    found = align(PREDICTED, REFERENCE)
    assert [(block.first, block.last, block.ref_first, block.ref_last) for block in found.blocks] == [
        (0, 2, 0, 1), (2, 3, 1, 2),
    ]  # fmt: skip
    assert [block.likeness for block in found.blocks] == [1.0, 6 / 7]
    assert (found.merged_predicted, found.merged_reference) == (2, 2)
    both = score(found, [True, True])
    assert both.asr.f1 == pytest.approx(0.928571, abs=5e-7)
    assert both.ref.f1 == 1.0
    assert score(found, [True, False]).ref.f1 == 0.5
    assert both.reward == pytest.approx((1 + 1.857143 / 2) / 2, abs=5e-7)


def test_check_a_without_merging() -> None:
    found = align(PREDICTED, REFERENCE, window=1)
    whole = shares(found.utterances, found)
    assert found.utterances == pytest.approx(0.857143, abs=5e-7)
    assert (found.merged_predicted, found.merged_reference) == (3, 2)
    assert (whole.precision, whole.recall, whole.f1) == pytest.approx((0.285714, 0.428571, 0.342857), abs=5e-7)


@pytest.mark.parametrize(("strict", "asr"), [(False, 0.6), (True, 0.0)])
def test_check_b_paper_and_scorer_part_at_gamma(strict: bool, asr: float) -> None:
    found = align(read_lines("x: hello"), read_lines("y: hel"), strict=strict)
    assert shares(found.utterances, found).f1 == asr


def test_check_c_two_weak_matches_beat_one_perfect_merge() -> None:
    found = align(read_lines("a: one two three\na: four five six"), read_lines("x: one two three four\nx: five six"))
    assert found.utterances == pytest.approx(1.369697, abs=5e-7)
    assert (found.merged_predicted, found.merged_reference) == (2, 2)
    assert shares(found.utterances, found).f1 == pytest.approx(0.684848, abs=5e-7)


def clip(precision: float, recall: float) -> DialogueScore:
    return DialogueScore(Shares(precision, recall), Shares(precision, recall))


def test_check_aggregations() -> None:
    clips = [clip(1, 0.5), clip(0.5, 1)]
    assert figures(clips)["asr"].value == 0.75
    assert figures(clips, "mean_f1")["asr"].value == pytest.approx(0.666667, abs=5e-7)


@pytest.mark.parametrize(("silence", "whole"), [("published", 0.553846), ("honest", 0.4)])
def test_check_silence(silence: str, whole: float) -> None:
    silent = shares(0, align((), REFERENCE), silence)  # type: ignore[arg-type]
    made = figures([clip(0.8, 0.8), DialogueScore(silent, silent)])
    assert made["asr"].value == pytest.approx(whole, abs=5e-7)
    assert made["ref"].value == pytest.approx(whole, abs=5e-7)


# --- against trying everything -----------------------------------------------------------------------------------


def best_by_trying(
    predicted: tuple[DialogueLine, ...], reference: tuple[DialogueLine, ...], gamma: float, window: int, strict: bool
) -> tuple[float, int]:
    """The greatest sum and the fewest merged lines that reach it, over every matching there is."""
    if not predicted or not reference:
        return 0.0, 0
    tries = [best_by_trying(predicted[1:], reference, gamma, window, strict),
             best_by_trying(predicted, reference[1:], gamma, window, strict)]  # fmt: skip
    for k, m in product(range(1, min(window, len(predicted)) + 1), range(1, min(window, len(reference)) + 1)):
        ours, theirs = predicted[:k], reference[:m]
        if len({line.speaker for line in ours}) > 1 or len({line.speaker for line in theirs}) > 1:
            continue
        alike = similarity("".join(line.said for line in ours), "".join(line.said for line in theirs))
        if alike > gamma or (alike == gamma and not strict):
            total, merged = best_by_trying(predicted[k:], reference[m:], gamma, window, strict)
            tries.append((total + alike, merged + k + m - 2))
    most = max(total for total, _ in tries)
    return most, min(merged for total, merged in tries if total > most - 1e-9)


def test_the_programme_equals_trying_everything_on_500_small_dialogues() -> None:
    chance = random.Random(21)

    def some() -> tuple[DialogueLine, ...]:
        return tuple(
            DialogueLine(chance.choice("ab"), "".join(chance.choices("xy", k=chance.randint(1, 5))))
            for _ in range(chance.randint(0, 5))
        )

    met = 0
    for _ in range(500):
        predicted, reference = some(), some()
        gamma, window, strict = chance.choice([0.4, 0.5, 0.6]), chance.randint(1, 4), chance.random() < 0.5
        found = align(predicted, reference, gamma, window, strict)
        merged = sum(block.last - block.first + block.ref_last - block.ref_first - 2 for block in found.blocks)
        total, fewest = best_by_trying(predicted, reference, gamma, window, strict)
        assert found.utterances == pytest.approx(total)
        assert merged == fewest
        met += merged > 0
    assert met > 50  # merging was put to the test


# --- what always holds -------------------------------------------------------------------------------------------


@given(DIALOGUES, DIALOGUES)
@settings(deadline=None)
def test_blocks_are_in_order_of_one_speaker_and_likeness_is_theirs(
    predicted: list[DialogueLine], reference: list[DialogueLine]
) -> None:
    found = align(predicted, reference)
    edge = (0, 0)
    for block in found.blocks:
        assert edge <= (block.first, block.ref_first) and edge[1] <= block.ref_first
        ours, theirs = predicted[block.first : block.last], reference[block.ref_first : block.ref_last]
        assert len({line.speaker for line in ours}) == len({line.speaker for line in theirs}) == 1
        said = "".join(line.said for line in ours), "".join(line.said for line in theirs)
        assert block.likeness == similarity(*said) >= GAMMA
        edge = block.last, block.ref_last


@given(DIALOGUES, DIALOGUES)
@settings(deadline=None)
def test_scores_are_bounded_and_the_sides_can_be_swapped(
    predicted: list[DialogueLine], reference: list[DialogueLine]
) -> None:
    found, turned = align(predicted, reference), align(reference, predicted)
    assert 0 <= found.utterances <= min(found.merged_predicted, found.merged_reference) + 1e-9
    one, other = shares(found.utterances, found), shares(turned.utterances, turned)
    assert 0 <= one.precision <= 1 + 1e-9 and 0 <= one.recall <= 1 + 1e-9
    if predicted and reference:
        assert one.f1 == pytest.approx(other.f1)


@given(DIALOGUES)
@settings(deadline=None)
def test_a_dialogue_told_word_for_word_has_all_points(lines: list[DialogueLine]) -> None:
    found = align(lines, lines)
    assert score(found, [True] * len(found.blocks)).reward == pytest.approx(1.0)
    renamed = [DialogueLine({"a": "q", "b": "a"}[line.speaker], line.said) for line in lines]
    assert align(renamed, lines).utterances == pytest.approx(found.utterances)  # names do not enter the matching


@given(DIALOGUES, DIALOGUES, st.sampled_from([0.3, 0.6, 0.9]))
@settings(deadline=None)
def test_a_stricter_gamma_and_a_narrower_window_never_gain(
    predicted: list[DialogueLine], reference: list[DialogueLine], gamma: float
) -> None:
    most = align(predicted, reference, gamma=0.3).utterances
    assert align(predicted, reference, gamma=gamma).utterances <= most + 1e-9
    assert align(predicted, reference, gamma=0.3, window=1).utterances <= most + 1e-9


@given(st.permutations([clip(1, 0.5), clip(0.2, 0.1), clip(0, 1), Absent("judge failed")]))
def test_the_order_of_clips_does_not_matter(clips: list[DialogueScore | Absent]) -> None:
    made = figures(clips)
    assert made["asr"].value == pytest.approx(0.34285714)
    assert (made["asr"].scored, made["asr"].expected, made["asr"].missing) == (3, 4, {"judge failed": 1})


# --- texts as they come ------------------------------------------------------------------------------------------


def test_signs_case_and_space_do_not_count() -> None:
    (line,) = read_lines("  Tall  MAN : “Hello, There!!”  ")
    assert line == DialogueLine("tall man", "hellothere")


@pytest.mark.parametrize("text", ["None", "none.", "", "\n \n", "no colon here", "man: ...", "man:", "man: '!'"])
def test_a_line_in_which_nothing_is_said_is_no_line(text: str) -> None:
    assert read_lines(text) == ()


def test_a_time_in_the_words_is_said() -> None:
    assert read_lines("clerk: it is 10:30 now") == (DialogueLine("clerk", "itis1030now"),)


def test_traditional_chinese_is_read_as_simplified_and_japanese_is_left() -> None:
    assert normalise("漢語與臺灣。") == "汉语与台湾"
    assert normalise("国際會議です") == "国際會議です"
    assert align(read_lines("她: 請坐下來"), read_lines("护士: 请坐下来")).utterances == 1.0


def test_a_caption_of_forty_thousand_characters_is_cut_as_published() -> None:
    (line,) = read_lines("a" * 500 + ": " + "b" * 40_000)
    assert (len(line.speaker), len(line.said)) == (100, 1000)


def test_texts_without_a_letter_do_not_match_and_do_not_divide_by_zero() -> None:
    assert similarity("", "") == 0.0
    assert align(spoken(("a", "")), spoken(("b", ""))).blocks == ()


def test_verdicts_must_answer_every_block() -> None:
    with pytest.raises(ValueError, match="2 matched blocks need as many verdicts; 1 came"):
        score(align(PREDICTED, REFERENCE), [True])


@pytest.mark.parametrize(("gamma", "window"), [(1.5, 6), (-0.1, 6), (0.6, 0)])
def test_settings_that_mean_nothing_are_refused(gamma: float, window: int) -> None:
    with pytest.raises(ValueError, match="gamma must lie"):
        align(PREDICTED, REFERENCE, gamma, window)


def test_a_clip_without_dialogue_on_both_sides_is_right_and_words_made_up_are_wrong() -> None:
    assert shares(0, align((), ())) == Shares(1.0, 1.0)
    assert shares(0, align(PREDICTED, ())) == Shares(0.0, 1.0)
    assert shares(0, align(PREDICTED, ())).f1 == 0.0


# --- tables ------------------------------------------------------------------------------------------------------


def test_the_table_has_a_row_for_each_bucket_and_counts_clips_without_a_score() -> None:
    stated = {
        "1": DialogueClip(single_shot=True, speakers=1, people=1),
        "2": DialogueClip(single_shot=False, speakers=4, people=3, off_screen=True),
        "3": DialogueClip(single_shot=False, speakers=0, people=2),
    }
    rows = table({"1": clip(1, 1), "2": clip(0.5, 0.5)}, stated)
    assert {name: row["asr"].expected for name, row in rows.items()} == {
        "overall": 3, "single-shot": 1, "single-shot, 1 speaker": 1, "multi-shot": 2,
        "multi-shot, >=3 speakers": 1, "multi-shot, overlap": 1, "1 speaker": 1, ">=3 speakers": 1, "overlap": 1,
        "1 on screen": 1, "2 on screen": 1, ">=3 on screen": 1, "off-screen: yes": 1, "off-screen: no": 2,
        "same sex: no": 3, "only opposite sex: no": 3,
    }  # fmt: skip
    assert rows["overall"]["asr"].value == 0.5
    assert rows["overlap"]["asr"].missing == {"no prediction": 1}
    with pytest.raises(ValueError, match="1 scored clips are not in the benchmark: 9"):
        table({"9": clip(1, 1)}, stated)


def test_an_alignment_counts_its_merges() -> None:
    found = Alignment(5, 4, (MatchedBlock(0, 3, 0, 1, 0.9), MatchedBlock(3, 4, 2, 4, 0.7)))
    assert (found.merged_predicted, found.merged_reference, found.utterances) == (3, 3, pytest.approx(1.6))
