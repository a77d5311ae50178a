"""How much of eight audits of a clip vLLM reads anew, by its own count of cached tokens."""

from __future__ import annotations

import asyncio
import subprocess
from pathlib import Path

import pytest

pytest.importorskip("vllm", reason="needs an environment with vLLM: sh scripts/test_vllm.sh makes one")

from asid.pipeline.attributes import ATTRIBUTES
from asid.pipeline.models.config import ModelConfig
from asid.pipeline.models.factory import open_model
from asid.pipeline.models.layers.replay import AnswerStore, current_store
from asid.pipeline.models.spend import entries
from asid.pipeline.prompts import Prompts
from asid.pipeline.rows import Clip, Utterance
from asid.pipeline.stage import Context, Unprocessable
from asid.pipeline.storage import Storage
from asid.stages.audit import AuditConfig, Auditor
from tests.kits.asking_kit import decomposed
from tests.vllm.tiny import make

pytestmark = [pytest.mark.vllm, pytest.mark.timeout(1800)]
CLIPS, SECONDS = 3, 30
CONTEXT = 1 << 15  # tokens: the tiny model's are bytes, four times as many of a text as a grown one's
ENGINE = {"dtype": "float32", "enforce_eager": True, "max_model_len": CONTEXT, "max_num_seqs": 8,
          "distributed_executor_backend": "uni", "limit_mm_per_prompt": {"video": 1, "audio": 0, "image": 0},
          "structured_outputs_config": {"backend": "xgrammar", "disable_any_whitespace": True}}  # fmt: skip
SETTINGS = {"temperature": 0, "max_tokens": 24, "fps": 2, "max_pixels": 224 * 224, "engine": ENGINE}
SERVED = 0.85  # least share of the input of audits 2 to 8 that comes from the cache


def clips(folder: Path) -> list[Clip]:
    """Clips with a transcript, no two with the same pictures."""
    made: list[Clip] = []
    for number in range(CLIPS):
        file = folder / f"{number}.mp4"
        source = f"testsrc=d={SECONDS}:s=224x224:r=4,hue=h={number * 90}"
        command = ["ffmpeg", "-v", "error", "-f", "lavfi", "-i", source, "-pix_fmt", "yuv420p", file]
        subprocess.run(command, check=True, timeout=60)
        said = tuple(
            Utterance(start=at, end=at + 3, speaker="S1", text=f"line {at} of clip {number}", words=(), overlap=False)
            for at in range(0, SECONDS - 4, 4)
        )
        row = decomposed(folder, duration=float(SECONDS), utterances=said)
        update = {
            "id": f"clip-{number}",
            "uri": file.as_uri(),
            "sha256": f"{number:064x}",
            "offset": 0.0,
            "sound": False,
        }
        made.append(row.model_copy(update=update))
    return made


def test_audits_of_a_clip_after_the_first_are_mostly_read_from_the_cache(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A model that has learnt nothing gives no audit, and what it was asked is counted all the same."""
    monkeypatch.setenv("VLLM_CPU_KVCACHE_SPACE", "2")
    monkeypatch.setenv("VLLM_CPU_OMP_THREADS_BIND", "nobind")
    folder = make(tmp_path / "tiny-omni", context=CONTEXT)
    config = ModelConfig(provider="vllm", model=str(folder), settings=SETTINGS, timeout=600.0)
    storage = Storage(tmp_path / "run")

    async def audited() -> None:
        store = AnswerStore(storage, "run:audit/answers", "00000")
        current_store.set(store)
        model = open_model("strong", config, storage, stage="audit")
        asking = AuditConfig(model="strong", reasks=0)
        stage = Auditor(asking, Context(storage, Prompts(), {"strong": model}))
        stage.open()
        for clip in clips(tmp_path):
            with pytest.raises(Unprocessable):
                await stage.process(clip)
        await store.close()
        await model.close()

    asyncio.run(audited())
    found = sorted(entries(storage, "run:audit/answers"), key=lambda entry: entry.at)
    by_clip = {entry.row: [one.usage for one in found if one.row == entry.row] for entry in found}
    assert [len(usages) for usages in by_clip.values()] == [len(ATTRIBUTES)] * CLIPS
    later = [usage for usages in by_clip.values() for usage in usages[1:]]
    share = sum(usage.cached_tokens for usage in later) / sum(usage.input_tokens for usage in later)
    print(f"{share:.3f} of the input of audits 2 to {len(ATTRIBUTES)} came from the cache")
    assert share >= SERVED
