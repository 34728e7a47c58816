"""Breaks the demo firm in every way we could think of: the report must point at the very characters, and help."""

from pathlib import Path

import pytest

from throughline.demo import FIRM
from throughline.hub.firm import FirmError, FirmErrors, load_text, read_folder

CONNECTORS = ("salesforce", "netsuite", "kantata", "slack", "workday")

# File, what stands there, what is written instead with «what must be pointed at», code, and the hint.
MISTAKES = [
    ("firm.yaml", "currency: EUR", "currency: «EURO»", "unknown-currency", "did you mean `EUR`?"),
    ("firm.yaml", "country: GB", "country: «UK»", "unknown-country", "did you mean `GB`?"),
    ("firm.yaml", "country: DE", "country: «Germany»", "unknown-country", "did you mean `DE`?"),
    ("firm.yaml", "Europe/Berlin", "«Europe/Berln»", "unknown-word", "did you mean `Europe/Berlin`?"),
    ("firm.yaml", "holidays: US", "holidays: «us»", "wrong-form", "write a country or region, DE or DE-BY"),
    ("firm.yaml", "first_month: 4", "first_month: «13»", "out-of-range", ""),
    ("firm.yaml", "first_month: 4", "first_month: «April»", "wrong-type", ""),
    ("firm.yaml", "first_month: 4", "«firstmonth»: 4", "unknown-key", "did you mean `first_month`?"),
    ("firm.yaml", "legal_entities:", "«legal_entitys»:", "unknown-key", "did you mean `legal_entities`?"),
    ("firm.yaml", "name: Halyard Advisory\n", "name: «[Halyard, Advisory]»\n", "wrong-type", "here is a list"),
    ("firm.yaml", "name: Halyard Advisory\n", "«name»:\n", "missing", "write a value, or delete the line"),
    ("firm.yaml", "    country: US\n", "   «c»ountry: US\n", "syntax", "a wrong indentation"),
    ("firm.yaml", "    country: US\n", "    country: «\t»US\n", "syntax", "spaces, never tabs"),
    ("firm.yaml", "reporting_currency: USD", "«name»: Other\nreporting_currency: USD", "duplicate-key", "delete one"),
    ("firm.yaml", "Analytics, Managed", "Analytics, «Advisory», Managed", "duplicate", "delete one of the two"),
    ("systems/slack.yaml", "connector: slack", "«conector»: slack", "unknown-key", "did you mean `connector`?"),
    ("systems/slack.yaml", "connector: slack", "connector: «slak»", "unknown-word", "did you mean `slack`?"),
    ("systems/slack.yaml", "roles: [chat]", "roles: [«chatt»]", "unknown-word", "did you mean `chat`?"),
    ("systems/slack.yaml", "roles: [chat]", "roles: «chat»", "wrong-type", "here is a single value"),
    ("systems/workday.yaml", "roles: [hr]", "roles: [«hrr»]", "unknown-word", "did you mean `hr`?"),
    ("systems/slack.yaml", "roles: [chat]", "roles: [«crm»]", "duplicate", "delete one of the two"),
    ("systems/slack.yaml", "roles: [chat]", "roles: «[]»", "wrong-type", ""),
    ("systems/slack.yaml", "url: http://127.0.0.1:7434", "url: «127.0.0.1»", "wrong-form", "https://example.com"),
    ("systems/slack.yaml", "burst: 4", "burst: «four»", "wrong-type", ""),
    ("systems/slack.yaml", "burst: 4", "burst: «0»", "out-of-range", ""),
    ("systems/slack.yaml", "burst: 4", "«brust»: 4", "unknown-key", "did you mean `burst`?"),
    ("systems/slack.yaml", "connector: slack", "«name»: slack\nconnector: slack", "unknown-key", "delete the line"),
    (
        "systems/slack.yaml",
        "roles: [chat]",
        "roles: [chat]\nserves: { entities: [«mesage»] }",
        "unknown-word",
        "`message`",
    ),
    (
        "systems/kantata.yaml",
        "roles: [psa]",
        "roles: [psa]\nserves: { legal_entities: [«FR»] }",
        "unknown-word",
        "known:",
    ),
    ("systems/kantata.yaml", "service_name: throughline", "«token»: hunter2", "literal-secret", "under `credentials`"),
    ("systems/netsuite.yaml", "poll_seconds: 15", "poll_seconds: «15s»", "wrong-type", ""),
    ("systems/salesforce.yaml", "roles: [crm]", "roles: «!list [crm]»", "unknown-tag", "delete it"),
    ("ownership.yaml", "payment_terms: erp", "«payment_term»: erp", "unknown-word", "did you mean `payment_terms`?"),
    ("ownership.yaml", "credit_limit: erp", "credit_limit: «epr»", "unknown-word", "did you mean `erp`?"),
    ("ownership.yaml", "contact: {", "«contacts»: {", "unknown-word", "did you mean `contact`?"),
    ("ownership.yaml", 'contact: { "*": crm }', "«contact»: { email: crm }", "missing", 'add a line `"*": <owner>`'),
    ("ownership.yaml", 'contact: { "*": crm }', "contact: «crm»", "wrong-type", "here is a single value"),
    ("policies.yaml", "above: 250000", "above: 250,«000»", "unknown-key", "nothing between its thousands"),
    ("policies.yaml", "above: 250000", "above: «250k»", "wrong-type", "write it as 1500.50"),
    ("policies.yaml", "above: 250000", "above: «-1»", "out-of-range", ""),
    ("policies.yaml", "within: 60m", "within: «60 minutes»", "wrong-form", "such as 60m, 4h or 2d"),
    ("policies.yaml", "clock: business", "clock: «buisness»", "unknown-word", "did you mean `business`?"),
    ("policies.yaml", 'at: "18:00" }', "at: «6pm» }", "wrong-form", "such as 18:00"),
    ("policies.yaml", "legal_entity: DE", "legal_entity: «GmbH»", "unknown-word", "known: DE, UK, US"),
    ("policies.yaml", "[tax_id]", "[«taxid»]", "unknown-word", "did you mean `tax_id`?"),
    ("policies.yaml", "  contact: [email", "  «contakt»: [email", "unknown-word", "did you mean `contact`?"),
    ("policies.yaml", "captures: 400", "«capture»: 400", "unknown-key", "did you mean `captures`?"),
    ("policies.yaml", '"*": Integration support', "other: Integration support", "missing", 'add a line `"*"'),
    ("tables/tax_codes.csv", "DE,DE,,", "«DEU»,DE,,", "unknown-word", "did you mean `DE`?"),
    ("tables/tax_codes.csv", "DE,DE,,DE-S19", "DE,DE,,«DE-S91»", "unknown-word", "did you mean `DE-S19`?"),
    ("tables/tax_codes.csv", "DE,DE,,DE-S19", "DE,DE,«maybe»,DE-S19", "unknown-word", ""),
    ("tables/tax_codes.csv", "DE,DE,,", "DE,«Germany»,,", "unknown-country", "did you mean `DE`?"),
    ("tables/tax_codes.csv", "DE,DE,,", "DE,«*»,,", "unknown-word", "leave the cell blank"),
    ("tables/tax_codes.csv", "DE,GB,", "«DE»,DE,", "duplicate-row", "delete one of the two"),
    ("tables/tax_codes.csv", "when customer_country", "«customer_contry»", "unknown-key", "`customer_country`"),
    ("tables/tax_codes.csv", ",tax_code,", ",«when tax_code»,", "wrong-form", "leave `when` out"),
    (
        "tables/tax_codes.csv",
        '"No VAT number, so German VAT"',
        "No VAT, «so German»",
        "wrong-form",
        "put quotes around",
    ),
    ("tables/tax_items.csv", "erp_id", "«erpid»", "unknown-key", "did you mean `erp_id`?"),
    ("tables/subsidiaries.csv", "DE,4", "«GER»,4", "unknown-word", "known: DE, UK, US"),
    ("tables/currencies.csv", "EUR,4", "«EURO»,4", "unknown-currency", "did you mean `EUR`?"),
    ("tables/payment_terms.csv", "Net 30,", "«Net 15»,", "duplicate-row", "delete one of the two"),
    ("tables/service_items.csv", "retainer,", "«retainr»,", "unknown-word", "did you mean `retainer`?"),
    ("tables/cost_centres.csv", "US,Advisory,", "US,«Advisry»,", "unknown-word", "did you mean `Advisory`?"),
    ("tables/billing_rules.csv", "DE,retainer,", "DE,«retaner»,", "unknown-word", "did you mean `retainer`?"),
    ("tables/write_downs.csv", "percent", "«procent»", "unknown-key", "did you mean `percent`?"),
    ("tables/ledger_accounts.csv", ",,expense,", ",,«expanse»,", "unknown-word", "did you mean `expense`?"),
    ("tables/late_approvals.csv", "DE,,hold", "DE,,«holds»", "unknown-word", "did you mean `hold`?"),
    ("tables/intercompany_rules.csv", "DE,,6,", "DE,,«six»,", "wrong-type", ""),
    (
        "tables/labour_costs.csv",
        "DE,Analyst,EUR,2024-01-01,60.00",
        "DE,Analyst,EUR,2024-01-01,«sixty»",
        "wrong-type",
        "",
    ),
    ("tables/fx_rules.csv", "work_day", "«workday»", "unknown-word", "did you mean `work_day`?"),
    ("tables/roles.csv", "when role,psa_role", "«when role»", "missing", "add a column `psa_role`"),
    ("tables/rate_cards.csv", "USD,2024-01-01,160.00", "USD,«01/01/2024»,160.00", "wrong-type", "as 2026-01-31"),
    (
        "tables/rate_cards.csv",
        "2024-01-01,160.00",
        '2024-01-01,«"1,160.00"»',
        "wrong-type",
        "nothing between thousands",
    ),
    (
        "tables/rate_cards.csv",
        "Standard USD,Analyst",
        "Standard USD,«Analist»",
        "unknown-word",
        "did you mean `Analyst`?",
    ),
    ("tables/project_templates.csv", "US,Retainer", "US,«Retainers»", "unknown-word", "did you mean `Retainer`?"),
    ("tables/project_templates.csv", "Standard USD", "«Standard UDS»", "unknown-word", "did you mean `Standard USD`?"),
    ("tables/project_templates.csv", ",retainer,US", ",«retainers»,US", "unknown-word", "did you mean `retainer`?"),
    ("tables/project_templates.csv", "#delivery-us", "«delivery-us»", "wrong-form", "such as #delivery-us"),
    ("tables/template_tasks.csv", "Project Manager,20,yes", "Project Manager,25,yes", "wrong-sum", "correct by -5"),
    ("tables/template_tasks.csv", "on call,task,2", "on call,task,«1»", "unknown-word", "its phases are at 2"),
    ("tables/template_tasks.csv", "Retainer,3,", "Retainer,«three»,", "wrong-type", ""),
    (
        "tables/template_tasks.csv",
        "Retainer,4,Monthly",
        "«Retainer»,3,Monthly",
        "duplicate-row",
        "delete one of the two",
    ),
    (
        "tables/template_tasks.csv",
        "Advice on call,task",
        "Advice on call,«taks»",
        "unknown-word",
        "did you mean `task`?",
    ),
]


