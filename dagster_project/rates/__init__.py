"""The rate card: dated facts and pinned price packages, built into versioned seeds."""
