"""A served recogniser: real requests to a server on loopback."""

from __future__ import annotations

import asyncio
import io
import json
import threading
import wave
from collections.abc import Iterator
from email.message import EmailMessage
from email.parser import BytesParser
from email.policy import HTTP
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from asid.pipeline.models.base import Misconfigured, Transient
from asid.pipeline.models.config import ModelConfig
from asid.pipeline.models.factory import open_model
from asid.pipeline.models.layers.replay import AnswerStore, current_store
from asid.pipeline.models.spend import spent
from asid.pipeline.speech.asked import AskedTranscriber
from asid.pipeline.speech.base import RATE, Block
from asid.pipeline.speech.openai_audio import SPREAD, UNLINKED, UNRATED
from asid.pipeline.speech.recognisers import find_recogniser, make
from asid.pipeline.storage import Storage

WORDS = [{"word": "good", "start": 0.5, "end": 0.8}, {"word": "day", "start": 0.8, "end": 1.2}]
VERBOSE = {
    "text": "Good day.",
    "language": "english",
    "duration": 2.0,
    "words": WORDS,
    "segments": [
        {
            "text": "Good day.",
            "start": 0.5,
            "end": 1.2,
            "avg_logprob": -0.1,
            "no_speech_prob": 0.02,
            "compression_ratio": 1.1,
        }
    ],
}
DIARIZED = {
    "text": "Good day. Hello.",
    "task": "transcribe",
    "duration": 2.0,
    "segments": [
        {"id": "1", "type": "transcript.text.segment", "speaker": "A", "start": 0.0, "end": 1.0, "text": "Good day."},
        {"id": "2", "type": "transcript.text.segment", "speaker": "B", "start": 1.0, "end": 2.0, "text": "Hello."},
    ],
}


