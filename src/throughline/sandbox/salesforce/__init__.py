"""A pretend Salesforce org: the REST API, its ids, its SOQL and its habits, over real HTTP."""

from throughline.sandbox.salesforce.deals import close_deal
from throughline.sandbox.salesforce.simulator import Salesforce

__all__ = ["Salesforce", "close_deal"]
