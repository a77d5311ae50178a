"""The judged benchmarks, one module each: how its files are read, what is asked, and its tables."""
