"""TRL takes its export: `SFTTrainer` is given the dataset, finds it conversational and visual, and takes one step.

    python tests/trainers/check_trl.py FOLDER     # FOLDER as tests/trainers/make.py leaves it

Runs in an environment with TRL, without this project. The model is a LLaVA of two layers with random weights and a
tokenizer of bytes: what is checked is that images and turns reach it in order, not what it learns.
"""

from __future__ import annotations

import json
import sys
import tempfile
from importlib.metadata import version
from pathlib import Path
from typing import Any

try:
    import torch
    from datasets import load_dataset
    from tokenizers import Tokenizer, models, pre_tokenizers
    from transformers import (
        CLIPVisionConfig,
        LlamaConfig,
        LlavaConfig,
        LlavaForConditionalGeneration,
        LlavaProcessor,
        PreTrainedTokenizerFast,
    )
    from transformers.models.clip.image_processing_pil_clip import CLIPImageProcessorPil
    from trl import SFTConfig, SFTTrainer
    from trl.data_utils import is_conversational
except ImportError as error:
    sys.exit(f"TRL is not installed here ({error}): pip install trl torch pillow")

SIDE, PATCH = 28, 14
TEMPLATE = (
    "{% for m in messages %}{{ m.role }}\n{% for c in m.content %}{% if c.type == 'image' %}<image>"
    "{% else %}{{ c.text }}{% endif %}{% endfor %}<end>\n{% endfor %}"
)


def processor() -> Any:
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    tokens = Tokenizer(models.BPE(vocab={char: n for n, char in enumerate(alphabet)}, merges=[]))
    tokens.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer = PreTrainedTokenizerFast(tokenizer_object=tokens, eos_token="<end>", pad_token="<pad>")
    tokenizer.add_tokens(["<image>"], special_tokens=True)
    sight = CLIPImageProcessorPil(size={"shortest_edge": SIDE}, crop_size={"height": SIDE, "width": SIDE})
    return LlavaProcessor(sight, tokenizer, patch_size=PATCH, vision_feature_select_strategy="default",
                          chat_template=TEMPLATE, num_additional_image_tokens=1)  # fmt: skip


def model(made: Any) -> Any:
    small = {"hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 2, "num_attention_heads": 4}
    sight = CLIPVisionConfig(image_size=SIDE, patch_size=PATCH, **small)
    text = LlamaConfig(vocab_size=len(made.tokenizer), **small)
    image = made.tokenizer.convert_tokens_to_ids("<image>")
    config = LlavaConfig(vision_config=sight, text_config=text, image_token_index=image, vision_feature_layer=-1)
    return LlavaForConditionalGeneration(config)


def main(folder: Path) -> None:
    torch.set_num_threads(1)
    lines = json.loads((folder / "trl" / "export.json").read_text())["lines"]
    made = processor()
    with tempfile.TemporaryDirectory() as scratch:
        for file, count in lines.items():
            data = load_dataset("parquet", data_files=str(folder / "trl" / file), cache_dir=scratch)["train"]
            assert len(data) == count, (file, len(data), count)
            for row in data:
                assert is_conversational(row)
                places = sum(part["type"] == "image" for part in row["messages"][0]["content"])
                assert places == len(row["images"]) > 0
                assert all(image.size[0] > 0 for image in row["images"])
            short = data.filter(lambda row: len(row["messages"][1]["content"][0]["text"]) < 300).select(range(2))
            how = SFTConfig(output_dir=scratch, max_steps=1, per_device_train_batch_size=2, report_to=[], use_cpu=True,
                            bf16=False, max_length=None, save_strategy="no", gradient_checkpointing=False)  # fmt: skip
            trainer = SFTTrainer(model(made), how, train_dataset=short, processing_class=made)
            assert trainer._is_vision_dataset
            told = trainer.train()
            assert told.training_loss > 0
            print(f"{file}: {count} rows, one step of SFTTrainer, loss {told.training_loss:.2f}")
    print(f"TRL {version('trl')}: the dataset is taken and trained on")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
