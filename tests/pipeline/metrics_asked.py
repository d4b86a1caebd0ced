"""Ask the semantic layer many questions in one process: starting MetricFlow takes seconds.

Run in the dbt project's folder. Reads a JSON list of [metrics, group_by] from standard input and
writes, per question, the column names, the rows as MetricFlow gives them (doubles) and its SQL.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from dbt_metricflow.cli.cli_configuration import CLIConfiguration
from metricflow.engine.metricflow_engine import MetricFlowQueryRequest


def main() -> None:
    """Answer the questions on standard input."""
    here = Path.cwd()
    configuration = CLIConfiguration()
    configuration.setup(dbt_profiles_path=here, dbt_project_path=here, configure_file_logging=False)
    answers = []
    for metrics, group_by in json.load(sys.stdin):
        request = MetricFlowQueryRequest.create(metric_names=metrics, group_by_names=group_by)
        table = configuration.mf.query(request).result_df
        sql = configuration.mf.explain(request).sql_statement.without_descriptions.sql
        answers.append({"columns": table.column_names, "rows": list(table.rows), "sql": sql})
    # whatever the libraries print stands before this line
    print("\n" + json.dumps(answers, default=str))


if __name__ == "__main__":
    main()
