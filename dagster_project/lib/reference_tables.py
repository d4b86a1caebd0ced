"""The user's own tables under reference/: columns, kinds and what each value may be."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from dagster_project.sources import SOURCES


@dataclass(frozen=True)
class ReferenceColumn:
    """One column. `stored_as`: the raw column's name when the value loads as a keyed hash."""

    name: str
    kind: Literal["text", "date", "instant", "decimal"] = "text"
    required: bool = False
    allowed: tuple[str, ...] = ()
    stored_as: str | None = None

    @property
    def raw_name(self) -> str:
        """Return the column's name in schema raw."""
        return self.stored_as or self.name


@dataclass(frozen=True)
class ReferenceTable:
    """One CSV. `key`: columns that together may stand only once; `optional`: may be left out."""

    columns: tuple[ReferenceColumn, ...]
    key: tuple[str, ...]
    optional: frozenset[str] = frozenset()


OUTCOME_TYPES = (
    "user_active",
    "task_started",
    "task_succeeded",
    "task_failed",
    "ticket_resolved",
    "ticket_reopened",
    "conversion",
    "ignore",
)
EXCLUSION_KINDS = ("internal", "bot", "test")
# Their outcomes are counted one by one, so that each is linked to its cost and has a value.
OUTCOME_UNITS = ("resolved_ticket", "successful_task", "conversion")
UNITS = ("feature", "active_user", *OUTCOME_UNITS)
CHARGE_KINDS = (
    "fixed_fee",
    "minimum_fee",
    "commitment",
    "volume_discount",
    "capacity",
    "storage",
)
LEDGER_ROLES = (
    "expense",
    "tax",
    "credits",
    "accounts_payable",
    "accrued_liabilities",
    "prepaid",
    "prepaid_expired",
)
FX_POLICIES = ("invoice_date", "month_average", "contract")
CONTRACT_KINDS = ("percent_off", "multiplier", "fixed_price", "free")
CONTRACT_SCOPE = (
    "account",
    "provider",
    "channel",
    "model_key",
    "meter",
    "processing",
    "service_tier",
    "geo",
)
# Other scope columns take any name; these have few, and another would fit nothing.
CONTRACT_SCOPE_WORDS = {"processing": ("realtime", "batch", "*")}
VALID = (ReferenceColumn("valid_from", "date"), ReferenceColumn("valid_to", "date"))

# What a rule may look at beside source and event name; another word would never match.
RULE_PROPERTIES = (
    "success",
    "outcome_status",
    "value_label",
    "task_type",
    "feature",
    "resolution_kind",
    "tag",
    "tags",
)

# Read as calls load, and by no model: a tag that nobody names may hold anything, so it stays out.
CALL_TAGS = ReferenceTable((ReferenceColumn("tag", required=True),), ("tag",))

