"""Addresses: where a person opens a record in the product it lives in, when that can be known."""

from urllib.parse import urlsplit

from throughline.core.firm import System
from throughline.hub.admission import is_loopback

# By product and kind. `origin` is the system's address, `account` NetSuite's account id as its host names spell it.
PAGES = {
    # https://help.salesforce.com/s/articleView?id=000385008
    ("salesforce", "opportunity"): "{origin}/lightning/r/Opportunity/{key}/view",
    ("salesforce", "handoff"): "{origin}/lightning/r/Opportunity/{key}/view",
    ("salesforce", "customer"): "{origin}/lightning/r/Account/{key}/view",
    ("netsuite", "customer"): "https://{account}.app.netsuite.com/app/common/entity/custjob.nl?id={key}",
    ("netsuite", "contract"): "https://{account}.app.netsuite.com/app/accounting/transactions/salesord.nl?id={key}",
    ("kantata", "project"): "https://app.mavenlink.com/workspaces/{key}",
}


def page_of(system: System, kind: str, key: str) -> str:
    """The record's page; "" when there is none that we know of, as in a sandbox on this machine."""
    template = PAGES.get((system.connector, kind))
    if template is None or is_loopback(urlsplit(system.url).netloc):
        return ""
    account = system.settings.get("account", "").lower().replace("_", "-")
    return template.format(origin=system.url.rstrip("/"), account=account, key=key)
