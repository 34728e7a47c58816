"""An archive file: what is in it is found by its number, and what is wrong with it is found by reading it back."""

import json
from pathlib import Path

import pytest

from throughline.hub.retention.files import ROWS_PER_PIECE, Content, Damaged, Writer, find, index_of, read_back, rows

KEYS = [*range(10, 10 + 3 * ROWS_PER_PIECE * 2, 2), 99_999]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    made = tmp_path / "archive" / "calls-1-1.jsonl.gz"
    writer = Writer(made)
    for at in range(0, len(KEYS), 7):
        writer.add([(key, json.dumps({"id": key, "text": "é" * (key % 50)})) for key in KEYS[at : at + 7]])
    writer.close()
    assert read_back(made, "id") == writer.content
    return made


def test_every_row_is_found_by_its_number_and_no_other(path: Path) -> None:
    assert [find(path, "id", key)["id"] for key in KEYS] == KEYS  # type: ignore[index] - each is there
    assert [find(path, "id", key) for key in (0, 11, KEYS[ROWS_PER_PIECE] - 1, 50_000, 10**6)] == [None] * 5
    assert [row["id"] for row in rows(path)] == KEYS


def test_one_row_is_found_without_reading_the_rest(path: Path) -> None:
    whole = path.read_bytes()
    end = json.loads(index_of(path).read_text())["pieces"][0][3]
    path.write_bytes(whole[:end] + b"\x00" * (len(whole) - end))

    assert find(path, "id", KEYS[3]) is not None
    with pytest.raises(Damaged):
        find(path, "id", KEYS[-1])


def test_a_large_row_makes_a_piece_of_its_own(tmp_path: Path) -> None:
    path = tmp_path / "big.jsonl.gz"
    writer = Writer(path)
    writer.add([(n, json.dumps({"id": n, "text": "x" * 2**20})) for n in (1, 2, 3)])
    writer.close()

    assert [piece[:2] for piece in json.loads(index_of(path).read_text())["pieces"]] == [[1, 1], [2, 2], [3, 3]]


@pytest.mark.parametrize("at", [0, 5, 400, -9, -1])
def test_one_wrong_byte_anywhere_is_found(path: Path, at: int) -> None:
    content, whole = read_back(path, "id"), bytearray(path.read_bytes())
    whole[at] ^= 1
    path.write_bytes(whole)

    def found() -> Content | None:
        try:
            return read_back(path, "id")
        except Damaged:
            return None

    # Bytes of gzip's own header that mean nothing may differ; then the rows are the same, to the byte.
    assert found() is None or (at == 5 and found() == content)


def test_an_index_of_other_rows_is_found(path: Path) -> None:
    index = index_of(path)
    pieces = json.loads(index.read_text())["pieces"]
    for wrong in ([pieces[1], pieces[0], *pieces[2:]], pieces[:-1], [[1, *pieces[0][1:]], *pieces[1:]]):
        index.write_text(json.dumps({"pieces": wrong}))
        with pytest.raises(Damaged):
            read_back(path, "id")
