"""Who is who at Quillmark Desk, the invented company of the demo: ids, never names of people."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from dagster_project.demo import prices
from dagster_project.demo.calendar import DAYS, Ints, day_of
from dagster_project.demo.draws import Draws

COMPANY = "Quillmark Desk"

EXTERNAL_USERS = 300
INTERNAL_USERS = 24
TENANTS = (
    "t-alder", "t-aspen", "t-birch", "t-cedar", "t-elm", "t-fir",
    "t-hazel", "t-larch", "t-maple", "t-oak", "t-rowan", "t-willow",
)  # fmt: skip
INTERNAL_TENANT = "t-quillmark"
SERVICE_ACCOUNT = "svc-gateway"

FEATURES = ("support_chat", "ticket_triage", "doc_summary", "code_review", "semantic_search")
SUPPORT_CHAT, TICKET_TRIAGE, DOC_SUMMARY, CODE_REVIEW, SEMANTIC_SEARCH = range(5)

TASK_TYPES = ("draft_reply", "ticket_triage", "doc_summary", "code_review")
DRAFT_REPLY, TRIAGE, SUMMARY, REVIEW = range(4)

TEAMS = ("team_support", "team_documents", "team_engineering", "team_search")
SUPPORT, DOCUMENTS, ENGINEERING, SEARCH = range(4)

GATEWAY_MODELS = (
    prices.GPT_MINI, prices.GPT, prices.EMBEDDING, prices.GEMINI, prices.PREVIEW,
)  # fmt: skip
GPT_MINI, GPT, EMBEDDING, GEMINI, PREVIEW = range(5)
GATEWAY_MODEL_GROUPS = (
    "gpt-5-mini", "gpt-5", "text-embedding-3-small", "gemini-flash", "gpt-6-mini-preview",
)  # fmt: skip

AGENT_MODELS = (prices.HAIKU, prices.SONNET, prices.SONNET_NEW)
AGENT_MODEL_ALIASES = ("claude-haiku-4-5", "claude-sonnet-4-6", "claude-sonnet-5-5")
AGENT_MODEL_TITLES = ("Claude Haiku 4.5", "Claude Sonnet 4.6", "Claude Sonnet 5.5")
# The report names no geography for models older than Anthropic's geography choice.
AGENT_MODEL_GEOS = ("not_available", "global", "global")
HAIKU, SONNET, SONNET_NEW = range(3)

PROMPTS = (
    "reply_plan", "reply_draft", "chat_answer", "doc_summary", "summary_check", "search_answer",
    "search_index", "triage", "review_file", "agent_reply", "scratch",
)  # fmt: skip
(
    REPLY_PLAN, REPLY_DRAFT, CHAT_ANSWER, DOC_PROMPT, SUMMARY_CHECK, SEARCH_ANSWER,
    SEARCH_INDEX, TRIAGE_PROMPT, REVIEW_FILE, AGENT_REPLY, SCRATCH,
) = range(11)  # fmt: skip
# The last one is nobody: calls without an agent.
AGENTS = ("reply-assistant", "summariser", "search", "triage-bot", "review-bot", "desk-agent", "")
REPLY_ASSISTANT, SUMMARISER, SEARCH_AGENT, TRIAGE_BOT, REVIEW_BOT, DESK_AGENT, NO_AGENT = range(7)


@dataclass(frozen=True)
class Key:
    """One provider API key: the project or workspace it belongs to, and its id."""

    sub_account: str | None
    api_key_id: str
    title: str


OPENAI_KEYS = (
    Key("proj_helpdesk", "key_gateway_helpdesk", "Helpdesk"),
    Key("proj_insights", "key_gateway_insights", "Insights"),
)
HELPDESK, INSIGHTS = range(2)
# This key calls the provider past the gateway: its usage stands in no log.
BYPASS_KEY = Key("proj_insights", "key_notebook_direct", "Insights")

ANTHROPIC_KEYS = (
    Key("wrkspc_support", "apikey_triage", "Support"),
    Key("wrkspc_support", "apikey_desk_agent", "Support"),
    Key("wrkspc_engineering", "apikey_code_review", "Engineering"),
    # A key of the default workspace, which the API reports as null.
    Key(None, "apikey_sandbox", "Default"),
)
TRIAGE_KEY, AGENT_KEY, REVIEW_KEY, SANDBOX_KEY = range(4)
RESEARCH_KEYS = (
    Key("wrkspc_evaluation", "apikey_eval_nightly", "Evaluation"),
    Key("wrkspc_evaluation", "apikey_eval_manual", "Evaluation"),
)

# Short and harmless: these texts stand in the logs to show that they do not reach the warehouse.
QUESTIONS = (
    "How do I reset my password?", "Where is my invoice?", "The export hangs at 90 %.",
    "Can I add a second inbox?", "How long are files kept?", "The app shows a blank page.",
    "Please move my account to another plan.", "Which file types can I attach?",
)  # fmt: skip
ANSWERS = (
    "Open Settings and choose Reset.", "Invoices are under Billing.", "Please try a smaller range.",
    "Yes, under Inboxes.", "Files are kept for 30 days.", "Please clear the cache and reload.",
    "Done. The new plan starts today.", "PDF, PNG and CSV.",
)  # fmt: skip


def user_id(index: int) -> str:
    """Id of a user; indexes from EXTERNAL_USERS on are the company's own people."""
    if index < EXTERNAL_USERS:
        return f"u{index + 1:04d}"
    return f"u-internal-{index - EXTERNAL_USERS + 1:02d}"


def tenant_of(index: int) -> str:
    """The customer company that a user belongs to."""
    if index >= EXTERNAL_USERS:
        return INTERNAL_TENANT
    return TENANTS[index * index % len(TENANTS) if index % 3 else index % len(TENANTS)]


def user_ids() -> list[str]:
    """Ids of all users by index."""
    return [user_id(i) for i in range(EXTERNAL_USERS + INTERNAL_USERS)]


def user_tenants() -> list[str]:
    """Tenants of all users by index."""
    return [tenant_of(i) for i in range(EXTERNAL_USERS + INTERNAL_USERS)]


def users_at(draws: Draws, times: Ints) -> Ints:
    """An external user for each instant; the first users are the busiest.

    One user in seven joins after the first weeks, one in nine leaves. Whoever is away at that
    instant is replaced by one of the first sixty, who stay throughout.
    """
    users = draws.skewed(len(times), 0, EXTERNAL_USERS - 1)
    day = day_of(times)
    joined = np.where(users % 7 == 3, 18 + users % 20, 0)
    left = np.where(users % 9 == 4, 14 + users % 18, DAYS)
    is_away = (users >= 60) & ((day < joined) | (day >= left))
    return np.where(is_away, users % 60, users)
