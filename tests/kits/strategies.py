"""Captions as models write them, and as nobody should."""

from hypothesis import strategies as st

ANCHORS = ["At 0s, ", "At 3s, ", "At 12s, ", "At 12.5s, ", "at 12s ", "; at 7s, ", "At 400s, "]
BROKEN = [
    "At 3-5s, ", "At 12 s, ", "at 12.25s, ", "At -3s, ", "(At 5s) ", "At 1:05, ", "[00:12] ", "From 3s to 5s, ",
    "At 12 seconds, ", "At the 5-second mark, ", "Around 15s, ", "12s: ", "\n0:05 - ", "At 5s", "AT 5S,", "At 1,5s:",
    "At ٣s, ", "At 05s, ", "between 3s and 5s ", "\nAt 9s,the", ".At 9s, ", "At 99999999999999999999s, ",
]  # fmt: skip
WORDS = [
    "a man walks ",
    "The dog ",
    "to the river. ",
    "no ",
    "He waits. ",
    "don't ",
    "the dogs' bowl ",
    '6" ',
    "5 m/s ",
    "12s ",
]
QUOTES = [
    '"Hello there." ',
    "says “no, never” ",
    "'EXIT 6' ",
    "「你好」",
    "« oui » ",
    '"',
    "“",
    "”",
    "'",
    "’",
    "« ",
    "»",
    "„ja“ ",
]
MARKUP = [
    "**",
    "*",
    "_",
    "`",
    "\n```\n",
    "\n- ",
    "\n# ",
    "[",
    "](x)",
    "<b>",
    "</b>",
    "<|im_end|>",
    "<script>",
    "~~",
    "\n1. ",
    "> ",
    "---\n",
]
STRANGE = [
    "\x00",
    "\x1b[31m",
    "\ud800",
    "\u202e",
    "\u200b",
    "\ufeff",
    "🎉",
    "שלום ",
    "نعم ",
    "你好，",
    "é",
    "e\u0301",
    "\n",
    "  ",
    "\t",
    "\u2028",
]

pieces = st.one_of(
    *(st.sampled_from(kind) for kind in (ANCHORS, BROKEN, WORDS, QUOTES, MARKUP, STRANGE)),
    st.text(alphabet=st.characters(), max_size=6),
)
captions = st.builds(
    lambda parts, repeats: "".join(parts) * repeats,
    st.lists(pieces, max_size=14),
    st.sampled_from([1, 1, 1, 1, 2, 3, 7]),
)
prose = (
    st.text(alphabet=st.sampled_from("abcdefg ,.éß你好שלום"), min_size=1, max_size=40)
    .map(str.strip)
    .filter(lambda text: any(char.isalnum() for char in text))
)
