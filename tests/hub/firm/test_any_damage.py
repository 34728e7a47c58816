"""Whatever happens to a file, the answer is a firm or a report that points into it: never a crash."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from throughline.core.firm import Firm
from throughline.demo import FIRM
from throughline.hub.firm import FirmErrors, load_text, read_folder

DEMO = read_folder(FIRM)
SNIPPETS = st.sampled_from(
    ["", " ", "\n", "\t", ":", "- ", '"', "'", ",", ";", "{", "]", "&a ", "*a", "!x ", "#", "é", "|", "\0"]
)


def load_or_report(files: dict[str, str]) -> Firm | FirmErrors:
    try:
        return load_text(files, connectors=("salesforce", "netsuite", "kantata", "slack", "workday"))
    except FirmErrors as refused:
        return refused


@settings(max_examples=40, deadline=None)
@given(
    file=st.sampled_from(sorted(DEMO)),
    at=st.floats(0, 1),
    cut=st.integers(0, 12),
    put=st.lists(SNIPPETS, max_size=3).map("".join),
)
def test_a_damaged_file_loads_or_is_reported(file: str, at: float, cut: int, put: str) -> None:
    text = DEMO[file]
    start = int(at * len(text))
    files = {**DEMO, file: text[:start] + put + text[start + cut :]}

    found = load_or_report(files)

    if isinstance(found, FirmErrors):
        for error in found.errors:
            assert error.file in files
            assert 1 <= error.line <= files[error.file].count("\n") + 1
            assert str(error) in str(found)


@settings(max_examples=40, deadline=None)
@given(text=st.text(max_size=60), file=st.sampled_from(["tables/own.csv", "mappings/own.yaml", "systems/own.yaml"]))
def test_any_text_at_all_is_read_or_reported(text: str, file: str) -> None:
    load_or_report({**DEMO, file: text})


@pytest.mark.parametrize("file", sorted(DEMO))
def test_an_empty_file_is_reported(file: str) -> None:
    found = load_or_report({**DEMO, file: ""})

    assert isinstance(found, FirmErrors)
    assert any(error.file == file for error in found.errors)
