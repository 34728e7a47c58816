"""What most commands take: which firm, and which database."""

import os
import shlex
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from throughline.cli.exits import Exit, Stop
from throughline.settings import Settings, SettingsProblem, read


@Parameter(name="*")
@dataclass(frozen=True, slots=True)
class Where:
    """Which firm, and which database."""

    firm: Annotated[Path | None, Parameter(help="The firm's folder. Without it: ./firm, or the demo's.")] = None
    data: Annotated[Path | None, Parameter(help="Where the embedded database is kept. Without it: .throughline")] = None
    database_url: Annotated[str | None, Parameter(help="A PostgreSQL to use instead of the embedded one.")] = None
    log_level: Annotated[str | None, Parameter(help="debug, info, warning or error.")] = None

    def settings(self, **more: object) -> Settings:
        """Settings from the environment under what was said on the command line."""
        try:
            settings = read(
                dict(os.environ), data=self.data, database_url=self.database_url, log_level=self.log_level, **more
            )
        except SettingsProblem as error:
            raise Stop(str(error), Exit.CONFIG) from error
        if self.firm or "firm" in settings.model_fields_set:
            return settings.model_copy(update={"firm": self.firm or settings.firm})
        here = settings.firm if settings.firm.is_dir() else settings.data / "firm"
        return settings.model_copy(update={"firm": here})

    def again(self, command: str) -> str:
        """A command of ours for the same firm and database, to be copied. A URL may hold a password: it is not told."""
        said = [("--firm", self.firm), ("--data", self.data)]
        options = "".join(f" {name} {shlex.quote(str(value))}" for name, value in said if value)
        return f"throughline {command}{options}"


HERE = Where()
