"""How a field of an object is written down: its type, its length, and what it refers to."""

from dataclasses import replace

from throughline.sandbox.salesforce.schema import Field, SObject

CURRENCIES = ("USD", "GBP", "EUR")


def text(name: str, label: str, length: int = 255, *, required: bool = False) -> Field:
    return Field(name, "string", label, length=length, required=required)


def derived(name: str, type_: str, label: str, length: int = 0) -> Field:
    digits = 18 if type_ == "currency" else 0
    return Field(name, type_, label, length, digits, scale=2 if digits else 0, createable=False, updateable=False)


def choice(name: str, label: str, choices: tuple[str, ...], default: str | None = None) -> Field:
    length = 255 if name.endswith("__c") else 40
    return Field(name, "picklist", label, length=length, choices=choices, restricted=True, default=default)


def flag(name: str, label: str, *, default: bool) -> Field:
    return Field(name, "boolean", label, default=default)


def number(name: str, type_: str, label: str, precision: int, scale: int) -> Field:
    return Field(name, type_, label, precision=precision, scale=scale)


def lookup(
    name: str, label: str, to: str, children: str | None = None, *, required: bool = False, cascade: bool = False
) -> Field:
    relationship = f"{name[:-1]}r" if name.endswith("__c") else name.removesuffix("Id")
    return Field(
        name,
        "reference",
        label,
        length=18,
        required=required,
        refers_to=to,
        relationship=relationship,
        children=children,
        cascade=cascade,
    )


def fixed(name: str, label: str, to: str, children: str, *, required: bool, cascade: bool = False) -> Field:
    """A reference that is chosen once, when the record is created."""
    return replace(lookup(name, label, to, children, required=required, cascade=cascade), updateable=False)


def external(name: str, label: str) -> Field:
    return Field(name, "string", label, length=80, external_id=True, unique=True)


def stamp(name: str, label: str) -> Field:
    return replace(lookup(name, label, "User"), createable=False, updateable=False)


def sobject(
    name: str, prefix: str, plural: str, *fields: Field, currency: bool = True, writable: bool = True
) -> SObject:
    money = (choice("CurrencyIsoCode", "Currency ISO Code", CURRENCIES, "USD"),) if currency else ()
    return SObject(
        name,
        prefix,
        plural,
        (
            derived("Id", "id", f"{name} ID", 18),
            derived("IsDeleted", "boolean", "Deleted"),
            *fields,
            *money,
            derived("CreatedDate", "datetime", "Created Date"),
            stamp("CreatedById", "Created By ID"),
            derived("LastModifiedDate", "datetime", "Last Modified Date"),
            stamp("LastModifiedById", "Last Modified By ID"),
            derived("SystemModstamp", "datetime", "System Modstamp"),
        ),
        writable,
    )
