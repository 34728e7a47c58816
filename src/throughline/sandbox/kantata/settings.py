"""How difficult this Kantata is just now: search lag, unruly events, limits. Kept on the shelf, gone with a reset."""

from typing import Any

from throughline.sandbox.shelf import Shelf

DEFAULTS: dict[str, Any] = {
    "lag_seconds": 0,
    "event_duplicates": 0,
    "event_delay_seconds": 0,
    "window_seconds": 60,
    "general_limit": 60_000,
    "workspaces_limit": 6_000,
    "references_need_subject_type": False,
}
HOME, ID = "_sandbox", "kantata"


class Settings:
    def __init__(self, shelf: Shelf) -> None:
        self._shelf = shelf

    def as_json(self) -> dict[str, Any]:
        return {**DEFAULTS, **(self._shelf.get(HOME, ID) or {})}

    def set(self, **wanted: Any) -> None:
        unknown = set(wanted) - set(DEFAULTS)
        if unknown:
            raise ValueError(f"there is no setting {', '.join(sorted(unknown))}; there are {', '.join(DEFAULTS)}")
        write = self._shelf.update if self._shelf.get(HOME, ID) else self._shelf.create
        write(HOME, ID, {**(self._shelf.get(HOME, ID) or {}), **wanted})

    @property
    def lag_seconds(self) -> float:
        return self.as_json()["lag_seconds"]

    @property
    def event_duplicates(self) -> float:
        return self.as_json()["event_duplicates"]

    @property
    def event_delay_seconds(self) -> float:
        return self.as_json()["event_delay_seconds"]

    @property
    def window_seconds(self) -> float:
        return self.as_json()["window_seconds"]

    @property
    def references_need_subject_type(self) -> bool:
        return self.as_json()["references_need_subject_type"]

    def limit(self, pool: str) -> int:
        return self.as_json()[f"{pool}_limit"]
