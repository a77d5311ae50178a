"""Figures that papers print and that follow from others that they print: no judge is needed to come to the same digit.

Rows with a misprint (ASID Tab. 6, 7 and 11, video-SALMONN 2 Tab. 7) are not among them. Printed figures are rounded, so
what is computed from them may be off by what their last digits leave open, which each test states.
"""

from __future__ import annotations

import pytest

from asid.pipeline.metrics.figure import f1, weighted
from asid.pipeline.metrics.grounding import bounds
from asid.pipeline.metrics.vidcap import VidCapRow, overall

COUNTS = {"aesthetics": 2668, "content": 6203, "motion": 225, "physics": 398}  # questions of VidCapBench-AE

# ASID, Tab. 4: overall, then the four dimensions; accuracy / precision / coverage / conciseness.
VIDCAP = {
    "Gemini-3-Pro": "18.9/58.1/92.8/3.7 16.7/51.4/89.8/3.3 18.9/61.5/94.1/3.7 10.7/39.8/91.6/2.1 38.2/58.3/93.5/7.5",
    "Gemini-1.5-Pro": "17.1/54.8/87.4/9.2 16.4/47.6/85.4/8.8 16.9/57.8/88.5/9.1 9.8/45.1/80.9/5.3 28.4/59.3/88.2/15.3",
    "GPT-4o-20240806": "16.8/57.4/86.0/5.9 14.1/47.6/83.4/4.9 17.5/61.7/87.2/6.1 10.2/41.3/84.0/3.6 27.9/62.1/85.4/9.7",
    "Pixtral 124B": "13.0/48.3/80.5/3.0 13.9/44.6/80.2/3.2 11.9/50.0/80.5/2.7 6.2/28.3/81.8/1.4 27.9/55.9/83.2/6.4",
    "InternVL2 76B": "7.4/35.6/78.9/0.7 5.8/27.6/76.2/0.6 7.2/38.1/80.1/0.7 4.4/24.4/80.0/0.4 23.1/55.0/78.1/2.3",
    "Qwen2-VL 72B": "12.2/46.8/79.0/7.7 12.0/42.5/79.2/7.6 11.5/48.4/78.8/7.3 5.8/28.6/77.8/3.7 27.1/59.6/80.9/17.2",
    "Tarsier 34B": "13.5/50.8/82.1/15.1 14.7/43.9/85.5/16.4 12.4/53.7/80.4/13.8 7.1/38.1/84.0/7.9 28.1/61.7/83.9/31.4",
    "Aria 25B": "14.1/51.5/84.4/4.5 13.0/44.0/82.7/4.2 13.9/54.9/85.3/4.4 7.1/34.2/81.8/2.3 27.9/56.8/83.7/8.9",
    "Pixtral 12B": "11.0/39.5/79.6/5.2 14.5/42.7/82.8/6.8 8.6/37.9/78.4/4.0 3.6/18.6/69.3/1.7 28.6/52.4/82.4/13.5",
    "Llava-Next 7B": "10.6/42.3/79.4/3.9 11.3/39.9/82.2/4.2 9.6/43.2/78.1/3.5 4.4/23.7/75.1/1.7 24.4/54.5/82.9/9.0",
    "LongVA 7B": "10.8/43.0/79.3/6.1 12.8/42.1/83.8/7.3 9.2/43.4/77.2/5.2 4.9/25.1/79.6/2.8 24.9/52.9/83.2/14.1",
    "mPLUG-Owl3 7B": "14.5/49.6/84.4/6.9 12.9/40.7/83.7/6.1 14.8/53.5/85.1/7.0 5.3/33.3/80.0/2.5 26.9/55.7/81.7/12.8",
    "InternVL2 8B": "10.2/43.0/84.9/2.5 9.1/36.3/84.4/2.2 10.0/46.1/85.2/2.4 4.4/18.0/81.3/1.1 23.6/52.8/85.7/5.8",
    "Qwen2-VL 7B": "11.1/47.1/77.0/6.4 12.4/44.3/78.7/7.2 9.9/48.3/75.9/5.7 4.0/22.7/78.2/2.3 26.1/59.4/81.2/15.1",
    "CogVLM2 5B": "13.1/49.2/85.1/8.4 12.5/45.2/83.1/8.0 12.7/50.8/86.3/8.1 5.7/33.9/82.7/3.7 27.9/59.9/82.7/17.8",
    "ASID-3B": "18.2/58.3/93.0/3.6 15.5/50.7/90.8/3.1 18.7/62.5/94.2/3.7 8.9/34.0/90.6/1.8 33.7/55.6/89.5/6.7",
    "ASID-7B": "18.2/60.0/93.3/3.7 15.4/49.7/91.2/3.1 18.7/64.8/94.5/3.8 12.9/42.7/88.6/2.6 32.5/60.2/91.7/6.6",
}


@pytest.mark.parametrize("model", VIDCAP)
def test_vidcap_overall_pools_questions(model: str) -> None:
    printed, *dimensions = [tuple(map(float, cell.split("/"))) for cell in VIDCAP[model].split()]
    rows = [VidCapRow(count, *cell[:3]) for count, cell in zip(COUNTS.values(), dimensions, strict=True)]
    whole = overall(rows)
    assert whole.questions == 9494
    assert (whole.accuracy, whole.precision, whole.coverage) == pytest.approx(printed[:3], abs=0.1)


