"""The demo firm as its accountants set it up. Everybody in it is fictional."""

from typing import Any

SUBSIDIARIES: dict[str, dict[str, Any]] = {
    "1": {"name": "Halyard Group", "legalName": "Halyard Group", "currency": "1", "country": "US"},
    "2": {"name": "US", "legalName": "Halyard Advisory Inc.", "currency": "1", "country": "US", "parent": "1"},
    "3": {"name": "UK", "legalName": "Halyard Advisory Ltd", "currency": "2", "country": "GB", "parent": "1"},
    "4": {"name": "DE", "legalName": "Halyard Advisory GmbH", "currency": "4", "country": "DE", "parent": "1"},
}
CURRENCIES: dict[str, dict[str, Any]] = {
    "1": {"name": "USD", "symbol": "USD", "isBaseCurrency": True},
    "2": {"name": "GBP", "symbol": "GBP", "isBaseCurrency": True},
    "4": {"name": "EUR", "symbol": "EUR", "isBaseCurrency": True},
}
TERMS: dict[str, dict[str, Any]] = {
    "1": {"name": "Net 15", "daysUntilNetDue": "15"},
    "2": {"name": "Net 30", "daysUntilNetDue": "30"},
    "3": {"name": "Net 60", "daysUntilNetDue": "60"},
}
# id: code, rate, country, subsidiaries, reverse charge
TAX_CODES: dict[str, tuple[str, str, str, list[str], bool]] = {
    "201": ("US-NT", "0", "US", ["2"], False),
    "202": ("GB-S20", "20", "GB", ["3"], False),
    "203": ("GB-EXP", "0", "GB", ["3"], False),
    "204": ("DE-S19", "19", "DE", ["4"], False),
    "205": ("DE-RC", "0", "DE", ["4"], True),
    "206": ("DE-EXP", "0", "DE", ["4"], False),
    "207": ("CH-EXP", "0", "CH", ["2", "3", "4"], False),
}
ITEMS: dict[str, tuple[str, str]] = {
    "101": ("SVC-TM", "Services, time and materials"),
    "102": ("SVC-FIXED", "Services, fixed fee"),
    "103": ("SVC-MILESTONE", "Services, milestone"),
    "104": ("SVC-RETAINER", "Retainer"),
    "105": ("SVC-USAGE", "Usage"),
    "106": ("SVC-SUBSCRIPTION", "Subscription"),
    "107": ("SVC-MANAGED", "Managed service"),
}
# Recognised from a plan: evenly ("1"), or at the end ("2"). The others are recognised as they are billed.
RULES = {"102": "1", "103": "2", "104": "1", "106": "1", "107": "1"}
# id: number, name, type
ACCOUNTS: dict[str, tuple[str, str, str]] = {
    "701": ("1100", "Accounts Receivable", "AcctRec"),
    "702": ("1000", "Bank", "Bank"),
    "703": ("2400", "Deferred Revenue", "DeferRevenue"),
    "704": ("4000", "Services Revenue", "Income"),
    "705": ("6500", "Bad Debt", "Expense"),
    "706": ("1500", "Intercompany Receivable", "OthCurrAsset"),
    "707": ("2500", "Intercompany Payable", "OthCurrLiab"),
    "708": ("4500", "Intercompany Revenue", "Income"),
    "709": ("5500", "Intercompany Cost", "COGS"),
}
SERVICE_LINES = {"30": "Advisory", "31": "Implementation", "32": "Analytics", "33": "Managed Services"}
LEGAL_ENTITIES = {"1": ("US", "2"), "2": ("UK", "3"), "3": ("DE", "4")}  # last digit: code, subsidiary
EMPLOYEES: dict[str, tuple[str, str, str]] = {
    "401": ("pm.us@halyard.example", "Project Manager", "2"),
    "402": ("pm.uk@halyard.example", "Project Manager", "3"),
    "403": ("pm.de@halyard.example", "Project Manager", "4"),
    "411": ("accountant.us@halyard.example", "Accountant", "2"),
    "412": ("accountant.uk@halyard.example", "Accountant", "3"),
    "413": ("accountant.de@halyard.example", "Accountant", "4"),
}
# What the accountants had before Throughline came: no external ids, and names as they type them.
CUSTOMERS: dict[str, dict[str, Any]] = {
    "501": {
        "entityId": "CUST501",
        "companyName": "MERIDIAN RAIL LIMITED",
        "subsidiary": {"id": "3"},
        "currency": {"id": "2"},
        "terms": {"id": "2"},
        "vatRegNumber": "GB823456726",
        "email": "accounts.payable@meridian-rail.example",
        "addressbook": {
            "items": [
                {
                    "defaultBilling": True,
                    "addressbookAddress": {
                        "addr1": "1 Station Approach",
                        "city": "York",
                        "zip": "YO24 1AB",
                        "country": {"id": "GB"},
                    },
                }
            ]
        },
    },
    "503": {
        "entityId": "CUST503",
        "companyName": "Castellan Bank Public Limited Company",
        "subsidiary": {"id": "3"},
        "currency": {"id": "2"},
        "terms": {"id": "3"},
        "vatRegNumber": "GB823456768",
        "email": "invoices@castellan-bank.example",
    },
    "505": {
        "entityId": "CUST505",
        "companyName": "Norrvik Marine A/S",
        "subsidiary": {"id": "3"},
        "currency": {"id": "2"},
        "terms": {"id": "2"},
        "email": "faktura@norrvik-marine.example",
    },
}
CLOSED_UNTIL_MONTH = 3  # of 2026
