"""Which model a name means: fact names first, then the packages' ids by anchored rules."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from dagster_project.rates.facts import FactAlias, FactBook, FactModel
from dagster_project.rates.imports.genai import GenaiName
from dagster_project.rates.imports.litellm import BEDROCK_PROFILES

# What may follow a family's name in the name of one of its snapshots, and nothing else: a
# rolling `-latest` may have moved to another family.
_SNAPSHOT = r"([-@](\d{4,8}|\d{4}-\d{2}-\d{2})|@default)?"
_BEDROCK_VERSION = r"(-\d{8})?(-v\d+)?(:\d+)?"
_PROFILE = re.compile(rf"^({'|'.join(BEDROCK_PROFILES)})\.(?=[a-z0-9-]+\.)")


@dataclass
class FactNames:
    """The names of the facts, by channel."""

    models: dict[tuple[str, str], FactModel] = field(default_factory=dict)
    aliases: dict[tuple[str, str], list[tuple[FactAlias, str]]] = field(
        default_factory=lambda: defaultdict(list)
    )

    def key(self, channel: str, name: str, day: str) -> str | None:
        """Return the fact model that a name means on a day."""
        if (channel, name) in self.models:
            return name
        for alias, key in self.aliases.get((channel, name), ()):
            if alias.valid_from <= day and (not alias.valid_to or day < alias.valid_to):
                return key
        return None

    def knows(self, channel: str, name: str) -> bool:
        """Say whether the facts use a name on any day."""
        return (channel, name) in self.models or (channel, name) in self.aliases


def fact_names(book: FactBook) -> FactNames:
    """Index the facts by the names they give."""
    names = FactNames()
    for model in book.models:
        names.models[model.channel, model.model_key] = model
        for alias in model.aliases:
            names.aliases[model.channel, alias.name].append((alias, model.model_key))
    return names


@dataclass(frozen=True)
class GenaiTarget:
    """A model key that one genai-prices model speaks about, and for which geographies."""

    model_key: str
    geos: tuple[str, ...]


@dataclass
class GenaiLabels:
    """How the labels of genai-prices map to names in use."""

    targets: dict[tuple[str, str], list[GenaiTarget]] = field(default_factory=dict)
    # other spellings of a key: (channel, spelling) -> key
    spellings: dict[tuple[str, str], str] = field(default_factory=dict)


def genai_labels(
    clauses: Iterable[GenaiName],
    known: dict[str, set[str]],
    bedrock_geos: dict[str, set[str]],
) -> GenaiLabels:
    """Map every genai-prices model to the names it covers.

    `known` holds the names of facts and LiteLLM by channel. A clause that matches by prefix or
    part covers a known name only where nothing but a date or a version follows.
    """
    grouped: dict[tuple[str, str], list[GenaiName]] = defaultdict(list)
    for clause in clauses:
        grouped[clause.channel, clause.raw_model].append(clause)
    labels = GenaiLabels()
    for (channel, label), group in sorted(grouped.items()):
        if channel == "aws":
            labels.targets[channel, label] = _bedrock_targets(
                label, group, known[channel], bedrock_geos
            )
            continue
        exact = sorted({clause.text for clause in group if clause.kind == "equals"}, key=_shortest)
        if channel == "azure":
            exact = sorted({name.lower() for name in exact}, key=_shortest)
        covered = [name for name in exact if name in known[channel]]
        covered += [
            name
            for name in sorted(known[channel])
            if name not in covered and any(_is_snapshot(clause, name) for clause in group)
        ]
        own: list[str] = []
        for name in exact:
            if name in known[channel]:
                continue
            same = next((other for other in [*covered, *own] if _is_same(other, name)), None)
            if same:
                labels.spellings[channel, name] = same
            else:
                own.append(name)
        if not covered and not own:
            own = [label]
        labels.targets[channel, label] = [GenaiTarget(name, ()) for name in [*covered, *own]]
    return labels


def _shortest(name: str) -> tuple[int, str]:
    return len(name), name


def _is_same(key: str, name: str) -> bool:
    """Say whether a listed name is a key with dashes for dots, or with its snapshot day."""
    plain, other = key.replace(".", "-"), name.replace(".", "-")
    return plain == other or bool(re.fullmatch(re.escape(plain) + r"-20\d{6}", other))


def _is_snapshot(clause: GenaiName, name: str) -> bool:
    if clause.kind not in {"starts_with", "contains", "ends_with"}:
        return False
    stem = clause.text.rstrip("@-")
    pattern = re.escape(stem) + (r"\d*" if stem[-1:].isdigit() else "") + _SNAPSHOT
    return bool(re.fullmatch(pattern, name))


def _bedrock_targets(
    label: str,
    group: Sequence[GenaiName],
    known: set[str],
    bedrock_geos: dict[str, set[str]],
) -> list[GenaiTarget]:
    """Return the Bedrock ids and the profiles that a label's clauses name."""
    key = label.removeprefix("global.").removeprefix("regional.")
    # `ends_with` names the whole id; a version may follow the other clauses.
    whole = {clause.text.rsplit("/", 1)[-1] for clause in group if clause.kind == "ends_with"}
    texts = {clause.text for clause in group if clause.kind != "ends_with"} | whole
    profiles = {match[1] for text in texts if (match := _PROFILE.match(text))}
    stems = {_PROFILE.sub("", text) for text in texts - whole if "." in text} | {key}
    exact = {_PROFILE.sub("", text) for text in whole}
    covered = [
        name
        for name in sorted(known)
        if name in exact
        or any(re.fullmatch(re.escape(stem) + _BEDROCK_VERSION, name) for stem in stems)
    ] or [key]
    if label.startswith("global."):
        return [GenaiTarget(name, ("global",)) for name in covered]
    if not label.startswith("regional."):
        return [GenaiTarget(name, ("in_region",)) for name in covered]
    plain = any(not _PROFILE.match(text) for text in texts)
    targets = []
    for name in covered:
        listed = bedrock_geos.get(name, set()) - {"global"}
        named = profiles | ({"in_region"} if plain else set())
        geos = (named & listed if profiles and listed else listed) or named
        targets.append(GenaiTarget(name, tuple(sorted(geos & _BEDROCK_GEOS))))
    return targets


# genai-prices prices GovCloud like the commercial regions, which AWS does not.
_BEDROCK_GEOS = {*BEDROCK_PROFILES, "in_region"} - {"us-gov"}
