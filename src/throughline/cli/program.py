"""Every command, by the place it lives: nothing is imported before it is called."""

import asyncio
import inspect
import signal
import sys
from collections.abc import Coroutine, Sequence
from io import TextIOWrapper
from typing import Any

from cyclopts import App, CycloptsError

from throughline.cli.exits import Exit, Stop
from throughline.cli.printing import talk

app = App(
    name="throughline",
    help="Keeps what a services firm sold, planned, worked, billed and was paid in one line.",
    help_format="plaintext",
    version_flags=[],
)
holds = App(
    name="holds",
    help="The exception queue: list, show, answer, release, correct, assign, snooze, note, resolve.",
    version_flags=[],
)
causes = App(
    name="causes",
    help="What holds have in common: list, show, clear, merge, part, split, resolve.",
    version_flags=[],
)
batches = App(name="batches", help="One deed for many holds: start, list, show, cancel.", version_flags=[])
captures = App(name="captures", help="What was exchanged, verbatim: list, show.", version_flags=[])
archive = App(name="archive", help="What left the database: list, show, verify.", version_flags=[])
audit = App(name="audit", help="What was done, by whom: list, verify, prove, checkpoint, export.", version_flags=[])
subscriptions = App(
    name="subscriptions",
    help="Who is told of events: list, show, create, pause, resume, delete, rotate, test, recover, deliveries.",
    version_flags=[],
)
reconcile = App(
    name="reconcile",
    help="What agrees between systems, and what does not: run, list, show, complete.",
    version_flags=[],
)
runs = App(name="runs", help="Executions of a workflow: cancel.", version_flags=[])
dead_letters = App(name="dead-letters", help="What failed and is not mended: list, show.", version_flags=[])
replays = App(name="replays", help="What was gone through again: list, show, cancel.", version_flags=[])
usage = App(name="usage", help="What meters said, to be billed with the month: take.", version_flags=[])
portal = App(name="portal", help="What a portal shows: status, invoice.", version_flags=[])
people = App(name="people", help="Who may come in, and as what: list, add, role, sign-out, remove.", version_flags=[])
keys = App(name="keys", help="What programs come in with: list, make, remove.", version_flags=[])
simulate = App(
    name="simulate", help="Drive the sandbox: deal, time, invoice, payment, credit, fault, clock.", version_flags=[]
)

