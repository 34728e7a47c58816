"""Checks an evidence pack. Needs the standard library and `cryptography`; knows nothing else of the program.

    python verify.py [--key PUBLIC-KEY] [--kept CHECKPOINT-FILE] [FOLDER-OR-ZIP]

It is written anew on purpose, and not shared with what made the pack: two must be wrong in the same way to agree.
"""

import argparse
import hashlib
import json
import sys
import zipfile
import zlib
from base64 import b64decode
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

FORMAT = "throughline-evidence/2"
FILES = (
    "pack.json", "public-key.txt", "checkpoint.txt", "leaves.jsonl", "captures.jsonl", "journal.jsonl", "index.html",
    "verify.py", "manifest.txt",
)  # fmt: skip
JOURNAL = "journal/"
# What a file that was damaged, or made to do harm, may raise while it is read.
UNREADABLE = (
    OSError, ValueError, KeyError, TypeError, AttributeError, EOFError, RuntimeError, OverflowError, MemoryError,
    zipfile.BadZipFile, zlib.error,
)  # fmt: skip


class Wrong(Exception):
    """The pack is not what it says."""


def leaf(entry: str) -> bytes:
    return hashlib.sha256(b"\x00" + entry.encode()).digest()


def node(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(b"\x01" + left + right).digest()


def signed(note: str, key: str) -> tuple[int, bytes]:
    """Size and root of a checkpoint, when the key has signed it."""
    name, body = signed_text(note, key, "a checkpoint")
    origin, size, root = body.split("\n")[:3]
    if origin != name:
        raise Wrong("a checkpoint is of another log than the public key")
    return int(size), b64decode(root)


def signed_text(note: str, key: str, what: str) -> tuple[str, str]:
    """The log's name and the text, when the key has signed it."""
    name, number, public = key.strip().split("+", 2)
    known = b64decode(public)
    if hashlib.sha256(f"{name}\n".encode() + known).digest()[:4].hex() != number or known[:1] != b"\x01":
        raise Wrong("the public key is none")
    body, _, signatures = note.partition("\n\n")
    for line in signatures.splitlines():
        _, by, signature = [*line.split(" "), "", ""][:3]
        said = b64decode(signature)
        if by == name and said[:4].hex() == number:
            try:
                Ed25519PublicKey.from_public_bytes(known[1:]).verify(said[4:], f"{body}\n".encode())
            except InvalidSignature:
                continue
            return name, body
    raise Wrong(f"{what} is not signed with the public key")


def root_by_path(entry: str, seq: int, size: int, path: list[bytes]) -> bytes:
    """Where an audit path leads to (RFC 6962, 2.1.1), by the shape of the tree."""
    if not 0 <= seq < size:
        raise Wrong(f"leaf {seq} is not in a log of {size}")
    if size == 1:
        if path:
            raise Wrong(f"the path of leaf {seq} is too long")
        return leaf(entry)
    if not path:
        raise Wrong(f"the path of leaf {seq} is too short")
    half = 1 << ((size - 1).bit_length() - 1)
    if seq < half:
        return node(root_by_path(entry, seq, half, path[:-1]), path[-1])
    return node(path[-1], root_by_path(entry, seq - half, size - half, path[:-1]))


def roots_by_growth(
    before: int, size: int, path: list[bytes], old: bytes, *, whole: bool = True
) -> tuple[bytes, bytes]:
    """The old and the new root that a consistency proof leads to (RFC 6962, 2.1.2)."""
    if before == size:
        if whole:
            if path:
                raise Wrong("the proof of growth is too long")
            return old, old
        if len(path) != 1:
            raise Wrong("the proof of growth has the wrong length")
        return path[0], path[0]
    if not path:
        raise Wrong("the proof of growth is too short")
    half = 1 << ((size - 1).bit_length() - 1)
    if before <= half:
        ours, theirs = roots_by_growth(before, half, path[:-1], old, whole=whole)
        return ours, node(theirs, path[-1])
    ours, theirs = roots_by_growth(before - half, size - half, path[:-1], old, whole=False)
    return node(path[-1], ours), node(path[-1], theirs)


class Stack:
    """A tree from left to right, of leaves and of complete subtrees."""

    def __init__(self) -> None:
        self.size = 0
        self.roots: list[tuple[int, bytes]] = []

    def add(self, hash_: bytes, level: int = 0) -> None:
        if not 0 <= level < 64 or self.size % (1 << level):
            raise Wrong("a subtree is not where one can be")
        self.size += 1 << level
        while self.roots and self.roots[-1][0] == level:
            hash_, level = node(self.roots.pop()[1], hash_), level + 1
        self.roots.append((level, hash_))

    def root(self) -> bytes:
        whole = self.roots[-1][1]
        for _, each in reversed(self.roots[:-1]):
            whole = node(each, whole)
        return whole


def check_leaves(pack: dict[str, Any], lines: list[dict[str, Any]], size: int, root: bytes) -> None:
    if len(lines) != pack["leaves"] or not lines:
        raise Wrong(f"{pack['leaves']} leaves are announced and {len(lines)} are there")
    if pack["proof"] == "inclusion":
        for each in lines:
            if root_by_path(each["entry"], each["seq"], size, list(map(bytes.fromhex, each["path"]))) != root:
                raise Wrong(f"leaf {each['seq']} does not lead to the checkpoint: it was changed")
        return
    stack = Stack()
    for each in pack["left"]:
        stack.add(bytes.fromhex(each["hash"]), each["level"])
    for each in lines:
        if each["seq"] != stack.size:
            raise Wrong(f"leaf {stack.size} is missing")
        stack.add(leaf(each["entry"]))
    for each in pack["right"]:
        stack.add(bytes.fromhex(each["hash"]), each["level"])
    if (stack.size, stack.root()) != (size, root):
        raise Wrong("the leaves do not lead to the checkpoint: one was changed, put in, taken out or moved")


def check_journal(pack: dict[str, Any], lines: list[dict[str, Any]], rows: list[dict[str, Any]]) -> None:
    """What people said when they decided is what their leaves have the digest of, and all of it is there."""
    told = {f"{JOURNAL}{row['seq']}": row for row in rows}
    if len(rows) != pack["journal"] or len(told) != len(rows):
        raise Wrong(f"{pack['journal']} rows of the journal are announced and {len(told)} are there")
    entries = [json.loads(each["entry"]) for each in lines]
    for said in (each for each in entries if str(each.get("source", "")).startswith(JOURNAL)):
        row = told.pop(said["source"], None)
        if row is None:
            raise Wrong(f"{said['source']} is missing: its leaf is there")
        if hashlib.sha256(row["detail"].encode()).hexdigest() != said.get("digest") or any(
            row[name] != said.get(name) for name in ("at", "actor", "action", "object")
        ):
            raise Wrong(f"{said['source']} was changed: it is not what its leaf says")
    if told:
        raise Wrong(f"{min(told)} was put in: it has no leaf in this pack")


def check_manifest(files: dict[str, bytes], key: str) -> None:
    """Every file is, to the byte, what it was when the pack was made."""
    name, body = signed_text(files["manifest.txt"].decode(), key, "manifest.txt")
    said, *lines = body.split("\n")
    announced = {file: digest for digest, _, file in (each.partition("  ") for each in lines)}
    if said != f"{name}/evidence":
        raise Wrong("manifest.txt is none")
    for each in FILES[:-1]:
        if announced.get(each) != hashlib.sha256(files[each]).hexdigest():
            raise Wrong(f"{each} was changed since the pack was made")


def check_growth(pack: dict[str, Any], kept: str, key: str, size: int, root: bytes) -> None:
    before, old = signed(kept, key)
    if before > size:
        raise Wrong(f"the log has {size} leaves and had {before}: its end was cut off")
    if "kept" not in pack or signed(pack["kept"], key)[0] != before:
        raise Wrong("this pack was not made for the checkpoint you kept: ask for one with --kept")
    path = list(map(bytes.fromhex, pack["growth"]))
    if roots_by_growth(before, size, path, old) != (old, root):
        raise Wrong(f"the log does not begin with the {before} leaves of the checkpoint you kept: it was written anew")


def read(place: Path) -> dict[str, bytes]:
    """The files of a pack, unpacked or not."""
    if place.is_dir():
        return {name: (place / name).read_bytes() for name in FILES}
    with zipfile.ZipFile(place) as archive:
        names = archive.namelist()
        if len(names) != len({*names}):
            raise Wrong("a file is in the zip twice")
        return {name: archive.read(name) for name in FILES}


def check(files: dict[str, bytes], key: str | None, kept: str | None) -> str:
    pack = json.loads(files["pack.json"])
    if pack["format"] != FORMAT:
        raise Wrong(f"this is a pack of {pack['format']}, and not of {FORMAT}: check it with its own verify.py")
    known = key or files["public-key.txt"].decode()
    size, root = signed(files["checkpoint.txt"].decode(), known)
    lines = [json.loads(line) for line in files["leaves.jsonl"].split(b"\n") if line]
    check_leaves(pack, lines, size, root)
    if hashlib.sha256(files["captures.jsonl"]).hexdigest() != pack["captures"]["sha256"]:
        raise Wrong("captures.jsonl was changed since the pack was made")
    check_journal(pack, lines, [json.loads(line) for line in files["journal.jsonl"].split(b"\n") if line])
    check_manifest(files, known)
    if kept:
        check_growth(pack, kept, known, size, root)
    shown = "as signed, and the log has only grown since the checkpoint you kept" if kept else "as signed"
    return f"{len(lines)} leaves of {pack['about']}: {shown} in the checkpoint of {size}."


def told_why(error: BaseException) -> str:
    return str(error) if isinstance(error, Wrong) else f"it cannot be read ({type(error).__name__}: {error})"


def main() -> int:
    parser = argparse.ArgumentParser(description="Checks an evidence pack of Throughline.")
    parser.add_argument("place", nargs="?", default=str(Path(__file__).parent), help="a folder or a zip")
    parser.add_argument("--key", help="the public key, as you were given it")
    parser.add_argument("--kept", type=Path, help="a checkpoint you kept earlier")
    said = parser.parse_args()
    kept = said.kept.read_text(encoding="utf-8") if said.kept else None
    place = Path(said.place)
    try:
        told = check(read(place), said.key, kept)
    except (Wrong, *UNREADABLE) as error:
        sys.stdout.write(f"WRONG: {told_why(error)}\n")
        return 1
    sys.stdout.write(f"FINE: {told}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
