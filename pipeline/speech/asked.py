"""A served recogniser that is asked as the manifest's models are: its answers are kept, paced, retried and paid for
within the budget."""

from __future__ import annotations

import asyncio
import hashlib
import json
import tempfile
import wave
from contextlib import closing
from io import BytesIO
from pathlib import Path
from typing import Any

from asid.pipeline.models.base import TRANSCRIBE, Media, Model, Request, Response
from asid.pipeline.models.layers.replay import Replaying, current_store
from asid.pipeline.storage import to_uri


class AskedTranscriber:
    """Asks a model from a thread beside `loop`. `row` is the video that is heard."""

    def __init__(self, model: Model, loop: asyncio.AbstractEventLoop):
        self.model = model
        self.loop = loop
        self.row = ""

    def transcribe(self, wav: bytes, language: str, diarized: bool) -> dict[str, Any]:
        """The server's answer. Raises ModelError."""
        with closing(wave.open(BytesIO(wav))) as sound:
            seconds = sound.getnframes() / sound.getframerate()
        with tempfile.TemporaryDirectory(prefix="asid-") as folder:
            file = Path(folder) / "sound.wav"
            file.write_bytes(wav)
            medium = Media(kind="audio", uri=to_uri(file), sha256=hashlib.sha256(wav).hexdigest())
            settings = {"language": language, "diarized": diarized, "seconds": seconds}
            request = Request(task=TRANSCRIBE, prompt="", media=(medium,), settings=settings, row=self.row)
            response = asyncio.run_coroutine_threadsafe(self._ask(request), self.loop).result()
        answer: dict[str, Any] = json.loads(response.text)
        return answer

    async def _ask(self, request: Request) -> Response:
        async def asked() -> Response:
            response = await self.model.generate(request)
            if isinstance(self.model, Replaying):
                await self.model.keep(request, response)
            return response

        store = current_store.get()
        return await (store.outlive(asked()) if store else asked())
