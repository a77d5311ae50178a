"""Seeing: shots and their detectors, gradual transitions, motion, bars and hashes."""
