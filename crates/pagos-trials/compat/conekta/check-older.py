"""Runs Conekta's own package of before, unmodified, against the twin. Not a test of Conekta.

It is the last one that knows payees. It has no class for transfers; the name of a subclass is the
path that it calls, so one line makes one. Its Basic header and its version 2.0.0 are ours, too.
"""

import faulthandler
import json
import os
import sys
import traceback
import urllib.request

import conekta

SECONDS_MAX = 120
TWIN = os.environ["COMPAT_TWIN_URL"]
# The twin is on this machine, and no proxy finds it.
WEB = urllib.request.build_opener(urllib.request.ProxyHandler({}))
CLABE = "072225008217746674"
SUBSCRIBED = "https://shop.invalid/notices"


class Transfer(conekta._CreatableResource, conekta._FindableResource): pass  # noqa: E701


def control(name, body=None):
    """What the twin alone knows."""
    content = None if body is None else json.dumps(body).encode()
    with WEB.open(f"{TWIN}/_twin/{name}", content, timeout=10) as response:
        return json.load(response)


ACCOUNT = control("credentials")["conekta"]
conekta.api_key, conekta.API_BASE = ACCOUNT["api_key"], ACCOUNT["base_url"] + "/"


def person(key="nobody", account=CLABE, **more):
    destination = {"type": "bank_account", "account_number": account,
                   "account_holder_name": "Zoé Núñez Muñoz"}
    return {"name": "Zoé Núñez", "email": f"{key}@key.invalid", "phone": "5512345678",
            "destinations": [destination]} | more


def pay(payee, amount=50050, **more):
    return Transfer.create({"payee_id": payee.id, "amount": amount, "currency": "MXN"} | more)


def refused(kind, words, call, *arguments):
    """The package raises this error, with the words that are for developers."""
    try:
        call(*arguments)
    except conekta.ConektaError as error:
        # Its text cannot be asked for: that breaks off.
        found = type(error).__name__, error.debug_message
        assert type(error) is kind and words in error.debug_message, found
        assert error.code.startswith("conekta.errors."), error.code
        return error
    raise AssertionError(f"taken: {arguments}")


def booked(key):
    """The movements of money under a key."""
    return [it for it in control("conekta/transfers") if it["key"] == key]


def check_payees():
    payee = conekta.Payee.create(person())
    assert payee.object == "payee" and payee.id.startswith("payee_"), payee.id
    assert (payee.name, payee.phone) == ("Zoé Núñez", "5512345678")
    account = payee.destinations[0]
    assert (account["last4"], account["bank"]) == ("6674", "banorte"), account
    assert CLABE not in json.dumps(payee.destinations), "the whole account is told"
    assert payee.default_destination_id == account["id"]
    again = conekta.Payee.find(payee.id)
    assert (again.id, again.destinations) == (payee.id, payee.destinations)
    payee.update({"name": "Zoé Muñoz"})
    found = conekta.Payee.find(payee.id)
    assert (found.name, found.phone) == ("Zoé Muñoz", "5512345678")
    assert payee.delete().deleted is True
    refused(conekta.ResourceNotFoundError, "could not be found", conekta.Payee.find, payee.id)


def check_refused_payees():
    create = conekta.Payee.create
    invalid = conekta.ParameterValidationError
    refused(invalid, "account number was invalid", create, person(account="07222500821774667"))
    assert refused(invalid, "name", create, {"email": "a@key.invalid"}).code.endswith("required")
    swift = person(destinations=[{"type": "swift", "account_number": CLABE}])
    refused(conekta.ApiError, "runtime error", create, swift)


def check_payees_are_listed():
    ids = [conekta.Payee.create(person()).id for _ in range(3)]
    page = conekta.Payee.load_url("payees", "GET", {"limit": 2})
    assert [it["id"] for it in page["data"]] == [ids[2], ids[1]] and page["has_more"] is True
    page = conekta.Payee.load_url("payees", "GET", {"limit": 1, "next": ids[1]})
    assert [it["id"] for it in page["data"]] == [ids[0]]


def check_destinations():
    payee = conekta.Payee.create(person(destinations=[]))
    refused(conekta.ParameterValidationError, "account number was invalid", pay, payee)
    path = f"payees/{payee.id}/destinations"
    account = person()["destinations"][0]
    made = payee.load_url(path, "POST", account)
    assert (made["object"], made["last4"]) == ("destination", "6674"), made
    holder = {"account_holder_name": "Otra Persona"}
    assert payee.load_url(f"{path}/{made['id']}", "PUT", holder)["last4"] == "6674"
    transfer = pay(payee)
    assert transfer.destination["account_holder_name"] == "Otra Persona"
    assert payee.load_url(f"{path}/{made['id']}", "DELETE", {})["deleted"] is True
    assert conekta.Payee.find(payee.id).destinations == []
    assert Transfer.find(transfer.id).destination["payee_id"] == payee.id


