"""Printing: one JSON document with a named shape on stdout, or lines and tables for people; talk goes to stderr."""

import json
import os
import sys
from collections.abc import Iterable, Sequence
from collections.abc import Mapping as Dict
from dataclasses import asdict, is_dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any, override

from rich.console import Console
from rich.text import Text

# Whoever reads a pipe wants whole lines: wide enough for any of ours, and nothing is padded to it.
NO_WIDTH = 20_000
GAP, LEAST_WIDTH = "  ", 12
# What a terminal must know, in a colour and never by the colour alone; the letters are for terminals without symbols.
MARKS = {
    "done": ("✓", "+", "green"),
    "held": ("!", "!", "red"),
    "failed": ("✗", "x", "red"),
    "defect": ("✗", "x", "red"),
    "running": ("…", "~", "yellow"),
    "cancelled": ("⊘", "/", "dim"),
    "dead": ("✗", "x", "red"),
    "trying": ("…", "~", "yellow"),
    "closed": ("✓", "+", "green"),
    "left": ("!", "!", "red"),
    "under way": ("…", "~", "yellow"),
    "waiting": ("○", "-", "dim"),
}
ROLES = {"crm": "blue", "erp": "magenta", "psa": "cyan", "chat": "yellow", "hr": "green"}
RIGHT = {"amount", "took", "calls", "failed"}


class _Console(Console):
    @override
    def on_broken_pipe(self) -> None:
        """Whoever read us has had enough: that is no failure, and what is still buffered must not become one."""
        os.dup2(os.open(os.devnull, os.O_WRONLY), self.file.fileno())


out = _Console(highlight=False, width=None if sys.stdout.isatty() else NO_WIDTH)
talk = _Console(stderr=True, highlight=False, width=None if sys.stderr.isatty() else NO_WIDTH)


def document(shape: str, data: object) -> None:
    """The one document a script reads: {"schema": "throughline.<shape>/1", "data": ...}."""
    text = json.dumps({"schema": f"throughline.{shape}/1", "data": data}, default=_plain, indent=2)
    try:
        sys.stdout.write(f"{text}\n")
        sys.stdout.flush()
    except BrokenPipeError:
        out.on_broken_pipe()


def table(columns: Sequence[str], rows: Iterable[Sequence[object]], *, flexible: int | None = None) -> None:
    """Aligned columns. Where a terminal is too narrow, the flexible one is cut short; the others stay whole."""
    cells = [
        [each if isinstance(each, Text) else Text("" if each is None else str(each)) for each in row] for row in rows
    ]
    heads = [[Text(name, style="bold") for name in columns]] if any(columns) else []
    widths = [max((row[n].cell_len for row in heads + cells), default=0) for n in range(len(columns))]
    if flexible is not None:
        others = sum(widths) - widths[flexible] + len(GAP) * (len(widths) - 1)
        widths[flexible] = min(widths[flexible], max(out.width - others, LEAST_WIDTH))
    for row in heads + cells:
        out.print(_line(columns, row, widths), soft_wrap=True)


def _line(columns: Sequence[str], row: Sequence[Text], widths: Sequence[int]) -> Text:
    for name, cell, width in zip(columns, row, widths, strict=True):
        cell.truncate(width, overflow="ellipsis")
        cell.align("right" if name in RIGHT else "left", width)
    line = Text(GAP).join(row)
    line.rstrip()
    return line


def mark(state: str) -> Text:
    symbol, letter, style = MARKS.get(state, (" ", " ", ""))
    return Text(symbol if _symbols(out) else letter, style=style)


def step(told: Text | str, *, took_seconds: float | None = None, aside: str = "", state: str = "done") -> None:
    """One line of progress: what is done, after how many seconds, and what goes with it."""
    line = Text.assemble(mark(state), " ", told)
    line.pad_right(max(0, 46 - line.cell_len))
    if took_seconds is not None:
        line.append(f"  {took_seconds:5.1f} s", style="dim")
    if aside:
        line.append(f"   {aside}", style="dim")
    talk.print(line, soft_wrap=True)


def after(*commands: str) -> None:
    """What to do next; each can be copied into a shell as it is."""
    line = Text("next: ")
    for n, command in enumerate(commands):
        line.append(f"{'   ' if n else ''}{command}", style="cyan")
    talk.print(line, soft_wrap=True)


def role(name: str) -> Text:
    """A system's role, as every list shows it."""
    return Text(name.upper(), style=ROLES.get(name, "dim"))


def money(amount: Decimal | str | None, currency: str | None) -> str:
    """As the console words it; nothing known is nothing said."""
    from throughline.core.money import Money

    if amount is None or not currency:
        return ""
    number, _, code = str(Money.of(str(amount), currency)).rpartition(" ")
    return f"{code} {number}"


def clock(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%d %b %H:%M:%S")


def span(passed: timedelta) -> str:
    """How long: "120 ms", "8 s", "6 m 33 s", "2 h 04 m", "69 d"."""
    seconds = max(passed.total_seconds(), 0)
    if seconds < 1:
        return f"{seconds * 1000:.0f} ms"
    whole = int(seconds)
    days, hours, minutes = whole // 86400, whole // 3600, whole // 60
    if days >= 2:
        return f"{days} d"
    if hours:
        return f"{hours} h {minutes % 60:02} m"
    return f"{minutes} m {whole % 60:02} s" if minutes else f"{seconds:.1f} s" if seconds < 10 else f"{whole} s"


def shortened(key: str, most: int = 18) -> str:
    """A long id on a terminal: its beginning and its end, by which a person knows it. A pipe gets it whole."""
    if not out.is_terminal or len(key) <= most:
        return key
    dots = "…" if _symbols(out) else ".."
    ahead = (most - len(dots)) // 2
    return f"{key[:ahead]}{dots}{key[-(most - len(dots) - ahead) :]}"


def _symbols(console: Console) -> bool:
    return console.encoding.startswith("utf")


def _plain(value: Any) -> Any:
    if isinstance(value, (datetime, date)):
        return value.isoformat()
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    if isinstance(value, Dict):
        return dict(value)
    return asdict(value) if is_dataclass(value) and not isinstance(value, type) else str(value)