@pytest.fixture(scope="module")
def demo() -> dict[str, str]:
    return read_folder(FIRM)


def errors_in(files: dict[str, str]) -> tuple[FirmError, ...]:
    with pytest.raises(FirmErrors) as refused:
        load_text(files, connectors=CONNECTORS)
    return refused.value.errors


@pytest.mark.parametrize("mistake", MISTAKES, ids=[f"{file}: {new}" for file, _, new, _, _ in MISTAKES])
def test_a_mistake_is_pointed_at(demo: dict[str, str], mistake: tuple[str, str, str, str, str]) -> None:
    file, old, new, code, hint = mistake
    assert old in demo[file], "the demo firm has changed: correct the mistake"
    marked = demo[file].replace(old, new, 1)

    (error,) = errors_in({**demo, file: marked.replace("«", "").replace("»", "")})

    assert (error.file, error.code) == (file, code)
    assert hint in error.hint
    under_caret = error.source[error.column - 1 : error.column - 1 + error.width]
    if "«" in new:
        before, _, rest = marked.partition("«")
        assert under_caret == rest.partition("»")[0]
        assert error.line == before.count("\n") + 1
        assert error.column == len(before.rpartition("\n")[2]) + 1
    shown = str(error).splitlines()
    assert shown[1].startswith(f"  --> {file}:{error.line}:{error.column}")
    assert shown[2] == f"{error.line:5d} | {error.source}"
    assert shown[3].startswith("      | " + " " * (error.column - 1) + "^" * error.width) or "\t" in shown[2]


