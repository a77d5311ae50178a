"""ms-swift reads its export with its own code: `load_dataset`, with its strict checks on every row.

    python tests/trainers/check_swift.py FOLDER     # FOLDER as tests/trainers/make.py leaves it

Runs in an environment with ms-swift, without this project. No weights are needed.
"""

from __future__ import annotations

import json
import sys
from importlib.metadata import version
from pathlib import Path

try:
    from swift.dataset import load_dataset
except ImportError:
    sys.exit("ms-swift is not installed here: pip install ms-swift torch")


def main(folder: Path) -> None:
    for name in ("ms-swift", "ms-swift-video", "ms-swift-stages"):
        lines = json.loads((folder / name / "export.json").read_text())["lines"]
        for file, count in lines.items():
            data, _ = load_dataset(str(folder / name / file), num_proc=1, strict=True, load_from_cache_file=False)
            assert len(data) == count, (file, len(data), count)
            sound = file.endswith("_sound.jsonl") and name != "ms-swift-video"
            for row in data:
                assert [turn["role"] for turn in row["messages"]] == ["user", "assistant"]
                assert all(turn["content"] for turn in row["messages"])
                asked = row["messages"][0]["content"]
                assert asked.count("<video>") == len(row["videos"]) == 1
                assert asked.count("<audio>") == len(row.get("audios") or []) == sound
                for place in [*row["videos"], *(row.get("audios") or [])]:
                    place = place["path"] if isinstance(place, dict) else place
                    assert (folder / name / place).is_file(), place  # ms-swift itself is told by ROOT_IMAGE_DIR
            print(f"{name}/{file}: {count} rows, columns {sorted(data.column_names)}")
    print(f"ms-swift {version('ms-swift')}: every row is read")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
