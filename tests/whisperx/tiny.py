"""Tiny models for WhisperX, made on the spot: the real architectures and file formats, and nothing learnt."""

from __future__ import annotations

import json
from itertools import islice, product
from pathlib import Path
from string import ascii_lowercase
from typing import Any

WIDTH = 64
WORDS = 6  # that the recogniser writes before it ends
TEXTS = 50257  # tokens that stand for text, as in a multilingual Whisper


def recogniser(folder: Path) -> Path:
    """A multilingual Whisper for CTranslate2. It writes WORDS invented words, some of them digits, for any sound."""
    import torch
    from ctranslate2.converters.transformers import WhisperLoader
    from faster_whisper.tokenizer import _LANGUAGE_CODES
    from transformers import WhisperConfig, WhisperForConditionalGeneration

    specials = ["<|endoftext|>", "<|startoftranscript|>", *(f"<|{code}|>" for code in _LANGUAGE_CODES),
                "<|translate|>", "<|transcribe|>", "<|startoflm|>", "<|startofprev|>", "<|nospeech|>",
                "<|notimestamps|>"]  # fmt: skip
    tokenizer = _words(specials)
    tokens = [tokenizer.id_to_token(number) for number in range(tokenizer.get_vocab_size())]
    tokens += [f"<|{step * 0.02:.2f}|>" for step in range(1501)]
    torch.manual_seed(0)
    model = WhisperForConditionalGeneration(
        WhisperConfig(
            vocab_size=len(tokens), num_mel_bins=80, d_model=WIDTH, encoder_layers=2, decoder_layers=2,
            encoder_attention_heads=2, decoder_attention_heads=2, encoder_ffn_dim=128, decoder_ffn_dim=128,
            init_std=0.5, pad_token_id=TEXTS, bos_token_id=TEXTS, eos_token_id=TEXTS, decoder_start_token_id=TEXTS + 1,
        )
    ).eval()  # fmt: skip
    _steer(model)
    loader = WhisperLoader()
    spec = loader.get_model_spec(model)
    spec.config.suppress_ids, spec.config.suppress_ids_begin = [], [TEXTS]
    spec.config.alignment_heads = [[1, 0], [1, 1]]
    spec.config.lang_ids = [tokens.index(f"<|{code}|>") for code in _LANGUAGE_CODES]
    spec.register_vocabulary(tokens)
    spec.validate()
    spec.optimize()
    folder.mkdir(parents=True)
    spec.save(str(folder))
    tokenizer.save(str(folder / "tokenizer.json"))
    return folder


def _steer(model: Any) -> None:
    """Places 3 on (before them stand start, language, task, no times) say a text token, and after WORDS of them the
    end. Which language or word it is, is left to chance, sound and place."""
    import torch

    decoder = model.model.decoder
    with torch.no_grad():
        for layer in decoder.layers:  # less than the places
            for last in (layer.self_attn.out_proj, layer.encoder_attn.out_proj, layer.fc2):
                last.weight *= 0.1
        say, end = torch.linalg.qr(torch.randn(WIDTH, 2))[0].T
        places, meanings = decoder.embed_positions.weight, decoder.embed_tokens.weight
        places[3:] = 2 * torch.randn_like(places[3:])
        places[3 : 3 + WORDS] += 30 * say - 30 * end
        places[3 + WORDS :] += 100 * end
        meanings[TEXTS] = 10 * end
        meanings[TEXTS + 1 :] -= 10 * say


def _words(specials: list[str]) -> Any:
    """Bytes, then invented words: every seventh ends a sentence, every eleventh is a number. The empty token at the end
    is what CTranslate2 knows a multilingual Whisper by."""
    from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers

    texts = sorted(pre_tokenizers.ByteLevel.alphabet())
    syllables = (a + b for a, b in product("bdfgklmnprstvz", "aeiou"))
    invented = ("".join(parts) for parts in product(list(syllables), repeat=3))
    for number, word in enumerate(islice(invented, TEXTS - len(texts) - 1)):
        text = str(number) if number % 11 == 0 else word.capitalize() + "." if number % 7 == 0 else word
        texts.append(f"Ġ{text}")
    texts.append("")
    bare = Tokenizer(models.BPE(vocab={text: number for number, text in enumerate(texts)}, merges=[]))
    bare.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    bare.decoder = decoders.ByteLevel()
    bare.add_special_tokens([AddedToken(one, special=True) for one in specials])
    return bare


