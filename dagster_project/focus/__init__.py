"""The official FOCUS validator, in an environment of its own: it needs Python 3.12 and numpy 1."""
