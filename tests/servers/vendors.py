"""Model servers on loopback that keep to their vendors' limits, and look at what they are sent.

Each decodes the media of a request, counts its tokens by arithmetic of its own, refuses what its vendor would refuse,
and holds what the prompt says of the media against the media. `broken` lists refusals, `untrue` what a prompt said
wrongly, `sights` every request that was answered.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import json
import math
import re
import struct
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from typing import Any

from aiohttp import web

from asid.pipeline.models.base import Request
from asid.pipeline.models.providers import rehearsed
from tests.servers.llm import Behaviour, GeminiShape, Json, LlmServer, OpenAIShape, Shape

MATERIAL = re.compile(r"You are given: (.+?)\. The clip lasts ([\d.]+) seconds", re.DOTALL)
RATE = re.compile(r"looked at ([\d.]+) times a second")
STILLS = re.compile(r"stills of the video, ([\d.]+) for each second(?:, at most (\d+))?")
LABEL = re.compile(r"At ([\d.]+)s:")
GEMINI_VIDEO = {"video/mp4", "video/mpeg", "video/mov", "video/quicktime", "video/avi", "video/x-flv", "video/mpg",
                "video/webm", "video/wmv", "video/3gpp"}  # fmt: skip


@dataclass(frozen=True)
class Film:
    """A video as it was sent: size in pixels, seconds, frames, and whether it has sound."""

    width: int
    height: int
    seconds: float
    frames: int
    sound: bool
    bytes: int
    mime: str


@dataclass
class Sight:
    """What one request showed: stills by size, times written before them, films."""

    stills: list[tuple[int, int]] = field(default_factory=list)
    times: list[float] = field(default_factory=list)
    films: list[Film] = field(default_factory=list)
    sounds: int = 0
    text: str = ""
    hears: bool = False  # the sound of its films reaches the model
    rate: float = 0.0  # frames a second that the model looks at in a film
    tokens: int = 0
    task: str = ""
    settings: Json = field(default_factory=dict)


def probe(data: bytes, mime: str) -> Film:
    """Look at a video as a server would: by decoding tools alone."""
    command = ["ffprobe", "-v", "error", "-show_streams", "-show_format", "-count_packets", "-of", "json"]
    with tempfile.NamedTemporaryFile(prefix="r") as file:  # not by a pipe: many files have their index at the end
        file.write(data)
        file.flush()
        done = subprocess.run([*command, file.name], capture_output=True, check=True, timeout=120)
    found = json.loads(done.stdout)
    picture = next(stream for stream in found["streams"] if stream["codec_type"] == "video")
    rate = [int(part) for part in picture["avg_frame_rate"].split("/")]
    frames = int(picture["nb_read_packets"])
    seconds = frames * rate[1] / rate[0] if all(rate) else float(found["format"]["duration"])
    sound = any(stream["codec_type"] == "audio" for stream in found["streams"])
    return Film(picture["width"], picture["height"], seconds, frames, sound, len(data), mime)


def jpeg(data: bytes) -> tuple[int, int]:
    """Width and height of a JPEG."""
    at = 2
    while data[at + 1] not in (0xC0, 0xC1, 0xC2):
        at += 2 + struct.unpack(">H", data[at + 2 : at + 4])[0]
    high, wide = struct.unpack(">HH", data[at + 5 : at + 9])
    return wide, high


def untruths(sight: Sight) -> Iterator[str]:
    """What the prompt says of its media and is not so."""
    match = MATERIAL.search(sight.text)
    if not match:
        if sight.films or sight.stills or sight.sounds:
            yield "media are sent and not told"
        return
    said, lasts = " ".join(match[1].split()), float(match[2])
    heard = sight.sounds > 0 or (sight.hears and any(film.sound for film in sight.films))
    if ("with its sound" in said or said.startswith("the sound")) != heard:
        yield f"{said!r}, and {'its sound is' if heard else 'no sound is'} sent"
    if "has no sound" in said and any(film.sound for film in sight.films):
        yield f"{said!r}, and the file has sound"
    if bool(sight.stills) != ("stills" in said) or bool(sight.films) != said.startswith("the video"):
        yield f"{said!r}, and {len(sight.stills)} stills and {len(sight.films)} videos are sent"
    if sight.stills and (told := STILLS.search(said)):
        rate, most = float(told[1]), int(told[2] or 10**6)
        if len(sight.times) != len(sight.stills) or sight.times != sorted(sight.times):
            yield f"{len(sight.stills)} stills have {len(sight.times)} times"
        steps = [after - before for before, after in zip(sight.times, sight.times[1:], strict=False)]
        if len(sight.stills) > most or any(abs(step - 1 / rate) > 0.11 for step in steps):
            apart = f"{min(steps, default=0)} to {max(steps, default=0)} s apart"
            yield f"{said!r}, and {len(sight.stills)} stills are {apart}"
        if sight.times and not lasts - 1.6 / rate <= sight.times[-1] <= lasts:
            yield f"the last still is of {sight.times[-1]} s of {lasts}"
    if sight.films and (told := RATE.search(said)) and abs(float(told[1]) - sight.rate) > 0.05 * sight.rate + 0.05:
        yield f"{said!r}, and it is {sight.rate:.3f}"
    if sight.films and abs(lasts - sight.films[0].seconds) > 0.3:
        yield f"the clip lasts {lasts} s, and the film {sight.films[0].seconds:.2f}"


def answered(text: str, schema: Json | None) -> tuple[str, str]:
    """The rehearsed answer to a prompt, and the task that the form of the answer tells."""
    names = (schema or {}).get("properties", {})
    telling = {"non_speech_deficiency_specific": "verify", "narrative": "decompose", "expressiveness": "audit",
               "improved_caption": "refine"}  # fmt: skip
    plain = "ensemble" if 'kind="description' in text else "caption"
    task = next((task for name, task in telling.items() if name in names), plain)
    found = rehearsed.answer(Request(task=task, prompt=text, attribute=hashlib.sha1(text.encode()).hexdigest()))
    return found if isinstance(found, str) else json.dumps(found), task


class Vendor(LlmServer):
    """A server that looks before it answers."""

    shape: type[Shape] = OpenAIShape
    context = 0
    body_bytes = 1 << 40

    def __init__(self, models: tuple[str, ...]):
        super().__init__(Behaviour(models=models), keep_bodies=False)
        self.broken: list[str] = []
        self.untrue: list[str] = []
        self.sights: list[Sight] = []
        self.known: dict[str, Film] = {}
        self.uploaded: dict[str, bytes] = {}

    def look(self, body: Json) -> Sight:
        raise NotImplementedError

    def limits(self, sight: Sight, body: Json, size: int) -> Iterator[str]:
        """What of a request the vendor refuses."""
        answer = int(body.get("max_tokens") or body.get("generationConfig", {}).get("maxOutputTokens") or 0)
        if size > self.body_bytes:
            yield f"a request of {size} bytes"
        if sight.tokens + answer > self.context:
            yield f"{sight.tokens} tokens and {answer} for the answer, of {self.context}"

    def film(self, data: bytes, mime: str) -> Film:
        key = hashlib.sha256(data).hexdigest()
        if key not in self.known:
            self.known[key] = probe(data, mime)
        return self.known[key]

    async def _fated(self, request: web.Request, body: Json, shape: type[Shape]) -> web.StreamResponse:
        self.seen.calls += 1
        sight = await asyncio.to_thread(self.look, body)
        if found := list(self.limits(sight, body, request.content_length or 0)):
            self.broken += found
            return shape.error(400, "; ".join(found), None, {})
        _, schema = shape.question(body)
        text, sight.task = answered(sight.text, schema)
        self.untrue += [f"{sight.task}: {said}" for said in untruths(sight)]
        self.sights.append(sight)
        return web.json_response(self.reply(text, sight))

    def reply(self, text: str, sight: Sight) -> Json:
        found = self.shape.answer(text, "", sight.text)
        found["usage"] = {"prompt_tokens": sight.tokens, "completion_tokens": len(text) // 4}
        return found


class Ark(Vendor):
    """Seed on ModelArk: texts and stills, and videos as `video_url` that nobody hears."""

    context = 262144
    body_bytes = 64 << 20
    image_bytes, least, most = 10 << 20, 196, 36_000_000  # pixels of an image
    prompt_tokens = 229376

    def look(self, body: Json) -> Sight:
        sight = Sight()
        for part in _parts(body):
            if part["type"] == "text":
                if label := LABEL.fullmatch(part["text"]):
                    sight.times.append(float(label[1]))
                sight.text = part["text"]
                sight.tokens += len(part["text"]) // 3 + 1
            elif part["type"] == "image_url":
                data = _data(part["image_url"]["url"])
                wide, high = jpeg(data)
                sight.stills.append((wide, high))
                sight.tokens += math.ceil(wide * high / 784)
                self.broken += ["an image of more than 10 MB"] * (len(data) > self.image_bytes)
            else:
                sight.sounds += 1
        return sight

    def limits(self, sight: Sight, body: Json, size: int) -> Iterator[str]:
        yield from super().limits(sight, body, size)
        if sight.sounds:
            yield "a kind of media that it does not take"
        if any(not self.least <= wide * high <= self.most for wide, high in sight.stills):
            yield "an image of too few or too many pixels"
        if sight.tokens > self.prompt_tokens:
            yield f"a prompt of {sight.tokens} tokens"


class Gemini(Vendor):
    """The Gemini API: media inside the request up to 20 MB of it, or uploaded; videos of the kinds that it lists."""

    shape = GeminiShape
    context = 1_048_576
    body_bytes = 20 << 20

    def look(self, body: Json) -> Sight:
        sight = Sight(hears=True, rate=1.0)
        contents = _camel(body["contents"])
        for part in (contents[-1] if isinstance(contents, list) else contents)["parts"]:
            if "text" in part:
                sight.text = part["text"]
                sight.tokens += len(part["text"]) // 4 + 1
                continue
            inside = part.get("inlineData")
            given = inside or part["fileData"]
            name = given.get("fileUri", "").rpartition("/")[2]
            data = base64.b64decode(inside["data"], altchars=b"-_") if inside else self.uploaded[name]
            film = self.film(data, given["mimeType"])
            rate = (part.get("videoMetadata") or {}).get("fps") or 1.0
            sight.films.append(film)
            sight.rate = rate
            sight.tokens += 258 * math.ceil(film.seconds * rate) + math.ceil(32 * film.seconds) * film.sound
        return sight

    def limits(self, sight: Sight, body: Json, size: int) -> Iterator[str]:
        yield from super().limits(sight, body, size)
        for film in sight.films:
            if film.mime not in GEMINI_VIDEO:
                yield f"a video of the kind {film.mime}"

    async def _upload(self, request: web.Request) -> web.Response:
        """Part of a file; the last one says so."""
        name = request.match_info["name"]
        self.uploaded[name] = self.uploaded.get(name, b"") + await request.read()
        if "finalize" not in request.headers.get("X-Goog-Upload-Command", ""):
            return web.json_response({}, headers={"X-Goog-Upload-Status": "active"})
        data = self.uploaded[name]
        self.files[name] = self.behaviour.polls
        digest = base64.b64encode(hashlib.sha256(data).digest()).decode()
        told = {**self._told(name), "sizeBytes": str(len(data)), "sha256Hash": digest}
        return web.json_response({"file": told}, headers={"X-Goog-Upload-Status": "final"})

    def reply(self, text: str, sight: Sight) -> Json:
        found = self.shape.answer(text, "", sight.text)
        heard = sum(math.ceil(32 * film.seconds) for film in sight.films if film.sound)
        found["usageMetadata"] = {
            "promptTokenCount": sight.tokens, "candidatesTokenCount": len(text) // 4,
            "promptTokensDetails": [{"modality": "AUDIO", "tokenCount": heard}],
        }  # fmt: skip
        return found


class Served(Vendor):
    """AVoCaDO behind vLLM's server: one video a prompt, its sound if it is asked for, `max_model_len` tokens of all."""

    context = 32768

    def look(self, body: Json) -> Sight:
        processor, loading = body.get("mm_processor_kwargs", {}), body.get("media_io_kwargs", {}).get("video", {})
        sight = Sight(hears=bool(processor.get("use_audio_in_video")), settings={**processor, "io": loading})
        for part in _parts(body):
            if part["type"] == "text":
                sight.text = part["text"]
                sight.tokens += len(part["text"]) // 3 + 1
            elif part["type"] == "video_url":
                mime = part["video_url"]["url"][5:].partition(";")[0]
                film = self.film(_data(part["video_url"]["url"]), mime)
                sight.films.append(film)
                frames, tokens = omni(film, processor, loading)
                sight.rate = frames / film.seconds
                sight.tokens += tokens + sounds(film.seconds) * (sight.hears and film.sound)
            else:
                sight.sounds += 1
        return sight

    def limits(self, sight: Sight, body: Json, size: int) -> Iterator[str]:
        yield from super().limits(sight, body, size)
        if len(sight.films) > 1 or sight.sounds:
            yield "more than one video in a prompt, or sound apart from it"
        if sight.hears and not all(film.sound for film in sight.films):
            yield 'the sound of a video that has none (vLLM: "Video doesn\'t have audio track")'
        if sight.films and abs(sight.settings.get("fps", 2.0) - sight.rate) > 0.03 * sight.rate + 0.1:
            self.untrue.append(
                f"the processor is told {sight.settings.get('fps')} frames a second, at {sight.rate:.3f}"
            )

    def cases(self) -> list[Json]:
        """Each video that was looked at, with its settings and tokens, for `tests/trainers/check_processor.py`."""
        found = []
        for sight in self.sights:
            for film in sight.films:
                heard = film.seconds if sight.hears and film.sound else 0.0
                look = {"width": film.width, "height": film.height, "video": film.seconds, "sound": heard,
                        "frames": film.frames}  # fmt: skip
                settings = {"fps": sight.settings["io"]["fps"], "max_frames": sight.settings["io"]["num_frames"],
                            "max_pixels": sight.settings["max_pixels"]}  # fmt: skip
                tokens = omni(film, sight.settings, sight.settings["io"])[1] + (sounds(heard) if heard else 0)
                found.append({"look": look, "settings": settings, "tokens": tokens, "film": asdict(film)})
        return found


