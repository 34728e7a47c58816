"""How NetSuite lets us in: OAuth 2.0 machine to machine, with a JWT signed PS256 by a mapped certificate's key."""

from datetime import datetime, timedelta

import jwt

from throughline.core.connector import Answer, Credentials, Token, TokenRequest
from throughline.core.errors import Hold, Retry

PATH = "/services/rest/auth/oauth2/v1/token"


def ask(credentials: Credentials, now: datetime) -> TokenRequest:
    # https://docs.oracle.com/en/cloud/saas/netsuite/ns-online-help/section_162686838198.html
    claims = {
        "iss": credentials.setting("client_id"),
        "scope": ["rest_webservices"],
        "aud": credentials.settings.get("audience", f"{credentials.url}{PATH}"),
        "iat": int(now.timestamp()),
        "exp": int((now + timedelta(minutes=30)).timestamp()),
    }
    headers = {"kid": credentials.setting("certificate_id"), "typ": "JWT"}
    try:
        assertion = jwt.encode(claims, credentials.secret("private_key"), algorithm="PS256", headers=headers)
    except (jwt.PyJWTError, ValueError, TypeError):
        raise Hold(
            "The private key for NetSuite cannot be read",
            fix="Point `private_key` to the RSA key, in PEM, whose certificate is mapped in NetSuite; release.",
        ) from None
    return TokenRequest(
        PATH,
        {
            "grant_type": "client_credentials",
            "client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
            "client_assertion": assertion,
        },
    )


def read_token(answer: Answer, now: datetime) -> Token:
    try:
        bearer, seconds = str(answer.body["access_token"]), int(answer.body["expires_in"])
    except (TypeError, KeyError, ValueError):
        raise Retry("NetSuite answered without an access token") from None
    return Token(headers={"Authorization": f"Bearer {bearer}"}, expires_at=now + timedelta(seconds=seconds))
