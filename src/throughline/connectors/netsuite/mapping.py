"""Our words and NetSuite's: one row per field."""

from throughline.core.entities import BillingPlan, Contract, CostForecast, Customer
from throughline.core.forms import Amount, Choice, CurrencyOf, Day, Fixed, Lookup, Number, Ref
from throughline.core.lists import Line, Lines
from throughline.core.mapping import Mapping, Row, Rung

SUBSIDIARY = Lookup("subsidiaries", "erp_id", self_column="legal_entity")
CURRENCY = Lookup("currencies", "erp_id", self_column="currency")
COST_CENTRE = Lookup("cost_centres", "erp_id", self_column="cost_centre")
TERMS = Lookup("payment_terms", "erp_id", self_column="terms")
ITEM = Lookup("service_items", "erp_id", self_column="item")
TAX_CODE = Lookup("tax_items", "erp_id", self_column="tax_code")

CUSTOMER = Mapping(
    Customer,
    resource="customer",
    key="id",
    changed="lastModifiedDate",
    id_field="externalId",
    rung=Rung.UPSERT,
    rows=(
        Row("name", "companyName"),
        Row("", "isPerson", Fixed(value=False)),
        Row("tax_id", "vatRegNumber"),
        Row("legal_entity", "subsidiary.id", SUBSIDIARY),
        Row("currency", "currency.id", CURRENCY),
        Row("payment_terms", "terms.id", TERMS),
        Row("email", "email"),
        Row("phone", "phone"),
        Row("website", "url"),
        # The billing address, made flat by `shapes`.
        Row("street", "address.street"),
        Row("city", "address.city"),
        Row("postal_code", "address.postal_code"),
        Row("country", "address.country"),
        Row("parent", "parent.id", Ref("customer")),
        Row("credit_limit", "creditLimit", Amount(currency="currency.refName"), flow="in"),
    ),
)

BILLING_PLAN = Mapping(
    BillingPlan,
    resource="billingSchedule",
    key="id",
    id_field="externalId",
    rung=Rung.UPSERT,
    rows=(
        Row("name", "name"),
        Row("currency", "currency.id", CURRENCY),
        Row(
            "plan_kind",
            "scheduleType.id",
            Choice(
                {
                    "FBI": "schedule",
                    "FBM": "milestone",
                    "TM": "time_and_materials",
                    "CB": "usage",
                }
            ),
        ),
        Row(
            "frequency",
            "frequency.id",
            Choice({"MONTHLY": "monthly", "QUARTERLY": "quarterly", "ANNUALLY": "yearly", "ONETIME": "once"}),
        ),
        Row("total", "initialAmount", Amount(currency="currency.refName")),
        # `shapes` moves these into the milestone list when the plan waits for milestones. They carry no key of ours:
        # NetSuite refuses a key it did not give itself, so the list is always replaced as a whole.
        Row(
            "instalments",
            "recurrence.items",
            Lines(
                (
                    Line("name", "memo"),
                    Line("due", "date", Day()),
                    Line("amount", "amount", Amount(currency="currency.refName")),
                )
            ),
            flow="out",
        ),
    ),
)

# On the order of its contract, which is there before anybody works for it: always an update of that.
COST_FORECAST = Mapping(
    CostForecast,
    resource="salesOrder",
    key="id",
    rung=Rung.UPSERT,
    rows=(
        Row("contract", "id", Ref("contract"), flow="out"),
        Row("as_of", "custbody_throughline_cost_as_of", Day()),
        Row("hours_to_complete", "custbody_throughline_cost_hours", Number()),
        Row(
            "cost_to_complete",
            "custbody_throughline_cost_to_complete",
            Amount(currency="custbody_throughline_cost_currency"),
        ),
        Row("cost_to_complete", "custbody_throughline_cost_currency", CurrencyOf(), flow="out"),
    ),
)

CONTRACT = Mapping(
    Contract,
    resource="salesOrder",
    key="id",
    id_field="externalId",
    rung=Rung.UPSERT,
    rows=(
        Row("name", "memo"),
        Row("customer", "entity.id", Ref("customer")),
        Row("legal_entity", "subsidiary.id", SUBSIDIARY),
        Row("currency", "currency.id", CURRENCY),
        Row("starts", "startDate", Day()),
        Row("ends", "endDate", Day()),
        Row("purchase_order", "otherRefNum"),
        Row("payment_terms", "terms.id", TERMS),
        Row("billing_plan", "billingSchedule.id", Ref("billing_plan")),
        Row("cost_centre", "department.id", COST_CENTRE),
        Row("commercial_model", "custbody_throughline_contract_type"),
        Row("revenue_treatment", "custbody_throughline_revenue"),
        Row(
            "lines",
            "item.items",
            Lines(
                (
                    Line("key", "custcol_throughline_line"),
                    Line("item", "item.id", ITEM),
                    Line("description", "description"),
                    Line("quantity", "quantity", Number()),
                    Line("unit_price", "rate", Amount(currency="currency.refName")),
                    Line("amount", "amount", Amount(currency="currency.refName")),
                    Line("tax_code", "taxCode.id", TAX_CODE),
                    Line("cost_centre", "department.id", COST_CENTRE),
                )
            ),
        ),
    ),
)
