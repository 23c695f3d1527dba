"""Runs Conekta's own package of today, unmodified, against the twin. Not a test of Conekta.

It reads transfers and cannot make any, so those are made by hand; `check-older.py` makes them with
a package. Its models are strict: a number that is a text, or a text of another length, is an error.
"""

import faulthandler
import json
import os
import sys
import traceback
import urllib.request
from urllib.parse import parse_qs, urlsplit

import conekta
from conekta.exceptions import NotFoundException, UnauthorizedException
from conekta.exceptions import UnprocessableEntityException

SECONDS_MAX = 120
TWIN = os.environ["COMPAT_TWIN_URL"]
# The twin is on this machine, and no proxy finds it.
WEB = urllib.request.build_opener(urllib.request.ProxyHandler({}))
CLABE = "072225008217746674"
SUBSCRIBED = "https://shop.invalid/notices"
ENGLISH = {"accept_language": "en"}


def post(url, body=None, headers=None):
    """The JSON that is answered; without a body it is a question."""
    content = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(url, content, headers or {})
    with WEB.open(request, timeout=10) as response:
        return json.load(response)


ACCOUNT = post(f"{TWIN}/_twin/credentials")["conekta"]
BASE, API_KEY = ACCOUNT["base_url"], ACCOUNT["api_key"]


def client(api_key=API_KEY):
    return conekta.ApiClient(conekta.Configuration(host=BASE, access_token=api_key))


CLIENT = client()
BALANCES, TRANSACTIONS = conekta.BalancesApi(CLIENT), conekta.TransactionsApi(CLIENT)
TRANSFERS, EVENTS = conekta.TransfersApi(CLIENT), conekta.EventsApi(CLIENT)
WEBHOOKS, KEYS = conekta.WebhooksApi(CLIENT), conekta.WebhookKeysApi(CLIENT)


def write(path, body):
    headers = {"Accept": "application/vnd.conekta-v2.0.0+json",
               "Authorization": f"Bearer {API_KEY}", "Content-Type": "application/json"}
    return post(f"{BASE}/{path}", body, headers)


def pay(key, amount=50050):
    """A payee and a transfer to it, by hand."""
    account = {"type": "bank_account", "account_number": CLABE,
               "account_holder_name": "Zoé Núñez"}
    payee = write("payees", {"name": "Zoé Núñez", "email": f"{key}@key.invalid",
                             "phone": "5512345678", "destinations": [account]})
    body = {"payee_id": payee["id"], "amount": amount, "currency": "MXN"}
    return write("transfers", body)


def advance(transfer, to):
    return post(f"{TWIN}/_twin/conekta/advance", {"transfer": transfer["id"], "to": to})


def switch(**switches):
    return post(f"{TWIN}/_twin/conekta/settings", switches)


def available():
    (sum_,) = BALANCES.get_balance(**ENGLISH).available
    assert sum_.currency == "MXN", sum_
    return sum_.amount


def refused(kind, call, *arguments, **named):
    """The package raises this error. Returns what the body says."""
    try:
        call(*arguments, **named)
    except conekta.ApiException as error:
        assert type(error) is kind, f"{type(error).__name__}: {error.body}"
        body = json.loads(error.body)
        assert body["object"] == "error" and body["log_id"], body
        return body["details"][0]
    raise AssertionError(f"taken: {arguments}")


def cursor(url, name):
    """The id at which the next page begins."""
    return parse_qs(urlsplit(url).query)[name][0]


def check_balance():
    before = available()
    transfer = pay("newbalance")
    assert available() == before - 50050
    advance(transfer, "in_transit")
    advance(transfer, "failed")
    assert available() == before, "the money of a failed transfer is not back"
    whole = BALANCES.get_balance(**ENGLISH)
    assert whole.pending[0].amount == 0 and whole.gateway == [], whole


def check_a_transfer():
    made = pay("newtransfer")
    found = TRANSFERS.get_transfer(made["id"], **ENGLISH)
    assert (found.id, found.object, found.status) == (made["id"], "transfer", "pending")
    assert (found.amount, found.currency, found.livemode) == (50050, "MXN", False)
    assert found.statement_reference == made["statement_reference"]
    assert found.destination.payee_id == made["destination"]["payee_id"]
    # By id the manual tells four digits only, and the package has no place for them.
    assert found.destination.account_number is None and found.destination.bank == "banorte"


