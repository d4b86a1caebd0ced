"""The benchmark: the same job by TrueUp and by one hand-written DuckDB script, side by side."""
