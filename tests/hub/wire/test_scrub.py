"""The canary: a secret that goes in anywhere, in any spelling, never comes out again; the rest stays as it came."""

import base64
import json
from typing import Any
from urllib.parse import quote, quote_plus, urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from throughline.hub.wire import scrub

CANARY = "canary-7f3k/2+q="
SECRETS = [CANARY]
NAMES = [
    "access_token", "refresh_token", "id_token", "client_secret", "client_assertion", "assertion", "password",
    "api_key", "apiKey", "private_key", "sessionId", "session_id", "Authorization", "code_verifier", "token",
    "accessToken", "oauth_token", "Client-Secret", "bot_access_token",
]  # fmt: skip
UNKNOWN = "sekrit0value"  # nobody told us: only its name gives it away


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(
    "shape",
    [
        '{"NAME":"VALUE"}',
        '{ "NAME"\n :\t"VALUE" , "n": 1.10}',
        '[{"a":[{"NAME":"VALUE"}]}]',
        '{"NAME":["VALUE","VALUE"]}',
        '{"NAME":{"value":"VALUE"}}',
        '{"NAME":"VALUE","NAME":null}',
        '{"a":"{\\"NAME\\":\\"VALUE\\"}"}',
        '{"a":"{\\"b\\":\\"{\\\\\\"NAME\\\\\\":\\\\\\"VALUE\\\\\\"}\\"}"}',
        '{"NAME":"VALUE',
        'oops {"NAME": "VALUE"} and more',
        "NAME=VALUE",
        "a=1&NAME=VALUE&b=2",
        "https://x.example/y?NAME=VALUE&z=1",
        "/y?z=1&NAME=VALUE",
        "payload=%7B%22NAME%22%3A%22VALUE%22%7D",
        "<soap:NAME>VALUE</soap:NAME>",
        "&quot;NAME&quot;:&quot;VALUE&quot;",
    ],
)
def test_a_secret_is_known_by_the_name_it_goes_by(name: str, shape: str) -> None:
    said = shape.replace("NAME", name).replace("VALUE", UNKNOWN)

    assert UNKNOWN not in scrub.text(said)
    assert UNKNOWN.encode() not in scrub.body(said.encode())


@pytest.mark.parametrize(
    "spelled",
    [
        CANARY,
        quote(CANARY),
        quote(CANARY, safe=""),
        quote_plus(CANARY),
        json.dumps(CANARY)[1:-1],
        CANARY.replace("/", r"\/"),
        "".join(f"\\u{ord(char):04x}" for char in CANARY),
        "".join(f"%{ord(char):02X}" for char in CANARY),
        base64.b64encode(CANARY.encode()).decode(),
    ],
)
@pytest.mark.parametrize("shape", ['{"note":"it was VALUE !"}', "note=it+was+VALUE", "it was VALUE", "/x/VALUE/y?n=1"])
def test_a_secret_we_hold_is_known_in_any_spelling(spelled: str, shape: str) -> None:
    said = shape.replace("VALUE", spelled)

    scrubbed = scrub.text(said, SECRETS)

    assert spelled not in scrubbed
    assert CANARY not in scrubbed
    assert scrub.SCRUBBED in scrubbed or quote_plus(scrub.SCRUBBED) in scrubbed


def test_the_password_in_an_address_is_hidden() -> None:
    scrubbed = scrub.text("https://person:hunter2@x.example/y")

    assert scrubbed == "https://[scrubbed]@x.example/y"


@pytest.mark.parametrize("said", ["Bearer abcdefgh12", "sent 'bearer  abcdefgh12' to us", "Basic YWJjOmRlZg=="])
def test_what_lets_somebody_in_is_hidden_in_plain_words(said: str) -> None:
    assert "abcdefgh12" not in scrub.text(said)
    assert "YWJj" not in scrub.text(said)


