"""Dagster nouns, one file each."""
