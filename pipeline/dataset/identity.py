"""What a dataset's card says of its rows, so that no cache takes one dataset for another.

`datasets` keeps what it has loaded from a folder under the folder's name and what the YAML of its card says of the
configs: neither where the folder lies nor what is in its files counts, once a card names them. So the card says it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

CARD = "README.md"


def described(digests: Mapping[str, str]) -> str:
    """Say in one line, for the `description` of a config, which rows it has. `digests`: file -> digest of its rows."""
    total = hashlib.sha256()
    for name, digest in sorted(digests.items()):
        total.update(f"{name} {digest}\n".encode())
    return f"rows {total.hexdigest()}"