def check_a_transfer_in_the_shape_of_the_package():
    made = pay("newshape")
    switch(shape="openapi")
    try:
        found = TRANSFERS.get_transfer(made["id"], **ENGLISH).destination
        listed = TRANSFERS.get_transfers(limit=1, **ENGLISH).data[0].method
    finally:
        switch(shape="manual")
    for account in (found, listed):
        assert (account.account_number, account.account_holder) == (CLABE, "Zoé Núñez"), account
        assert account.type == "BankTransferPayoutMethod", account
        assert account.object == "bank_transfer_payout_method", account
        assert account.payee_id == made["destination"]["payee_id"], account


def check_statuses():
    paid, failed = pay("newpaid"), pay("newfailed")

    def status(it):
        return TRANSFERS.get_transfer(it["id"], **ENGLISH).status

    assert [status(paid), status(failed)] == ["pending", "pending"]
    for it in (paid, failed):
        advance(it, "in_transit")
    assert [status(paid), status(failed)] == ["in_transit", "in_transit"]
    advance(paid, "paid_out")
    advance(failed, "failed")
    assert [status(paid), status(failed)] == ["paid_out", "failed"]


def check_lists_of_transfers():
    made = [pay(f"newlist{number}")["id"] for number in range(5)]
    seen, following = [], None
    for _ in range(20):
        page = TRANSFERS.get_transfers(limit=2, next=following, **ENGLISH)
        assert page.object == "list" and len(page.data) <= 2, page
        seen += [it.id for it in page.data]
        assert page.has_more == (page.next_page_url is not None)
        if not page.has_more:
            break
        following = cursor(page.next_page_url, "next")
        assert following == seen[-1]
    assert seen[:5] == made[::-1], "not the newest first"
    assert len(seen) == len(set(seen)) > 5
    page = TRANSFERS.get_transfers(limit=2, previous=made[2], **ENGLISH)
    assert [it.id for it in page.data] == [made[4], made[3]], page
    newest = TRANSFERS.get_transfers(limit=1, **ENGLISH).data[0]
    assert (newest.amount, newest.status, newest.currency) == (50050, "pending", "MXN")
    assert newest.method.account_number == CLABE and newest.method.payee_id, newest


def check_a_list_that_continues_elsewhere():
    switch(foreign_next_page=True)
    try:
        page = TRANSFERS.get_transfers(limit=1, **ENGLISH)
    finally:
        switch(foreign_next_page=False)
    assert not page.next_page_url.startswith(BASE), page.next_page_url
    assert cursor(page.next_page_url, "next") == page.data[0].id


def check_transactions():
    made = pay("newtransaction", 70070)
    advance(made, "in_transit")
    advance(made, "failed")
    page = TRANSACTIONS.get_transactions(charge_id=made["id"], **ENGLISH)
    found = {it.type: it for it in page.data}
    assert set(found) == {"payout", "payout_reversal"}, found
    assert (found["payout"].amount, found["payout"].net) == (70070, -70070)
    assert found["payout_reversal"].net == 70070
    one = TRANSACTIONS.get_transaction(found["payout"].id, **ENGLISH)
    assert (one.id, one.charge) == (found["payout"].id, made["id"])


def check_events():
    webhook = WEBHOOKS.create_webhook(conekta.WebhookRequest(url=SUBSCRIBED + "/events"))
    made = pay("newevent")
    for status in ("in_transit", "paid_out"):
        advance(made, status)
    events = EVENTS.get_events(limit=250, **ENGLISH).data
    ours = [it for it in events if it.data.get("object", {}).get("id") == made["id"]]
    kinds = [it.type for it in ours]
    assert kinds == ["payout.paid_out", "payout.in_transit", "payout.created"], kinds
    statuses = [it.data["object"]["status"] for it in ours]
    assert statuses == ["paid_out", "in_transit", "pending"], statuses
    assert ours[0].data["previous_attributes"] == {"status": "in_transit"}, ours[0].data
    one = EVENTS.get_event(ours[0].id, **ENGLISH)
    assert (one.id, one.object, one.type) == (ours[0].id, "event", "payout.paid_out")
    assert webhook.url in [it.url for it in one.webhook_logs], one.webhook_logs
    again = conekta.ResendEventRequest(webhooks_ids=[webhook.id])
    log = EVENTS.resend_event(one.id, again, **ENGLISH)
    assert log.url == webhook.url and log.id.startswith("webhl_"), log
    pings = [it for it in events if it.type == "webhook_ping"]
    assert pings[0].data["action"] == "ping", pings
    WEBHOOKS.delete_webhook(webhook.id)


