"""Subtitles that come with a video: a second source beside what was heard.

Files beside the video (`NAME.srt`, `NAME.en.vtt`, …) and text streams inside it are read, put on the picture's clock,
compared with the recognised words in order, and moved by the median lag of the words that both have. A file that
cannot be read is named, and nothing more comes of it.
"""

from __future__ import annotations

import contextlib
import html
import os
import re
import stat
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from difflib import Match, SequenceMatcher
from functools import partial
from pathlib import Path, PurePosixPath
from statistics import median
from typing import TYPE_CHECKING

from asid.pipeline.media.probe import header, picture_start
from asid.pipeline.media.process import MediaError, MediaKilled
from asid.pipeline.media.subrip import subrip
from asid.pipeline.rows import Cue, Subtitles, Word
from asid.pipeline.speech.base import UNSPACED
from asid.pipeline.speech.encodings import decoded
from asid.pipeline.speech.rolling import ShownCue, read_once
from asid.pipeline.storage import FULL, Storage, display_name, to_path

if TYPE_CHECKING:
    import pysubs2

ENDINGS = {".srt": "srt", ".vtt": "vtt", ".ass": "ass", ".ssa": "ssa"}  # and what pysubs2 calls the form
TEXT_CODECS = {"subrip", "webvtt", "ass", "ssa", "mov_text", "text"}  # the others are pictures
FORMS = {"srt", "vtt", "ass", "ssa", "sami", "tmp", "mpl2", "microdvd"}  # that a file of these endings may have
TIME_TAG = re.compile(r"<\d[\d:.,]*>")  # of a word within a cue
MOST_BYTES = 4 << 20
MOST_CUES = 20_000
MOST_WORK = 30_000_000  # pairs of equal words that are looked at: about a minute
MOST_LINES = 200_000
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
    sources = list(_beside(storage, uri, language))
    try:
        sources += _inside(storage.local(uri), shown_from)
    except MediaKilled:
        raise
    except (MediaError, OSError, ValueError) as error:
        if isinstance(error, OSError) and error.errno in FULL:
            raise
        notes.append(f"streams of subtitles cannot be read: {error}")
    for source in sources:
        try:
            cues = parse(source.read(), source.form, source.zero, {source.language, language, spoken})
            lag, agreement = compare(cues, words, spoken)
        except MediaKilled:
            raise
        except (MediaError, OSError, ValueError) as error:
            notes.append(f"{source.origin} cannot be read: {error}")
            continue
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
            if _is_there(storage, other):
                yield Source(f"file {display_name(other)}", tag, form, partial(_read, storage, other))


def _is_there(storage: Storage, uri: str) -> bool:
    """Whether something bears the name, be it a file or not. A name that is too long for a file is none's."""
    try:
        if uri.startswith("file://"):
            os.lstat(to_path(uri))
            return True
        return storage.exists(uri)
    except (OSError, ValueError):
        return False


def _read(storage: Storage, uri: str) -> bytes:
    """The bytes of a file of bounded size: a pipe would wait for ever, a device would not end. Raises ValueError,
    OSError."""
    if uri.startswith("file://"):
        try:
            path = to_path(uri)
            if not stat.S_ISREG(os.stat(path).st_mode):
                raise ValueError("it is not a file")
            with open(os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC), "rb") as file:
                data = file.read(MOST_BYTES + 1)
        except OSError as error:
            raise ValueError(error.strerror or "it does not open") from error
    else:
        with storage.open(uri) as file:
            data = file.read(MOST_BYTES + 1)
    if len(data) > MOST_BYTES:
        raise ValueError(f"it is larger than {MOST_BYTES >> 20} MiB")
    return data


def _inside(path: Path, shown_from: float | None) -> Iterator[Source]:
    streams = header(path)["streams"]
    texts = [one for one in streams if one.get("codec_type") == "subtitle" and one.get("codec_name") in TEXT_CODECS]
    zero = picture_start(path, known=shown_from)[1] if texts else 0.0
    for one in texts[:MOST_STREAMS]:
        tag = str(one.get("tags", {}).get("language", ""))
        place, language = int(one["index"]), "" if tag == "und" else tag
        yield Source(f"stream {place}", language, "srt", partial(subrip, path, place, MOST_BYTES), zero)


