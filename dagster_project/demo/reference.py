"""The reference tables and mappings of the demo company."""

from __future__ import annotations

from dagster_project.demo import company, events
from dagster_project.demo.bills import csv_text
from dagster_project.demo.tickets import AI_TAG, HUMAN_TAG

Rows = list[tuple[str, ...]]

FEATURE_MAP = (
    "channel", "account", "match_type", "match_value", "feature", "team", "valid_from", "valid_to",
)  # fmt: skip
OUTCOME_RULES = (
    "source", "event_name", "property", "value", "outcome_type", "task_type", "resolution_kind",
)  # fmt: skip
MAPPING = ("target", "path", "constant", "transform", "note")


def reference_tables() -> dict[str, str]:
    """CSV text by path below reference/."""
    return {
        "feature_map.csv": csv_text(FEATURE_MAP, _feature_map()),
        "outcome_rules.csv": csv_text(OUTCOME_RULES, _outcome_rules()),
        "internal_users.csv": csv_text(
            ("user_id", "reason", "valid_from", "valid_to"), _internal_users()
        ),
        "scope_rules.csv": csv_text(("unit", "match_type", "match_value", "rule"), _scope_rules()),
        "allocation_rules.csv": csv_text(
            ("rule", "source_feature", "method", "target_feature", "percent"),
            [("evaluation", "model_evaluation", "proportional", "*", "")],
        ),
        "call_tags.csv": csv_text(("tag",), [("client:*",), ("early_access",)]),
        "outcome_values.csv": csv_text(
            ("unit", "class", "value_usd", "doc_ref"),
            [
                ("resolved_ticket", "ai_confirmed", "6.50", "cost of an answer by a person"),
                ("successful_task", "code_review", "4.00", "ten minutes of an engineer"),
                ("successful_task", "doc_summary", "0.25", ""),
            ],
        ),
        "tolerances.csv": csv_text(
            ("residual_code", "channel", "account", "tolerance_pct", "tolerance_usd"), _tolerances()
        ),
        "source_precedence.csv": csv_text(
            ("channel", "account", "role", "source", "valid_from", "valid_to"), []
        ),
        "accounts.csv": csv_text(("source", "instance", "channel", "account"), []),
        "mappings/agent_calls.csv": csv_text(MAPPING, _agent_calls_mapping()),
        "mappings/product_outcomes.csv": csv_text(MAPPING, _product_outcomes_mapping()),
    }


def _feature_map() -> Rows:
    """The review agent names no feature, and the research account has no log: rules name both."""
    return [
        (
            "anthropic", "default", "sub_account", "wrkspc_engineering",
            "code_review", "team_engineering", "", "",
        ),
        (
            "anthropic", "research", "sub_account", "wrkspc_evaluation",
            "model_evaluation", "team_research", "", "",
        ),
    ]  # fmt: skip


def _outcome_rules() -> Rows:
    segment, zendesk = "segment_tracks", "zendesk_tickets"
    return [
        (segment, events.MESSAGE_SENT, "", "", "user_active", "", ""),
        (segment, events.SEARCHED, "", "", "user_active", "", ""),
        (segment, events.EXPORTED, "", "", "conversion", "paid_export", ""),
        (segment, events.SETTINGS, "", "", "ignore", "", ""),
        (zendesk, "", "tags", AI_TAG, "ticket_resolved", "", "ai_confirmed"),
        (zendesk, "", "tags", HUMAN_TAG, "ticket_resolved", "", "human_solved"),
    ]


def _internal_users() -> Rows:
    own = range(company.EXTERNAL_USERS, company.EXTERNAL_USERS + company.INTERNAL_USERS)
    return [
        *((company.user_id(i), "employee", "", "") for i in own),
        (company.SERVICE_ACCOUNT, "service account", "", ""),
    ]


def _scope_rules() -> Rows:
    return [
        ("resolved_ticket", "feature", "code_review", "not_support_work"),
        ("resolved_ticket", "feature", "doc_summary", "not_support_work"),
        ("resolved_ticket", "feature", "model_evaluation", "research"),
        ("active_user", "feature", "code_review", "internal_engineering"),
        ("active_user", "feature", "model_evaluation", "research"),
        ("successful_task", "feature", "model_evaluation", "research"),
        ("successful_task", "environment", "staging", "not_production"),
    ]


def _tolerances() -> Rows:
    return [
        ("rate", "*", "*", "0.5", "0.01"),
        ("unlogged", "*", "*", "1", "0.01"),
        ("over_logged", "*", "*", "1", "0.01"),
        ("used_not_billed", "*", "*", "1", "0.01"),
        ("billed_not_used", "*", "*", "1", "0.01"),
        ("unmapped", "*", "*", "1", "0.01"),
        ("unexplained", "*", "*", "1", "0.01"),
    ]


def _paths(pairs: dict[str, str]) -> Rows:
    return [(target, path, "", "", "") for target, path in pairs.items()]


def _agent_calls_mapping() -> Rows:
    return [
        ("kind", "", "call_log", "", "every call of our own agents"),
        ("format", "", "parquet", "", ""),
        ("channel", "", "anthropic", "", "the agents call Anthropic directly"),
        ("account", "", "default", "", ""),
        ("provider", "", "anthropic", "", ""),
        ("usage_convention", "", "disjoint", "", "cache tokens stand beside input_tokens"),
        ("service_tier", "", "standard", "", ""),
        *_paths(
            {
                "call_id": "request_id",
                "requested_at": "ts",
                "sub_account": "workspace",
                "api_key_id": "api_key",
                "model_requested": "model_asked",
                "model_served": "model",
                "processing": "mode",
                "input_tokens": "input_tokens",
                "cache_read_tokens": "cache_read_input_tokens",
                "cache_write_5m_tokens": "cache_write_5m_tokens",
                "cache_write_1h_tokens": "cache_write_1h_tokens",
                "output_tokens": "output_tokens",
                "reasoning_tokens": "thinking_tokens",
                "feature": "feature",
                "team": "team",
                "agent": "agent",
                "prompt_template": "template",
                "prompt_version": "template_version",
                "environment": "env",
                "user_key": "user_id",
                "tenant": "tenant",
                "session_id": "session",
                "task_id": "task",
                "ticket_id": "ticket",
                "attempt_no": "attempt",
                "is_retry": "is_retry",
                "status": "result",
                "finish_reason": "stop_reason",
                "latency_ms": "latency_ms",
                "prompt": "prompt",
            }
        ),
    ]


def _product_outcomes_mapping() -> Rows:
    return [
        ("kind", "", "outcome_feed", "", "task events of the product"),
        ("format", "", "jsonl", "", ""),
        *_paths(
            {
                "event_id": "id",
                "occurred_at": "at",
                "event_name": "event",
                "outcome_type": "event",
                "task_id": "task",
                "task_type": "type",
                "ticket_id": "ticket",
                "user_key": "user",
                "attempt_no": "attempt",
            }
        ),
    ]
