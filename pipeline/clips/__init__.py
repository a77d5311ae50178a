"""Which spans become clips, their slices of the evidence, and what is too poor to keep."""
