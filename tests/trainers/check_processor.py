"""The tokens that are reckoned here are those of the installed processors: of trainers, and of models in vLLM.

    PYTHONPATH=. .venv-processor/bin/python tests/trainers/check_processor.py [CASES]

`scripts/test_processor.sh` makes that environment: transformers, qwen-omni-utils 0.0.8 (how ms-swift 3.9.3 and the
family's own code take frames) and vLLM's source where it is to be had; no weights. CASES: JSON lines of what a run sent
(`tests/bench/bench_asid1m.py` writes them), checked after the 50 rows and the whole processor. One JSON line a figure.
"""

from __future__ import annotations

import json
import random
import sys
from pathlib import Path
from typing import Any

try:
    import torch
    from qwen_omni_utils.v2_5 import vision_process
    from transformers import Qwen2VLVideoProcessor, WhisperFeatureExtractor
    from transformers.models.qwen2_5_omni.processing_qwen2_5_omni import Qwen2_5OmniProcessor
except ImportError as error:
    sys.exit(f"not installed here ({error}): sh scripts/test_processor.sh")

try:
    from vllm.multimodal.video import VideoBackend, VideoSourceMetadata, VideoTargetMetadata
except ImportError:
    VideoBackend = None

from asid.pipeline.models.budget import QWEN, Sent, fit, qwen_tokens, served_tokens
from tests.vllm.tiny import SPECIAL, TEMPLATE, tokenizer

SIZES = (
    (426, 240),
    (640, 360),
    (854, 480),
    (1280, 720),
    (1920, 1080),
    (720, 1280),
    (1080, 1920),
    (640, 640),
    (352, 480),
)
STAGES = ((401408, 20070400), (200704, 12042240))  # pixels of a frame and of a video (benchmarks.md, section 5)
MISSED: list[str] = []


def show(figure: str, right: int, rows: int) -> None:
    line = {"bench": "processor", "figure": figure, "value": right, "unit": f"of {rows} rows", "limit": rows}
    print(json.dumps(line | {"holds": right == rows}), flush=True)
    if right != rows:
        MISSED.append(figure)


class Omni:
    """Qwen2.5-Omni's processor as its classes make it, with a tokenizer made on the spot."""

    def __init__(self) -> None:
        self.video = Qwen2VLVideoProcessor()
        ears = WhisperFeatureExtractor(feature_size=128, chunk_length=300, return_attention_mask=True)
        from transformers import Qwen2VLImageProcessor

        self.whole = Qwen2_5OmniProcessor(
            image_processor=Qwen2VLImageProcessor(), video_processor=self.video, feature_extractor=ears,
            tokenizer=tokenizer(), chat_template=TEMPLATE,
        )  # fmt: skip

    def picture(self, frames: int, height: int, width: int, least: int, most: int) -> int:
        """Tokens of a video by the processor's own arithmetic, without its pixels."""
        size = {"shortest_edge": least, "longest_edge": most}
        return self.video.get_num_of_video_patches(frames, height, width, {"size": size}) // self.video.merge_size**2

    def sound(self, seconds: float) -> int:
        """Tokens of silence of that length, which the processor turns into features."""
        silence = [0.0] * round(seconds * 16000)
        text = "".join(SPECIAL[name] for name in ("audio_bos", "audio", "audio_eos"))
        found = self.whole(text=[text], audio=[silence], return_tensors="pt")
        return self._count(found, "audio")

    def all(self, frames: int, height: int, width: int, seconds: float, most: int) -> int:
        """Tokens of real frames and real sound, put through the whole processor."""
        video = torch.zeros(frames, 3, height, width, dtype=torch.uint8)
        heard = ("audio_bos", "audio", "audio_eos") if seconds else ()
        text = "".join(SPECIAL[name] for name in ("vision_bos", "video", "vision_eos", *heard))
        given: dict[str, Any] = {"videos_kwargs": {"size": {"shortest_edge": min(100352, most), "longest_edge": most}}}
        if seconds:
            given["audio"] = [[0.0] * round(seconds * 16000)]
        found = self.whole(text=[text], videos=[video], return_tensors="pt", **given)
        return self._count(found, "video") + self._count(found, "audio")

    def _count(self, found: Any, name: str) -> int:
        return int((found["input_ids"] == self.whole.tokenizer.convert_tokens_to_ids(SPECIAL[name])).sum())


