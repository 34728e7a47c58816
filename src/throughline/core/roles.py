"""The parts a system can play in a firm; workflows name these, never products."""

from enum import StrEnum


class Role(StrEnum):
    CRM = "crm"
    PSA = "psa"
    ERP = "erp"
    CHAT = "chat"
    HR = "hr"
