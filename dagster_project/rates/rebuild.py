"""Build against the committed seeds: what would change, what fails, and writing it."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from dagster_project.rates.build import (
    BuiltCard,
    Seeds,
    as_version,
    build_content,
    package_versions,
)
from dagster_project.rates.card import (
    CardRow,
    VersionRow,
    read_seed,
)
from dagster_project.rates.checks import (
    Problem,
    check_card,
    conflicts,
    open_exclusions,
)
from dagster_project.rates.sources import (
    BuildInput,
    Conflict,
    Exclusion,
    read_build_input,
    write_reviewed,
)
from dagster_project.rates.vocabulary import RATES_FOLDER, SEEDS_FOLDER


@dataclass
class Rebuild:
    """The outcome of a build beside the committed seeds."""

    source: BuildInput
    built: BuiltCard
    seeds: Seeds
    problems: list[Problem]
    differences: list[str]
    folder: Path

    @property
    def summary(self) -> str:
        """Name version, rows and models in one line."""
        version = self.seeds.versions[-1]
        models = {(row.channel, row.model_key) for row in self.built.rows}
        return (
            f"{version.version_number} ({version.rate_card_version}), "
            f"{len(self.built.rows)} prices of {len(models)} models, "
            f"{len(self.seeds.aliases)} names"
        )

    def write(self) -> None:
        """Write the three seeds."""
        for name, text in self.seeds.texts().items():
            path = self.folder / name
            staged = path.with_suffix(".new")
            staged.write_text(text, encoding="utf-8", newline="")
            staged.replace(path)

    def write_open(self, folder: Path) -> None:
        """Write what nobody reviewed yet, in the form of the reviewed lists."""
        folder.mkdir(parents=True, exist_ok=True)
        known = {conflict.key for conflict in self.source.conflicts}
        unlisted = [line for line in conflicts(self.built) if line.key not in known]
        write_reviewed(folder / "known_conflicts.csv", unlisted, Conflict)
        missing = open_exclusions(self.source, self.built)
        write_reviewed(folder / "exclusions.csv", missing, Exclusion)
        lines = "".join(f"{problem}\n" for problem in self.problems)
        (folder / "problems.txt").write_text(lines, encoding="utf-8")


def rebuild(
    built_on: str,
    note: str = "",
    *,
    check: bool = False,
    rates_folder: Path = RATES_FOLDER,
    seeds_folder: Path = SEEDS_FOLDER,
) -> Rebuild:
    """Build the card beside the committed seeds; write nothing.

    With `check` the committed version's own day and note are used, so that a card that is up to
    date comes out byte for byte.
    """
    source = read_build_input(rates_folder)
    card = read_seed(seeds_folder / "rate_card.csv", CardRow)
    versions = read_seed(seeds_folder / "rate_card_versions.csv", VersionRow)
    current = [row for row in versions if row.is_current == "true"]
    if check and current:
        built_on, note = current[0].built_on, current[0].note
    built = build_content(source)
    problems = check_card(built, source, built_on, card)
    packages = package_versions(source)
    seeds = as_version(built, card, versions, packages, built_on=built_on, note=note)
    differences = _differences(seeds, seeds_folder)
    return Rebuild(source, built, seeds, problems, differences, seeds_folder)


def _differences(seeds: Seeds, folder: Path) -> list[str]:
    """Say for each seed how it differs from the committed file."""
    found = []
    for name, text in seeds.texts().items():
        path = folder / name
        committed = path.read_bytes().decode() if path.is_file() else ""
        if committed != text:
            before, after = Counter(committed.splitlines()), Counter(text.splitlines())
            found.append(
                f"  {name}: {sum((after - before).values())} lines to add or change, "
                f"{sum((before - after).values())} to drop"
            )
    return found
