"""Every kind of fault, and the providers it is tried at.

A fault changes one of the three sides of `Books` and says which code must carry which amount,
worked out by hand: net in USD, and moved as the sum of sizes where both signs belong to it.
"""

from __future__ import annotations

import bill_faults
import invoice_faults
import log_faults
import price_faults
from fault_tools import CENT, Draw, Expected, Kind

BOTH = ("openai", "anthropic")
ALL = ("openai", "anthropic", "google")
KINDS = [
    Kind("unlogged_calls", log_faults.calls_missing_from_the_log, ALL, "Calls past the gateway"),
    Kind("unlogged_key", log_faults.a_key_past_the_gateway, BOTH, "A key past the gateway"),
    Kind(
        "ghost_calls",
        log_faults.calls_that_never_reached_the_provider,
        ALL,
        "Cached answers logged as calls",
    ),
    Kind("logged_twice", log_faults.calls_logged_twice, ALL, "The same calls under other ids"),
    Kind(
        "two_loggers",
        log_faults.calls_logged_by_two_systems,
        ALL,
        "SDK and gateway log the same calls",
    ),
    Kind(
        "cache_as_input",
        log_faults.cached_tokens_logged_as_input,
        ALL,
        "Cached tokens logged as input",
    ),
    Kind("cache_twice", log_faults.cached_tokens_logged_twice, BOTH, "Cached tokens logged twice"),
    Kind(
        "writes_lost", log_faults.cache_writes_not_logged, ("anthropic",), "Cache writes not logged"
    ),
    Kind(
        "lifetime_logged",
        log_faults.an_hour_logged_as_five_minutes,
        ("anthropic",),
        "One-hour writes logged as five minutes",
    ),
    Kind(
        "reasoning_twice",
        log_faults.reasoning_added_to_the_output,
        BOTH,
        "Reasoning added to the output",
    ),
    Kind("batch_logged", log_faults.batch_logged_as_realtime, BOTH, "Batch logged as realtime"),
    Kind("tier_logged", log_faults.requested_tier_logged, ("openai",), "Requested tier logged"),
    Kind(
        "geo_logged", log_faults.geography_not_logged, ("anthropic",), "US calls logged as global"
    ),
    Kind("model_logged", log_faults.another_model_logged, BOTH, "Requested model logged"),
    Kind(
        "searches_lost", log_faults.searches_not_logged, ("anthropic",), "Web searches not logged"
    ),
    Kind(
        "log_zone", log_faults.log_in_local_time, BOTH, "Log two hours ahead of UTC", is_local=False
    ),
    Kind("not_billed", bill_faults.a_line_not_billed, BOTH, "A line missing from the bill"),
    Kind("not_used", bill_faults.a_line_billed_without_usage, BOTH, "A charge without usage"),
    Kind("billed_twice", bill_faults.a_line_billed_twice, BOTH, "Bill lines twice"),
    Kind("free_tokens", bill_faults.tokens_for_free, ("openai",), "Complimentary tokens"),
    Kind("next_day", bill_faults.billed_on_the_next_day, BOTH, "A day billed on the next"),
    Kind(
        "part_next_day",
        bill_faults.part_of_a_day_billed_on_the_next,
        BOTH,
        "Part of a day billed on the next",
    ),
    Kind(
        "bill_zone", bill_faults.bill_in_another_zone, BOTH, "Bill in Pacific time", is_local=False
    ),
    Kind(
        "session_fee",
        bill_faults.a_fee_that_no_call_made,
        ("anthropic",),
        "Session fees in the bill alone",
    ),
    Kind(
        "new_item",
        bill_faults.an_item_that_nobody_knows,
        ("openai",),
        "A line item of an unknown kind",
    ),
    Kind("new_model", bill_faults.a_model_that_nobody_knows, BOTH, "A model without a price"),
    Kind("batch_billed", price_faults.batch_billed_as_realtime, BOTH, "Batch billed as realtime"),
    Kind(
        "tier_billed",
        price_faults.billed_at_another_tier,
        ("openai",),
        "Standard billed as priority",
    ),
    Kind(
        "geo_billed",
        price_faults.billed_at_another_geography,
        ("anthropic",),
        "Global billed with US surcharge",
    ),
    Kind(
        "cache_billed",
        price_faults.cached_tokens_at_the_input_price,
        BOTH,
        "Cached tokens at the input price",
    ),
    Kind(
        "lifetime_billed",
        price_faults.an_hour_billed_as_five_minutes,
        ("anthropic",),
        "One-hour writes at the five-minute price",
    ),
    Kind("old_price", price_faults.yesterdays_price, ("openai",), "Old price after a cut"),
    Kind(
        "long_price",
        price_faults.short_prompts_at_the_long_price,
        ("openai",),
        "Short prompts at the long-context price",
    ),
    Kind(
        "odd_price", price_faults.a_price_that_no_list_holds, BOTH, "Seven percent above the list"
    ),
    Kind("cents", price_faults.cents_taken_for_dollars, BOTH, "Cents taken for dollars"),
    Kind(
        "per_thousand",
        price_faults.a_price_per_thousand,
        BOTH,
        "Price per thousand for price per million",
    ),
    Kind("hundredth", price_faults.two_decimals_lost, BOTH, "A hundredth of the amount"),
    Kind("tax", invoice_faults.tax_on_the_invoice, ALL, "Tax on the invoice"),
    Kind("credit", invoice_faults.a_credit_on_the_invoice, ALL, "A credit on the invoice"),
    Kind("prepaid", invoice_faults.prepaid_credits_bought, ALL, "Prepaid credits bought"),
    Kind(
        "currency",
        invoice_faults.an_invoice_in_euro_at_another_rate,
        BOTH,
        "Invoice in euro at another rate",
        is_local=False,
    ),
    Kind(
        "next_month",
        invoice_faults.the_last_day_billed_in_the_next_month,
        BOTH,
        "Last day billed in the next month",
        is_local=False,
    ),
    Kind(
        "priority",
        invoice_faults.priority_tier_left_out_of_the_report,
        ("anthropic",),
        "Priority Tier, which the report leaves out",
        is_local=False,
    ),
    Kind("fee", invoice_faults.a_fee_on_the_invoice, ALL, "A support fee"),
    Kind(
        "unexplained",
        invoice_faults.a_line_that_nothing_explains,
        ALL,
        "An adjustment without a reason",
    ),
    Kind(
        "invoice_price",
        invoice_faults.an_invoice_line_at_twice_the_price,
        ("google",),
        "Invoice line above the list",
    ),
    Kind(
        "invoice_count",
        invoice_faults.an_invoice_line_counts_more,
        ("google",),
        "Invoice counts more tokens",
    ),
    Kind(
        "invoice_zone",
        invoice_faults.an_invoice_of_another_zones_month,
        ("google",),
        "Invoice of a Pacific month",
    ),
    Kind(
        "invoice_twice",
        invoice_faults.an_invoice_line_billed_twice,
        ("google",),
        "Invoice line twice",
    ),
]
CONTRACT_KIND = Kind(
    "contract",
    price_faults.the_contract_is_not_honoured,
    BOTH,
    "List prices in spite of a contract",
)

__all__ = ["ALL", "BOTH", "CENT", "CONTRACT_KIND", "KINDS", "Draw", "Expected", "Kind"]
