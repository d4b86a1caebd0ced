"""Readers of the pinned price packages, and the normalised files they leave here."""
