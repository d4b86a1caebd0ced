"""Small exports in the true formats of their sources, for homes whose figures are made by hand."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from typing import Any

Json = dict[str, Any]

GPT = "gpt-5-2025-08-07"
MINI = "gpt-5-mini-2025-08-07"
HAIKU = "claude-haiku-4-5-20251001"
SONNET = "claude-sonnet-4-6"

SECONDS_OF_A_DAY = 86_400

# The company's own call log, one Anthropic message per line.
ASSISTANT_MAPPING = """\
target,path,constant,transform,note
kind,,call_log,,
format,,jsonl,,
call_id,id,,,
requested_at,at,,,
channel,,anthropic,,
model_served,model,,,
usage,usage,,usage:anthropic_message,
feature,feature,,,
user_key,user,,,
task_id,task,,,
ticket_id,ticket,,,
status,status,,,
prompt,prompt,,,
response,answer,,,
"""

# The product's own event feed.
PRODUCT_MAPPING = """\
target,path,constant,transform,note
kind,,outcome_feed,,
format,,jsonl,,
event_id,id,,,
occurred_at,at,,,
event_name,event,,,
outcome_type,event,,,
task_id,task,,,
task_type,type,,,
user_key,user,,,
"""


def spend_log(
    request_id: str, at: str, model: str, prompt: int, completion: int, **more: Any
) -> Json:
    """One LiteLLM spend log. `cached` tokens stand inside the prompt; `tags` go as they are."""
    status = more.pop("status", "success")
    row: Json = {
        "request_id": request_id,
        "call_type": "acompletion",
        "api_key": more.pop("api_key", "key_gateway"),
        "spend": 0.0,
        "total_tokens": prompt + completion,
        "prompt_tokens": prompt,
        "completion_tokens": completion,
        "startTime": at,
        "endTime": at,
        "model": model,
        "model_group": model,
        "custom_llm_provider": "openai",
        "user": "",
        "metadata": {
            "user_api_key_alias": "gateway",
            "additional_usage_values": {
                "prompt_tokens_details": {"cached_tokens": more.pop("cached", 0)}
            },
        },
        "cache_hit": "False",
        "request_tags": more.pop("tags", []),
        "end_user": more.pop("user", ""),
        "status": status,
        "messages": {},
        "response": {},
    }
    return {**row, **more}


def message(call_id: str, at: str, model: str, usage: Json, **more: Any) -> Json:
    """One line of the company's own log of Anthropic messages; cache stands beside input."""
    return {"id": call_id, "at": at, "model": model, "usage": usage, "status": "success", **more}


def anthropic_tokens(
    uncached: int, output: int, *, read: int = 0, write_5m: int = 0, write_1h: int = 0
) -> Json:
    """The usage object of an Anthropic message."""
    return {
        "input_tokens": uncached,
        "cache_read_input_tokens": read,
        "cache_creation_input_tokens": write_5m + write_1h,
        "cache_creation": {
            "ephemeral_5m_input_tokens": write_5m,
            "ephemeral_1h_input_tokens": write_1h,
        },
        "output_tokens": output,
        "service_tier": "standard",
        "inference_geo": "not_available",
    }


def _epoch(day: str) -> int:
    return int(datetime.fromisoformat(day).replace(tzinfo=UTC).timestamp())


def _openai_page(days: dict[str, list[Json]]) -> Json:
    buckets = [
        {
            "object": "bucket",
            "start_time": _epoch(day),
            "end_time": _epoch(day) + SECONDS_OF_A_DAY,
            "results": results,
        }
        for day, results in days.items()
    ]
    return {"object": "page", "data": buckets, "has_more": False, "next_page": None}


def openai_usage(days: dict[str, list[tuple[str, str, int, int, int, int]]]) -> Json:
    """Completions usage: per day (api key, model, input, of it cached, output, requests)."""
    return _openai_page(
        {
            day: [
                {
                    "object": "organization.usage.completions.result",
                    "input_tokens": total,
                    "input_cached_tokens": cached,
                    "output_tokens": output,
                    "num_model_requests": requests,
                    "project_id": "proj_one",
                    "user_id": None,
                    "api_key_id": key,
                    "model": model,
                    "batch": False,
                    "service_tier": "default",
                }
                for key, model, total, cached, output, requests in rows
            ]
            for day, rows in days.items()
        }
    )


def openai_costs(days: dict[str, list[tuple[str, str, int, str]]]) -> Json:
    """Costs: per day (api key, line item, quantity, dollars as text)."""
    return _openai_page(
        {
            day: [
                {
                    "object": "organization.costs.result",
                    "amount": {"value": dollars, "currency": "usd"},
                    "quantity": quantity,
                    "quantity_unit": "tokens",
                    "line_item": item,
                    "project_id": "proj_one",
                    "organization_id": "org-one",
                    "user_id": None,
                    "api_key_id": key,
                }
                for key, item, quantity, dollars in rows
            ]
            for day, rows in days.items()
        }
    )


