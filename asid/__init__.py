"""Turn raw videos into a dataset of attribute-structured, verified audiovisual captions.

    import asid

    result = asid.run("demo.yaml", "videos", run="RUN", progress=lambda event: print(event.message))
    view = asid.open("RUN")
    for clip in view.clips():
        print(clip.name, clip.duration, clip.caption)
    for failure in view.failures():
        print(failure.stage, failure.name, failure.reason)
    print(result.samples, view.figures().kept, [step.state for step in view.status()])

The embedded models of `demo.yaml` need no key and no GPU. The same call again goes on with the run, and takes up videos
that are new in the folder. `docs/python.md` has more.

The code lies in `asid.pipeline` (how stages run, and what they share) and `asid.stages` (what is done to a row). In the
repository these are the folders `pipeline/` and `stages/` at the top, and `asid/` holds links to them; in a wheel they
are one package.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"
__all__ = [
    "Audited", "Candidate", "Captioned", "Clip", "CorpusPass", "Decision", "Decomposed", "Drafted", "Event", "Failure",
    "Figures", "Formatted", "FormattedByAttribute", "Judged", "Manifest", "Preferred", "Refined", "Result", "Row",
    "RunView", "Scored", "Split", "Stage", "StageConfig", "StepStatus", "Transcribed", "Unprocessable", "UserError",
    "Verified", "Video", "__version__", "grow", "load_manifest", "open", "run",
]  # fmt: skip

if TYPE_CHECKING:
    from asid.pipeline.api import Event, RunView, run
    from asid.pipeline.api import open_run as open
    from asid.pipeline.errors import UserError
    from asid.pipeline.figures import Figures
    from asid.pipeline.recipe.manifest import Manifest
    from asid.pipeline.recipe.manifest import load as load_manifest
    from asid.pipeline.rows import (
        Audited,
        Candidate,
        Captioned,
        Clip,
        Decision,
        Decomposed,
        Drafted,
        Failure,
        Formatted,
        FormattedByAttribute,
        Judged,
        Preferred,
        Refined,
        Row,
        Scored,
        Split,
        Transcribed,
        Verified,
        Video,
        grow,
    )
    from asid.pipeline.run.progress import Result
    from asid.pipeline.run.status import StepStatus
    from asid.pipeline.stage import CorpusPass, Stage, StageConfig, Unprocessable

# Where a name is made, and what it is called there, if not the same. Looked up when it is first asked for: what they
# import takes seconds, and `asid --help` waits for this file.
_MODULES = {
    "asid.pipeline.api": {"Event": "", "RunView": "", "run": "", "open": "open_run"},
    "asid.pipeline.errors": {"UserError": ""},
    "asid.pipeline.recipe.manifest": {"Manifest": "", "load_manifest": "load"},
    "asid.pipeline.figures": {"Figures": ""},
    "asid.pipeline.run.progress": {"Result": ""},
    "asid.pipeline.run.status": {"StepStatus": ""},
    "asid.pipeline.stage": {"CorpusPass": "", "Stage": "", "StageConfig": "", "Unprocessable": ""},
}
_PLACES = {name: (module, there or name) for module, names in _MODULES.items() for name, there in names.items()}


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module 'asid' has no attribute {name!r}")
    module, there = _PLACES.get(name, ("asid.pipeline.rows", name))
    value = getattr(importlib.import_module(module), there)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