def test_every_file_of_the_demo_is_broken_by_some_mistake(demo: dict[str, str]) -> None:
    assert {mistake[0] for mistake in MISTAKES} == set(demo)
    assert len(MISTAKES) >= 25


def test_mistakes_in_several_files_are_told_at_once_in_the_order_of_reading(demo: dict[str, str]) -> None:
    broken = {
        **demo,
        "tables/tax_codes.csv": demo["tables/tax_codes.csv"].replace("DE,DE,", "DEU,DE,"),
        "firm.yaml": demo["firm.yaml"]
        .replace("currency: EUR", "currency: EURO")
        .replace("holidays: US", "holidays: us"),
        "systems/netsuite.yaml": "connector: [",
        "ownership.yaml": demo["ownership.yaml"].replace("credit_limit: erp", "credit_limit: epr"),
    }

    found = errors_in(broken)

    places = [(error.file, error.line) for error in found]
    assert places == sorted(places)
    assert {error.file for error in found} == {
        "firm.yaml",
        "ownership.yaml",
        "systems/netsuite.yaml",
        "tables/tax_codes.csv",
    }
    assert len(found) == 5


def test_the_report_ends_with_what_happened_and_reads_like_a_page() -> None:
    files = {**read_folder(FIRM), "systems/slack.yaml": "conector: slack\nroles: [chatt]\nurl: http://127.0.0.1\n"}

    with pytest.raises(FirmErrors) as refused:
        load_text(files, connectors=CONNECTORS)

    assert str(refused.value) == (
        "error[unknown-key]: unknown key `conector`\n"
        "  --> systems/slack.yaml:1:1  (conector)\n"
        "    1 | conector: slack\n"
        "      | ^^^^^^^^ did you mean `connector`?\n"
        "\n"
        "error[unknown-word]: `chatt` is not one of crm, psa, erp, chat, hr\n"
        "  --> systems/slack.yaml:2:9  (roles.0)\n"
        "    2 | roles: [chatt]\n"
        "      |         ^^^^^ did you mean `chat`?\n"
        "\n"
        "2 errors in 1 file. Nothing was loaded."
    )
    assert refused.value.as_json()[0] == {
        "file": "systems/slack.yaml",
        "line": 1,
        "column": 1,
        "code": "unknown-key",
        "message": "unknown key `conector`",
        "where": "conector",
        "source": "conector: slack",
        "width": 8,
        "hint": "did you mean `connector`?",
        "also": [],
    }