# The help is said here as well, so that the list of commands imports none of them. A test keeps both the same.
COMMANDS = (
    (app, "demo", "demo:demo", "Start a simulated firm with its CRM, ERP, PSA, chat and HR, and win a deal."),
    (app, "up", "serve:up", "Run the server and a worker on a firm's folder."),
    (app, "worker", "serve:worker", "Run one more worker; as many as you like share a database."),
    (app, "status", "status:status", "Say what runs, what waits for a person, and how the systems answer."),
    (app, "doctor", "doctor:doctor", "Check database, clock, folder, secrets, systems and disk."),
    (app, "trace", "trace:trace", "Tell the journey behind any id of any system."),
    (app, "engagements", "engagements:engagements", "Won deals, newest first, and how far each has come."),
    (
        app,
        "find",
        "find:find",
        "Find the engagement behind an id, a name, an invoice number, a purchase order or an amount.",
    ),
    (
        app,
        "why",
        "why:why",
        "Say why each value is what it is: who said it, when, which policy line decided, what was refused.",
    ),
    (
        app,
        "money",
        "money:money",
        "What an engagement is worth at each step from the sale to the books, and what does not tie.",
    ),
    (
        app,
        "account",
        "account:account",
        "Say what a customer owes, how late, how long it takes to pay, and what is still to bill.",
    ),
    (
        app,
        "quote",
        "quote:quote",
        "Say of a deal whether credit, prices and template are fine, and whether it would provision.",
    ),
    (app, "plan", "plan:plan", "Say what a change order or any run would do, with amounts; send nothing."),
    (app, "kpis", "kpis:kpis", "Every key figure, and how each hop does against what was agreed on."),
    (
        app,
        "clocks",
        "kpis:clocks",
        "The clocks of a hop: those that run by what is due first, those that ended newest first.",
    ),
    (
        app,
        "board",
        "boards:board",
        "One board, such as start-readiness, by its name. Ends with 1 when a row is at risk.",
    ),
    (holds, "list", "holds:list_", "What waits for a person, by money at risk and then by clock."),
    (holds, "show", "holds:show", "One hold: why, for whom, what it costs, and what to do."),
    (holds, "answer", "holds:answer", "Answer the question a hold asks; the run goes on."),
    (holds, "release", "holds:release", "Run again, now that the cause is corrected. Nothing is done twice."),
    (holds, "assign", "hands:assign", "Give a hold to somebody; its owner stays who the policy says."),
    (
        holds,
        "snooze",
        "hands:snooze",
        "Take a hold out of the queue until a time; then it comes back by itself, with the clock it had.",
    ),
    (
        holds,
        "correct",
        "hands:correct",
        "Edit a value that could not be sent, checked against the mapping, and release. For this run alone.",
    ),
    (holds, "note", "hands:note", "Tell the next person something about a hold; kept in the journal."),
    (
        holds,
        "resolve",
        "hands:resolve",
        "It was dealt with elsewhere: the run that waits is over, and sends nothing more.",
    ),
    (causes, "list", "causes:list_", "What the holds have in common, most money first."),
    (
        causes,
        "show",
        "causes:show",
        "One cause: why its holds are one group, what they come to, and what worked before.",
    ),
    (
        causes,
        "clear",
        "causes:clear",
        "Fixed once: the hold with the least at risk goes on first, all the others when it went through.",
    ),
    (causes, "merge", "causes:merge", "It is the same as another: what has it, now and later, belongs there."),
    (causes, "part", "causes:part", "What was merged into a cause goes by itself again."),
    (causes, "split", "causes:split", "Some of its holds become a group of their own."),
    (
        causes,
        "resolve",
        "causes:resolve",
        "It is mended for good, and nothing of it is open. Whatever comes with it later has regressed.",
    ),
    (
        batches,
        "start",
        "batches:start",
        "Do one thing to many holds: release, answer, assign, snooze or resolve them.",
    ),
    (batches, "list", "batches:list_", "Batches, newest first."),
    (batches, "show", "batches:show", "One batch: how far it has come, and what is left with its reason."),
    (batches, "cancel", "batches:cancel", "Begin nothing more of a batch. What has been begun is finished."),
    (
        reconcile,
        "run",
        "reconcile:run",
        "Compare now, every comparison or one, and say how each stands. Ends with 1 when something does not agree.",
    ),
    (reconcile, "list", "reconcile:list_", "What is not reconciled, by what it is worth."),
    (
        reconcile,
        "show",
        "reconcile:show",
        "One break: what each side says, the records behind it, whose it is, and what can be done.",
    ),
    (
        reconcile,
        "complete",
        "reconcile:complete",
        "Ask every system how many records it has, and compare with what we hold. Ends with 1 when some were skipped.",
    ),
    (runs, "cancel", "runs:cancel", "Stop a run for good; its holds close with the reason."),
    (dead_letters, "list", "dead_letters:list_", "What failed and is not mended, newest first."),
    (dead_letters, "show", "dead_letters:show", "One of them: what came, why it failed, and where in the program."),
    (app, "replay", "replay:replay", "Go through dead letters, deliveries or runs again; nothing is done twice."),
    (replays, "list", "replay:list_", "Replays, newest first."),
    (replays, "show", "replay:show", "One replay: how far it has come, and what is left with its reason."),
    (replays, "cancel", "replay:cancel", "Begin nothing more of a replay. What has been begun is finished."),
    (captures, "list", "captures:list_", "The newest exchanges."),
    (captures, "show", "captures:show", "One exchange, whole."),
    (archive, "list", "archive:list_", "What left the database, newest first."),
    (archive, "show", "archive:show", "One archive's certificate, and what is in it."),
    (archive, "verify", "archive:verify", "Read archives whole, and compare each with its certificate."),
    (audit, "list", "audit:list_", "What was done, by whom and when, newest first."),
    (
        audit,
        "verify",
        "audit:verify",
        "Read the whole log, and compare it with every checkpoint and with the journal; or check an evidence pack.",
    ),
    (audit, "prove", "audit:prove", "What proves that one leaf is in the log, under its newest checkpoint."),
    (
        audit,
        "checkpoint",
        "audit:checkpoint",
        "The newest checkpoint, to be kept elsewhere; and the public key, on stderr.",
    ),
    (
        audit,
        "export",
        "audit:export",
        "Write what an auditor takes home about one engagement, or about a time, and checks without us.",
    ),
    (subscriptions, "list", "subscriptions:list_", "Who is told of events, and how far."),
    (subscriptions, "show", "subscriptions:show", "One subscription as it stands."),
    (subscriptions, "create", "subscriptions:create", "Have events sent to an address from now on."),
    (subscriptions, "pause", "subscriptions:pause", "Send nothing until it is resumed; nothing is lost."),
    (subscriptions, "resume", "subscriptions:resume", "Send what waits, and what happens from now on."),
    (subscriptions, "delete", "subscriptions:delete", "Send nothing any more, and drop what waits."),
    (subscriptions, "rotate", "subscriptions:rotate", "Make a new secret; the old one signs for a day more."),
    (subscriptions, "test", "subscriptions:try_out", "Send an event that means nothing, once and now."),
    (subscriptions, "recover", "subscriptions:recover", "Send everything since a time that has not arrived."),
    (subscriptions, "deliveries", "subscriptions:deliveries", "What was sent and what is on its way."),
    (usage, "take", "usage:take", "Hand in a CSV file of readings, all or none; handed in again, it says nothing new."),
    (portal, "status", "portal:status", "How an engagement stands, its invoices, and whether promises were kept."),
    (portal, "invoice", "portal:invoice", "How one invoice stands, by its number or any system's id."),
    (people, "list", "people:list_", "Who may come in, as what, and when they were last there."),
    (people, "add", "people:add", "Let somebody in. From the first person on, everybody has to sign in."),
    (people, "role", "people:role", "Give somebody other roles or limits; they hold from their next request on."),
    (people, "sign-out", "people:sign_out", "End every session of somebody's, in every browser."),
    (people, "remove", "people:remove", "Let somebody in no more; their keys and sessions end with them."),
    (keys, "list", "keys:list_", "Every key, what it is for, and when it was last used."),
    (keys, "make", "keys:make", "Make a key for a person or a program. It is shown this once."),
    (keys, "remove", "keys:remove", "Refuse a key from now on."),
    (simulate, "deal", "simulate:deal", "Close a deal in the simulated CRM, as a salesperson would."),
    (simulate, "time", "simulate:time", "Enter and approve a week of work in the simulated PSA, as its people would."),
    (
        simulate,
        "invoice",
        "simulate_cash:invoice",
        "Let an invoice go in the simulated ERP, and mail it, as finance would.",
    ),
    (simulate, "payment", "simulate_cash:payment", "Pay an invoice in the simulated ERP, as a customer would."),
    (simulate, "credit", "simulate_cash:credit", "Credit an invoice in the simulated ERP, as finance would."),
    (simulate, "fault", "simulate:fault", "Make a simulated system misbehave."),
    (simulate, "clock", "simulate:clock", "Read or drive the sandbox's clock."),
)
for group, name, place, said in COMMANDS:
    group.command(f"throughline.cli.{place}", name=name, help=said)
