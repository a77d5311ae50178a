"""Exports in the hands of the trainers' own code, each in an environment of its own: see README.md."""
