"""The pages of batches: what one would be about, and how far one has come."""

from collections.abc import Sequence
from decimal import Decimal

from throughline.console.batches import BatchesPage, BatchItemRow, BatchPage, BatchRow, NewBatchPage
from throughline.console.from_hub import holds, wording
from throughline.console.from_hub.frame import Setting, shell
from throughline.console.hold import Choice
from throughline.console.pieces import EmptyPlace
from throughline.console.shell import Crumb
from throughline.hub.desk.batches import Preview, Progress
from throughline.store.database import Row

EMPTY = EmptyPlace("Nothing was done in a batch yet", "Tick holds in the queue, or take all that fit.", "")
VERBS = {"release": "Release", "answer": "Answer", "assign": "Assign", "snooze": "Snooze", "resolve": "Resolve"}
EFFECTS = {
    "release": "Each process runs again from the top; a hold whose cause is still there comes back.",
    "answer": "Each question gets the answer below, which is remembered.",
    "assign": "They are given to the person below, or to nobody. Their owner stays.",
    "snooze": "They leave the queue until the day below, and come back by themselves.",
    "resolve": "They were dealt with elsewhere: each run is over and sends nothing more.",
}
STATES = {
    "running": ("Under way", "acc", "loader"),
    "done": ("Done", "ok", "circle-check"),
    "stopped": ("Stopped", "risk", "circle-x"),
    "cancelled": ("Cancelled", "wait", "circle-dashed"),
}
ITEMS = {
    "waiting": ("Waits", "wait", "circle-dashed"),
    "under way": ("Under way", "acc", "loader"),
    "done": ("Done", "ok", "circle-check"),
    "left": ("Left", "risk", "hand"),
}


def new(
    setting: Setting, preview: Preview, answers: Sequence[str], hidden: Sequence[tuple[str, str]], *, back: str,
    options: str,
) -> NewBatchPage:  # fmt: skip
    sentence = holds.sentence(preview.total, "hold")
    offered = {name: verb for name, verb in VERBS.items() if name != "answer" or answers}
    unfit = preview.unfit
    return NewBatchPage(
        shell=shell(setting, "A batch", "holds", Crumb("Holds", "/holds"), Crumb("A batch")),
        summary=sentence,
        unfit=f"{wording.counted(unfit, 'of them asks a question', 'of them ask a question')}: left when released."
        if unfit
        else "",
        begin_url="/batches",
        back_url=back,
        hidden=(*hidden, ("expect", str(preview.total.holds))),
        actions=tuple(
            Choice(value=name, label=verb, effect=EFFECTS[name], recommended=name == "release" and not unfit)
            for name, verb in offered.items()
        ),
        answers=tuple(answers),
        cli=f'throughline batches start release{options} --expect {preview.total.holds} --reason "..."',
    )


def page(setting: Setting, found: Sequence[Progress], *, older: str, first: str) -> BatchesPage:
    running = sum(each.row["state"] == "running" for each in found)
    return BatchesPage(
        shell=shell(
            setting, "Batches", "holds", Crumb("Holds", "/holds"), Crumb("Batches"), cli="throughline batches list"
        ),
        summary=f"{wording.counted(running, 'batch', 'batches')} under way." if running else "Nothing is under way.",
        fragment_url="/batches/fragment",
        rows=tuple(row(each, setting) for each in found),
        empty=EMPTY,
        older_url=older,
        first_url=first,
    )


def row(progress: Progress, setting: Setting) -> BatchRow:
    batch, counts = progress.row, progress.counts
    over = counts.get("done", 0) + counts.get("left", 0)
    state, tone, icon = STATES[batch["state"]]
    return BatchRow(
        key=batch["id"],
        href=f"/batches/{batch['id']}",
        what=_what(batch),
        reason=batch["reason"],
        person=batch["asked_by"],
        state=state,
        tone=tone,
        icon=icon,
        progress=f"{over:,} of {batch['total']:,}",
        percent=over * 100 // max(batch["total"], 1),
        left=f"{counts.get('left', 0):,}",
        age=wording.age(batch["asked_at"], setting.now),
    )


def one(setting: Setting, progress: Progress, items: Sequence[Row], *, older: str, first: str) -> BatchPage:
    batch, told = progress.row, row(progress, setting)
    id_ = batch["id"]
    return BatchPage(
        shell=shell(setting, told.what, "holds", Crumb("Holds", "/holds"), Crumb("Batches", "/batches"), Crumb(id_)),
        fragment_url=f"/batches/{id_}/fragment",
        batch=told,
        amount=wording.monies({currency: Decimal(amount) for currency, amount in batch["amounts"].items()}),
        unknown=f"{batch['unknown']:,}" if batch["unknown"] else "",
        canary="the first went ahead alone, the rest follow when it went through" if batch["canary"] else "",
        why=f"{batch['why'][:1].upper()}{batch['why'][1:]}." if batch["why"] else "",
        items=tuple(item(each) for each in items),
        file_url=f"/batches/{id_}.csv",
        cancel_url=f"/batches/{id_}/cancel" if batch["state"] == "running" else "",
        cli=f"throughline batches show {id_}",
        cause_href=f"/causes/{batch['cause']}" if batch["cause"] else "",
        older_url=older,
        first_url=first,
    )


def item(each: Row) -> BatchItemRow:
    state, tone, icon = ITEMS[each["state"]]
    return BatchItemRow(
        key=str(each["n"]),
        href=f"/holds/{each['hold']}",
        hold=each["hold"],
        why=each["why"] or each["hold"],
        amount=wording.money(each["amount"], each["currency"]),
        state=state,
        tone=tone,
        icon=icon,
        outcome=each["outcome"] or "",
    )


def _what(batch: Row) -> str:
    said = batch["said"]
    more = {
        "answer": f" with “{said.get('choice')}”",
        "assign": f" to {said.get('to') or 'nobody'}",
        "snooze": f" until {str(said.get('until'))[:10]}",
    }.get(batch["action"], "")
    return f"{VERBS[batch['action']]} {wording.counted(batch['total'], 'hold')}{more}"
