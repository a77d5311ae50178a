"""A tiny random Qwen2.5-Omni, made on the spot: the real architecture with its real processor, and nothing learnt."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

SPECIAL = {
    "eos": "<|endoftext|>", "im_start": "<|im_start|>", "im_end": "<|im_end|>",
    "audio": "<|AUDIO|>", "audio_bos": "<|audio_bos|>", "audio_eos": "<|audio_eos|>",
    "image": "<|IMAGE|>", "video": "<|VIDEO|>", "vision_bos": "<|vision_bos|>", "vision_eos": "<|vision_eos|>",
}  # fmt: skip
TEMPLATE = """{%- for message in messages -%}
<|im_start|>{{ message['role'] }}
{% if message['content'] is string %}{{ message['content'] }}{% else %}{% for part in message['content'] -%}
{%- if part['type'] == 'text' %}{{ part['text'] }}
{%- elif part['type'].startswith('video') %}<|vision_bos|><|VIDEO|><|vision_eos|>
{%- elif part['type'].startswith('audio') %}<|audio_bos|><|AUDIO|><|audio_eos|>
{%- elif part['type'].startswith('image') %}<|vision_bos|><|IMAGE|><|vision_eos|>
{%- endif %}{% endfor %}{% endif %}<|im_end|>
{% endfor %}{% if add_generation_prompt %}<|im_start|>assistant
{% endif %}"""
WIDTH = 128
PIXELS = {"min_pixels": 56 * 56, "max_pixels": 112 * 112}


def make(folder: Path, context: int = 8192) -> Path:
    """A checkpoint as the hub has it, thinker only, for `context` tokens at the most."""
    import torch
    from safetensors.torch import save_file
    from transformers import (
        Qwen2_5OmniConfig,
        Qwen2_5OmniThinkerConfig,
        Qwen2_5OmniThinkerForConditionalGeneration,
        Qwen2VLImageProcessor,
        Qwen2VLVideoProcessor,
        WhisperFeatureExtractor,
    )
    from transformers.models.qwen2_5_omni.processing_qwen2_5_omni import Qwen2_5OmniProcessor

    words = tokenizer()
    config = Qwen2_5OmniThinkerConfig(**_thinker(words, context))
    torch.manual_seed(0)
    weights = Qwen2_5OmniThinkerForConditionalGeneration(config).to(torch.float32).state_dict()
    folder.mkdir(parents=True)
    save_file({f"thinker.{name}": value.contiguous().clone() for name, value in weights.items()},
              folder / "model.safetensors")  # fmt: skip
    whole = Qwen2_5OmniConfig(thinker_config=config.to_dict()).to_dict()
    whole |= {"architectures": ["Qwen2_5OmniModel"], "enable_audio_output": False, "dtype": "float32"}
    (folder / "config.json").write_text(json.dumps(whole, default=str))
    end = words.convert_tokens_to_ids(SPECIAL["im_end"])
    (folder / "generation_config.json").write_text(json.dumps({"eos_token_id": end}))
    Qwen2_5OmniProcessor(
        image_processor=Qwen2VLImageProcessor(**PIXELS),
        video_processor=Qwen2VLVideoProcessor(**PIXELS),
        feature_extractor=WhisperFeatureExtractor(feature_size=128, return_attention_mask=True),
        tokenizer=words,
        chat_template=TEMPLATE,
    ).save_pretrained(folder)
    words.save_pretrained(folder)
    return folder


def tokenizer() -> Any:
    """The family's special tokens, and bytes."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
    from transformers import PreTrainedTokenizerFast

    bare = Tokenizer(models.BPE())
    bare.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    bare.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=400,
        special_tokens=list(SPECIAL.values()),
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    bare.train_from_iterator(["a person walks through the room while music plays"] * 20, trainer)
    named = {
        f"{name}_token": SPECIAL[name]
        for name in ("image", "audio", "video", "vision_bos", "vision_eos", "audio_bos", "audio_eos")
    }
    return PreTrainedTokenizerFast(
        tokenizer_object=bare, eos_token=SPECIAL["im_end"], pad_token=SPECIAL["eos"], chat_template=TEMPLATE,
        additional_special_tokens=list(SPECIAL.values())[1:], extra_special_tokens=named,
    )  # fmt: skip


def _thinker(tokenizer: Any, context: int) -> dict[str, Any]:
    def number(name: str) -> int:
        return int(tokenizer.convert_tokens_to_ids(SPECIAL[name]))

    return {
        "audio_config": {
            "num_mel_bins": 128, "encoder_layers": 2, "encoder_attention_heads": 2, "encoder_ffn_dim": 128,
            "d_model": 64, "output_dim": WIDTH, "max_source_positions": 1500, "n_window": 100,
        },
        "vision_config": {
            "depth": 2, "hidden_size": 64, "intermediate_size": 128, "num_heads": 2, "patch_size": 14,
            "spatial_merge_size": 2, "temporal_patch_size": 2, "window_size": 112, "out_hidden_size": WIDTH,
            "fullatt_block_indexes": [1],
        },
        "text_config": {
            "vocab_size": len(tokenizer), "hidden_size": WIDTH, "intermediate_size": 256, "num_hidden_layers": 2,
            "num_attention_heads": 2, "num_key_value_heads": 1, "max_position_embeddings": context,
            "tie_word_embeddings": False, "max_window_layers": 2, "eos_token_id": number("im_end"),
            "rope_parameters": {"rope_type": "default", "rope_theta": 1e6, "mrope_section": [8, 12, 12]},
        },
        "audio_token_index": number("audio"), "image_token_index": number("image"),
        "video_token_index": number("video"), "audio_start_token_id": number("audio_bos"),
        "audio_end_token_id": number("audio_eos"), "vision_start_token_id": number("vision_bos"),
        "vision_end_token_id": number("vision_eos"), "position_id_per_seconds": 25, "seconds_per_chunk": 2,
    }  # fmt: skip
