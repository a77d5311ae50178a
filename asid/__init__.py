"""Turn raw videos into a dataset of attribute-structured, verified audiovisual captions.

The code lies in `asid.pipeline` (how stages run, and what they share) and `asid.stages` (what is done to a row). In the
repository these are the folders `pipeline/` and `stages/` at the top, and `asid/` holds links to them; in a wheel they
are one package.
"""

__version__ = "0.1.0"
