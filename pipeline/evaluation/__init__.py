"""A run held against truth, and captions judged against benchmarks: captions and a data file become cases, a judge is
asked about each, and figures are made of the answers.

A metric is a function of a run and a folder of truth that gives lines of figures, or a `Benchmark`.
"""

from __future__ import annotations

from collections.abc import Mapping

# Names that `asid eval` takes, and where they are, in the order in which they are listed.
METRICS: Mapping[str, str] = {
    "shots": "asid.pipeline.evaluation.truth:of_shots",
    "speech": "asid.pipeline.evaluation.truth:of_speech",
    "captions": "asid.pipeline.evaluation.truth:of_captions",
    "diadem": "asid.pipeline.evaluation.benchmarks.diadem:DIADEM",
    "salmonn2": "asid.pipeline.evaluation.benchmarks.salmonn2:SALMONN2",
    "avocado": "asid.pipeline.evaluation.benchmarks.avocado:AVOCADO",
    "following": "asid.pipeline.evaluation.benchmarks.following:FOLLOWING",
    "qa": "asid.pipeline.evaluation.benchmarks.qa:QA",
    "grounding": "asid.pipeline.evaluation.benchmarks.grounding:GROUNDING",
    "ugc": "asid.pipeline.evaluation.benchmarks.ugc:UGC",
    "vdc": "asid.pipeline.evaluation.benchmarks.vdc:VDC",
    "vidcap": "asid.pipeline.evaluation.benchmarks.vidcap:VIDCAP",
    "dream": "asid.pipeline.evaluation.benchmarks.dream:DREAM",
    "elo": "asid.pipeline.evaluation.benchmarks.elo:ELO",
}
