"""A run held against truth, and captions held against benchmarks: data become cases, a judge is asked about each, and
figures are made of it."""
