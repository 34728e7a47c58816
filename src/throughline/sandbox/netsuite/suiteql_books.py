"""What SuiteQL shows of the books: periods and who has locked them, exchange rates, and planned revenue."""

from throughline.sandbox.netsuite import periods
from throughline.sandbox.netsuite.rates import RATE
from throughline.sandbox.netsuite.revenue import ELEMENT, PLAN, PLANNED
from throughline.sandbox.netsuite.suiteql_columns import BASE, Column, Table, columns, links, of

BOOKS: dict[str, Table] = {
    "accountingperiod": Table(
        of(periods.PERIOD),
        {
            **BASE,
            **columns(
                text="periodName",
                flag="isYear isQuarter isAdjust closed arLocked apLocked payrollLocked allLocked",
                day="startDate endDate",
                moment="closedOnDate",
            ),
            **links(parent="parent:accountingPeriod"),
        },
    ),
    "taskitemstatus": Table(
        periods.tasks,
        {
            **columns(text="itemType", number="id", flag="complete"),
            **links(period="period:accountingPeriod", subsidiary="subsidiary:subsidiary"),
        },
    ),
    "currencyrate": Table(
        of(RATE),
        {
            **columns(number="id exchangeRate", day="effectiveDate", moment="lastModifiedDate"),
            **links(basecurrency="baseCurrency:currency", transactioncurrency="transactionCurrency:currency"),
        },
    ),
    "revenueelement": Table(
        of(ELEMENT),
        {
            **columns(
                text="recordNumber source sourceRecordType",
                number="id revenueArrangement quantity salesAmount",
                day="elementDate revRecStartDate revRecEndDate",
                moment="lastModifiedDate",
            ),
            **links(
                item="item:serviceSaleItem",
                subsidiary="subsidiary:subsidiary",
                entity="entity:customer",
                currency="currency:currency",
            ),
            "revenuerecognitionrule": Column("revenueRecognitionRule"),
        },
    ),
    "revenueplan": Table(
        of(PLAN),
        {
            **columns(
                text="recordNumber revenuePlanType statusForDisplay",
                number="id createdFrom amount totalRecognized remainingDeferredBalance",
                flag="holdRevenueRecognition",
                day="revRecStartDate revRecEndDate",
                moment="lastModifiedDate",
            ),
            **links(item="item:serviceSaleItem", revenueplancurrency="revenuePlanCurrency:currency"),
            "revenuerecognitionrule": Column("revenueRecognitionRule"),
        },
    ),
    "revenueplanplannedrevenue": Table(
        of(PLANNED),
        {
            **columns(
                text="plannedRevenueType",
                number="id revenuePlan amount journal",
                flag="isRecognized",
                moment="dateExecuted",
            ),
            **links(
                plannedperiod="plannedPeriod:accountingPeriod",
                postingperiod="postingPeriod:accountingPeriod",
                recognitionaccount="recognitionAccount:account",
                deferredrevenueaccount="deferredRevenueAccount:account",
            ),
        },
    ),
}
