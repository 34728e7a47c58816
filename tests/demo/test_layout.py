"""The demo firm's folder, laid out."""

import re
import stat
from pathlib import Path
from typing import Any

import pytest

from throughline.demo import FIRM
from throughline.demo.layout import SECRETS, lay_out
from throughline.hub.firm import load

SYSTEMS = ("kantata", "netsuite", "salesforce", "slack", "workday")


def handout(port: int = 4000) -> dict[str, Any]:
    """What an estate says of itself, as far as the firm needs it."""
    said: dict[str, Any] = {name: {"url": f"http://127.0.0.1:{port + n}"} for n, name in enumerate(SYSTEMS)}
    for name, (system, field) in SECRETS.items():
        said[system][field] = f"the secret for {name}"
    return {**said, "gateway": "http://127.0.0.1:1", "ca": "ca.pem"}


def addresses(firm: Path) -> dict[str, str]:
    return {each.name: each.url for each in load(firm, connectors=SYSTEMS).systems}


def test_the_firm_is_whole_and_knows_where_its_systems_are(tmp_path: Path) -> None:
    firm = lay_out(tmp_path, handout())

    assert firm == tmp_path / "firm"
    assert addresses(firm) == {name: f"http://127.0.0.1:{4000 + n}" for n, name in enumerate(SYSTEMS)}
    assert {path.name for path in firm.rglob("*.csv")} == {path.name for path in FIRM.rglob("*.csv")}


def test_every_secret_the_firm_refers_to_is_there_for_its_owner_alone(tmp_path: Path) -> None:
    firm = lay_out(tmp_path, handout())

    referred = {
        name for path in (firm / "systems").glob("*.yaml") for name in re.findall(r"file:\S*/(\S+)", path.read_text())
    }
    kept = {path.name: path for path in (tmp_path / "secrets").iterdir()}
    assert set(kept) == set(SECRETS) == referred
    assert {stat.S_IMODE(path.stat().st_mode) for path in kept.values()} == {0o600}
    assert kept["kantata.token"].read_text() == "the secret for kantata.token"


def test_a_second_start_moves_the_addresses_and_keeps_what_somebody_changed(tmp_path: Path) -> None:
    firm = lay_out(tmp_path, handout())
    policies = firm / "policies.yaml"
    policies.write_text(policies.read_text().replace("within: 60m", "within: 90m"))
    slack = firm / "systems" / "slack.yaml"
    slack.write_text(f"# ours\n{slack.read_text()}")

    lay_out(tmp_path, handout(port=5000))

    assert "within: 90m" in policies.read_text()
    assert slack.read_text().startswith("# ours\n")
    assert addresses(firm)["slack"] == "http://127.0.0.1:5003"


def test_a_system_the_firm_does_not_have_any_more_stays_away(tmp_path: Path) -> None:
    firm = lay_out(tmp_path, handout())
    (firm / "systems" / "slack.yaml").unlink()

    lay_out(tmp_path, handout())

    assert not (firm / "systems" / "slack.yaml").exists()


def test_a_start_that_was_killed_while_it_copied_leaves_no_half_firm(tmp_path: Path) -> None:
    half = tmp_path / "firm.draft"
    half.mkdir()
    (half / "firm.yaml").write_text("half of it")

    firm = lay_out(tmp_path, handout())

    assert set(addresses(firm)) == set(SYSTEMS)
    assert not half.exists()


def test_an_address_is_taken_as_it_is(tmp_path: Path) -> None:
    odd = handout()
    odd["slack"]["url"] = r"http://127.0.0.1:4003/\1"

    firm = lay_out(tmp_path, odd)

    assert addresses(firm)["slack"] == r"http://127.0.0.1:4003/\1"


@pytest.mark.parametrize("name", sorted(SECRETS))
def test_an_estate_that_gives_no_secret_is_not_laid_out_half(name: str, tmp_path: Path) -> None:
    system, field = SECRETS[name]
    poor = handout()
    del poor[system][field]

    with pytest.raises(KeyError, match=field):
        lay_out(tmp_path, poor)
