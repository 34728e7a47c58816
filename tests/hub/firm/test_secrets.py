"""A secret is fetched from where it is kept, or its absence is said without showing anything."""

from pathlib import Path

import pytest

from throughline.core.firm import SecretRef
from throughline.hub.firm.secrets import SecretMissing, resolve


def ref(text: str) -> SecretRef:
    return SecretRef.model_validate(text)


def test_a_secret_in_the_environment(tmp_path: Path) -> None:
    assert resolve(ref("env:TOKEN"), tmp_path, {"TOKEN": "hunter2"}) == "hunter2"


def test_a_secret_in_a_file_beside_the_folder_loses_its_last_line_end(tmp_path: Path) -> None:
    (tmp_path / "secrets").mkdir()
    (tmp_path / "firm").mkdir()
    (tmp_path / "secrets" / "key").write_bytes(b"line one\nline two\r\n")

    assert resolve(ref("file:../secrets/key"), tmp_path / "firm", {}) == "line one\nline two"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("env:TOKEN", "set the environment variable TOKEN"),
        ("env:EMPTY", "set the environment variable EMPTY"),
        ("file:nothing", "put the secret into"),
        ("file:empty", "is empty"),
        ("file:binary", "cannot be read"),
    ],
)
def test_what_is_missing_is_said_with_what_to_do(tmp_path: Path, text: str, message: str) -> None:
    (tmp_path / "empty").write_text("\n", encoding="utf-8")
    (tmp_path / "binary").write_bytes(b"\xff\xfe\xfd")

    with pytest.raises(SecretMissing, match=message):
        resolve(ref(text), tmp_path, {"EMPTY": ""})
