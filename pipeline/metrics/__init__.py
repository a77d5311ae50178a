"""Figures against truth."""