def test_a_cross_file_error_names_both_places(demo: dict[str, str]) -> None:
    (error,) = errors_in({**demo, "systems/other.yaml": demo["systems/slack.yaml"]})

    assert str(error).splitlines()[-1] == "      = see also systems/other.yaml:3:9"
    assert error.file == "systems/slack.yaml"


def test_a_rate_card_without_a_role_its_template_needs_says_so(demo: dict[str, str]) -> None:
    rates = "".join(
        line for line in demo["tables/rate_cards.csv"].splitlines(keepends=True) if "Standard EUR,Architect" not in line
    )

    found = errors_in({**demo, "tables/rate_cards.csv": rates})

    assert {error.code for error in found} == {"missing-rate"}
    assert "rate card `Standard EUR` has no rate for Architect, whom template `Implementation` needs" in [
        error.message for error in found
    ]
    assert found[0].also[0].startswith("tables/template_tasks.csv:")


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("token: file:../secrets/slack.token", "token: xoxb-1234-abcdef"),
        ("token: file:../secrets/slack.token", "token: {a: xoxb-1234-abcdef}"),
        ("token: file:../secrets/slack.token", "token: [xoxb-1234-abcdef]"),
        ("token: file:../secrets/slack.token", "token: 'xoxb-1234-abcdef\n    xoxb-1234-abcdef'"),
        ("token: file:../secrets/slack.token", "token: xoxb-1234-abcdef : oops"),
        ("token: file:../secrets/slack.token", "token: env:A\n  token: xoxb-1234-abcdef"),
        ("hook_secret: file:../secrets/slack.signing", "hook_secrt: xoxb-1234-abcdef"),
        ("hook_secret: file:../secrets/slack.signing", "sign: {by: xoxb-1234-abcdef}"),
        ("hook_secret: file:../secrets/slack.signing", "settings: {api_token: xoxb-1234-abcdef, x: []}"),
        ("hook_secret: file:../secrets/slack.signing", "hook_secret: file:/xoxb-1234-abcdef"),
    ],
)
def test_a_secret_written_by_mistake_is_refused_and_never_shown(demo: dict[str, str], old: str, new: str) -> None:
    text = demo["systems/slack.yaml"].replace(old, new)

    with pytest.raises(FirmErrors) as refused:
        load_text({**demo, "systems/slack.yaml": text})

    assert "xoxb" not in str(refused.value)
    assert "xoxb" not in repr(refused.value.as_json())


