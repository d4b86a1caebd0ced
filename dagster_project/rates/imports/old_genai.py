"""Print the prices of the genai-prices release that stands first on the path, as JSON."""

from __future__ import annotations

from dagster_project.rates.imports import genai
from dagster_project.rates.imports.run import as_json

if __name__ == "__main__":
    print(as_json(genai.read()[0]))
