"""Small shared pieces of TrueUp."""
