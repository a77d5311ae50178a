"""Measuring: what a caption's rates are, by somebody who did not write it, and how far whoever measures can be believed."""
