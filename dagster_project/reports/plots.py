"""Small line plots as SVG text: the weekly trend of one class, computed beside trued-up."""

from __future__ import annotations

import io
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from dagster_project.reports.display import day, unit_cost
from dagster_project.reports.snapshot import Row
from dagster_project.reports.words import Unit

if TYPE_CHECKING:
    from matplotlib.axes import Axes

# Seen side by side on a wide page and one below the other on a phone.
PANEL_INCHES = (4.2, 2.3)

# Without it, noise of a per mille would fill the panel and look like a trend.
SMALLEST_SPAN_SHARE = 0.2

LONGEST_AXIS_LABELS = 7

COMPUTED_COLOUR = "#5B6472"
TRUED_UP_COLOUR = "#0B63B0"

# Any: matplotlib's own type is the list of all its setting names.
STYLE: Any = {
    "svg.fonttype": "none",
    "svg.hashsalt": "trueup",
    "font.size": 9,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.edgecolor": "#8A93A0",
    "xtick.color": "#3A424E",
    "ytick.color": "#3A424E",
    "path.simplify": False,
}


@dataclass(frozen=True)
class Panel:
    """One plot: its SVG element, the class it shows and its content in words."""

    svg: str
    name: str
    description: str


def panels(unit: Unit, weeks: Sequence[Row], *, most: int) -> list[Panel]:
    """Return one panel per class with a loaded unit cost, by spend of its latest week.

    At most `most` panels. `weeks` are the weekly rows of the unit, in any order.
    """
    by_class: dict[str, list[Row]] = {}
    for row in sorted(weeks, key=lambda row: row["period_start"]):
        if row["trued_up_loaded_unit_cost_usd"] is not None:
            by_class.setdefault(row["class"], []).append(row)
    ordered = sorted(
        by_class.items(), key=lambda item: (-item[1][-1]["trued_up_cost_usd"], item[0])
    )
    return [
        _panel(unit, name, rows, prefix=f"{unit.key}-{position}-")
        for position, (name, rows) in enumerate(ordered[:most])
    ]


def _panel(unit: Unit, name: str, rows: Sequence[Row], *, prefix: str) -> Panel:
    import matplotlib as mpl  # noqa: PLC0415  (0.5 s, and only the page needs it)
    from matplotlib.figure import Figure  # noqa: PLC0415

    with mpl.rc_context(STYLE):
        figure = Figure(figsize=PANEL_INCHES, layout="constrained")
        axes = figure.subplots()
        _draw(axes, rows)
        stream = io.StringIO()
        figure.savefig(stream, format="svg", transparent=True, metadata={"Date": None})
    return Panel(
        svg=embeddable(stream.getvalue(), prefix),
        name=name,
        description=_in_words(unit, rows),
    )


def _draw(axes: Axes, rows: Sequence[Row]) -> None:
    """Draw both bases. A plot needs doubles; they stay in the picture."""
    positions = list(range(len(rows)))
    trued_up = [float(row["trued_up_loaded_unit_cost_usd"]) for row in rows]
    computed = [float(row["computed_loaded_unit_cost_usd"]) for row in rows]
    axes.plot(positions, trued_up, color=TRUED_UP_COLOUR, linewidth=2.4)
    axes.plot(positions, computed, color=COMPUTED_COLOUR, linewidth=1.3, linestyle=(0, (4, 2)))
    for position, row, value in zip(positions, rows, trued_up, strict=True):
        axes.plot(
            position,
            value,
            marker="^" if row["is_lower_bound"] else "o",
            markersize=5.5,
            markeredgecolor=TRUED_UP_COLOUR,
            markerfacecolor="white" if row["is_provisional"] else TRUED_UP_COLOUR,
        )
    values = [*trued_up, *computed]
    low, high = min(values), max(values)
    span = max(high - low, high * SMALLEST_SPAN_SHARE)
    if span > 0:
        middle = (low + high) / 2
        axes.set_ylim(max(0.0, middle - span * 0.65), middle + span * 0.65)
    axes.set_xlim(-0.4, len(rows) - 0.6 if len(rows) > 1 else 0.4)
    step = -(-len(rows) // LONGEST_AXIS_LABELS)
    axes.set_xticks(positions[::step], [f"{row['period_start']:%d %b}" for row in rows[::step]])
    axes.ticklabel_format(axis="y", style="plain", useOffset=False)
    axes.locator_params(axis="y", nbins=5)
    axes.grid(axis="y", color="#D5DAE1", linewidth=0.7)
    axes.set_axisbelow(True)


def _in_words(unit: Unit, rows: Sequence[Row]) -> str:
    """Return what the plot shows to a reader who cannot see it: its first and last week."""
    ends = [rows[0], rows[-1]] if len(rows) > 1 else [rows[0]]
    points = "; ".join(
        f"week of {day(row['period_start'])} computed "
        f"{_cost(unit, row, 'computed')}, trued-up {_cost(unit, row, 'trued_up')}"
        for row in ends
    )
    return f"Weekly loaded {unit.title.lower()} in USD, {len(rows)} weeks. {points}."


def _cost(unit: Unit, row: Row, basis: str) -> str:
    value = row[f"{basis}_loaded_unit_cost_usd"]
    return unit_cost(value, unit.key, lower_bound=bool(row["is_lower_bound"]))


def embeddable(svg: str, prefix: str) -> str:
    """Return the svg element alone, with ids that stay unique on a page with other plots.

    Matplotlib's prologue, metadata and global style would be noise or reach past the plot.
    """
    element = svg[svg.index("<svg") :]
    element = re.sub(r"<metadata>.*?</metadata>", "", element, flags=re.DOTALL)
    element = re.sub(r"<style[^>]*>.*?</style>", "", element, count=1, flags=re.DOTALL)
    element = re.sub(r'\bid="', f'id="{prefix}', element)
    element = element.replace('href="#', f'href="#{prefix}').replace("url(#", f"url(#{prefix}")
    opening, rest = element.split(">", 1)
    opening = re.sub(r'\s(width|height|version)="[^"]*"', "", opening)
    return f'{opening} aria-hidden="true" focusable="false">{rest}'.strip()
