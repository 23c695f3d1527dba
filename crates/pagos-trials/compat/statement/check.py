"""Reads generated statements with two packages that we did not write, unmodified: mt-940 for MT940 and
bankstatementparser for camt.053. Days, amounts, sides, references and balances must be those that we read.

`crates/pagos-statement/tests/oracle.rs` checks that we read what the file says. The twin is not used.
"""

import decimal
import json
import logging
import pathlib
import sys

import mt940
from bankstatementparser import CamtParser

CASES = pathlib.Path(__file__).parents[3] / "pagos-statement/tests/oracle/statements.json"


def read_camt(text):
    """Its table has a row for each transaction, without the reference of the bank."""
    parser = CamtParser.from_string(text)
    balances = {
        row["Code"]: -row["Amount"] if row["DrCr"] == "DBIT" and row["Amount"] > 0 else row["Amount"]
        for row in parser.get_account_balances().to_dict("records")
    }
    rows = parser.get_transactions().to_dict("records")
    return {
        "opening": balances["OPBD"],
        "closing": balances["CLBD"],
        "transactions": [
            (row["BookgDt"], row["ValDt"], row["Amount"], row["EndToEndId"]) for row in rows
        ],
    }


def read_mt940(text):
    """By default its amounts have the sign of a plain debit only; its option gives them all."""
    read = mt940.parse(text, options=mt940.Options(reversal_sign=True))
    transactions = []
    for transaction in read:
        it = transaction.data
        reference = it["customer_reference"]
        transactions.append((
            str(it.get("entry_date") or it["date"]),
            str(it["date"]),
            it["amount"].amount,
            None if reference == "NONREF" else reference,
            it["bank_reference"],
        ))
    return {
        "opening": read.data["final_opening_balance"].amount.amount,
        "closing": read.data["final_closing_balance"].amount.amount,
        "transactions": transactions,
    }


def expected(case):
    said = case["said"]
    names = ["day", "value_day", "amount", "reference", "bank_reference"]
    names = names[:4] if case["format"] == "camt" else names
    exact = lambda name, value: decimal.Decimal(value) if name == "amount" else value
    return {
        "opening": decimal.Decimal(said["opening"]),
        "closing": decimal.Decimal(said["closing"]),
        "transactions": [
            tuple(exact(name, transaction[name]) for name in names)
            for transaction in said["transactions"]
        ],
    }


def main():
    logging.disable(logging.CRITICAL)
    failed = 0
    for case in json.loads(CASES.read_text(encoding="utf-8")):
        read = (read_camt if case["format"] == "camt" else read_mt940)(case["text"])
        is_good = read == expected(case)
        failed += not is_good
        print("ok" if is_good else "failed", case["name"] + ("" if is_good else f": {read}"))
    return 1 if failed else 0


sys.exit(main())