def trained(omni: Omni, look: Sent, most: int, total: int) -> int:
    """Tokens of a training row: frames and their size by qwen-omni-utils, tokens by the processor."""
    sized: list[tuple[int, int, int]] = []

    def read(ele: dict[str, Any]) -> tuple[torch.Tensor, float]:
        count = vision_process.smart_nframes(ele, total_frames=look.frames, video_fps=look.frames / look.video)
        return torch.zeros(1, 1, 1, 1, dtype=torch.uint8).expand(count, 3, look.height, look.width), 2.0

    def resize(video: torch.Tensor, size: list[int], **_: Any) -> torch.Tensor:
        sized.append((len(video), size[0], size[1]))
        return torch.zeros(1)

    vision_process.VIDEO_READER_BACKENDS["none"] = read
    vision_process.FORCE_QWENVL_VIDEO_READER = "none"
    vision_process.transforms.functional.resize = resize
    vision_process.fetch_video({"video": "film.mp4", "fps": 2.0, "max_pixels": most, "total_pixels": total})
    return omni.picture(*sized[0], least=4 * 784, most=16384 * 784) + (omni.sound(look.sound) if look.sound else 0)


def served(omni: Omni, look: Sent, settings: dict[str, Any]) -> int:
    """Tokens of a video that vLLM serves: frames by its own sampling, tokens by the processor."""
    most = settings["max_pixels"]
    frames = vllm_frames(look, settings.get("fps", 2.0), settings.get("max_frames", -1))
    pictures = omni.picture(frames, look.height, look.width, min(100352, most), most)
    return pictures + (omni.sound(look.sound) if look.sound else 0)


def vllm_frames(look: Sent, fps: float, most: int) -> int:
    """By vLLM's own code where it is there; else as its 0.32 does."""
    if VideoBackend is None:
        taken = look.frames if most < 0 else min(most, look.frames)
        return max(1, min(taken, int(look.video * fps + 1e-9)))
    source = VideoSourceMetadata(look.frames, look.frames / look.video, look.video)
    target = VideoTargetMetadata(num_frames=most, fps=fps, max_duration=300)
    return len(VideoBackend.compute_frames_index_to_sample(source, target))


def rows(count: int) -> list[Sent]:
    chance = random.Random(20)
    found = []
    for _ in range(count):
        seconds, (width, height) = round(chance.uniform(5, 180), 2), chance.choice(SIZES)
        frames = round(seconds * chance.choice((12, 23.976, 25, 29.97, 60)))
        heard = seconds if chance.random() < 0.7 else 0.0
        found.append(Sent(width, height, video=seconds, sound=heard, frames=frames))
    return found


def main() -> int:
    omni = Omni()
    right = {"trained": 0, "served": 0}
    for number, look in enumerate(rows(50)):
        most, total = STAGES[number % 2]
        given = {"fps": 2.0, "max_pixels": most, "total_pixels": total}
        mine = qwen_tokens(fit(qwen_tokens, QWEN, given, look, "", None), look)
        right["trained"] += (theirs := trained(omni, look, most, total)) == mine
        if theirs != mine:
            print(f"  {look}: {mine} reckoned, {theirs} by qwen-omni-utils", file=sys.stderr)
        sent = fit(served_tokens, QWEN, given, look, "x" * 900, 32768)
        right["served"] += (theirs := served(omni, look, sent)) == (mine := served_tokens(sent, look))
        if theirs != mine:
            print(f"  {look} {sent}: {mine} reckoned, {theirs} by vLLM's sampling", file=sys.stderr)
    how = "by vLLM's own sampling" if VideoBackend else "by vLLM's sampling as documented: it is not installed here"
    for name, said in (("trained", "by qwen-omni-utils"), ("served", how)):
        show(f"tokens of rows as {name}, {said}", right[name], 50)
    small = [
        (7, 112, 196, 3.5, 50176),
        (12, 240, 426, 6.0, 100352),
        (5, 360, 640, 0.0, 401408),
        (20, 90, 160, 10.0, 25088),
    ]
    equal = 0
    for frames, height, width, seconds, most in small:
        look = Sent(width, height, video=frames / 2, sound=seconds, frames=frames)
        equal += omni.all(frames, height, width, seconds, most) == served_tokens({"fps": 2.0, "max_pixels": most}, look)
    show("tokens through the whole processor", equal, len(small))
    if len(sys.argv) > 1:
        cases = [json.loads(line) for line in Path(sys.argv[1]).read_text().splitlines()]
        equal = sum(served(omni, Sent(**case["look"]), case["settings"]) == case["tokens"] for case in cases)
        show("tokens of what the run sent", equal, len(cases))
    return 1 if MISSED else 0


if __name__ == "__main__":
    sys.exit(main())
