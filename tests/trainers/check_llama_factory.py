"""LLaMA-Factory reads its export with its own code: `dataset_info.json`, alignment, the check of media against marks.

    python tests/trainers/check_llama_factory.py FOLDER     # FOLDER as tests/trainers/make.py leaves it

Runs in an environment with LLaMA-Factory, without this project. No weights are needed.
"""

from __future__ import annotations

import json
import sys
from importlib.metadata import version
from pathlib import Path
from types import SimpleNamespace

try:
    from llamafactory.data.loader import _load_single_dataset
    from llamafactory.data.mm_plugin import get_mm_plugin
    from llamafactory.data.parser import get_dataset_list
    from llamafactory.hparams import DataArguments, ModelArguments
except ImportError:
    sys.exit("LLaMA-Factory is not installed here: pip install llamafactory torch")


def main(folder: Path) -> None:
    for name in ("llama-factory", "llama-factory-stages"):
        check(folder / name)


def check(place: Path) -> None:
    lines = json.loads((place / "export.json").read_text())["lines"]
    names = sorted(json.loads((place / "dataset_info.json").read_text()))
    plugin = get_mm_plugin("qwen2_omni", image_token="<|IMAGE|>", video_token="<|VIDEO|>", audio_token="<|AUDIO|>")
    data_args = DataArguments(template="qwen2_omni", dataset_dir=str(place), media_dir=str(place))
    model_args = ModelArguments(model_name_or_path="none")
    training = SimpleNamespace(local_process_index=0, should_log=True)
    total = 0
    for name, attributes in zip(names, get_dataset_list(names, str(place)), strict=True):
        rows = _load_single_dataset(attributes, model_args, data_args, training)
        wanted = lines[attributes.dataset_name]
        assert len(rows) == wanted, (name, len(rows), wanted)
        for row in rows:
            videos, audios = row["_videos"] or [], row["_audios"] or []
            plugin._validate_messages(row["_prompt"] + row["_response"], [], videos, audios)
            assert len(videos) == 1 and len(audios) == name.endswith("_sound")
            assert [turn["role"] for turn in row["_prompt"] + row["_response"]] == ["user", "assistant"]
            assert row["_response"][0]["content"]
            for file in (*videos, *audios):
                assert Path(file).is_file(), file
        total += wanted
        print(f"{name}: {wanted} rows, columns {sorted(rows.column_names)}")
    assert total == sum(lines.values())
    print(f"LLaMA-Factory {version('llamafactory')}: every row is read and its media match its marks")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
