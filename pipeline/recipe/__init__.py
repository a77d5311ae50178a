"""What to do: the manifest, its mistakes, and the steps it names."""
