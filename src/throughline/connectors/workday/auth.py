"""How Workday lets us in: the refresh token of an API client for integrations, which does not expire."""

from datetime import datetime, timedelta

from throughline.core.connector import Answer, Credentials, Token, TokenRequest
from throughline.core.errors import Retry


def ask(credentials: Credentials, _now: datetime) -> TokenRequest:
    # https://doc.workday.com/admin-guide/en-us/authentication-and-security/authentication/api-clients
    return TokenRequest(
        f"/ccx/oauth2/{credentials.setting('tenant')}/token",
        {
            "grant_type": "refresh_token",
            "refresh_token": credentials.refresh or credentials.secret("refresh_token"),
            "client_id": credentials.setting("client_id"),
            "client_secret": credentials.secret("client_secret"),
        },
    )


def read_token(answer: Answer, now: datetime) -> Token:
    try:
        bearer, seconds = str(answer.body["access_token"]), int(answer.body["expires_in"])
    except (TypeError, KeyError, ValueError):
        raise Retry("Workday answered without an access token") from None
    # The refresh token comes back as it was: only another one would have to be kept.
    return Token(headers={"Authorization": f"Bearer {bearer}"}, expires_at=now + timedelta(seconds=seconds))