def check_transfers():
    payee = conekta.Payee.create(person("pypaid"))
    transfer = pay(payee)
    assert (transfer.object, transfer.status) == ("transfer", "pending")
    assert (transfer.amount, transfer.currency) == (50050, "MXN")
    account = transfer.destination
    assert (account["payee_id"], account["type"]) == (payee.id, "bank_transfer"), account
    assert (account["last4"], account["object"]) == ("6674", "destination"), account
    assert transfer.statement_reference.isdigit() and len(transfer.statement_reference) == 7
    found = Transfer.find(transfer.id)
    assert (found.id, found.amount, found.status) == (transfer.id, 50050, "pending")
    assert [it["account"] for it in booked("pypaid")] == [CLABE]
    for status in ("in_transit", "paid_out"):
        control("conekta/advance", {"transfer": transfer.id, "to": status})
        assert Transfer.find(transfer.id).status == status
    listed = Transfer.load_url("transfers", "GET", {"limit": 1})
    assert listed["object"] == "list" and listed["data"][0]["id"] == transfer.id
    method = listed["data"][0]["method"]
    assert (method["payee_id"], method["account_number"]) == (payee.id, CLABE), method


def check_a_repeated_transfer_is_paid_again():
    payee = conekta.Payee.create(person("pytwice"))
    assert pay(payee).id != pay(payee).id
    other = conekta.Payee.create(person("pytwice"))
    assert other.id != payee.id
    pay(other)
    assert len(booked("pytwice")) == 3


def check_refused_transfers():
    payee = conekta.Payee.create(person("pyrefused"))
    stranger = conekta.Payee({"id": "payee_2nobody"})
    invalid = conekta.ParameterValidationError
    refused(invalid, "payee could not be found", pay, stranger)
    for amount in (0, -1, "50050", 500.5):
        refused(invalid, "amount is required", pay, payee, amount)
    refused(invalid, "currency is invalid", lambda: pay(payee, currency="USD"))
    refused(invalid, "not allowed", lambda: pay(payee, reference_id="pyrefused"))
    refused(conekta.ProcessingError, "Insufficient funds", pay, payee, 10**15)
    payee.delete()
    refused(invalid, "payee could not be found", pay, payee)
    assert booked("pyrefused") == []


def check_other_keys():
    call = conekta.Payee.create
    unknown = refused(conekta.AuthenticationError, "Unrecognized", call, person(), "key_Nobody")
    assert unknown.message == unknown.debug_message
    refused(conekta.AuthenticationError, "include your access key", call, person(), "")


def check_languages():
    missing = conekta.ResourceNotFoundError
    english = refused(missing, "could not be found", conekta.Payee.find, "nobody").message
    assert english == "The resource could not be found.", english
    conekta.locale = "es"
    try:
        spanish = refused(missing, "could not be found", conekta.Payee.find, "nobody").message
    finally:
        conekta.locale = "en"
    assert spanish == "El recurso no ha sido encontrado.", spanish


def check_another_version():
    accept = conekta.HEADERS["Accept"]
    assert accept == "application/vnd.conekta-v2.0.0+json", accept
    conekta.HEADERS["Accept"] = accept.replace("2.0.0", "9.9.9")
    try:
        refused(conekta.ConektaError, "version", conekta.Payee.create, person())
    finally:
        conekta.HEADERS["Accept"] = accept


def check_webhooks_and_events():
    webhook = conekta.Webhook.create({"url": SUBSCRIBED, "subscribed_events": ["payout.created"]})
    assert (webhook.object, webhook.url) == ("webhook", SUBSCRIBED)
    # As the version of before has it.
    assert webhook.development_enabled is True and not hasattr(webhook, "active")
    assert conekta.Webhook.find(webhook.id).subscribed_events == ["payout.created"]
    transfer = pay(conekta.Payee.create(person("pyheard")))
    events = conekta.Event.load_url("events", "GET", {"limit": 5})["data"]
    created = [it for it in events if it["type"] == "payout.created"]
    assert created[0]["data"]["object"]["id"] == transfer.id, created
    found = conekta.Event.find(created[0]["id"])
    assert found.object == "event" and found.data["object"]["method"]["account_number"] == CLABE
    webhook.update({"url": SUBSCRIBED + "/2"})
    assert conekta.Webhook.find(webhook.id).url == SUBSCRIBED + "/2"
    webhook.delete()
    assert webhook.deleted is True
    refused(conekta.ResourceNotFoundError, "", conekta.Webhook.find, webhook.id)


def check_what_was_before():
    """Payouts are of an API that was before transfers; the twin has none."""
    payee = conekta.Payee.create(person())
    missing, account = conekta.ResourceNotFoundError, person()["destinations"][0]
    refused(missing, "could not be found", payee.createPayoutMethod, account)
    payout = {"payee_id": payee.id, "amount": 50050, "currency": "MXN"}
    refused(missing, "could not be found", conekta.Payout.create, payout)
    assert payee.payout_methods == []


def main():
    faulthandler.dump_traceback_later(SECONDS_MAX, exit=True)
    failed = 0
    checks = [(name, it) for name, it in globals().items() if name.startswith("check_")]
    for name, check in checks:
        name = name.removeprefix("check_")
        try:
            check()
            print(f"ok {name}")
        except Exception as error:
            failed += 1
            # An error of the package has no text, and a traceback would ask for it.
            known = isinstance(error, conekta.ConektaError)
            because = error.debug_message if known else str(error) or type(error).__name__
            traceback.print_tb(error.__traceback__)
            print(f"failed {name}: {because.splitlines()[0]}")
    faulthandler.cancel_dump_traceback_later()
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