def omni(film: Film, processor: Json, loading: Json) -> tuple[int, int]:
    """Frames that vLLM takes of a film, and tokens that Qwen2.5-Omni's processor makes of them."""
    taken = film.frames if (most := loading.get("num_frames", 32)) < 0 else min(most, film.frames)
    if (fps := loading.get("fps", -1)) > 0:
        taken = min(taken, math.floor(film.seconds * fps))
    taken = max(1, taken)
    least, most = processor.get("min_pixels", 3136), processor.get("max_pixels", 12_845_056)
    high, wide = round(film.height / 28) * 28, round(film.width / 28) * 28
    if high * wide > most:
        beta = math.sqrt(film.height * film.width / most)
        high, wide = (max(28, math.floor(side / beta / 28) * 28) for side in (film.height, film.width))
    elif high * wide < least:
        beta = math.sqrt(least / (film.height * film.width))
        high, wide = (math.ceil(side * beta / 28) * 28 for side in (film.height, film.width))
    return taken, (taken + taken % 2) // 2 * (high // 14) * (wide // 14) // 4


def sounds(seconds: float) -> int:
    """Tokens of sound: a window in 10 ms, halved twice."""
    windows = math.ceil(round(seconds * 16000) / 160)
    return ((windows - 1) // 2 + 1 - 2) // 2 + 1


def _camel(value: Any) -> Any:
    """Names as the documentation has them: the client writes some in snake case."""
    if isinstance(value, list):
        return [_camel(item) for item in value]
    if not isinstance(value, dict):
        return value
    return {re.sub(r"_([a-z])", lambda found: found[1].upper(), name): _camel(item) for name, item in value.items()}


def _parts(body: Json) -> list[Any]:
    content = body["messages"][-1]["content"]
    return [{"type": "text", "text": content}] if isinstance(content, str) else content


def _data(url: str) -> bytes:
    return base64.b64decode(url.partition(",")[2])


class Ears(LlmServer):
    """A recogniser that hears the same line every seven seconds, with its words."""

    LINE = ("we", "should", "all", "work", "together", "on", "this", "one")

    async def _hear(self, request: web.Request) -> web.StreamResponse:
        form = await request.post()
        field_ = form["file"]
        assert isinstance(field_, web.FileField)
        seconds = (len(field_.file.read()) - 44) / 32000
        words, segments, at = [], [], 0.5
        while at + 3 < seconds:
            line = [
                {"word": word, "start": at + 0.3 * n, "end": at + 0.3 * n + 0.25} for n, word in enumerate(self.LINE)
            ]
            words += line
            segments.append({"start": at, "end": line[-1]["end"], "text": " ".join(self.LINE), "avg_logprob": -0.2,
                             "no_speech_prob": 0.01, "compression_ratio": 1.1})  # fmt: skip
            at += 7
        return web.json_response({"language": "english", "text": "", "words": words, "segments": segments})
