"""The daily partition of the ledger."""

import dagster as dg

from dagster_project.lib.nightly import FIRST_DAY

# UTC days; the current day is a partition too.
daily = dg.DailyPartitionsDefinition(start_date=FIRST_DAY.isoformat(), timezone="UTC", end_offset=1)
