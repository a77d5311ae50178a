"""Measuring captions by somebody who did not write them, and measuring how far whoever measures can be believed."""