def _anthropic_page(days: dict[str, list[Json]]) -> Json:
    buckets = [
        {
            "starting_at": f"{day}T00:00:00Z",
            "ending_at": f"{date.fromordinal(date.fromisoformat(day).toordinal() + 1)}T00:00:00Z",
            "results": results,
        }
        for day, results in days.items()
    ]
    return {"data": buckets, "has_more": False, "next_page": None}


def anthropic_usage(days: dict[str, list[tuple[str, str, Json]]]) -> Json:
    """Messages usage report: per day (api key, model, usage object of `anthropic_tokens`)."""
    return _anthropic_page(
        {
            day: [
                {
                    "uncached_input_tokens": usage["input_tokens"],
                    "cache_creation": usage["cache_creation"],
                    "cache_read_input_tokens": usage["cache_read_input_tokens"],
                    "output_tokens": usage["output_tokens"],
                    "server_tool_use": {"web_search_requests": 0},
                    "api_key_id": key,
                    "workspace_id": "wrkspc_one",
                    "model": model,
                    "service_tier": "standard",
                    "context_window": "0-200k",
                    "inference_geo": "not_available",
                }
                for key, model, usage in rows
            ]
            for day, rows in days.items()
        }
    )


def anthropic_costs(days: dict[str, list[tuple[str, str, str]]]) -> Json:
    """Cost report: per day (model, token type, CENTS as text)."""
    return _anthropic_page(
        {
            day: [
                {
                    "currency": "USD",
                    "amount": cents,
                    "workspace_id": "wrkspc_one",
                    "description": f"{model} Usage - {token_type}",
                    "cost_type": "tokens",
                    "context_window": "0-200k",
                    "model": model,
                    "service_tier": "standard",
                    "token_type": token_type,
                    "inference_geo": "not_available",
                }
                for model, token_type, cents in rows
            ]
            for day, rows in days.items()
        }
    )


def console_costs(*rows: tuple[str, str, str, str, str]) -> str:
    """Console cost CSV of 14 columns from (day, display name, api key, token type, dollars)."""
    header = (
        "usage_date_utc,model,workspace,api_key,usage_type,context_window,token_type,cost_usd,"
        "list_price_usd,cost_type,inference_geo,speed,api_key_id,api_key_status\n"
    )
    return header + "".join(
        f"{day},{model},Research,{key},message,≤ 200k,{token_type},{dollars},{dollars},token,"
        f"not_available,,{key},active\n"
        for day, model, key, token_type, dollars in rows
    )


def track(message_id: str, at: str, event: str, user: str, **properties: Any) -> Json:
    """One Segment track event."""
    return {
        "type": "track",
        "event": event,
        "messageId": message_id,
        "userId": user,
        "anonymousId": f"anon-{user}",
        "properties": properties,
        "context": {"groupId": "t-one"},
        "originalTimestamp": at,
        "sentAt": at,
        "receivedAt": at,
        "timestamp": at,
    }


def product_event(event_id: str, at: str, event: str, task: str, user: str = "") -> Json:
    """One line of the product's own event feed."""
    return {
        "id": event_id, "at": at, "event": event, "task": task, "type": "answer", "user": user
    }  # fmt: skip


def ticket(ticket_id: int, status: str, updated_at: str, **more: Any) -> Json:
    """One ticket of an incremental export page."""
    return {
        "id": ticket_id,
        "external_id": None,
        "type": "question",
        "subject": "A question",
        "description": "Where is it?",
        "priority": "normal",
        "status": status,
        "requester_id": 900001,
        "tags": ["desk"],
        "via": {"channel": "email", "source": {"from": {}, "rel": None, "to": {}}},
        "followup_ids": [],
        "created_at": "2026-10-05T07:00:00Z",
        "updated_at": updated_at,
        "generated_timestamp": int(datetime.fromisoformat(updated_at).timestamp()),
        **more,
    }


def tickets(*versions: Json) -> Json:
    """One cursor page of the incremental ticket export."""
    return {"after_cursor": "c1", "end_of_stream": True, "tickets": list(versions)}


def invoice(*lines: str) -> str:
    """Invoice lines CSV; each line has the 14 columns of the header."""
    header = (
        "invoice_id,channel,account,period_start,period_end,issued_on,description,model,meter,"
        "quantity,unit_price,amount,currency,kind\n"
    )
    return header + "".join(f"{line}\n" for line in lines)


def json_lines(*objects: Json) -> str:
    """Objects as JSON lines."""
    return "".join(json.dumps(item) + "\n" for item in objects)