def test_vidcap_overall_to_the_printed_digit() -> None:
    cells = [(15.4, 49.7, 91.2), (18.7, 64.8, 94.5), (12.9, 42.7, 88.6), (32.5, 60.2, 91.7)]
    whole = overall([VidCapRow(count, *cell) for count, cell in zip(COUNTS.values(), cells, strict=True)])
    assert (round(whole.accuracy, 2), round(whole.precision, 2), round(whole.coverage, 2)) == (18.21, 59.97, 93.32)


def test_conciseness_is_accuracy_by_tokens_so_every_column_has_one_length() -> None:
    _, *dimensions = [tuple(map(float, cell.split("/"))) for cell in VIDCAP["ASID-7B"].split()]
    lengths = [100 * accuracy / concise for accuracy, _, _, concise in dimensions]
    assert all(490 < length < 500 for length in lengths)


def test_dream_f1_is_of_the_means() -> None:
    """Tarsier's README: one model's recall and precision in the five subsets."""
    recall = sum([0.355, 0.448, 0.379, 0.471, 0.323]) / 5
    precision = sum([0.374, 0.437, 0.486, 0.439, 0.365]) / 5
    assert (round(recall, 4), round(precision, 4), round(f1(precision, recall), 4)) == (0.3952, 0.4202, 0.4073)


# ASID, Tab. 2: missed, hallucinated, total; audio, visual, detail, average.
AUDIOVISUAL = [
    (19.1, 16.6, 35.7, 80.4, 84.7, 80.6, 81.9), (18.1, 13.3, 31.3, 69.5, 74.7, 73.7, 72.6),
    (53.8, 25.5, 79.4, 47.9, 64.8, 59.5, 57.4), (49.2, 12.3, 61.6, 45.6, 66.3, 59.5, 57.1),
    (21.2, 17.6, 38.8, 61.8, 71.4, 68.5, 67.2), (31.0, 16.6, 47.6, 69.0, 75.5, 72.3, 72.3),
    (21.1, 16.2, 37.3, 73.0, 74.6, 71.8, 73.2), (23.4, 18.3, 41.7, 78.6, 84.8, 80.2, 81.2),
    (20.5, 15.4, 35.9, 79.1, 84.4, 80.2, 81.2),
]  # fmt: skip


@pytest.mark.parametrize("row", AUDIOVISUAL)
def test_total_is_a_sum_and_the_average_has_three_equal_parts(row: tuple[float, ...]) -> None:
    miss, hall, total, audio, visual, detail, average = row
    assert miss + hall == pytest.approx(total, abs=0.1001)
    assert weighted([audio, visual, detail], [1, 1, 1]) == pytest.approx(average, abs=0.1)


@pytest.mark.parametrize(
    ("cells", "average"),
    [
        ((38.2, 28.8, 46.9, 47.4, 43.2), 40.9),  # ASID, Tab. 3
        ((37.0, 28.4, 45.5, 44.7, 41.7), 39.5),
        ((35.3, 27.1, 41.0, 40.0, 37.9), 36.3),
        ((42.5, 36.7, 45.2, 49.0, 46.1), 43.9),  # AVC-DPO, Tab. 1
        ((50.4, 39.0, 49.9, 50.5, 48.9), 47.7),
        ((52.7, 39.8, 54.7, 55.1, 53.3), 51.1),
    ],
)
def test_vdc_averages_its_five_aspects(cells: tuple[float, ...], average: float) -> None:
    assert weighted(cells, [1] * 5) == pytest.approx(average, abs=0.1)


def test_the_gain_that_avc_dpo_tells_in_words_leaves_short_out() -> None:
    assert weighted([52.7, 54.7, 55.1, 53.3], [1] * 4) == pytest.approx(54.0, abs=0.0501)


def test_elo_ratings_of_four_systems_sum_to_four_thousand() -> None:
    assert sum([976, 964, 945, 1115]) == 4 * 1000  # video-SALMONN 2, Tab. 10: one start, what one wins another loses


@pytest.mark.parametrize(
    ("whole", "single", "multi"),
    [((63.6, 74.8), (54.2, 66.6), (69.0, 79.6)), ((65.9, 79.3), (57.2, 70.3), (70.9, 84.4)),
     ((38.7, 51.7), (33.9, 45.4), (41.4, 55.3))],
)  # fmt: skip
def test_diadem_overall_lies_where_37_and_63_percent_put_it(
    whole: tuple[float, float], single: tuple[float, float], multi: tuple[float, float]
) -> None:
    """An F1 of means is no mean of F1: near, not equal."""
    assert [weighted(pair, [0.37, 0.63]) for pair in zip(single, multi, strict=True)] == pytest.approx(whole, abs=0.35)


@pytest.mark.parametrize(
    ("miou", "recalls", "possible"),
    [
        (27.6, (45.7, 25.6, 8.7), True), (24.1, (38.0, 20.0, 8.0), True), (28.5, (44.1, 26.3, 11.0), True),
        (8.8, (46.4, 26.0, 10.2), False), (6.1, (40.0, 19.5, 7.1), False),  # misprinted in ASID, Tab. 6
    ],
)  # fmt: skip
def test_bounds_tell_a_misprint(miou: float, recalls: tuple[float, float, float], possible: bool) -> None:
    low, high = bounds(*(recall / 100 for recall in recalls))
    assert (low <= miou / 100 <= high) is possible
