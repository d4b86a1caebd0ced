"""Build the card: layers, bands, fees, checks and versions. The same input gives the same bytes."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace

from dagster_project.rates import layers
from dagster_project.rates.aliases import alias_rows
from dagster_project.rates.card import (
    ALIASES_SEED,
    CARD_SEED,
    VERSIONS_SEED,
    AliasRow,
    CardRow,
    VersionRow,
    card_row,
    seed_text,
)
from dagster_project.rates.expand import expand
from dagster_project.rates.imports import genai, litellm
from dagster_project.rates.sources import BuildInput


@dataclass
class BuiltCard:
    """The content of a card before it becomes a version."""

    rows: list[CardRow]
    aliases: list[AliasRow]
    resolved: layers.Resolved


@dataclass
class Seeds:
    """The three seed files of a build."""

    card: list[CardRow]
    versions: list[VersionRow]
    aliases: list[AliasRow]
    is_new_version: bool

    def texts(self) -> dict[str, str]:
        """Return file name and content of each seed."""
        return {
            CARD_SEED.name: seed_text(self.card, CardRow),
            VERSIONS_SEED.name: seed_text(self.versions, VersionRow),
            ALIASES_SEED.name: seed_text(self.aliases, AliasRow),
        }


@dataclass(frozen=True)
class PackageVersions:
    """The pinned packages that a version was built from."""

    genai_prices: str
    litellm: str


def package_versions(source: BuildInput) -> PackageVersions:
    """Return the versions written beside the imports."""
    return PackageVersions(source.version_of(genai.SOURCE), source.version_of(litellm.SOURCE))


def build_content(source: BuildInput) -> BuiltCard:
    """Turn facts and imports into the rows and names of the card."""
    resolved = layers.resolve(source)
    rows = []
    for key in sorted(resolved.models):
        entry = layers.merge(resolved.models[key])
        resolved.models[key] = entry
        rows += [card_row(line) for line in expand(entry.lines, entry.fees)]
    rows = sorted(set(rows), key=lambda row: row.sort_key)
    return BuiltCard(rows, alias_rows(resolved, rows), resolved)


def content_hash(rows: Sequence[CardRow]) -> str:
    """Return the sha256 of a version's rows, in their order, without the version numbers."""
    digest = hashlib.sha256()
    for row in sorted(rows, key=lambda item: item.sort_key):
        digest.update("\x1f".join(row.content).encode())
        digest.update(b"\n")
    return digest.hexdigest()


def as_version(
    built: BuiltCard,
    before: Sequence[CardRow],
    versions: Sequence[VersionRow],
    packages: PackageVersions,
    *,
    built_on: str,
    note: str = "",
) -> Seeds:
    """Append a version when the content changed; rows of earlier versions stay for ever."""
    last = max((int(row.version_number) for row in versions), default=0)
    active = {row.content: row for row in before if row.is_in(last)}
    wanted = {row.content: row for row in built.rows}
    if last and active.keys() == wanted.keys():
        return Seeds(list(before), list(versions), built.aliases, False)
    number = str(last + 1)
    card = []
    for row in before:
        dropped = row.is_in(last) and row.content not in wanted
        card.append(replace(row, removed_in=number) if dropped else row)
    card += [
        replace(row, added_in=number, removed_in="")
        for content, row in wanted.items()
        if content not in active
    ]
    digest = content_hash(built.rows)
    history = [replace(row, is_current="false") for row in versions]
    history.append(
        VersionRow(
            number,
            f"{built_on}.{digest[:12]}",
            built_on,
            "true",
            digest,
            str(len(wanted)),
            packages.genai_prices,
            packages.litellm,
            note,
        )
    )
    return Seeds(sorted(card, key=lambda row: row.sort_key), history, built.aliases, True)
