"""The closed lists of states a page can show, and how each is drawn: tone, icon and word, never colour alone."""

from enum import StrEnum

# A tone picks colours in the stylesheet: ok, warn, risk, wait, acc, or "" for plain.
type Tone = str


class State(StrEnum):
    """How far a stage, a point of the chart or a line of the log has come."""

    DONE = "done"
    RUNNING = "running"
    HELD = "held"
    WAITING = "waiting"
    FAILED = "failed"

    @property
    def tone(self) -> Tone:
        return {"done": "ok", "running": "acc", "held": "risk", "waiting": "wait", "failed": "risk"}[self.value]

    @property
    def icon(self) -> str:
        return {
            "done": "circle-check",
            "running": "loader",
            "held": "hand",
            "waiting": "circle-dashed",
            "failed": "circle-x",
        }[self.value]

    @property
    def word(self) -> str:
        return self.value.capitalize()


class StageKey(StrEnum):
    """The six stages from a won deal to the answer in the CRM, in order."""

    CLOSED_WON = "closed_won"
    CUSTOMER = "customer"
    CONTRACT = "contract"
    PROJECT = "project"
    KICK_OFF = "kick_off"
    STATUS_BACK = "status_back"

    @property
    def label(self) -> str:
        return {
            "closed_won": "Closed-won",
            "customer": "Customer",
            "contract": "Contract",
            "project": "Project open",
            "kick_off": "Kick-off",
            "status_back": "Status back",
        }[self.value]

    @property
    def icon(self) -> str:
        return {
            "closed_won": "briefcase-business",
            "customer": "building-2",
            "contract": "file-check-2",
            "project": "folder-kanban",
            "kick_off": "rocket",
            "status_back": "reply",
        }[self.value]


class SystemState(StrEnum):
    """Whether a system can be worked with now."""

    OK = "ok"
    THROTTLED = "throttled"
    BREAKER_OPEN = "breaker_open"
    CREDENTIAL_REVOKED = "credential_revoked"

    @property
    def tone(self) -> Tone:
        return {"ok": "ok", "throttled": "warn", "breaker_open": "risk", "credential_revoked": "risk"}[self.value]

    @property
    def icon(self) -> str:
        return {
            "ok": "circle-check",
            "throttled": "hourglass",
            "breaker_open": "unplug",
            "credential_revoked": "key-round",
        }[self.value]

    @property
    def word(self) -> str:
        return {
            "ok": "Working",
            "throttled": "Throttled",
            "breaker_open": "Breaker open",
            "credential_revoked": "Credential revoked",
        }[self.value]
