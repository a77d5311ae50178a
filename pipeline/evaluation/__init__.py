"""A run held against truth, and captions judged against benchmarks: captions and a data file become cases, a judge is
asked about each, and figures are made of the answers."""
