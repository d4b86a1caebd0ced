"""Every name under which a model of the card may be reported; matched exactly, never by prefix."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field

from dagster_project.rates.card import AliasRow, CardRow
from dagster_project.rates.imports import litellm
from dagster_project.rates.imports.litellm import BEDROCK_PROFILES
from dagster_project.rates.layers import Resolved
from dagster_project.rates.vocabulary import NO_MODEL

# What gateways write before a model's name, by the channel that bills.
_GATEWAY_PREFIXES = {
    "anthropic": ("anthropic/",),
    "aws": ("bedrock/",),
    "azure": ("azure/",),
    "cohere": ("cohere/",),
    "deepseek": ("deepseek/",),
    "google": ("gemini/", "google/", "models/", "vertex_ai/"),
    "groq": ("groq/",),
    "mistral": ("mistral/",),
    "openai": ("openai/",),
    "openrouter": ("openrouter/",),
    "xai": ("xai/",),
}
_VERTEX_VERSION = re.compile(r"^(claude-.+)-(\d{8})$")
_VERTEX_PUBLISHERS = {"ai21", "anthropic", "deepseek", "google", "meta", "mistral", "qwen", "xai"}

_Days = tuple[str, str]


def alias_rows(resolved: Resolved, card: Iterable[CardRow]) -> list[AliasRow]:
    """Enumerate the names of the card's models; a name of the facts beats one made by rule."""
    geos: dict[tuple[str, str], set[str]] = defaultdict(set)
    providers: dict[tuple[str, str], str] = {}
    for row in card:
        geos[row.channel, row.model_key].add(row.geo)
        providers[row.channel, row.model_key] = row.provider
    rows: list[AliasRow] = []
    for (channel, key), provider in sorted(providers.items()):
        if key != NO_MODEL:
            rows += _own_names(_Names(channel, key, provider, geos[channel, key]), resolved)
    rows += _spellings(resolved, providers)
    typed = {(row.channel, row.raw_model) for row in rows if row.rule == "alias"}
    exact = {(row.channel, row.raw_model) for row in rows if row.rule == "exact"}
    kept = [
        row
        for row in rows
        if row.rule in {"alias", "exact"} or ((row.channel, row.raw_model) not in typed | exact)
    ]
    return sorted(set(_one_per_name(kept)))


@dataclass
class _Names:
    """Collects the names of one model."""

    channel: str
    key: str
    provider: str
    geos: set[str]
    rows: list[AliasRow] = field(default_factory=list)

    def add(
        self, name: str, rule: str, note: str = "", *, geo: str = "", days: _Days = ("", "")
    ) -> None:
        """Add one name."""
        row = AliasRow(self.channel, name, self.key, self.provider, geo, *days, rule, note)
        self.rows.append(row)


def _own_names(names: _Names, resolved: Resolved) -> list[AliasRow]:
    channel, key = names.channel, names.key
    if channel == "aws":
        _add_bedrock_names(names)
    else:
        names.add(key, "exact")
    model = resolved.facts.models.get((channel, key))
    known: list[tuple[str, str, _Days]] = [(key, "", ("", ""))]
    for alias in model.aliases if model else ():
        days = (alias.valid_from, alias.valid_to)
        names.add(alias.name, "alias", alias.note, geo=alias.geo, days=days)
        # Display names have spaces; no gateway writes a prefix before them.
        if " " not in alias.name:
            known.append((alias.name, alias.geo, days))
    for name, geo, days in known:
        for prefix in _GATEWAY_PREFIXES[channel]:
            note = f"name behind the gateway prefix {prefix}"
            names.add(prefix + name, "gateway_prefix", note, geo=geo, days=days)
        if channel == "google":
            _add_vertex_names(names, name, days)
    if channel in {"azure", "aws"}:
        _add_listed_names(names, resolved)
    return names.rows


def _add_bedrock_names(names: _Names) -> None:
    """Name the profiles that have a price; the plain id is the region's own endpoint."""
    key = names.key
    if "." not in key:
        names.add(key, "exact")
        return
    names.add(key, "exact", "plain id: in-region inference", geo="in_region")
    for profile in BEDROCK_PROFILES:
        if profile in names.geos:
            note = "Bedrock inference profile"
            names.add(f"{profile}.{key}", "bedrock_profile", note, geo=profile)
            behind = f"{note} behind bedrock/"
            names.add(f"bedrock/{profile}.{key}", "gateway_prefix", behind, geo=profile)


def _add_vertex_names(names: _Names, name: str, days: _Days) -> None:
    provider = names.provider
    publisher = {"mistral": "mistralai", "deepseek": "deepseek-ai"}.get(provider, provider)
    path = f"publishers/{publisher}/models/"
    if provider in _VERTEX_PUBLISHERS and "/" not in name:
        names.add(path + name, "gateway_prefix", "Vertex resource name", days=days)
    if version := _VERTEX_VERSION.match(name):
        vertex = f"{version[1]}@{version[2]}"
        note = "Vertex writes the version after @"
        for prefix in ("", "vertex_ai/", path):
            names.add(prefix + vertex, "vertex_version", note, days=days)


def _add_listed_names(names: _Names, resolved: Resolved) -> None:
    """Name LiteLLM's own ids of cloud models, whose prefix decides the geography."""
    for (source, owner, raw_model), keys in resolved.listed.items():
        if source != litellm.SOURCE or owner != names.channel or keys != [names.key]:
            continue
        _, geo = litellm.identify(names.channel, raw_model)
        if names.channel == "azure" and geo == "global":
            geo = ""
        if raw_model != names.key and (not geo or geo in names.geos):
            names.add(raw_model, "gateway_prefix", "id of a gateway", geo=geo)
        plain = re.sub(r"^azure(_ai)?/", "", raw_model)
        if names.channel == "azure" and plain.lower() == names.key and plain != names.key:
            names.add(plain, "exact", "spelling of the catalogue")


def _spellings(resolved: Resolved, providers: dict[tuple[str, str], str]) -> list[AliasRow]:
    rows = []
    for (channel, name), other in resolved.labels.spellings.items():
        if resolved.facts.knows(channel, name):
            continue
        model = resolved.facts.models.get((channel, other))
        if model is None and resolved.facts.knows(channel, other):
            # The other spelling is itself a dated alias: its days are not known for this one.
            continue
        provider = providers.get((channel, other))
        if provider:
            note = "another spelling, listed by genai-prices"
            rows.append(AliasRow(channel, name, other, provider, "", "", "", "spelling", note))
    return rows


def _one_per_name(rows: Iterable[AliasRow]) -> list[AliasRow]:
    """Drop names made by rule that would mean two models; reviewed names are left to the checks."""
    by_name: dict[tuple[str, str], list[AliasRow]] = defaultdict(list)
    for row in rows:
        by_name[row.channel, row.raw_model].append(row)
    kept: list[AliasRow] = []
    for named in by_name.values():
        made = {row.model_key for row in named if row.rule not in {"alias", "exact"}}
        dated = all(row.valid_from or row.valid_to for row in named)
        is_unclear = len(made) > 1 and not dated
        best: dict[tuple[str, str, str], AliasRow] = {}
        for row in sorted(named, key=lambda item: (item.rule != "alias", item.rule, item)):
            if not is_unclear or row.rule in {"alias", "exact"}:
                best.setdefault((row.model_key, row.valid_from, row.valid_to), row)
        kept += best.values()
    return kept