class Server(ThreadingHTTPServer):
    """Answers with what it is told to; remembers the forms it got."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.answers: list[tuple[int, Any]] = []
        self.forms: list[dict[str, Any]] = []
        self.keys: list[str] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/v1"


class Handler(BaseHTTPRequestHandler):
    server: Server

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        head = f"Content-Type: {self.headers['Content-Type']}\r\n\r\n".encode()
        message = BytesParser(EmailMessage, policy=HTTP).parsebytes(head + body)
        form: dict[str, Any] = {"path": self.path}
        for part in message.iter_parts():
            name = part.get_param("name", header="content-disposition")
            content = part.get_payload(decode=True)
            form[str(name)] = content if part.get_filename() else content.decode()  # type: ignore[union-attr]
        self.server.forms.append(form)
        self.server.keys.append(self.headers["Authorization"])
        status, answer = self.server.answers.pop(0)
        data = json.dumps(answer).encode() if not isinstance(answer, bytes) else answer
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("retry-after-ms", "1")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_: Any) -> None:
        pass


@pytest.fixture
def server() -> Iterator[Server]:
    one = Server()
    thread = threading.Thread(target=one.serve_forever, daemon=True)
    thread.start()
    yield one
    one.shutdown()
    one.server_close()


def block(start: float, seconds: float = 2.0, speech: bool = True) -> Block:
    sound = np.sin(np.arange(round(seconds * RATE)) / 9).astype(np.float32) / 4
    return Block(start, sound, ((start, start + seconds),) if speech else ())


def _with(asked: AskedTranscriber) -> Any:
    record = find_recogniser("openai_audio")
    assert record.ask
    return record.ask(record.settings.model_validate({"diarize": False}), 1, asked)


def backend(server: Server, **settings: Any) -> Any:
    one = make("openai_audio", endpoint=server.url, **settings)
    one.open()
    return one


def test_words_come_back_on_the_clock_of_the_picture(server: Server) -> None:
    server.answers = [(200, VERBOSE), (200, VERBOSE)]
    one = backend(server, weights="whisper-large-v3", diarize=False)
    heard = one.hear([block(0), block(10, speech=False), block(60)])
    assert [(w.text, w.start, w.end) for s in heard.segments for w in s.words] == [
        ("good", 0.5, 0.8), ("day", 0.8, 1.2), ("good", 60.5, 60.8), ("day", 60.8, 61.2),
    ]  # fmt: skip
    assert (heard.language, heard.turns, heard.notes) == ("en", (), ())
    assert heard.language_score == pytest.approx(np.exp(-0.1))
    assert (heard.segments[0].no_speech, heard.segments[0].compression) == (0.02, 1.1)
    assert len(server.forms) == 2, "a block without speech costs nothing"
    assert (server.forms[0].get("language"), server.forms[1]["language"]) == (None, "en")
    assert server.forms[0]["model"] == one.name == "whisper-large-v3"
    assert server.forms[0]["response_format"] == "verbose_json"
    with wave.open(io.BytesIO(server.forms[0]["file"])) as sent:
        assert (sent.getframerate(), sent.getnchannels(), sent.getnframes()) == (RATE, 1, 2 * RATE)
        samples = np.frombuffer(sent.readframes(RATE), "<i2") / 32767
    assert samples == pytest.approx(block(0).samples[:RATE], abs=1e-4)


def test_a_server_without_word_times_or_probabilities_says_so(server: Server) -> None:
    server.answers = [
        (200, {"text": "a bc", "language": "xx", "segments": [{"text": "a bc", "start": 0.0, "end": 1.0}]})
    ]
    heard = backend(server, diarize=False).hear([block(5)])
    assert [(w.text, w.start, w.end) for w in heard.segments[0].words] == [("a", 5.0, 5.4), ("bc", 5.4, 6.0)]
    assert (heard.language, heard.language_score, heard.notes) == ("xx", 1.0, (UNRATED,))


def test_the_servers_own_speakers_are_kept_apart_between_requests(server: Server) -> None:
    server.answers = [(200, DIARIZED), (200, DIARIZED)]
    heard = backend(server, weights="gpt-4o-transcribe-diarize", language="en").hear([block(0), block(2)])
    assert [s.words[0].speaker for s in heard.segments] == ["1:A", "1:B", "2:A", "2:B"]
    assert heard.notes == (SPREAD, UNLINKED, UNRATED)
    assert heard.segments[3].words[0].start == 3.0
    assert server.forms[0]["response_format"] == "diarized_json"
    assert server.forms[0]["chunking_strategy"] == "auto"


def test_a_busy_server_is_asked_again_and_a_wrong_key_is_not(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ASR_KEY", "sesame-open-up")
    one = backend(server, diarize=False, key="ASR_KEY")
    server.answers = [(503, {"error": {"message": "busy"}}), (200, VERBOSE)]
    assert one.hear([block(0)]).language == "en"
    assert server.keys == ["Bearer sesame-open-up"] * 2
    server.answers = [(401, {"error": {"message": "wrong key sesame-open-up"}})]
    with pytest.raises(Misconfigured, match="<ASR_KEY>"):
        one.hear([block(0)])
    server.answers = [(200, b"<html>")]
    with pytest.raises(Transient, match="not JSON"):
        one.hear([block(0)])


def test_a_missing_key_is_said_before_any_work(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    with pytest.raises(Misconfigured, match="OPENAI_API_KEY"):
        make("openai_audio", diarize=False).open()


def test_no_words_at_all_is_an_answer(server: Server) -> None:
    server.answers = [(200, {"text": "", "language": "english", "segments": [], "words": []})]
    heard = backend(server, diarize=False).hear([block(0)])
    assert (heard.segments, heard.language) == ((), "")


def test_a_model_of_the_manifest_is_asked_once_and_its_hours_are_paid(server: Server, tmp_path: Path) -> None:
    config = ModelConfig(provider="openai", model="whisper-1", base_url=server.url, prices={"audio_hour": 3.6})
    block = Block(0.0, np.zeros(2 * RATE, np.float32), ((0.0, 2.0),))

    def hear() -> Any:
        async def scene() -> Any:
            store = AnswerStore(Storage(tmp_path), "run:transcribe/answers", "00000")
            current_store.set(store)
            model = open_model("ears", config, Storage(tmp_path), stage="transcribe")
            asked = AskedTranscriber(model, asyncio.get_running_loop())
            backend = _with(asked)
            backend.open()
            heard = await asyncio.to_thread(backend.hear, [block])
            await store.close()
            await model.close()
            return heard

        return asyncio.run(scene())

    server.answers = [(200, VERBOSE)]
    first = hear()
    assert [word.text for word in first.segments[0].words] == ["good", "day"]
    assert hear().segments == first.segments
    assert len(server.forms) == 1, "the second time the stored answer is read"
    lines = spent(Storage(tmp_path), ["transcribe"], {"ears": config})
    assert sum(line.usd or 0.0 for line in lines) == pytest.approx(2.0 / 3600 * 3.6)
