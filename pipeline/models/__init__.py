"""Models behind one call: `async generate(Request) -> Response`. One file per provider."""
