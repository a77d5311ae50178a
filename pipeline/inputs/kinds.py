"""The kinds of inputs that asid reads, by the names that `kind` of an input takes.

A kind is a function of an input, the run's storage and a counter of what is passed over; it gives `Listed` rows and
failures, and raises InputError for an input that is not there. An installed package's kind is also taken for
addresses that begin with its name and `://`.
"""

from __future__ import annotations

from collections.abc import Mapping

INPUTS: Mapping[str, str] = {
    "local": "asid.pipeline.inputs.listing:read_local",
    "bucket": "asid.pipeline.inputs.listing:read_bucket",
    "hub": "asid.pipeline.inputs.hub:read_dataset",
}
