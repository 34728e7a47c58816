"""Checkpoints are C2SP's, and only the key's own are believed."""

from base64 import b64encode

import pytest

from throughline.core.checkpoints import Checkpoint, Forged, Signer, Verifier, notes

SIGNER, OTHER = Signer(b"\x07" * 32), Signer(b"\x08" * 32)
SAID = Checkpoint(5, b"\x01" * 32)


def test_a_checkpoint_is_written_as_the_format_says() -> None:
    note = SIGNER.sign(SAID)

    name = SIGNER.verifier.name
    body, signature = note.split("\n\n")
    assert body == f"{name}\n5\n{b64encode(SAID.root).decode()}"
    assert signature.startswith(f"— {name} ")
    public = b64encode(b"\x01" + SIGNER.verifier.key).decode()
    assert SIGNER.verifier.text == f"{name}+{SIGNER.verifier.number.hex()}+{public}"


def test_what_was_signed_is_read_back_with_the_published_key() -> None:
    assert Verifier.of(SIGNER.verifier.text).read(SIGNER.sign(SAID)) == SAID


@pytest.mark.parametrize(
    "note",
    [
        OTHER.sign(SAID),
        SIGNER.sign(SAID).replace("\n5\n", "\n6\n"),
        SIGNER.sign(SAID).replace(SIGNER.verifier.name, OTHER.verifier.name),
        OTHER.sign(SAID).replace(OTHER.verifier.name, SIGNER.verifier.name),
        SIGNER.sign(SAID).split("\n\n")[0],
        "",
        "— \n\n— x",
    ],
)
def test_nothing_else_is_believed(note: str) -> None:
    with pytest.raises(Forged):
        SIGNER.verifier.read(note)


@pytest.mark.parametrize("text", ["", "a+b", "a+00000000+AQ==", SIGNER.verifier.text.replace("+", "+0", 1), "a+b+%%%"])
def test_what_is_no_public_key_is_said_to_be_none(text: str) -> None:
    with pytest.raises(Forged):
        Verifier.of(text)


def test_a_file_that_was_added_to_is_read_one_by_one() -> None:
    written = [SIGNER.sign(Checkpoint(n, bytes([n]) * 32)) for n in (1, 2, 3)]

    for between in ("", "\n", "\n\n"):
        found = [SIGNER.verifier.read(each).size for each in notes(between.join(written))]
        assert found == [1, 2, 3], repr(between)