def aligner(folder: Path) -> Path:
    """A wav2vec 2.0 with letters, 20 ms a frame, as the hub has it."""
    import torch
    from transformers import (
        Wav2Vec2Config,
        Wav2Vec2CTCTokenizer,
        Wav2Vec2FeatureExtractor,
        Wav2Vec2ForCTC,
        Wav2Vec2Processor,
    )

    folder.mkdir(parents=True)
    vocabulary = ["<pad>", "<s>", "</s>", "<unk>", "|", "'", *ascii_lowercase]
    path = folder / "vocab.json"
    path.write_text(json.dumps({one: number for number, one in enumerate(vocabulary)}))
    torch.manual_seed(0)
    config = Wav2Vec2Config(
        vocab_size=len(vocabulary), hidden_size=32, num_hidden_layers=2, num_attention_heads=2, intermediate_size=64,
        conv_dim=(32,) * 7, num_conv_pos_embeddings=16, num_conv_pos_embedding_groups=2, pad_token_id=0,
    )  # fmt: skip
    Wav2Vec2ForCTC(config).save_pretrained(folder)
    tokenizer = Wav2Vec2CTCTokenizer(str(path), pad_token="<pad>", unk_token="<unk>", word_delimiter_token="|")
    Wav2Vec2Processor(feature_extractor=Wav2Vec2FeatureExtractor(), tokenizer=tokenizer).save_pretrained(folder)
    return folder


def sentences(folder: Path) -> Path:
    """nltk's data for splitting sentences, of a splitter that has read nothing: a full stop ends a sentence."""
    from whisperx.utils import PUNKT_LANGUAGES

    for language in {"english", *PUNKT_LANGUAGES.values()}:
        own = folder / "tokenizers" / "punkt_tab" / language
        own.mkdir(parents=True)
        for name in ("collocations.tab", "sent_starters.txt", "abbrev_types.txt", "ortho_context.tab"):
            (own / name).write_text("")
    return folder


def diarizer(folder: Path) -> Path:
    """A pyannote pipeline in the arrangement of speaker-diarization-community-1: powerset segmentation, speaker
    vectors, PLDA, VBx."""
    import numpy as np
    import torch
    from pyannote.audio.core.task import Problem, Resolution, Specifications
    from pyannote.audio.models.embedding.wespeaker import WeSpeakerResNet34
    from pyannote.audio.models.segmentation import PyanNet

    torch.manual_seed(0)
    speakers = Specifications(
        problem=Problem.MONO_LABEL_CLASSIFICATION, resolution=Resolution.FRAME, duration=5.0,
        classes=["speaker#1", "speaker#2", "speaker#3"], powerset_max_classes=2, permutation_invariant=True,
    )  # fmt: skip
    small = {"hidden_size": 16, "num_layers": 1}
    _save(PyanNet(lstm=small, linear=small), speakers, folder / "segmentation", alone=True)
    vectors = Specifications(problem=Problem.REPRESENTATION, resolution=Resolution.CHUNK, duration=5.0)
    _save(WeSpeakerResNet34(), vectors, folder / "embedding")
    random = np.random.default_rng(0)
    (folder / "plda").mkdir()
    np.savez(folder / "plda" / "xvec_transform.npz", mean1=np.zeros(256), mean2=np.zeros(128),
             lda=random.normal(size=(256, 128)) / 16)  # fmt: skip
    np.savez(folder / "plda" / "plda.npz", mu=np.zeros(128), tr=np.eye(128), psi=np.linspace(2, 1, 128))
    (folder / "config.yaml").write_text(
        """\
version: 4.0.0
pipeline:
  name: pyannote.audio.pipelines.SpeakerDiarization
  params:
    clustering: VBxClustering
    segmentation: $model/segmentation
    embedding: $model/embedding
    plda: $model/plda
    embedding_exclude_overlap: true
    segmentation_step: 0.5
params:
  clustering: {threshold: 0.6, Fa: 0.07, Fb: 0.8}
  segmentation: {min_duration_off: 0.0}
"""
    )
    return folder


def _save(model: Any, specifications: Any, folder: Path, alone: bool = False) -> None:
    """As Lightning writes it. `alone`: of the classes (nobody, three alone, three pairs) the pairs are never chosen,
    and what comes before the classifier tells more."""
    import lightning
    import torch

    model.specifications = specifications
    model.setup()
    model.eval()
    if alone:
        with torch.no_grad():
            model.classifier.weight *= 20
            model.classifier.bias -= model(0.1 * torch.randn(1, 1, 80000)).mean((0, 1))
            model.classifier.bias[4:] = -1000
    checkpoint = {
        "state_dict": model.state_dict(),
        "hyper_parameters": dict(model.hparams),
        "pytorch-lightning_version": lightning.__version__,
    }
    model.on_save_checkpoint(checkpoint)
    folder.mkdir(parents=True)
    torch.save(checkpoint, folder / "pytorch_model.bin")
