"""Judged benchmarks: captions and a data file become cases, a judge is asked about each, and figures are made of it."""
