"""A run or captions held against truth."""
