"""The daily partition of the ledger."""

import dagster as dg

# UTC days. The earliest public traffic sample is of November 2023 and the first priced model of
# May 2024; a start in 2023 leaves room for both. The current day is a partition too.
daily = dg.DailyPartitionsDefinition(start_date="2023-01-01", timezone="UTC", end_offset=1)
