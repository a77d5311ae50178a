"""Hearing: who said what and when. Backends give words and turns; `words` makes utterances of them."""