def parse(data: bytes, form: str, zero: float = 0.0, languages: Collection[str] = ()) -> tuple[Cue, ...]:
    """What is shown and when, in order, each word once, without styles, comments and drawings. `form` is believed
    where the text does not tell it; `zero` s become 0; `languages`: those it may be in, ISO 639-1. Raises ValueError;
    also where nothing is shown."""
    text = decoded(data, languages)
    if max(text.count("-->"), text.count("Dialogue:"), text.casefold().count("<sync")) > MOST_CUES:
        raise ValueError(f"it has more than {MOST_CUES} cues")
    if text.count("\n") > MOST_LINES:
        raise ValueError(f"it has more than {MOST_LINES} lines")
    timed = TIME_TAG.search(text) is not None
    lines = _lines(TIME_TAG.sub("", text) if timed else text, form)
    if len(lines) > MOST_CUES:
        raise ValueError(f"it has more than {MOST_CUES} cues")
    shown = []
    for line in lines:
        rows = tuple(filter(None, (" ".join(_plain(row).split()) for row in line.plaintext.split("\n"))))
        start, end = max(0.0, line.start / 1000 - zero), line.end / 1000 - zero
        if rows and end > start and not (line.is_comment or line.is_drawing):
            shown.append(ShownCue(start, end, rows))
    shown.sort(key=lambda cue: (cue.start, cue.end))
    if not shown:
        raise ValueError("it shows nothing")
    return tuple(Cue(start=one.start, end=one.end, text=" ".join(one.lines)) for one in read_once(shown, timed))


def _lines(text: str, form: str) -> pysubs2.SSAFile:
    """Raises ValueError: also for other things that are written as text, such as JSON."""
    import pysubs2
    from pysubs2 import formats

    try:
        with contextlib.suppress(pysubs2.FormatAutodetectionError):
            form = formats.autodetect_format(text)
        if form not in FORMS:
            raise ValueError(f"it is {form}, no subtitles")
        return pysubs2.SSAFile.from_string(text, format_=form)
    except Exception as error:  # whatever a parser meets in a hostile file
        raise ValueError(f"{type(error).__name__}: {error}"[:200]) from error


def _plain(text: str) -> str:
    return html.unescape(text).replace("\u200b", "").replace("\ufeff", "")


def compare(cues: Sequence[Cue], words: Sequence[Word], language: str) -> tuple[float, float]:
    """(lag in seconds, agreement): how much later the words that both have are heard than shown, 0 where these are
    few; and the share of all words, shown and heard, that stand in both in the same order,
    0..1. Raises ValueError where that would take too long."""
    shown = [one for cue in cues for one in _spread(cue, language)]
    heard = [(token, word.start) for word in words for token in _tokens(word.text, language)]
    blocks = _Bounded([text for text, _ in shown], [text for text, _ in heard]).get_matching_blocks()
    pairs = [(shown[one.a + n], heard[one.b + n]) for one in blocks for n in range(one.size)]
    lag = median(said[1] - seen[1] for seen, said in pairs) if len(pairs) >= ENOUGH else 0.0
    return round(lag, 3), round(2 * len(pairs) / max(1, len(shown) + len(heard)), 4)


class _Bounded(SequenceMatcher[str]):
    """Gives up, always at the same place, where words repeat so that the search would not end in a day."""

    def __init__(self, shown: Sequence[str], heard: Sequence[str]):
        super().__init__(None, shown, heard)
        often = {word: len(places) for word, places in self.b2j.items()}  # type: ignore[attr-defined]
        self._each = 1 + sum(often.get(word, 0) for word in shown) / max(1, len(shown))
        self._left, self._shown = float(MOST_WORK), len(shown)

    def find_longest_match(self, alo: int = 0, ahi: int | None = None, blo: int = 0, bhi: int | None = None) -> Match:
        self._left -= ((self._shown if ahi is None else ahi) - alo) * self._each
        if self._left < 0:
            raise ValueError("its words are too many, and too much the same, to be compared with what is heard")
        return super().find_longest_match(alo, ahi, blo, bhi)


def _spread(cue: Cue, language: str) -> list[Timed]:
    """The words of a cue, evenly over its time."""
    tokens = _tokens(cue.text, language)
    step = (cue.end - cue.start) / max(1, len(tokens))
    return [(token, cue.start + n * step) for n, token in enumerate(tokens)]


def _tokens(text: str, language: str) -> list[str]:
    """Words without case and marks; single characters where a language is written without spaces."""
    words = re.findall(r"\w+", text.casefold().replace("'", "").replace("’", ""))
    return [sign for word in words for sign in word] if language in UNSPACED else words
