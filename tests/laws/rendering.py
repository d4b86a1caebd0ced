"""dbt models and macros rendered without dbt, so that a law can be tried on random tables."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

import jinja2

DBT = Path(__file__).resolve().parents[2] / "dbt"


@cache
def _macros() -> str:
    text = "".join(path.read_text() for path in sorted((DBT / "macros").glob("*.sql")))
    text = re.sub(r"{% test .*?{% endtest %}", "", text, flags=re.DOTALL)
    # `return` is dbt's own; the list of meters is given to the template instead.
    return re.sub(
        r"{% macro (priced_meters|generate_schema_name).*?endmacro %}", "", text, flags=re.DOTALL
    )


@cache
def priced_meters() -> tuple[str, ...]:
    """The meters as macros/meters.sql lists them."""
    body = re.search(r"macro priced_meters.*?return\(\[(.*?)\]\)", _meters_text(), flags=re.DOTALL)
    assert body
    return tuple(re.findall(r"'(\w+)'", body[1]))


def _meters_text() -> str:
    return (DBT / "macros" / "meters.sql").read_text()


def render(template: str) -> str:
    """SQL of a template; ref('x') is table x, source('s', 'x') too."""
    environment = jinja2.Environment(undefined=jinja2.StrictUndefined)
    environment.globals.update(
        ref=lambda name: name,
        source=lambda schema, name: name,
        config=lambda **options: "",
        env_var=lambda name, default="": default,
        is_incremental=lambda: False,
        priced_meters=lambda: list(priced_meters()),
    )
    return environment.from_string(_macros() + template).render()


def model(name: str) -> str:
    """SQL of a model file."""
    (path,) = (DBT / "models").rglob(f"{name}.sql")
    return render(path.read_text())
