"""Meaning: what an error says on a page: its status, what happened, why, and what to do."""

import asyncpg
from starlette.exceptions import HTTPException

from throughline.console.desk_forms import OF_THE_DESK
from throughline.console.guard import Missing
from throughline.core.clocks.hops import NoSuchHop
from throughline.core.reconciliation.definitions import NoSuchComparison
from throughline.hub.access_keys import NoSuchKey
from throughline.hub.audit.evidence import TooMuch
from throughline.hub.audit.proving import NoSuchLeaf, NotProvable
from throughline.hub.boards.boards import NoSuchBoard
from throughline.hub.cancels import NoSuchRun, NotCancellable
from throughline.hub.engagements import NoSuchEngagement
from throughline.hub.firm import FirmErrors
from throughline.hub.firms import NothingApplied
from throughline.hub.four_eyes import MayNotApprove, NotByOne
from throughline.hub.holds import NoSuchHold, NotPossible
from throughline.hub.overview import NoSuchPlace
from throughline.hub.people import NoSuchPerson, NotAllowedNow, NotAPerson
from throughline.hub.reconciliation.overview import NoSuchBreak

AWAY = ("The database does not answer", "What is shown here lives in it.", "Try again in a few seconds.")
MEANING: dict[type[Exception], tuple[int, str, str]] = {
    NoSuchEngagement: (404, "Nothing is known under this id", "Check the id: any id of any system will do."),
    NoSuchRun: (404, "No such run", "Go to the holds and choose one."),
    NotCancellable: (409, "Not possible now", "Go back, and look how the run stands."),
    NoSuchHold: (404, "No such hold", "Go to the holds and choose one."),
    **OF_THE_DESK,
    NoSuchBreak: (404, "No such break", "Go to the reconciliation and choose one."),
    NoSuchComparison: (404, "No such comparison", "Go to the reconciliation and choose one."),
    NoSuchBoard: (404, "No such board", "Go to the boards and choose one."),
    NoSuchHop: (404, "No such hop", "Go to the key figures and choose one."),
    NoSuchLeaf: (404, "This is not in the audit log", "Go to the audit trail and choose from there."),
    NotProvable: (409, "The audit log does not prove this", "Go to the audit trail and verify the whole log."),
    TooMuch: (409, "Too much for one pack", "Choose a time instead of the engagement."),
    NoSuchPerson: (404, "Nobody of that name", "Go to the people, and choose one."),
    NoSuchKey: (404, "No such key", "Go to the people: their keys are listed there."),
    NotAPerson: (422, "This cannot be written down", "Go back, and correct it."),
    NotAllowedNow: (409, "Not possible now", "Go back: the page says how it stands."),
    MayNotApprove: (403, "Not allowed", "Ask somebody who may approve."),
    NotByOne: (409, "Two people must agree", "Ask somebody else who may approve to answer the same."),
    Missing: (403, "Not allowed", "Ask an admin for a role that may."),
    NoSuchPlace: (400, "This page of the list is not there", "Begin at the first page."),
    NotPossible: (409, "Not possible now", "Go back: the hold says what can be done."),
    FirmErrors: (409, "The firm's folder has errors", "Correct it, then release again. Nothing was changed."),
    NothingApplied: (503, "No firm's folder is applied", "Run: throughline up"),
    asyncpg.CharacterNotInRepertoireError: (400, "This address cannot be read", "Check it: a character in it is none."),
    OSError: (503, "", ""),
    asyncpg.PostgresError: (503, "", ""),
    asyncpg.InterfaceError: (503, "", ""),
    HTTPException: (404, "", ""),
}
HTTP = {
    400: ("This was not understood", "Go back, and choose again: tick a hold, or name a day."),
    403: ("Not accepted", "Go back, reload the page, and send it again."),
    404: ("There is nothing here", "Check the address."),
    405: ("This cannot be done here", "Go back, and use the buttons of the page."),
    413: ("Too much was sent", "Shorten the reason."),
}


def meaning(error: Exception) -> tuple[int, str, str, str]:
    """Status, what happened, why, and what to do."""
    if isinstance(error, HTTPException):
        what, fix = HTTP.get(error.status_code, ("This did not work", "Go back, and try again."))
        why = error.detail if error.status_code == 403 else "The address or the request is not one of the console's."
        return error.status_code, what, why, fix
    kind = next((kind for kind in type(error).__mro__ if kind in MEANING), None)
    if kind is None:
        return (
            500,
            "A fault of ours",
            "The page could not be drawn.",
            "Tell whoever runs Throughline, with the reference.",
        )
    status, what, fix = MEANING[kind]
    if not what:
        return status, *AWAY
    return status, what, str(error), fix
