"""What a run tells Prometheus, through Ray: who exports it and on which port is the cluster's affair."""

from __future__ import annotations

from collections.abc import Mapping

from ray.util.metrics import Counter, Gauge

from asid.pipeline.run.workshop import Done

STAGE = ("stage",)


class Meters:
    """Kept by the driver alone, so that every figure has one source."""

    def __init__(self) -> None:
        self.rows = Counter("asid_rows", "Rows that came out of a stage", STAGE)
        self.failures = Counter("asid_failures", "Rows that did not make it through a stage", STAGE)
        self.shards = Counter("asid_shards", "Shards done", STAGE)
        self.busy = Counter("asid_busy_seconds", "Seconds that shards were in work, added up", STAGE)
        self.tokens = Counter("asid_tokens", "Tokens of new answers", (*STAGE, "model", "kind"))
        self.spend = Counter("asid_spend_usd", "Price of new answers, where it is known", (*STAGE, "model"))
        self.queue = Gauge("asid_queue_depth", "Shards that could be worked now and wait for a worker", STAGE)
        self.workers = Gauge("asid_workers", "Workers, by what they hold of the cluster", ("claims",))
        self.idle = Gauge("asid_idle_gpus", "GPUs held by workers that wait for a shard")

    def finished(self, done: Done) -> None:
        """Count a shard."""
        stage = {"stage": done.step}
        for counter, amount in ((self.rows, done.mark.rows), (self.failures, done.failures), (self.shards, 1),
                                (self.busy, done.seconds)):  # fmt: skip
            if amount:
                counter.inc(amount, stage)
        for line in done.spent:
            model = stage | {"model": line.model}
            taken = {"input": line.usage.input_tokens, "output": line.usage.output_tokens + line.usage.thought_tokens}
            for kind, tokens in taken.items():
                if tokens:
                    self.tokens.inc(tokens, model | {"kind": kind})
            if line.usd:
                self.spend.inc(line.usd, model)

    def state(self, queues: Mapping[str, int], workers: Mapping[str, int], idle_gpus: float) -> None:
        """Set how many shards wait, who works, and how many GPUs idle."""
        for step, depth in queues.items():
            self.queue.set(depth, {"stage": step})
        for claims, count in workers.items():
            self.workers.set(count, {"claims": claims})
        self.idle.set(idle_gpus)
