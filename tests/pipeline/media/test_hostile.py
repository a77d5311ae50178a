"""Files that mean harm: each is refused or read as what it is, in bounded time and memory, and no other file is read.

The file that a trap names is a good video or an address on a server of ours: a trap that works is seen by an accepted
file, or by a request."""

from __future__ import annotations

import shutil
import struct
import subprocess
import sys
import threading
import zlib
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from asid.pipeline.media.decode import audio
from asid.pipeline.media.probe import probe
from asid.pipeline.media.process import MediaError
from tests.kits.mediakit import ffmpeg

MEBIBYTES = 300  # of memory, for the largest ffprobe that a small bad file may cause


@pytest.fixture(scope="module")
def secret(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A good video elsewhere that no other file may reach, in two containers."""
    out = tmp_path_factory.mktemp("secret")
    for name in ("secret.mp4", "secret.ts"):
        sound = ("-f", "lavfi", "-t", 1, "-i", "sine=r=16000")
        ffmpeg("-f", "lavfi", "-t", 1, "-i", "testsrc2=s=64x64:r=25", *sound, "-c:a", "aac", out / name)
    return out


@pytest.fixture
def server() -> Iterator[tuple[str, list[str]]]:
    """An address on loopback and the requests that came to it."""
    asked: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_error(404)

        def log_message(self, *_: object) -> None:
            pass

    running = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=running.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{running.server_port}", asked
    running.shutdown()
    running.server_close()


def playlists(target: str) -> dict[str, str]:
    hls = "#EXTM3U\n#EXT-X-VERSION:3\n#EXT-X-TARGETDURATION:10\n#EXTINF:1.0,\n{}\n#EXT-X-ENDLIST\n"
    dash = (
        '<?xml version="1.0"?><MPD xmlns="urn:mpeg:dash:schema:mpd:2011" type="static" minBufferTime="PT1S" '
        'mediaPresentationDuration="PT1S" profiles="urn:mpeg:dash:profile:full:2011"><Period><AdaptationSet '
        'mimeType="video/mp4"><Representation id="1" bandwidth="1"><BaseURL>{}</BaseURL></Representation>'
        "</AdaptationSet></Period></MPD>"
    )
    image = "<image width='64' height='64' xlink:href='{}'/>"
    svg = "<svg xmlns='http://www.w3.org/2000/svg' xmlns:xlink='http://www.w3.org/1999/xlink' width='64' height='64'>"
    return {
        "hls": hls.format(target),
        "hls_concat": hls.format(f"concat:{target}"),
        "hls_key": hls.replace("#EXTINF", f'#EXT-X-KEY:METHOD=AES-128,URI="{target}"\n#EXTINF').format(target),
        "concat": f"ffconcat version 1.0\nfile '{target}'\n",
        "concat_beside": f"ffconcat version 1.0\nfile {Path(target).name}\n",
        "dash": dash.format(target),
        "svg": svg + image.format(target) + "</svg>",
        "sdp": f"v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nm=video 9 RTP/AVP 96\na=control:{target}\n",
        "asx": f'<asx version="3.0"><entry><ref href="{target}"/></entry></asx>',
        "imf": f'<AssetMap xmlns="http://www.smpte-ra.org/schemas/429-9/2007/AM"><Id>{target}</Id></AssetMap>',
        "script": f"movie={target}",
    }


@pytest.mark.parametrize("kind", playlists(""))
@pytest.mark.parametrize("ending", ["mp4", "m3u8", "ts", "mpd"])
def test_a_playlist_reads_no_other_file(secret: Path, tmp_path: Path, kind: str, ending: str) -> None:
    for target in (secret / "secret.ts", secret / "secret.mp4"):
        shutil.copy(target, tmp_path)
        trap = tmp_path / f"trap.{ending}"
        trap.write_text(playlists(str(target))[kind])
        with pytest.raises(MediaError) as caught:
            probe(trap)
        assert caught.value.kind != "timeout"
        with pytest.raises(MediaError):
            audio(trap)


@pytest.mark.parametrize("kind", playlists(""))
def test_a_playlist_asks_no_server(server: tuple[str, list[str]], tmp_path: Path, kind: str) -> None:
    address, asked = server
    trap = tmp_path / "trap.mp4"
    trap.write_text(playlists(f"{address}/x.ts")[kind])
    with pytest.raises(MediaError):
        probe(trap)
    assert asked == []


def test_a_movie_whose_samples_lie_in_another_file(secret: Path, tmp_path: Path) -> None:
    """QuickTime may keep its frames elsewhere: then there are none here."""
    ffmpeg("-i", secret / "secret.mp4", "-c", "copy", tmp_path / "beside.mov")
    data = bytearray((tmp_path / "beside.mov").read_bytes())
    place = data.index(b"dref") - 4
    name = b"/x/beside.mov\0"
    levels = struct.pack(">HH", 1, 1)  # from this file's folder, one name down
    record = b"\0" * 130 + levels + b"\0" * 16 + struct.pack(">HH", 2, len(name)) + name + b"\xff\xff\0\0"
    entry = struct.pack(">I4sI", 12 + len(record), b"alis", 0) + record
    old = struct.unpack(">I", data[place : place + 4])[0]
    box = struct.pack(">I4sII", 16 + len(entry), b"dref", 0, 1) + entry
    grown = len(box) - old
    data[place : place + old] = box
    for parent in (b"dinf", b"minf", b"mdia", b"trak", b"moov"):  # each of them holds the box: the first of its kind
        at = data.rindex(parent, 0, place) - 4
        size = struct.unpack(">I", data[at : at + 4])[0]
        data[at : at + 4] = struct.pack(">I", size + grown)
    mdat = data.index(b"mdat") + 4
    moov = data.index(b"moov") - 4
    data[mdat:moov] = b"\0" * (moov - mdat)
    (tmp_path / "trap.mov").write_bytes(data)
    with pytest.raises(MediaError):
        probe(tmp_path / "trap.mov")


@pytest.mark.parametrize("name", ["concat:a.mp4|b.mp4", "http:x.mp4", "pipe:0", "-i", "subfile,,start,0,end,0,,:x.mp4"])
def test_a_name_means_nothing(secret: Path, tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.write_bytes((secret / "secret.mp4").read_bytes())
    assert probe(path).frames == 25
    assert len(audio(path)) > 15000


# --- bombs: small files that would grow ----------------------------------------------------------------------------


def element(code: str, payload: bytes | int) -> bytes:
    """An EBML element; a whole number becomes 8 bytes."""
    data = struct.pack(">Q", payload) if isinstance(payload, int) else payload
    return bytes.fromhex(code) + struct.pack(">Q", len(data) | 1 << 56) + data


def matroska(tracks: bytes, clusters: bytes) -> bytes:
    head = element("1A45DFA3", element("4282", b"matroska"))
    info = element("1549A966", element("2AD7B1", 1000000))
    return head + element("18538067", info + element("1654AE6B", tracks) + clusters)


def track(number: int, width: int, height: int, codec: bytes = b"V_VP8", extra: bytes = b"") -> bytes:
    size = element("E0", element("B0", width) + element("BA", height))
    return element(
        "AE", element("D7", number) + element("73C5", number) + element("83", 1) + element("86", codec) + size + extra
    )


def block(number: int, data: bytes, time: int = 0) -> bytes:
    return element("1F43B675", element("E7", time) + element("A3", bytes([0x80 | number]) + b"\0\0\x80" + data))


def zlib_bomb() -> bytes:
    """Each block of a few kilobytes unpacks to 9 MB, and there are twelve."""
    packed = zlib.compress(b"\0" * 9_000_000, 9)
    coding = element(
        "6D80", element("6240", element("5031", 0) + element("5032", 1) + element("5034", element("4254", 0)))
    )
    blocks = b"".join(block(1, packed, time * 40) for time in range(12))
    return matroska(track(1, 64, 64, extra=coding), blocks)


def many_tracks() -> bytes:
    return matroska(b"".join(track(number, 64, 64) for number in range(1, 5000)), block(1, b"\0" * 10))


def huge_matroska() -> bytes:
    return matroska(track(1, 1 << 30, 1 << 30, b"V_UNCOMPRESSED"), block(1, b"\0" * 100))


def large_matroska() -> bytes:
    """A size that ffmpeg itself would take."""
    return matroska(track(1, 12000, 12000, b"V_MPEG4/ISO/ASP"), block(1, b"\0" * 100))


def huge_vp8() -> bytes:
    """An IVF file with one keyframe of 16383 x 16383 pixels."""
    head = b"DKIF" + struct.pack("<HH4sHHIIII", 0, 32, b"VP80", 16383, 16383, 25, 1, 1, 0)
    frame = b"\x10\x02\x00\x9d\x01\x2a" + struct.pack("<HH", 16383, 16383) + b"\0" * 100
    return head + struct.pack("<IQ", len(frame), 0) + frame


def huge_gif() -> bytes:
    """A canvas of 17000 x 15000 pixels, a gigabyte once drawn, in a hundred bytes."""
    palette = b"\0\0\0\xff\xff\xff"
    image = b"\x2c" + struct.pack("<HHHH", 0, 0, 1, 1) + b"\0\x02\x02\x44\x01\0"
    return b"GIF89a" + struct.pack("<HHBBB", 17000, 15000, 0x80, 0, 0) + palette + image * 2 + b"\x3b"


def endless_index(data: bytes) -> bytes:
    """An MP4 that says it has 268 million samples of one byte each."""
    changed = bytearray(data)
    place = changed.index(b"stsz") + 8
    changed[place : place + 8] = struct.pack(">II", 1, 0x0FFFFFFF)
    return bytes(changed)


def endless_times(data: bytes) -> bytes:
    """An MP4 whose frames each last as long as a number can say."""
    changed = bytearray(data)
    place = changed.index(b"stts") + 12
    changed[place : place + 4] = struct.pack(">I", 0x0FFFFFFF)
    changed[place + 4 : place + 8] = struct.pack(">I", 0x7FFFFFFF)
    return bytes(changed)


BOMBS = {
    "zlib_bomb.mkv": zlib_bomb,
    "many_tracks.mkv": many_tracks,
    "huge.mkv": huge_matroska,
    "large.mkv": large_matroska,
    "huge.ivf": huge_vp8,
    "huge.gif": huge_gif,
}
CHANGES = {"endless_index.mp4": endless_index, "endless_times.mp4": endless_times}


# In a process of its own, whose children are ours alone.
PROBE = """
import resource, sys
from pathlib import Path
from asid.pipeline.media.probe import probe
from asid.pipeline.media.process import MediaError
try:
    probe(Path(sys.argv[1]))
    print("accepted", end=" ")
except MediaError as error:
    print(error.kind, end=" ")
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // 1024)
"""


@pytest.mark.parametrize("name", [*BOMBS, *CHANGES])
def test_a_bomb_is_refused_in_bounded_memory(secret: Path, tmp_path: Path, name: str) -> None:
    good = (secret / "secret.mp4").read_bytes()
    (tmp_path / name).write_bytes(BOMBS[name]() if name in BOMBS else CHANGES[name](good))
    root = Path(__file__).parents[3]
    command = [sys.executable, "-c", PROBE, tmp_path / name]
    kind, mebibytes = subprocess.run(command, cwd=root, check=True, capture_output=True, timeout=120).stdout.split()
    assert kind not in (b"accepted", b"timeout")
    assert int(mebibytes) < MEBIBYTES
