"""The inputs as the engine works them: the pieces that are to be probed, and what is said of them on the way."""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable, Iterator, Sequence

from asid.pipeline.run.listing import Listing
from asid.pipeline.run.workshop import Task
from asid.pipeline.storage import display_name
from asid.pipeline.text import counted, plural

FEW = 3  # names that are said of many
TELL = 5.0  # s between two words on how far the probing is


class Intake:
    """One listing, begun as far as its first file that the run does not hold yet. `pieces` are those that have to be
    probed; with `again`, also those that have been."""

    def __init__(self, listing: Listing, say: Callable[[str], None], again: bool):
        self.listing = listing
        self.say = say
        self._probed = 0
        self._told = float("-inf")
        say("listing the inputs")
        pieces = listing.pieces()
        head = next(pieces, None)
        self.is_due = (
            head is not None or bool(listing.unlisted) or bool(listing.taken.stale) or not listing.taken.shards
        )
        todo = itertools.chain([head] if head else [], pieces)
        self.pieces: Iterator[Task] = (piece for piece in todo if again or listing.footer(piece) is None)
        if not self.is_due:
            self.tell_end()
            self.tell_changes()

    def probed(self, files: int) -> None:
        """Say now and then how far the probing is."""
        self._probed += files
        if time.monotonic() - self._told > TELL:
            self._told = time.monotonic()
            self.say(f"probed {self._probed} of {self.listing.found} files listed so far")

    def tell_end(self) -> None:
        """Say what was listed, and what was not."""
        listing = self.listing
        if listing.skipped:
            self.say(f"passed over: {counted(listing.skipped)}")
        for reason in listing.lost:
            self.say(f"{reason}: going on with what the run has of it")
        listed = plural(listing.found + listing.known, "file")
        if self.is_due:
            self.say(f"{listed} listed, {listing.known} of them known, {len(listing.unlisted)} that cannot be read")
        else:
            self.say(f"{listed} listed, nothing new")

    def tell_changes(self) -> None:
        """Say which inputs have changed, moved or gone since they were taken up."""
        listing = self.listing
        names = list(listing.changed.values())
        if names:
            self.say(f"{plural(len(names), 'file')} changed: {_few(names)}: new videos, and the old rows stay")
        if listing.moved:
            names = [display_name(uri) for uri in listing.moved.values()]
            self.say(f"{plural(len(names), 'file')} moved: {_few(names)}: the same videos, nothing is done again")
        if gone := listing.gone():
            said = _few(listing.names(gone[:FEW]), len(gone))
            self.say(f"{plural(len(gone), 'file')} gone: {said}: their rows stay; `asid forget` removes them")


def _few(names: Sequence[str], count: int = 0) -> str:
    """The first few of many names."""
    count = count or len(names)
    return ", ".join(names[:FEW]) + (f" and {count - FEW} more" if count > FEW else "")
