"""The formats that asid brings, by the names that `asid export --to` takes."""

from __future__ import annotations

from collections.abc import Mapping

EXPORTERS: Mapping[str, str] = {
    "asid-1m": "asid.pipeline.dataset.export.asid_1m:EXPORTER",
    "ms-swift": "asid.pipeline.dataset.export.ms_swift:EXPORTER",
    "llama-factory": "asid.pipeline.dataset.export.llama_factory:EXPORTER",
    "trl": "asid.pipeline.dataset.export.trl:EXPORTER",
    "webdataset": "asid.pipeline.dataset.export.webdataset:EXPORTER",
}