def test_headers_are_hidden_by_name_and_by_value() -> None:
    scrubbed = scrub.headers(
        {"Authorization": f"Bearer {UNKNOWN}", "X-Auth-Token": UNKNOWN, "X-Note": f"was {CANARY}", "Accept": "a/b"},
        SECRETS,
    )

    assert scrubbed == {
        "Authorization": "[scrubbed]", "X-Auth-Token": "[scrubbed]", "X-Note": "was [scrubbed]", "Accept": "a/b",
    }  # fmt: skip


@pytest.mark.parametrize(
    "said",
    [
        '{"amount": 1.10, "token_type":"bearer", "name":"M\\u00e9ridian & S\\u00f6hne"}',
        '{"nextPageToken":"abc","page_token":"def","sync_token":"x"}',
        '{"access_token":null,"password":false}',
        "q=SELECT+Id+FROM+Account&next_page_token=abc",
        "https://x.example/y?email=person%40x.example&b=%2F",
        "person@x.example",
        "the access token has expired",
        '[{"big":123456789012345678901234567890.12345}]',
        "",
    ],
)
def test_what_holds_no_secret_stays_as_it_came(said: str) -> None:
    assert scrub.text(said, SECRETS) == said
    assert scrub.body(said.encode(), SECRETS) == said.encode()


def test_bytes_that_are_no_text_stay_the_bytes_they_are() -> None:
    assert scrub.body(b"\xff\x00%PDF", SECRETS) == b"\xff\x00%PDF"


def test_what_is_left_of_json_is_still_json() -> None:
    scrubbed = json.loads(scrub.text('{"token":"x","n":[1,2.50,{"a":"b"}],"t":"\\"q\\""}'))

    assert scrubbed == {"token": scrub.SCRUBBED, "n": [1, 2.5, {"a": "b"}], "t": '"q"'}


def test_a_text_column_gets_neither_nul_nor_half_a_character() -> None:
    assert scrub.text("a\x00b\ud800c") == "a\ufffdb\ufffdc"


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


@st.composite
def hiding_places(draw: st.DrawFn) -> str:
    """A canary somewhere in JSON, in a form, or one inside the other, spelled as some tool may spell it."""
    key, secret = draw(st.sampled_from(["note", *NAMES])), draw(st.sampled_from([CANARY, f"<{CANARY}>"]))
    value: Any = {draw(st.text(max_size=5)): draw(values), key: secret, "z": draw(values)}
    for _ in range(draw(st.integers(0, 4))):
        match draw(st.sampled_from(["list", "under", "text", "form"])):
            case "list":
                value = [draw(values), value]
            case "under":
                value = {"inside": value}
            case "text":
                value = {"said": json.dumps(value, ensure_ascii=draw(st.booleans()))}
            case _:
                value = {"form": urlencode({"a": "1", "payload": json.dumps(value)})}
    spaces = draw(st.sampled_from([(",", ":"), (" , ", " : "), (",\n", ":\t")]))
    said = json.dumps(value, separators=spaces)
    if draw(st.booleans()):
        said = said.replace("/", r"\/")
    return draw(st.sampled_from([said, urlencode({"payload": said}), f"https://x.example/?{urlencode({'q': said})}"]))


@given(hiding_places())
def test_the_canary_never_sings(said: str) -> None:
    scrubbed = scrub.text(said, SECRETS)

    for _ in range(12):
        assert not any(spelled in scrubbed for spelled in scrub.spellings(tuple(SECRETS)))
        scrubbed = beneath(scrubbed)


def beneath(text: str) -> str:
    """The same text, one disguise less."""
    try:
        return json.dumps(json.loads(f'"{text}"'), ensure_ascii=False)
    except ValueError:
        return text.replace('\\"', '"').replace("\\\\", "\\")


@given(st.text(), st.text())
def test_nothing_makes_it_stumble(said: str, secret: str) -> None:
    scrub.text(said, [secret])
    scrub.body(said.encode("utf-8", "replace"), [secret])


@given(st.text(alphabet="{}[]\":,\\ntokenpassword=&%?<>/ '0u"))
def test_nothing_that_looks_like_json_or_a_form_makes_it_stumble(said: str) -> None:
    scrub.text(said, SECRETS)
