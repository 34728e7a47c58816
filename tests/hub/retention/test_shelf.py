"""The archive folder is looked at before it is needed."""

from pathlib import Path

import pytest

from throughline.hub.retention import shelf


def test_a_folder_that_is_not_there_yet_can_be_made(tmp_path: Path) -> None:
    assert shelf.looked_at(tmp_path / "a" / "b").fine
    assert not (tmp_path / "a").exists()


def test_a_file_is_no_folder(tmp_path: Path) -> None:
    (tmp_path / "file").touch()

    found = shelf.looked_at(tmp_path / "file" / "archive")

    assert (found.fine, found.told) == (False, f"{tmp_path / 'file'} cannot be written")


def test_a_full_disk_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shelf, "LEAST_ROOM", 2**62)

    assert "Make room" in shelf.looked_at(tmp_path).fix
