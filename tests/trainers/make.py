"""Export a hand-made run, hostile text and all, with real video, sound and stills, for the checks beside this file.

python -m tests.trainers.make FOLDER
"""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

from asid.pipeline.dataset.export import Settings, Splits, amounts, export
from asid.pipeline.media import process
from asid.pipeline.registry import EXPORTERS
from asid.pipeline.storage import to_path
from tests import samples


def main(folder: Path) -> None:
    run = samples.make(folder / "run", videos=4)
    sight = ["-f", "lavfi", "-i", "testsrc=size=160x120:rate=4:duration=10"]
    sound = ["-f", "lavfi", "-i", "sine=frequency=440:duration=10:sample_rate=16000"]
    made = {"sound.mp4": [*sight, *sound, "-pix_fmt", "yuv420p"], "silent.mp4": [*sight, "-pix_fmt", "yuv420p"],
            "still.jpg": [*sight, "-frames:v", "1"]}  # fmt: skip
    for name, arguments in made.items():
        process.run(["ffmpeg", "-v", "error", "-y", *arguments, str(folder / name)], 120)
    for row in run.all_rows("finish"):
        media = {row.uri: "sound.mp4" if row.sound else "silent.mp4"}
        for uri, name in (media | {frame.uri: "still.jpg" for frame in row.frames}).items():
            target = to_path(run.storage.resolve(uri))
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(folder / name, target)
    for to in EXPORTERS.shipped:
        how = Settings(Splits(validation=0.3, seed=1), "copy", ("all", "single", "subset"), audio="file")
        print(to, export(run, to, folder / to, how))
        if to == "ms-swift":
            heard = Settings(Splits(validation=0.3, seed=1), "copy", ("all", "single", "subset"), audio="video")
            export(run, to, folder / "ms-swift-video", heard)
        if to in ("ms-swift", "llama-factory"):
            staged = Settings(Splits(seed=1), "copy", ("all", "single"), audio="file", draws=amounts(["stage1=50%"]))
            print(to, "stages", export(run, to, folder / f"{to}-stages", staged))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
