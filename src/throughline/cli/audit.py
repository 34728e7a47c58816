"""`audit`: whether the log of all actions is what it was signed as, what proves it, and what an auditor takes home."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

from cyclopts import Parameter

from throughline.cli.exits import Exit, Stop
from throughline.cli.opened import asked
from throughline.cli.printing import after, document, mark, out, table, talk
from throughline.cli.where import HERE, Where
from throughline.core import exact
from throughline.core.checkpoints import Forged, Verifier, notes
from throughline.hub.audit import evidence, offline, proving, reading, verifying
from throughline.hub.audit.evidence import Pack, TooMuch, Wanted
from throughline.hub.audit.proving import NoSuchLeaf, NotProvable, verifier_of
from throughline.hub.audit.reading import Asked


async def list_(
    *,
    engagement: str | None = None,
    actor: str | None = None,
    action: str | None = None,
    object_: Annotated[str | None, Parameter(name="--object")] = None,
    since: datetime | None = None,
    until: datetime | None = None,
    limit: int = 50,
    json: bool = False,
    where: Where = HERE,
) -> int:
    """What was done, by whom and when, newest first.

    Parameters
    ----------
    engagement
        Only of this engagement.
    actor
        Only what this person did; `throughline` is the program itself.
    action
        Only this: answered, released, confirmed, applied and the like.
    object_
        Only what was done to this: a hold, a run, an effect.
    since
        From this moment on, in UTC.
    until
        Up to this moment, in UTC.
    limit
        How many at most.
    json
        One JSON document instead of a table.
    """
    async with asked(where.settings()) as machine:
        asked_for = Asked(
            actor=actor, action=action, object=object_, engagement=engagement, since=_utc(since), until=_utc(until)
        )
        found = await reading.listed(machine, asked_for, limit=limit)
    said = [{"seq": row["seq"], **exact.loads(row["entry"])} for row in found.rows]
    if json:
        document("audit-leaves", said)
        return Exit.DONE
    return _tell(said, where)


def _tell(said: list[dict[str, Any]], where: Where) -> int:
    if not said:
        talk.print("The audit log has nothing of this yet: a worker enters what was done within a second.")
        return Exit.DONE
    rows = [(each["seq"], each["at"][:19], each["actor"], each["action"], each["object"]) for each in said]
    table(("place", "at", "who", "did", "what"), rows, flexible=4)
    after(where.again(f"audit prove {said[0]['seq']}"), where.again("audit verify"))
    return Exit.DONE


async def verify(
    *,
    pack: Path | None = None,
    kept: Path | None = None,
    key: str | None = None,
    json: bool = False,
    where: Where = HERE,
) -> int:
    """Read the whole log, and compare it with every checkpoint and with the journal; or check an evidence pack.

    Parameters
    ----------
    pack
        An evidence pack, as a zip or unpacked: it is checked here, without a database, a server or a network.
    kept
        A file of checkpoints that were kept elsewhere: without one, who has the key could have written all anew.
    key
        The public key, as you were given it; without it, the one of this installation.
    json
        One JSON document instead of a list.
    """
    if pack:
        return _verify_pack(pack, kept, key, json=json)
    texts = list(notes(_read(kept))) if kept else []
    if kept and not texts:
        raise Stop(f"{kept} has no checkpoint in it. See: throughline audit checkpoint", Exit.USAGE)
    async with asked(where.settings()) as machine:
        try:
            verifier = Verifier.of(key) if key else verifier_of(machine)
        except (Forged, NotProvable) as error:
            raise Stop(f"{error}.", Exit.USAGE) from error
        found = await verifying.verified(machine, kept=texts, verifier=verifier)
    if json:
        document("audit-verification", _said(found))
        return Exit.DONE if found.fine else Exit.FOUND
    for each in found.findings:
        out.print(mark("failed"), each, soft_wrap=True, markup=False)
    told = f"{found.leaves:,} leaves and {found.checkpoints:,} checkpoints read, {found.waiting} waiting"
    out.print(mark("done" if found.fine else "failed"), told, soft_wrap=True)
    if not kept:
        talk.print("Compared with no checkpoint from elsewhere. See `--kept`.")
    return Exit.DONE if found.fine else Exit.FOUND


def _verify_pack(pack: Path, kept: Path | None, key: str | None, *, json: bool) -> int:
    text = _read(kept) if kept else None
    if text is not None and not text.strip():
        raise Stop(f"{kept} has no checkpoint. See: throughline audit checkpoint", Exit.USAGE)
    if not pack.exists():
        raise Stop(f"There is no {pack}. See: throughline audit export", Exit.USAGE)
    try:
        fine, told = True, offline.check(offline.read(pack), key, text)
    except (offline.Wrong, *offline.UNREADABLE) as error:
        fine, told = False, offline.told_why(error)
    if json:
        document("audit-pack", {"pack": str(pack), "fine": fine, "told": told, "key": bool(key), "kept": bool(kept)})
        return Exit.DONE if fine else Exit.FOUND
    out.print(mark("done" if fine else "failed"), told, soft_wrap=True, markup=False)
    if not key:
        talk.print("The key in the pack was believed, which its maker could have made too. See `--key`.")
    if not kept:
        talk.print(
            "Compared with no checkpoint of yours: one written anew with the true key looks the same. See `--kept`."
        )
    return Exit.DONE if fine else Exit.FOUND


async def prove(place: int, /, *, json: bool = False, where: Where = HERE) -> int:
    """What proves that one leaf is in the log, under its newest checkpoint.

    Parameters
    ----------
    place
        The leaf's place in the log.
    json
        One JSON document instead of text.
    """
    async with asked(where.settings()) as machine:
        try:
            proof, key = await proving.inclusion(machine, place), verifier_of(machine).text
        except NoSuchLeaf as error:
            raise Stop(f"{error} See: throughline audit list", Exit.FOUND) from error
        except NotProvable as error:
            raise Stop(str(error), Exit.FOUND) from error
    said: dict[str, Any] = {
        "seq": proof.seq, "entry": proof.entry, "size": proof.size, "path": [each.hex() for each in proof.path],
        "checkpoint": proof.note, "public_key": key,
    }  # fmt: skip
    if json:
        document("audit-proof", said)
        return Exit.DONE
    for name, value in said.items():
        shown = "\n".join(value) if isinstance(value, list) else value
        out.print(f"{name}\n{shown}\n", markup=False, soft_wrap=True)
    return Exit.DONE


async def checkpoint(*, json: bool = False, where: Where = HERE) -> int:
    """The newest checkpoint, to be kept elsewhere; and the public key, on stderr.

    Parameters
    ----------
    json
        One JSON document instead of the signed text.
    """
    async with asked(where.settings()) as machine:
        try:
            row, key = await proving.newest(machine), verifier_of(machine).text
        except NoSuchLeaf as error:
            raise Stop(str(error), Exit.FOUND) from error
    if json:
        document("audit-checkpoint", {"size": row["size"], "checkpoint": row["note"], "public_key": key})
        return Exit.DONE
    # To the letter, so that `>> kept.txt` keeps what was signed.
    out.print(row["note"], markup=False, soft_wrap=True, highlight=False)
    talk.print(f"public key: {key}", markup=False, soft_wrap=True, highlight=False)
    return Exit.DONE


async def export(
    engagement: str | None = None,
    /,
    *,
    since: datetime | None = None,
    until: datetime | None = None,
    kept: Path | None = None,
    to: Path = Path("evidence.zip"),
    json: bool = False,
    where: Where = HERE,
) -> int:
    """Write what an auditor takes home about one engagement, or about a time, and checks without us.

    Parameters
    ----------
    engagement
        The engagement's id; or say `--since` and `--until`.
    since
        From this moment on, in UTC.
    until
        Up to this moment, in UTC.
    kept
        The auditor's own checkpoint: the pack then shows that the log has only grown since.
    to
        The file to write.
    json
        One JSON document instead of a sentence.
    """
    if bool(engagement) == bool(since and until):
        raise Stop("Say an engagement, or both --since and --until.", Exit.USAGE)
    mine = next(notes(_read(kept)), None) if kept else None
    pack = await _exported(Wanted(engagement, _utc(since), _utc(until), mine), to, where)
    if json:
        document(
            "audit-evidence", {"file": str(to), "leaves": pack.leaves, "captures": pack.captures, "size": pack.size}
        )
        return Exit.DONE
    out.print(f"{to}: {pack.leaves:,} leaves, {pack.captures:,} captures, under the checkpoint of {pack.size:,}")
    talk.print("Its index.html says how it is checked.")
    return Exit.DONE


async def _exported(wanted: Wanted, to: Path, where: Where) -> Pack:
    async with asked(where.settings()) as machine:
        try:
            return await evidence.export(machine, wanted, to)
        except (NoSuchLeaf, NotProvable, TooMuch) as error:
            raise Stop(str(error), Exit.FOUND) from error
        except Forged as error:
            raise Stop(f"The checkpoint of --kept is not of this log: {error}.", Exit.FOUND) from error


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, ValueError) as error:
        raise Stop(f"{path} cannot be read: {error}.", Exit.USAGE) from error


def _utc(at: datetime | None) -> datetime | None:
    return at.replace(tzinfo=UTC) if at and at.tzinfo is None else at


def _said(found: verifying.Verdict) -> dict[str, Any]:
    return {
        "fine": found.fine, "leaves": found.leaves, "checkpoints": found.checkpoints, "waiting": found.waiting,
        "findings": found.findings,
    }  # fmt: skip
