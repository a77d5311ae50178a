"""Subtitles that come with a video: a second source beside what was heard.

Files beside the video (`NAME.srt`, `NAME.en.vtt`, …) and text streams inside it are read, put on the picture's clock,
compared with the recognised words in order, and moved by the median lag of the words that both have. A file that
cannot be read is named, and nothing more comes of it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from functools import partial
from pathlib import Path, PurePosixPath
from statistics import median

import pysubs2

from asid.pipeline.media.probe import header, picture_start
from asid.pipeline.media.process import MediaError, input_arguments, run
from asid.pipeline.rows import Cue, Subtitles, Word
from asid.pipeline.speech.base import UNSPACED
from asid.pipeline.storage import Storage, display_name

ENDINGS = {".srt": "srt", ".vtt": "vtt", ".ass": "ass", ".ssa": "ssa"}  # and what pysubs2 calls the form
TEXT_CODECS = {"subrip", "webvtt", "ass", "ssa", "mov_text", "text"}  # the others are pictures
MOST_BYTES = 8 << 20
MOST_CUES = 20_000
MOST_STREAMS = 8
ENOUGH = 8  # words that must agree before subtitles are moved
Timed = tuple[str, float]  # a word, folded, and when it begins


def subtitles(
    storage: Storage, uri: str, language: str, words: Sequence[Word], spoken: str, shown_from: float | None = None
) -> tuple[tuple[Subtitles, ...], list[str]]:
    """All that come with the video at `uri`, compared with its recognised `words` of the language `spoken`; and why
    those that are there could not be read. `language`: the manifest's, whose mark a file's name may bear; `shown_from`:
    file time of the first frame, where it is known."""
    found, notes = [], []
    for source in (*_beside(storage, uri, language), *_inside(storage.local(uri), shown_from)):
        try:
            cues = parse(source.read(), source.form, source.zero)
        except (MediaError, ValueError) as error:
            notes.append(f"{source.origin} cannot be read: {error}")
            continue
        lag, agreement = compare(cues, words, spoken)
        moved = tuple(one.model_copy(update={"start": one.start + lag, "end": one.end + lag}) for one in cues)
        found.append(
            Subtitles(origin=source.origin, language=source.language, lag=lag, agreement=agreement, cues=moved)
        )
    return tuple(found), notes


@dataclass(frozen=True)
class Source:
    """Where subtitles may be read."""

    origin: str
    language: str
    form: str
    read: Callable[[], bytes]
    zero: float = 0.0  # s, on its clock, at which the first frame is shown


def _beside(storage: Storage, uri: str, language: str) -> Iterator[Source]:
    """Files that bear the video's name: by name, as a folder may hold a million others."""
    if "." not in PurePosixPath(uri).name:
        return
    stem = uri.rpartition(".")[0]
    for tag in dict.fromkeys(("", "en", language)):
        for ending, form in ENDINGS.items():
            other = f"{stem}.{tag}{ending}" if tag else stem + ending
            if storage.exists(other):
                yield Source(f"file {display_name(other)}", tag, form, partial(_read, storage, other))


def _read(storage: Storage, uri: str) -> bytes:
    if storage.size(uri) > MOST_BYTES:
        raise ValueError(f"it is larger than {MOST_BYTES >> 20} MiB")
    return storage.read(uri)


def _inside(path: Path, shown_from: float | None) -> Iterator[Source]:
    streams = header(path)["streams"]
    texts = [one for one in streams if one.get("codec_type") == "subtitle" and one.get("codec_name") in TEXT_CODECS]
    zero = picture_start(path, known=shown_from)[1] if texts else 0.0
    for one in texts[:MOST_STREAMS]:
        tag = str(one.get("tags", {}).get("language", ""))
        place = int(one["index"])
        yield Source(f"stream {place}", "" if tag == "und" else tag, "srt", partial(_extract, path, place), zero)


def _extract(path: Path, index: int) -> bytes:
    """The stream as SubRip, on the file's clock."""
    command = ["ffmpeg", "-copyts", *input_arguments(path), "-map", f"0:{index}", "-c:s", "subrip", "-f", "srt"]
    return run([*command, "pipe:1"], 600, max_output=MOST_BYTES)


def parse(data: bytes, form: str, zero: float = 0.0) -> tuple[Cue, ...]:
    """What is shown and when, in order, without styles, comments and drawings. `form` is believed where the text does
    not tell it; `zero` s become 0. Raises ValueError; also where nothing is shown."""
    text = _decoded(data)
    try:
        try:
            lines = pysubs2.SSAFile.from_string(text)
        except pysubs2.FormatAutodetectionError:
            lines = pysubs2.SSAFile.from_string(text, format_=form)
    except Exception as error:  # whatever a parser meets in a hostile file
        raise ValueError(f"{type(error).__name__}: {error}"[:200]) from error
    cues = []
    for line in lines:
        text = " ".join(line.plaintext.split())
        start, end = max(0.0, line.start / 1000 - zero), line.end / 1000 - zero
        if text and end > start and not (line.is_comment or line.is_drawing):
            cues.append(Cue(start=start, end=end, text=text))
    if len(cues) > MOST_CUES:
        raise ValueError(f"it has more than {MOST_CUES} cues")
    if not cues:
        raise ValueError("it shows nothing")
    return tuple(sorted(cues, key=lambda cue: (cue.start, cue.end)))


def _decoded(data: bytes) -> str:
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return data.decode("utf-16", "replace")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return data.decode("cp1252", "replace")


def compare(cues: Sequence[Cue], words: Sequence[Word], language: str) -> tuple[float, float]:
    """(lag in seconds, agreement): how much later the words that both have are heard than shown, 0 where these are
    few; and the share of all words, shown and heard, that stand in both in the same order, 0..1."""
    shown = [one for cue in cues for one in _spread(cue, language)]
    heard = [(token, word.start) for word in words for token in _tokens(word.text, language)]
    blocks = SequenceMatcher(None, [text for text, _ in shown], [text for text, _ in heard]).get_matching_blocks()
    pairs = [(shown[one.a + n], heard[one.b + n]) for one in blocks for n in range(one.size)]
    lag = median(said[1] - seen[1] for seen, said in pairs) if len(pairs) >= ENOUGH else 0.0
    return round(lag, 3), round(2 * len(pairs) / max(1, len(shown) + len(heard)), 4)


def _spread(cue: Cue, language: str) -> list[Timed]:
    """The words of a cue, evenly over its time."""
    tokens = _tokens(cue.text, language)
    step = (cue.end - cue.start) / max(1, len(tokens))
    return [(token, cue.start + n * step) for n, token in enumerate(tokens)]


def _tokens(text: str, language: str) -> list[str]:
    """Words without case and marks; single characters where a language is written without spaces."""
    words = re.findall(r"\w+", text.casefold().replace("'", "").replace("’", ""))
    return [sign for word in words for sign in word] if language in UNSPACED else words