REFERENCE_TABLES: dict[str, ReferenceTable] = {
    "feature_map": ReferenceTable(
        (
            ReferenceColumn("channel"),
            ReferenceColumn("account"),
            ReferenceColumn(
                "match_type",
                required=True,
                allowed=("api_key_id", "sub_account", "prompt_template"),
            ),
            ReferenceColumn("match_value", required=True),
            ReferenceColumn("feature", required=True),
            ReferenceColumn("team"),
            *VALID,
        ),
        ("channel", "account", "match_type", "match_value", "valid_from"),
    ),
    "source_precedence": ReferenceTable(
        (
            ReferenceColumn("channel"),
            ReferenceColumn("account"),
            ReferenceColumn("role", required=True, allowed=("ledger", "bill")),
            ReferenceColumn("source", required=True),
            *VALID,
        ),
        ("channel", "account", "role", "valid_from"),
    ),
    "internal_users": ReferenceTable(
        (
            ReferenceColumn("user_id", required=True, stored_as="user_key"),
            ReferenceColumn("reason"),
            *VALID,
            ReferenceColumn("kind", allowed=EXCLUSION_KINDS),
        ),
        ("user_id", "valid_from"),
        frozenset({"kind"}),
    ),
    # Ids that name nobody, beside those that hashing.NOBODY knows already.
    "blocked_ids": ReferenceTable(
        (
            ReferenceColumn("id", required=True, stored_as="id_key"),
            ReferenceColumn("reason"),
        ),
        ("id",),
    ),
    "outcome_rules": ReferenceTable(
        (
            ReferenceColumn("source", required=True),
            ReferenceColumn("event_name"),
            ReferenceColumn("property", allowed=RULE_PROPERTIES),
            ReferenceColumn("value"),
            ReferenceColumn("outcome_type", required=True, allowed=OUTCOME_TYPES),
            ReferenceColumn("task_type"),
            ReferenceColumn("resolution_kind"),
        ),
        ("source", "event_name", "property", "value"),
    ),
    "scope_rules": ReferenceTable(
        (
            ReferenceColumn(
                "unit",
                required=True,
                allowed=UNITS,
            ),
            ReferenceColumn(
                "match_type", required=True, allowed=("feature", "team", "environment")
            ),
            ReferenceColumn("match_value", required=True),
            ReferenceColumn("rule", required=True),
        ),
        ("unit", "match_type", "match_value"),
    ),
    "attribution_windows": ReferenceTable(
        (
            ReferenceColumn("unit", required=True, allowed=OUTCOME_UNITS),
            ReferenceColumn("feature", required=True),
            ReferenceColumn("window_hours", "decimal", required=True),
        ),
        ("unit", "feature"),
    ),
    "allocation_rules": ReferenceTable(
        (
            ReferenceColumn("rule", required=True),
            ReferenceColumn("source_feature", required=True),
            ReferenceColumn(
                "method", required=True, allowed=("direct", "proportional", "even", "fixed")
            ),
            ReferenceColumn("target_feature", required=True),
            ReferenceColumn("percent", "decimal"),
            *VALID,
        ),
        ("source_feature", "target_feature", "valid_from"),
        frozenset({"percent", "valid_from", "valid_to"}),
    ),
    "outcome_values": ReferenceTable(
        (
            ReferenceColumn("unit", required=True, allowed=OUTCOME_UNITS),
            ReferenceColumn("class", required=True),
            ReferenceColumn("value_usd", "decimal", required=True),
            *VALID,
            ReferenceColumn("doc_ref"),
        ),
        ("unit", "class", "valid_from"),
        frozenset({"valid_from", "valid_to", "doc_ref"}),
    ),
    "tolerances": ReferenceTable(
        (
            ReferenceColumn("residual_code", required=True),
            ReferenceColumn("channel"),
            ReferenceColumn("account"),
            ReferenceColumn("tolerance_pct", "decimal"),
            ReferenceColumn("tolerance_usd", "decimal"),
            ReferenceColumn("tolerance_tokens", "decimal"),
        ),
        ("residual_code", "channel", "account"),
        frozenset({"tolerance_tokens"}),
    ),
    # Which unproved residuals, by code or family, are spread over the usage of their month.
    "true_up_rules": ReferenceTable(
        (
            ReferenceColumn("channel"),
            ReferenceColumn("account"),
            ReferenceColumn("residual"),
            ReferenceColumn("rule", required=True, allowed=("proportional", "none")),
            *VALID,
        ),
        ("channel", "account", "residual", "valid_from"),
        frozenset({"channel", "account", "valid_from", "valid_to"}),
    ),
    "accounts": ReferenceTable(
        (
            ReferenceColumn("source", required=True),
            ReferenceColumn("instance", required=True),
            ReferenceColumn("channel", required=True),
            ReferenceColumn("account", required=True),
        ),
        ("source", "instance", "channel"),
    ),
    # A published rate holds until the next one, at most seven days; see int_fx_conversions.
    "fx_rates": ReferenceTable(
        (
            ReferenceColumn("currency", required=True),
            ReferenceColumn("rate_date", "date", required=True),
            ReferenceColumn("usd_per_unit", "decimal", required=True),
            ReferenceColumn("source", required=True),
        ),
        ("currency", "rate_date"),
    ),
    "fx_policies": ReferenceTable(
        (
            ReferenceColumn("channel"),
            ReferenceColumn("account"),
            ReferenceColumn("currency"),
            ReferenceColumn("policy", required=True, allowed=FX_POLICIES),
            ReferenceColumn("contract_rate", "decimal"),
            *VALID,
        ),
        ("channel", "account", "currency", "valid_from"),
        frozenset({"currency", "contract_rate", "valid_from", "valid_to"}),
    ),
    # Mixpanel projects made before 2023 keep local time; nothing in an export tells which zone.
    "event_time_zones": ReferenceTable(
        (
            ReferenceColumn("source", required=True, allowed=("mixpanel_events",)),
            ReferenceColumn("account", required=True),
            ReferenceColumn("time_zone", required=True),
        ),
        ("source", "account"),
    ),
    "model_aliases": ReferenceTable(
        (
            ReferenceColumn("channel", required=True),
            ReferenceColumn("account"),
            ReferenceColumn("name", required=True),
            ReferenceColumn("model_key", required=True),
            ReferenceColumn("geo"),
            *VALID,
            ReferenceColumn("note"),
        ),
        ("channel", "account", "name", "valid_from"),
        frozenset({"account", "geo", "valid_from", "valid_to", "note"}),
    ),
    # Who bears the cost: without a row the team does.
    "cost_centers": ReferenceTable(
        (
            ReferenceColumn("team"),
            ReferenceColumn("feature"),
            ReferenceColumn("cost_center", required=True),
            ReferenceColumn("expense_account"),
            *VALID,
        ),
        ("team", "feature", "valid_from"),
        frozenset({"team", "feature", "expense_account", "valid_from", "valid_to"}),
    ),
    # Names of the ledger accounts that the journal posts to; without a row a plain English one.
    "gl_accounts": ReferenceTable(
        (
            ReferenceColumn("role", required=True, allowed=LEDGER_ROLES),
            ReferenceColumn("channel"),
            ReferenceColumn("ledger_account", required=True),
        ),
        ("role", "channel"),
        frozenset({"channel"}),
    ),
    "contracts": ReferenceTable(
        (
            ReferenceColumn("contract_id", required=True),
            *(
                ReferenceColumn(name, allowed=CONTRACT_SCOPE_WORDS.get(name, ()))
                for name in CONTRACT_SCOPE
            ),
            ReferenceColumn("kind", required=True, allowed=CONTRACT_KINDS),
            ReferenceColumn("value", "decimal"),
            ReferenceColumn("per", "decimal"),
            ReferenceColumn("currency", allowed=("USD",)),
            ReferenceColumn("valid_from", "instant"),
            ReferenceColumn("valid_to", "instant"),
            ReferenceColumn("priority", "decimal"),
            ReferenceColumn("doc_ref"),
        ),
        ("contract_id", *CONTRACT_SCOPE, "valid_from", "priority"),
        frozenset(
            {*CONTRACT_SCOPE, "per", "currency", "valid_from", "valid_to", "priority", "doc_ref"}
        ),
    ),
    "contract_charges": ReferenceTable(
        (
            ReferenceColumn("contract_id", required=True),
            ReferenceColumn("channel", required=True),
            ReferenceColumn("account", required=True),
            ReferenceColumn("kind", required=True, allowed=CHARGE_KINDS),
            ReferenceColumn("model_key"),
            ReferenceColumn("meter"),
            ReferenceColumn("quantity", "decimal"),
            ReferenceColumn("threshold_usd", "decimal"),
            ReferenceColumn("amount_usd", "decimal"),
            ReferenceColumn("percent", "decimal"),
            ReferenceColumn("valid_from", "date", required=True),
            ReferenceColumn("valid_to", "date"),
            ReferenceColumn("doc_ref"),
        ),
        (
            "contract_id",
            "channel",
            "account",
            "kind",
            "model_key",
            "meter",
            "valid_from",
            "percent",
        ),
    ),
}

LEDGER_SOURCES = ("call_log", "provider_usage")
BILL_SOURCES = tuple(SOURCES)
