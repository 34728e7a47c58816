"""Halyard Advisory as data: whom it sells to, what it sells, and who sells it. All of it is fictional."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Customer:
    name: str
    country: str
    street: str
    city: str
    postal_code: str
    domain: str
    phone: str
    tax_id: str | None
    legal_entity: str
    parent: str | None = None


@dataclass(frozen=True, slots=True)
class Product:
    code: str
    name: str
    family: str
    prices: dict[str, str]


ENTITY_CURRENCIES = {"US": "USD", "UK": "GBP", "DE": "EUR"}
SELLERS = (("Sales", "Europe", "sales.europe@halyard.example"), ("Sales", "America", "sales.america@halyard.example"))
ENTITY_SELLERS = {"US": "sales.america@halyard.example"}
DEFAULT_SELLER = "sales.europe@halyard.example"

CUSTOMERS = (
    Customer(
        "Meridian Rail Ltd",
        "GB",
        "1 Station Approach",
        "York",
        "YO24 1AB",
        "meridian-rail.example",
        "+44 1904 000 101",
        "GB823456726",
        "UK",
    ),
    Customer(
        "Ostwald Chemie GmbH",
        "DE",
        "Werkstrasse 12",
        "Ludwigshafen",
        "67063",
        "ostwald-chemie.example",
        "+49 621 000 102",
        "DE811907906",
        "DE",
    ),
    Customer(
        "Castellan Bank plc",
        "GB",
        "40 Keep Lane",
        "London",
        "EC2V 7HR",
        "castellan-bank.example",
        "+44 20 0000 0103",
        "GB823456768",
        "UK",
    ),
    Customer(
        "Bluewater Utilities Inc.",
        "US",
        "500 Reservoir Drive",
        "Portland",
        "97204",
        "bluewater-utilities.example",
        "+1 503 555 0104",
        "47-1234567",
        "US",
    ),
    Customer(
        "Norrvik Marine AS",
        "NO",
        "Havnegata 7",
        "Bergen",
        "5003",
        "norrvik-marine.example",
        "+47 55 00 01 05",
        None,
        "UK",
    ),
    Customer(
        "Hexham Council",
        "GB",
        "2 Market Place",
        "Hexham",
        "NE46 3PB",
        "hexham-council.example",
        "+44 1434 000 106",
        None,
        "UK",
    ),
    Customer(
        "Alpenblick Versicherung AG",
        "CH",
        "Seeweg 9",
        "Luzern",
        "6003",
        "alpenblick.example",
        "+41 41 000 01 07",
        "CHE107787502",
        "DE",
    ),
    Customer(
        "Lumen Civic LLC",
        "US",
        "88 Lantern Street",
        "Salem",
        "97301",
        "lumen-civic.example",
        "+1 503 555 0108",
        "36-7654321",
        "US",
        "Bluewater Utilities Inc.",
    ),
    Customer(
        "Orsay Pharma SA",
        "FR",
        "15 Quai du Laboratoire",
        "Lyon",
        "69002",
        "orsay-pharma.example",
        "+33 4 00 00 01 09",
        "FR03552081317",
        "DE",
    ),
    Customer(
        "Van Aerle Logistics BV",
        "NL",
        "Havenweg 30",
        "Rotterdam",
        "3011 AA",
        "vanaerle-logistics.example",
        "+31 10 000 0110",
        "NL823456705B01",
        "DE",
    ),
)

PRODUCTS = (
    Product("ADV-DAY", "Advisory day", "Advisory", {"USD": "2100.00", "GBP": "1600.00", "EUR": "1850.00"}),
    Product("IMP-DAY", "Implementation day", "Implementation", {"USD": "1700.00", "GBP": "1300.00", "EUR": "1500.00"}),
    Product(
        "IMP-FIX",
        "Implementation fixed fee",
        "Implementation",
        {"USD": "60000.00", "GBP": "45000.00", "EUR": "52000.00"},
    ),
    Product("ANA-DAY", "Analytics day", "Analytics", {"USD": "1500.00", "GBP": "1150.00", "EUR": "1320.00"}),
    Product(
        "MS-MONTH",
        "Managed service month",
        "Managed Services",
        {"USD": "9500.00", "GBP": "7200.00", "EUR": "8400.00"},
    ),
    Product("RET-MONTH", "Retainer month", "Advisory", {"USD": "6500.00", "GBP": "4900.00", "EUR": "5700.00"}),
    Product("USG-UNIT", "Usage unit", "Managed Services", {"USD": "0.85", "GBP": "0.65", "EUR": "0.75"}),
    Product("SUB-YEAR", "Subscription year", "Analytics", {"USD": "36000.00", "GBP": "27500.00", "EUR": "31500.00"}),
)