for group in (
    holds, causes, batches, reconcile, runs, dead_letters, replays, captures, archive, audit, subscriptions, usage,
    portal, people, keys, simulate,
):  # fmt: skip
    app.command(group)


def main(arguments: Sequence[str]) -> int:
    """Run one command; every way to end has its exit code."""
    _write_whatever_comes()
    try:
        command, bound, _ = app.parse_args(list(arguments), print_error=False, exit_on_error=False)
        outcome: Any = command(*bound.args, **bound.kwargs)
        return int((_run(outcome) if inspect.iscoroutine(outcome) else outcome) or Exit.DONE)
    except CycloptsError as error:
        chain = " ".join(("throughline", *(error.command_chain or ()), "--help"))
        talk.print(f"{error}\nSee `{chain}`.", style="red", markup=False, soft_wrap=True)
        return Exit.USAGE
    except Stop as stop:
        talk.print(str(stop), style="red", markup=False, soft_wrap=True)
        return stop.code
    except (KeyboardInterrupt, asyncio.CancelledError):
        talk.print("Stopped. Nothing is lost: start the same command again to go on.")
        return Exit.INTERRUPTED


def _run(work: Coroutine[Any, Any, int]) -> int:
    import uvloop

    return uvloop.run(_until_told(work))


async def _until_told(work: Coroutine[Any, Any, int]) -> int:
    """Whoever manages the process ends it as Ctrl-C does: what was opened is closed first."""
    task = asyncio.current_task()
    if task:
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
    return await work


def _write_whatever_comes() -> None:
    """A name the terminal's encoding does not know must not end a command."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