def test_a_literal_secret_is_told_where_secrets_go(demo: dict[str, str]) -> None:
    text = demo["systems/slack.yaml"].replace("file:../secrets/slack.token", "hunter2")

    (error,) = errors_in({**demo, "systems/slack.yaml": text})

    assert error.code == "literal-secret"
    assert error.source == "  token: *******"
    assert "write env:NAME or file:" in error.hint


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("system/slack.yaml", "did you mean `systems/slack.yaml`?"),
        ("systems/slack.yml", "did you mean `systems/slack.yaml`?"),
        ("policy.yaml", "did you mean `policies.yaml`?"),
        ("tables/old/tax_codes.csv", "did you mean `tables/tax_codes.csv`?"),
        ("tax_codes.csv", "did you mean `tables/tax_codes.csv`?"),
        ("fakturen/slack.yaml", "there is systems/*.yaml"),
    ],
)
def test_a_file_nobody_reads_is_an_error(demo: dict[str, str], name: str, hint: str) -> None:
    (error,) = errors_in({**demo, name: ""})

    assert (error.file, error.code) == (name, "misplaced")
    assert hint in error.hint


def test_a_missing_file_is_an_error_that_knows_its_likely_name(demo: dict[str, str]) -> None:
    files = {name: text for name, text in demo.items() if name != "policies.yaml"} | {"policy.yaml": ""}

    found = {error.file: error for error in errors_in(files)}

    assert found["policies.yaml"].hint == "is `policy.yaml` meant to be it?"


def test_a_system_may_not_be_called_like_a_role_or_the_hub(demo: dict[str, str]) -> None:
    files = {name: text for name, text in demo.items() if name != "systems/slack.yaml"}

    for name in ("hub", "crm"):
        (error,) = errors_in({**files, f"systems/{name}.yaml": demo["systems/slack.yaml"]})
        assert error.code == "reserved-name"


