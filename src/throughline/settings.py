"""Every knob, typed, with a sentence each; read once, in `main`."""

from base64 import b64decode
from collections.abc import Mapping as Dict
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from throughline.core.targets import networks

PREFIX = "THROUGHLINE_"


class SettingsProblem(Exception):
    """A setting cannot be read; the text says which, and what it should be."""


def _networks(said: str) -> str:
    """Refused at the start, not when the first event is to be sent."""
    networks(said.split(","))
    return said


def _seed(said: str | None) -> str | None:
    if said is not None and len(b64decode(said, validate=True)) != 32:
        raise ValueError("needs 32 bytes in base64")
    return said


def _with_nats(url: str | None) -> str | None:
    if url and find_spec("nats") is None:
        raise ValueError("needs the extra: install throughline[nats]")
    return url


class Settings(BaseModel):
    """What the environment may say. Each is read from THROUGHLINE_<NAME>; the database's from DATABASE_URL as well."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    firm: Annotated[Path, Field(description="The firm's folder.")] = Path("firm")
    data: Annotated[Path, Field(description="Where the embedded database and the secret key are kept.")] = Path(
        ".throughline"
    )
    archive: Annotated[
        Path | None,
        Field(description="Where what is over by the firm's retention goes; `archive` in the data folder if not set."),
    ] = None
    database_url: Annotated[
        str | None, Field(description="A PostgreSQL 15 or newer to use instead of the embedded one.")
    ] = None
    postgres_user: Annotated[
        str | None, Field(description="Whom the embedded database runs as when root starts it; postgres or nobody.")
    ] = None
    host: Annotated[str, Field(description="The address the server listens on.")] = "127.0.0.1"
    port: Annotated[int, Field(ge=0, le=65535, description="The port the server listens on; 0 takes a free one.")] = (
        7420
    )
    secret_key: Annotated[
        str | None,
        Field(description="Seals access tokens; the same on all workers. Made and kept in the data folder if not set."),
    ] = None
    audit_key: Annotated[
        str | None,
        Field(
            description="Signs the audit log: 32 bytes in base64, the same on all workers. Made and kept in the data"
            " folder if not set.",
        ),
        AfterValidator(_seed),
    ] = None
    audit_anchor: Annotated[
        str | None,
        Field(description="A file, or an https:// address, outside this machine that is told each checkpoint."),
    ] = None
    api_key: Annotated[
        str | None, Field(description="When set, the API and the console want it as a bearer token.")
    ] = None
    connections: Annotated[int, Field(ge=4, le=500, description="Connections to the database per process.")] = 20
    lanes_at_once: Annotated[
        int,
        Field(
            ge=2, le=500, description="How many lanes one worker works on at once, not counting those that only wait."
        ),
    ] = 50
    private_targets: Annotated[
        str,
        Field(
            description="Networks webhooks may be sent to besides the public internet, such as 10.1.0.0/16, separated"
            " by commas. With any, http:// is allowed as well."
        ),
        AfterValidator(_networks),
    ] = ""
    nats_url: Annotated[
        str | None,
        Field(description="NATS servers, separated by commas, to publish every event to with JetStream."),
        AfterValidator(_with_nats),
    ] = None
    nats_stream: Annotated[
        str, Field(description="The JetStream stream; made if it is not there.", pattern="^[A-Za-z0-9_-]+$")
    ] = "THROUGHLINE"
    mail_url: Annotated[
        str | None,
        Field(
            description="The mail server letters are handed to, smtp://user:password@host:587 or smtps://host:465.",
            pattern=r"^smtps?://\S+$",
        ),
    ] = None
    mail_from: Annotated[str, Field(description="Whom letters come from.")] = "throughline@localhost"
    log_level: Annotated[
        str, Field(description="debug, info, warning or error.", pattern="^(debug|info|warning|error)$")
    ] = "info"


def read(environ: Dict[str, str], **given: object) -> Settings:
    """Settings from the environment, under what was given explicitly. An unknown THROUGHLINE_ name is an error."""
    said: dict[str, object] = {
        name.removeprefix(PREFIX).lower(): value for name, value in environ.items() if name.startswith(PREFIX)
    }
    if url := environ.get("DATABASE_URL"):
        said.setdefault("database_url", url)
    said.update({name: value for name, value in given.items() if value is not None})
    try:
        return Settings.model_validate(said)
    except ValidationError as error:
        wrong = [f"{PREFIX}{'.'.join(map(str, each['loc'])).upper()}: {each['msg']}" for each in error.errors()]
        known = ", ".join(PREFIX + name.upper() for name in Settings.model_fields)
        raise SettingsProblem(f"{'; '.join(wrong)}. Known settings: {known}.") from error
