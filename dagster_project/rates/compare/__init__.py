"""The same cases priced by TrueUp, by genai-prices and by LiteLLM's price file, side by side."""