def test_a_system_is_called_what_its_file_is_called(demo: dict[str, str]) -> None:
    files = {name: text for name, text in demo.items() if name != "systems/slack.yaml"}

    (error,) = errors_in({**files, "systems/Our Slack.yaml": demo["systems/slack.yaml"]})

    assert error.hint.startswith("rename the file")


OVERLAYS = [
    ("system: «salesfroce»\nentity: customer\n", "unknown-word", "did you mean `salesforce`?"),
    ("system: salesforce\nentity: «custmer»\n", "unknown-word", "did you mean `customer`?"),
    ("system: salesforce\nentity: customer\nrows: [{ ours: «segmnt», theirs: X }]\n", "unknown-word", "`segment`"),
    ("system: salesforce\nentity: customer\nrows: [«{ theirs: X }»]\n", "wrong-form", "exactly one of the two"),
    ("system: salesforce\nentity: customer\nrows: [«{ ours: name, theirs: X, value: y }»]\n", "wrong-form", "one of"),
    ("system: salesforce\nentity: customer\nchoices: { «stauts»: { A: active } }\n", "unknown-word", "`status`"),
    ("system: salesforce\nentity: customer\nchoices: { status: { A: «actve» } }\n", "unknown-word", "`active`"),
]


@pytest.mark.parametrize(("marked", "code", "hint"), OVERLAYS)
def test_an_overlay_speaks_only_of_what_there_is(demo: dict[str, str], marked: str, code: str, hint: str) -> None:
    text = marked.replace("«", "").replace("»", "")

    (error,) = errors_in({**demo, "mappings/salesforce-customer.yaml": text})

    assert (error.code, hint in error.hint) == (code, True)
    under_caret = error.source[error.column - 1 : error.column - 1 + error.width]
    assert under_caret == marked.partition("«")[2].partition("»")[0]


def test_two_overlays_of_one_entity_are_an_error(demo: dict[str, str]) -> None:
    text = "system: salesforce\nentity: customer\n"

    (error,) = errors_in({**demo, "mappings/a.yaml": text, "mappings/b.yaml": text})

    assert (error.file, error.also) == ("mappings/b.yaml", ("mappings/a.yaml:2:9",))


@pytest.mark.parametrize(
    "text", ["a: &a [*a]\n", "- a\n", "a: 1\n---\nb: 2\n", "", "? [x]\n: y\n", "a: &x 1\nb: &x 2\n", "\0"]
)
def test_odd_yaml_is_refused_and_never_crashes(demo: dict[str, str], text: str) -> None:
    assert errors_in({**demo, "systems/odd.yaml": text})


def test_a_yaml_bomb_is_refused_quickly(demo: dict[str, str]) -> None:
    layers = ["x-0: &x0 [a, a, a, a, a, a, a, a, a, a]"]
    layers += [f"x-{n}: &x{n} [{', '.join([f'*x{n - 1}'] * 10)}]" for n in range(1, 9)]

    found = errors_in({**demo, "firm.yaml": "\n".join(layers)})

    assert any("far too large" in error.message for error in found)


def test_a_file_that_is_not_utf_8_says_where_and_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "tables").mkdir()
    (tmp_path / "tables" / "roles.csv").write_bytes(b"when role,psa_role\nB\xfcro,Office\n")

    with pytest.raises(FirmErrors) as refused:
        read_folder(tmp_path)

    (error,) = refused.value.errors
    assert (error.file, error.line, error.column) == ("tables/roles.csv", 2, 2)
    assert "CSV UTF-8" in error.message


def test_a_folder_that_is_not_there_is_said_plainly(tmp_path: Path) -> None:
    with pytest.raises(FirmErrors, match="there is no such folder"):
        read_folder(tmp_path / "nowhere")