def check_webhooks():
    events = ["payout.created", "payout.paid_out", "payout.failed"]
    request = conekta.WebhookRequest(url=SUBSCRIBED, subscribed_events=events)
    made = WEBHOOKS.create_webhook(request, **ENGLISH)
    assert (made.url, made.active, made.livemode) == (SUBSCRIBED, True, False)
    assert made.subscribed_events == events and made.object == "webhook"
    assert WEBHOOKS.get_webhook(made.id, **ENGLISH).id == made.id
    listed = WEBHOOKS.get_webhooks(url=SUBSCRIBED, **ENGLISH)
    assert [it.id for it in listed.data] == [made.id]
    change = conekta.UpdateWebhook(url=SUBSCRIBED + "/2", active=False)
    changed = WEBHOOKS.update_webhook(made.id, change, **ENGLISH)
    assert (changed.url, changed.active) == (SUBSCRIBED + "/2", False)
    assert changed.subscribed_events == events
    assert WEBHOOKS.test_webhook(made.id, **ENGLISH).id == made.id
    assert WEBHOOKS.delete_webhook(made.id, **ENGLISH).id == made.id
    refused(NotFoundException, WEBHOOKS.get_webhook, made.id)


def check_webhook_keys():
    request = conekta.WebhookKeyRequest(active=True)
    made = KEYS.create_webhook_key(webhook_key_request=request, **ENGLISH)
    assert made.active is True and made.object == "webhook_key", made
    assert made.public_key.startswith("-----BEGIN PUBLIC KEY-----"), made.public_key
    known = post(f"{TWIN}/_twin/credentials")["conekta"]["webhook_keys"]
    assert made.public_key.strip() in known, "another key signs"
    found = KEYS.get_webhook_key(made.id, **ENGLISH)
    assert found.id == made.id and found.public_key is None, "a key is told twice"
    listed = KEYS.get_webhook_keys(**ENGLISH)
    assert listed.data[0].id == made.id and len(listed.data) == 2, listed
    change = conekta.WebhookKeyUpdateRequest(active=False)
    changed = KEYS.update_webhook_key(made.id, webhook_key_update_request=change, **ENGLISH)
    assert changed.active is False and changed.deactivated_at, changed
    gone = KEYS.delete_webhook_key(made.id, **ENGLISH)
    assert gone.deleted is True and gone.id == made.id
    refused(NotFoundException, KEYS.get_webhook_key, made.id)


def check_what_is_not_there():
    detail = refused(NotFoundException, TRANSFERS.get_transfer, "nobody", **ENGLISH)
    assert detail["message"] == "The resource could not be found.", detail
    detail = refused(NotFoundException, TRANSFERS.get_transfer, "nobody", accept_language="es")
    assert detail["message"] == "El recurso no ha sido encontrado.", detail
    assert detail["debug_message"] == "The resource could not be found.", detail
    for call in (EVENTS.get_event, TRANSACTIONS.get_transaction, KEYS.get_webhook_key):
        refused(NotFoundException, call, "nobody")
    refused(UnprocessableEntityException, TRANSFERS.get_transfers, next="nobody")


def check_other_keys():
    for key in ("key_Nobody", API_KEY[:-1]):
        stranger = conekta.TransfersApi(client(key))
        detail = refused(UnauthorizedException, stranger.get_transfers, limit=1)
        assert detail["debug_message"] == "Unrecognized access key", detail


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
            traceback.print_exc()
            because = str(error).splitlines() or [type(error).__name__]
            print(f"failed {name}: {because[0]}")
    faulthandler.cancel_dump_traceback_later()
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
