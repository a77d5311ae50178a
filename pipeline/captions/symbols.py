"""Signs that a caption may not hold: markup, invisible characters, brackets, a model's own tokens, stray spacing."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from asid.pipeline.captions.quotes import WRAPPED
from asid.pipeline.captions.text import Flaw, TextSpan, outside

# Terminal sequences; control characters, halves of surrogate pairs, byte order marks, invisible spaces and hyphens,
# switches of writing direction that reach beyond their text, invisible tag letters, and what is no character at all.
# Joiners and marks that scripts and emoji need stay.
INVISIBLE = re.compile(
    r"\x1b\[[0-?]{0,32}[ -/]{0,8}[@-~]|\x1b\][^\x07\x1b]{0,256}(?:\x07|\x1b\\)|"
    r"\x1b|[\x00-\x08\x0e-\x1a\x1c-\x1f\x7f-\x84\x86-\x9f\u00ad\u200b\u202a-\u202e\u2060\u2066-\u2069\ud800-\udfff\ufdd0-\ufdef"
    r"\ufeff\ufff9-\ufffb\ufffe\uffff\U000e0000-\U000e007f]+"
)
LINES = re.compile(r"[ \t\n\r\v\f\x85\u2028\u2029]{2,}|[\t\n\r\v\f\x85\u2028\u2029]")
FENCE = re.compile(r"^[ \t]{0,3}(?:`{3,}|~{3,})[\w+-]{0,20}[ \t]*$\n?", re.MULTILINE)
RULER = re.compile(r"^[ \t]{0,3}(?:-{3,}|\*{3,}|_{3,}|={3,})[ \t]*$\n?", re.MULTILINE)
ESCAPE = re.compile(r"\\(?=[\\`*_{}\[\]()#+.!$%&~|<>-])")
# Heading, quotation and list marks at the start of a line; a number only where there is more than one such line.
PREFIX = re.compile(r"^[ \t]*(?:(?:#{1,6}|>|[-*+•‣▪])[ \t]+)+", re.MULTILINE)
NUMBERED = re.compile(r"^[ \t]*\d{1,2}[.)][ \t]+", re.MULTILINE)
# Marks around words, with what they enclose; only the marks go.
AROUND = (
    re.compile(r"(?<![\w*])(?P<open>\*{1,3})(?=[^\s*])[^*\n]+(?<=\S)(?P<close>(?P=open))(?![\w*])"),
    re.compile(r"(?<![\w@/.])(?P<open>_{1,2})(?=[^\s_])[^_\n]+(?<=\S)(?P<close>(?P=open))(?!\w)"),
    re.compile(r"(?<![\w~])(?P<open>~~)(?=[^\s~])[^~\n]+(?P<close>~~)"),
    re.compile(r"(?<!`)(?P<open>`{1,2})(?=[^`])[^`\n]+(?P<close>(?P=open))(?!`)"),
    re.compile(r"(?P<open>!?\[)[^\[\]\n]+(?P<close>\]\([^()\s]{1,500}\))"),
)
TOKENS = re.compile(r"<\|[^|<>\n]{1,40}\|>|</?s>|\[/?INST\]|<(?:bos|eos|pad|unk)>", re.IGNORECASE)
LAYOUT = re.compile(
    r"</?(?:b|i|u|em|strong|br|p|div|span|ul|ol|li|h[1-6]|font|center|small|sup|sub|code|pre)(?:\s[^<>\n]{0,200})?/?>",
    re.IGNORECASE,
)
TAG = re.compile(r"</?[a-z][^<>\n]{0,200}>", re.IGNORECASE)
ENTITY = re.compile(r"&(?:[a-z]{2,8}|#\d{1,6}|#x[0-9a-f]{1,6});", re.IGNORECASE)
STRAY = re.compile(r"[\[\]{}【】〔〕|\\^`*<>\ufffd]+|_{2,}|#{2,}|~{2,}")
EMOJI = re.compile(
    r"[\u2600-\u27bf\U0001f1e6-\U0001f1ff\U0001f300-\U0001faff][\ufe0f\u200d\u2600-\u27bf\U0001f300-\U0001faff]*"
)


def invisible(caption: str) -> list[Flaw]:
    """What nobody can see, in quotations as well: it is no part of the words."""
    why = "a control or invisible character"
    return [Flaw(*match.span(), "control", why, "") for match in INVISIBLE.finditer(caption)]


def spacing(caption: str) -> list[Flaw]:
    """A caption is one paragraph, its words one space apart."""
    size, first, last = len(caption), len(caption) - len(caption.lstrip()), len(caption.rstrip())
    edges = [Flaw(start, end, "spacing", "space around the caption", "")
             for start, end in ((0, first), (max(first, last), size)) if start < end]  # fmt: skip
    inner = [Flaw(*match.span(), "spacing", "one paragraph, one space apart", " ") for match in LINES.finditer(caption)]
    return edges + outside(inner, edges)


def markup(caption: str, quoted: Sequence[TextSpan]) -> list[Flaw]:
    """Signs outside quotations. What only lays text out is taken away; what may mean something is reported."""
    certain = _separate([*_laid_out(caption, quoted), *_wrapping(caption)])
    return certain + outside(outside(_separate(_unclear(caption)), quoted), certain)


def _laid_out(caption: str, quoted: Sequence[TextSpan]) -> Iterator[Flaw]:
    patterns = [TOKENS, LAYOUT, ESCAPE, FENCE, RULER, PREFIX]
    if len(NUMBERED.findall(caption)) > 1:
        patterns.append(NUMBERED)
    whys = {TOKENS: "a model's control token", LAYOUT: "an HTML tag"}
    for pattern in patterns:
        found = [_symbol(*match.span(), whys.get(pattern, "Markdown"), "") for match in pattern.finditer(caption)]
        yield from outside(found, quoted)
    pairs = [
        tuple(_symbol(*match.span(group), "Markdown", "") for group in ("open", "close"))
        for pattern in AROUND
        for match in pattern.finditer(caption)
    ]
    free = set(outside((flaw for pair in pairs for flaw in pair), quoted))
    yield from (flaw for pair in pairs if free.issuperset(pair) for flaw in pair)


def _wrapping(caption: str) -> Iterator[Flaw]:
    """Quotation marks around the whole caption."""
    if wrapped := WRAPPED.fullmatch(caption):
        for group in (1, 2):
            yield _symbol(*wrapped.span(group), "quotation marks around the whole caption", "")


def _unclear(caption: str) -> list[Flaw]:
    found = [Flaw(*match.span(), "emoji", "an emoji outside quotation marks") for match in EMOJI.finditer(caption)]
    whys = ((TAG, "a tag"), (ENTITY, "an HTML entity"), (STRAY, "a sign that prose does not need"))
    return found + [_symbol(*match.span(), why) for pattern, why in whys for match in pattern.finditer(caption)]


def _symbol(start: int, end: int, why: str, mended: str | None = None) -> Flaw:
    return Flaw(start, end, "symbol", why, mended)


def _separate(flaws: list[Flaw]) -> list[Flaw]:
    """In order, none over another: the longest of those that start first."""
    kept: list[Flaw] = []
    for flaw in sorted(flaws, key=lambda flaw: (flaw.start, -flaw.end)):
        if not kept or flaw.start >= kept[-1].end:
            kept.append(flaw)
    return kept
