"""How Salesforce lets us in: the JWT bearer flow of OAuth 2.0, signed with the key of the connected app."""

from datetime import datetime, timedelta

import jwt

from throughline.core.connector import Answer, Credentials, Token, TokenRequest
from throughline.core.errors import Hold, Retry

# Sessions last as long as the org's policy says (two hours unless changed) and the answer does not tell: renew earlier.
SESSION = timedelta(minutes=90)


def ask(credentials: Credentials, now: datetime) -> TokenRequest:
    # https://help.salesforce.com/s/articleView?id=sf.remoteaccess_oauth_jwt_flow.htm
    claims = {
        "iss": credentials.setting("consumer_key"),
        "sub": credentials.setting("username"),
        "aud": credentials.settings.get("audience", "https://login.salesforce.com"),
        "exp": int((now + timedelta(minutes=3)).timestamp()),
    }
    try:
        assertion = jwt.encode(claims, credentials.secret("private_key"), algorithm="RS256")
    except (jwt.PyJWTError, ValueError, TypeError):
        raise Hold(
            "The private key for Salesforce cannot be read",
            fix="Point `private_key` to the RSA key, in PEM, whose certificate the external client app has; release.",
        ) from None
    grant = "urn:ietf:params:oauth:grant-type:jwt-bearer"
    return TokenRequest("/services/oauth2/token", {"grant_type": grant, "assertion": assertion})


def read_token(answer: Answer, now: datetime) -> Token:
    try:
        bearer, instance = str(answer.body["access_token"]), str(answer.body["instance_url"])
    except (TypeError, KeyError):
        raise Retry("Salesforce answered without an access token") from None
    return Token(headers={"Authorization": f"Bearer {bearer}"}, expires_at=now + SESSION, url=instance.rstrip("/"))
