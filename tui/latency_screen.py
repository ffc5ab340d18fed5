"""The view of how long each kind of phase takes, over the whole trace."""

from __future__ import annotations

from typing import Any, ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.widgets import Static

from analysis.latencies import GROUPINGS, Latencies, read_latencies
from analysis.text import took
from tui.distribution_chart import DistributionChart
from tui.messages import LatenciesLoaded, SlowestLoaded
from tui.replay import Replay
from tui.row_table import Column, RowTable
from tui.view_screen import ViewScreen
from tui.wording import plain

_WIDE, _WIDEST = 64, 100
"""Columns from which a row has room for the confidence interval; and for more percentiles and the precision."""


class LatencyScreen(ViewScreen):
    """Shows the kinds of phases with the distribution of the selected one, or its slowest volumes."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "open", "slowest", tooltip="list the slowest volumes of the step, then open one"),
        Binding("b", "group", "by", tooltip="by class, driver, node, namespace, or all in one"),
    ]
    DEFAULT_CSS = """
    LatencyScreen #told { height: 1; background: $panel; }
    """

    def __init__(self, replay: Replay) -> None:
        super().__init__(replay)
        self._by: str | None = None
        self._latencies: Latencies | None = None
        self._index = 0
        """The group that is selected, or whose slowest volumes are listed."""
        self._slowest: list[dict[str, Any]] | None = None

    def compose_view(self) -> ComposeResult:
        yield RowTable()
        yield DistributionChart()
        yield Static(id="told")

    def show_place(self) -> None:
        """The latencies are those of the whole trace, wherever the cursor is."""
        if self._latencies is None and not self.is_asking("latencies"):
            self.query_one(RowTable).show_words("Measuring the steps ... Escape stops it.")
            self._ask()

    def renewed(self) -> None:
        if self._latencies is not None:
            self._ask()

    def show_advance(self, done: int, total: int) -> None:
        if self._latencies is None:
            words = f"Measuring the steps: {done} of {total} models built. Escape stops it."
            self.query_one(RowTable).show_words(words)

    def show_refusal(self, group: str, why: str) -> None:
        if group == "latencies":
            self.query_one(RowTable).show_words(f"{why}. Enter asks again.")
        else:
            super().show_refusal(group, why)

    def on_resize(self) -> None:
        super().on_resize()
        self._show()

    def command(self) -> list[str]:
        by = ["--by", self._by] if self._by else []
        return ["latency", str(self.trace.path), *by]

    def go_back(self) -> None:
        """From the volumes to the steps."""
        if self._slowest is None:
            super().go_back()
        else:
            self._slowest = None
            self._show()

    # -- keys -------------------------------------------------------------------------------------------------------

    def action_group(self) -> None:
        """Tell the steps apart by the next thing."""
        groupings = (None, *GROUPINGS)
        self._by = groupings[(groupings.index(self._by) + 1) % len(groupings)]
        self._ask()

    def action_open(self) -> None:
        """List the slowest volumes of the step; of these, open the selected one where its phase began."""
        if self._latencies is None:
            self.show_place()
        elif self._slowest is None and self._latencies.groups:
            group, by = self._latencies.groups[self._index], self._latencies.by
            self.ask("slowest", lambda: SlowestLoaded(group, self.trace.slowest_phases(group, by).rows(named=True)))
        elif self._slowest:
            self._open(self._slowest[self.query_one(RowTable).index])

    def _open(self, phase: dict[str, Any]) -> None:
        if phase["volume_id"] is None:
            self.tell("which volume that was is not known")
            return
        self.place.volume_id = phase["volume_id"]
        if phase["evidence"] is None:
            self.show_view("volume")
        else:
            self.go_to_row(phase["evidence"], "volume")

    # -- showing ----------------------------------------------------------------------------------------------------

    @on(RowTable.Selected)
    def _take_selection(self, selected: RowTable.Selected) -> None:
        if self._slowest is None:
            self._index = selected.index
            self._show_spread()

    def _show(self) -> None:
        if self._latencies is None:
            return
        if self._slowest is not None:
            self._show_slowest(self._slowest)
        elif self._latencies.groups:
            self._show_groups(self._latencies)
        else:
            self.query_one(RowTable).show_words("No step of any volume is known.")
            self.query_one(DistributionChart).show_nothing()

    def _show_groups(self, latencies: Latencies) -> None:
        width = self.size.width
        columns = [Column("step", most=18 if width < _WIDE else 24)]
        if latencies.by:
            columns.append(Column(latencies.by, most=12 if width < _WIDE else 30))
        columns += [Column("n", is_right=True), Column("cens.", is_right=True)] if width >= _WIDE else []
        columns += [Column("p50", is_right=True)]
        columns += [Column("95 % sure")] if width >= _WIDE else []
        columns += [Column("p95", is_right=True)]
        columns += [Column("p99", is_right=True), Column("known to", is_right=True)] if width >= _WIDEST else []
        names = [column.name for column in columns]

        def cells(index: int) -> list[str]:
            told = _told(latencies.groups[index], latencies.by)
            return [told[name] for name in names]

        self.query_one(RowTable).show(columns, len(latencies.groups), cells, self._index)
        self._show_spread()

    def _show_spread(self) -> None:
        if self._latencies is None:
            return
        group = self._latencies.groups[self._index]
        self.query_one(DistributionChart).show(group, self._latencies.spreads[self._index])
        by = f"by {self._by}" if self._by else "all together"
        words = f"{_name(group)} ({group['owner']}): {group['phases']:,} phases, {group['censored']:,} not over · {by}"
        self.query_one("#told", Static).update(plain(words))

    def _show_slowest(self, slowest: list[dict[str, Any]]) -> None:
        columns = [Column("volume", most=30), Column("took", is_right=True), Column("began")]
        columns += [Column("pod", most=30), Column("node", most=24)] if self.size.width >= _WIDE else []

        def cells(index: int) -> list[str]:
            phase = slowest[index]
            duration = f"{'' if phase['is_complete'] else '>'}{took(phase['duration_us'])}"
            began = f"{phase['begins_at']:%H:%M:%S}" if phase["begins_at"] else "?"
            texts = [phase["volume"] or "?", duration, began, phase["pod"] or "", phase["node"] or ""]
            return texts[: len(columns)]

        self.query_one(RowTable).show(columns, len(slowest), cells)
        if self._latencies:
            words = f"the slowest of {_name(self._latencies.groups[self._index])} · escape goes back"
            self.query_one("#told", Static).update(plain(words))

    # -- asking the trace, in threads -------------------------------------------------------------------------------

    def _ask(self) -> None:
        by = self._by
        self.ask("latencies", lambda: LatenciesLoaded(read_latencies(self.trace, by)))

    @on(LatenciesLoaded)
    def _take_latencies(self, loaded: LatenciesLoaded) -> None:
        if loaded.latencies.by == self._by:
            is_same = self._latencies is not None and self._latencies.by == self._by
            self._latencies, self._slowest = loaded.latencies, self._slowest if is_same else None
            self._index = min(self._index, len(loaded.latencies.groups) - 1) if is_same else 0
            self._show()

    @on(SlowestLoaded)
    def _take_slowest(self, loaded: SlowestLoaded) -> None:
        if self._latencies and loaded.group in self._latencies.groups:
            self._slowest = loaded.phases
            self._show()


def _told(group: dict[str, Any], by: str | None) -> dict[str, str]:
    """What may stand in the columns of a group."""
    return {
        "step": group["phase"],
        **({by: group["grp"] or "-"} if by else {}),
        "n": f"{group['phases']:,}",
        "cens.": f"{group['censored']:,}",
        "p50": took(group["p50_us"]),
        "95 % sure": f"[{took(group['p50_low_us'])}, {took(group['p50_high_us'])}]",
        "p95": took(group["p95_us"]),
        "p99": took(group["p99_us"]),
        "known to": took(group["precision_us"]),
    }


def _name(group: dict[str, Any]) -> str:
    return f"{group['phase']} of {group['grp']}" if group["grp"] else str(group["phase"])
