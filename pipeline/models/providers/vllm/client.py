"""vLLM behind one call: an engine in this process, or a server."""

from __future__ import annotations

import asyncio
import itertools
from typing import Any

from asid.pipeline.models.base import (
    BadRequest,
    Media,
    Misconfigured,
    Request,
    Response,
    Transient,
    Unreadable,
    Usage,
)
from asid.pipeline.models.budget import FPS, MIN_PIXELS
from asid.pipeline.models.config import ModelConfig
from asid.pipeline.models.providers.attachments import Attachments
from asid.pipeline.models.providers.openai.client import OpenAIModel
from asid.pipeline.models.providers.vllm import SAMPLING
from asid.pipeline.models.replies import finish_of
from asid.pipeline.storage import Storage

BEYOND_OPENAI = ("top_k", "repetition_penalty")


class ServedVLLM(OpenAIModel):
    """A vLLM server. It must run with `--trust-request-mm-kwargs` when frames or sound are set here."""

    async def generate(self, request: Request) -> Response:
        return await super().generate(request.model_copy(update={"settings": served(request.settings)}))


def served(settings: dict[str, Any]) -> dict[str, Any]:
    """These settings as the OpenAI provider takes them."""
    plain = {name: settings[name] for name in SAMPLING if name in settings and name not in BEYOND_OPENAI}
    extra: dict[str, Any] = {name: settings[name] for name in BEYOND_OPENAI if name in settings}
    if processor := processor_arguments(settings):
        extra["mm_processor_kwargs"] = processor
    extra["media_io_kwargs"] = {"video": loading_arguments(settings)}
    return plain | {"video": "data", "audio": "audio_url", "extra": extra}


def processor_arguments(settings: dict[str, Any]) -> dict[str, Any]:
    """Give the settings that the model's processor of media reads. With `max_pixels` goes the family's floor: a
    checkpoint's own may be 32 times smaller, and the tokens that were reckoned would not be those that are made."""
    names = ("fps", "max_pixels", "use_audio_in_video")
    found = {name: settings[name] for name in names if name in settings}
    return found | ({"min_pixels": min(MIN_PIXELS, found["max_pixels"])} if "max_pixels" in found else {})


def loading_arguments(settings: dict[str, Any]) -> dict[str, Any]:
    """Give the settings by which a video is loaded. Both always: where one is missing vLLM takes 32 frames of a video,
    however long it is."""
    return {"fps": settings.get("fps", FPS), "num_frames": settings.get("max_frames", -1)}


def engine_arguments(settings: dict[str, Any]) -> dict[str, Any]:
    """With sound in the video vLLM's cache of processed media is off: it knows pictures and sound apart, and refuses a
    new video whose sound it has met, such as a second silent clip ("Video doesn't have audio track", vLLM 0.32)."""
    usual = {"mm_processor_cache_gb": 0} if settings.get("use_audio_in_video") else {}
    arguments: dict[str, Any] = usual | settings.get("engine", {})
    return arguments


def read_output(final: Any, model: str) -> Response:
    """The answer in the engine's last output. It is whole for `stop` alone; `abort`, `error` and `repetition` end it
    too, and None says that it has not ended."""
    if final is None or not final.outputs:
        raise Unreadable("the vLLM engine gave no answer")
    answer = final.outputs[0]
    finish, ended = finish_of(answer.finish_reason or "not ended")
    return Response(
        text=answer.text,
        model=model,
        provider="vllm",
        finish=finish,
        ended=ended,
        usage=Usage(
            input_tokens=len(final.prompt_token_ids or ()),
            output_tokens=len(answer.token_ids),
            cached_tokens=final.num_cached_tokens or 0,
        ),
    )


class VLLMModel:
    """The engine in a process of its own under this worker's; calls that are under way together are batched by it.
    Requests take the way they take inside vLLM's server, so that both give the same prompt to the same model."""

    reads_facts = False

    def __init__(self, config: ModelConfig, storage: Storage):
        self.config = config
        self.attachments = Attachments(storage)
        self.opening = asyncio.Lock()
        self.engine: Any = None
        self.ids = itertools.count()

    async def generate(self, request: Request) -> Response:
        from vllm import SamplingParams
        from vllm.exceptions import VLLMValidationError
        from vllm.renderers.params import ChatParams
        from vllm.sampling_params import StructuredOutputsParams
        from vllm.v1.engine.exceptions import EngineDeadError, EngineGenerateError

        engine = await self._opened()
        settings = request.settings
        processor, loading = processor_arguments(settings), loading_arguments(settings)
        media = [await self._part(medium) for medium in request.media]
        messages = [{"role": "user", "content": [*media, {"type": "text", "text": request.prompt}]}]
        chat = ChatParams(
            chat_template_kwargs={"add_generation_prompt": True, "tokenize": False},
            media_io_kwargs={"video": loading},
            mm_processor_kwargs=processor or None,
        )
        schema = request.answer_schema
        structure = StructuredOutputsParams(json=schema, disable_any_whitespace=True) if schema else None
        sampling = SamplingParams(
            **{name: settings[name] for name in SAMPLING if name in settings},
            structured_outputs=structure,
        )
        extras = {"mm_processor_kwargs": processor} if processor else None
        try:
            _, prompts = await engine.renderer.render_chat_async([messages], chat, prompt_extras=extras)
            final = None
            async for output in engine.generate(prompts[0], sampling, f"{request.row}-{next(self.ids)}"):
                final = output
        except (VLLMValidationError, ValueError) as error:
            raise BadRequest(str(error)) from error
        except EngineDeadError as error:
            raise Misconfigured(f"the vLLM engine died: {error}") from error
        except EngineGenerateError as error:
            raise Transient(f"the vLLM engine gave this answer up: {error}") from error
        return read_output(final, self.config.model)

    async def _part(self, medium: Media) -> dict[str, Any]:
        kind, blob = f"{medium.kind}_url", await self.attachments.whole(medium)
        return {"type": kind, kind: {"url": blob.data_uri}}

    async def _opened(self) -> Any:
        async with self.opening:
            if self.engine is None:
                self.engine = await asyncio.to_thread(self._open)
        return self.engine

    def _open(self) -> Any:
        try:
            from vllm import AsyncEngineArgs
            from vllm.v1.engine.async_llm import AsyncLLM
        except ImportError as error:
            raise Misconfigured(f"vllm is not installed here: pip install 'asid-verify[vllm]' ({error})") from error
        try:
            arguments = AsyncEngineArgs(model=self.config.model, **engine_arguments(self.config.settings))
            return AsyncLLM.from_engine_args(arguments)
        except (RuntimeError, TypeError, ValueError, OSError) as error:
            raise Misconfigured(f"vLLM cannot open {self.config.model}: {error}") from error

    async def close(self) -> None:
        """Frees the accelerator."""
        if self.engine is not None:
            engine, self.engine = self.engine, None
            await asyncio.to_thread(engine.shutdown)
