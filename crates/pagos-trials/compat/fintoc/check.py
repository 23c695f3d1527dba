"""Runs Fintoc's own package, unmodified, against the twin. Not a test of Fintoc.

The package pays and reads what it paid, and verifies webhooks. Those come to a receiver on this machine,
whose address is told to the twin by hand: in the real world it is written into the dashboard.
"""

import faulthandler
import http.server
import json
import os
import queue
import sys
import threading
import traceback
import urllib.request

import fintoc.core
from fintoc.errors import ApiError, AuthenticationError, FintocError, InvalidRequestError
from fintoc.errors import WebhookSignatureError
from fintoc.webhook import WebhookSignature

# The package sets no time limit on its requests, so the whole script has one.
SECONDS_MAX = 120
SECONDS_OF_A_NOTICE_MAX = 20
CLABE, CLABE_WITHOUT_FUNDS = "072225008217746674", "012969100000000013"
TWIN = os.environ["COMPAT_TWIN_URL"]
# The twin is on this machine, and no proxy finds it.
WEB = urllib.request.build_opener(urllib.request.ProxyHandler({}))


def control(name, body=None):
    """The JSON that is answered; without a body it is a question."""
    content = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(f"{TWIN}/_twin/{name}", content)
    with WEB.open(request, timeout=10) as response:
        return json.load(response)


ACCOUNT = control("credentials")["fintoc"]
# The package knows one address, and has no setting for another.
fintoc.core.API_BASE_URL = ACCOUNT["base_url"]


def client(api_key=ACCOUNT["api_key"], jws_private_key=ACCOUNT["jws_private_key"]):
    return fintoc.core.Fintoc(api_key, jws_private_key=jws_private_key)


FINTOC = client()
TRANSFERS = FINTOC.v2.transfers


def order(account=CLABE, **fields):
    counterparty = {"holder_id": "XAXX010101000", "holder_name": "Zoé Núñez",
                    "account_number": account, "account_type": "clabe"}
    return {"amount": 50050, "currency": "MXN", "account_id": ACCOUNT["account_id"],
            "counterparty": counterparty, "comment": "Nómina", **fields}


def pay(key, **fields):
    return TRANSFERS.create(idempotency_key=key, **order(metadata={"ours": key}, **fields))


def paid(key):
    """How often the ledger says that a key was paid."""
    ledger = control("ledger")
    return len([it for it in ledger if it["provider"] == "fintoc" and it["key"] == key])


def pass_time(hours=0, seconds=0):
    control("clock", {"advance_ms": (hours * 3600 + seconds) * 1000})


def refused(kind, code, call, *arguments, **named):
    """The package raises this error, with this code."""
    try:
        call(*arguments, **named)
    except FintocError as error:
        assert type(error) is kind, f"{type(error).__name__}: {error}"
        assert f": {code}" in str(error), error
        return
    raise AssertionError(f"taken: {arguments} {named}")


def check_a_transfer():
    made = pay("pymade", reference_id="4711")
    assert made.id.startswith("tr_") and made.object == "transfer", made.id
    assert (made.amount, made.currency, made.status) == (50050, "MXN", "pending")
    assert (made.direction, made.mode, made.reference_id) == ("outbound", "test", "4711")
    assert made.counterparty.account_number == CLABE and made.comment == "Nómina"
    assert made.counterparty.institution.name == "BANORTE"
    assert made.account_number.account_id == ACCOUNT["account_id"]
    found = TRANSFERS.get(made.id)
    assert found.serialize() == made.serialize()
    assert found.metadata.ours == "pymade", found.metadata.serialize()


def check_a_repeat_with_the_same_key():
    made, again = pay("pyagain"), pay("pyagain")
    assert again.id == made.id and again.serialize() == made.serialize()
    refused(FintocError, "idempotency_error", pay, "pyagain", amount=50051)
    # Without a key of ours the package draws one for each call.
    first, second = TRANSFERS.create(**order()), TRANSFERS.create(**order())
    assert first.id != second.id


def check_refusals():
    wrong = order(account="123")
    refused(InvalidRequestError, "invalid_account_number", TRANSFERS.create, **wrong)
    nobody = {**order(), "account_id": "acc_nobody"}
    refused(InvalidRequestError, "invalid_account", TRANSFERS.create, **nobody)
    poor = order(account=CLABE_WITHOUT_FUNDS)
    for _ in range(2):
        refused(InvalidRequestError, "insufficient_balance",
                TRANSFERS.create, idempotency_key="pypoor", **poor)
    for _ in range(2):
        refused(ApiError, "internal_server_error", pay, "pybroken", comment="sim:500-not-created")
    refused(InvalidRequestError, "missing_resource", TRANSFERS.get, "tr_nobody")


def check_keys_and_signatures():
    stranger = client(api_key="sk_test_nobody").v2.transfers
    refused(AuthenticationError, "invalid_api_key", stranger.create, **order())
    unsigned = client(jws_private_key=None).v2.transfers
    refused(AuthenticationError, "missing_jws_signature_header", unsigned.create, **order())


def check_lists_across_pages():
    made = [pay(f"pylist{number}").id for number in range(5)]
    listed = TRANSFERS.list(direction="outbound", per_page=2, lazy=True)
    newest = [next(listed).id for _ in range(5)]
    assert newest == made[::-1], "not the newest first, over three pages"
    everything = [it.id for it in TRANSFERS.list(direction="outbound", per_page=2, lazy=False)]
    assert len(everything) == len(set(everything)) > 5
    assert [it.id for it in TRANSFERS.list(status="succeeded", since="2999-01-01")] == []


def check_accounts():
    account = FINTOC.v2.accounts.get(ACCOUNT["account_id"])
    before = account.available_balance
    assert (account.currency, account.status, account.mode) == ("MXN", "active", "test")
    pay("pybalance")
    funded = FINTOC.v2.simulate.receive_transfer(
        account_number_id=account.root_account_number_id, amount=7, currency="MXN")
    assert (funded.direction, funded.amount) == ("inbound", 7)
    (account,) = FINTOC.v2.accounts.list()
    assert account.available_balance == before - 50050 + 7


def check_webhooks():
    """A receiver on this machine; its address is told to the twin."""
    deliveries = queue.Queue()

    class Receiver(http.server.BaseHTTPRequestHandler):
        def do_POST(self):
            body = self.rfile.read(int(self.headers["content-length"]))
            deliveries.put((body.decode(), self.headers["Fintoc-Signature"]))
            self.send_response(200)
            self.send_header("content-length", "0")
            self.end_headers()

        def log_message(self, *_):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Receiver)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    hook = f"http://127.0.0.1:{server.server_address[1]}/hook"
    control("fintoc/settings", {"webhook_url": hook, "transit_seconds": 0})
    secret = ACCOUNT["webhook_secret"]
    try:
        for key, comment, status in (("pyheard", "Nómina", "succeeded"),
                                     ("pyheardtoo", "sim:fail", "failed")):
            made = pay(key, comment=comment)
            body, header = deliveries.get(timeout=SECONDS_OF_A_NOTICE_MAX)
            assert WebhookSignature.verify_header(body, header, secret) is True
            event = json.loads(body)
            assert event["type"] == f"transfer.outbound.{status}", event
            assert (event["data"]["id"], event["data"]["status"]) == (made.id, status), event
            for wrong in ((body + " ", header, secret), (body, header, "whsec_other"),
                          (body, header[:-1], secret)):
                try:
                    WebhookSignature.verify_header(*wrong)
                except WebhookSignatureError:
                    continue
                raise AssertionError(f"taken: {wrong}")
    finally:
        control("fintoc/settings", {"webhook_url": None, "transit_seconds": 60})
        server.shutdown()


def check_a_key_after_a_day():
    """The last check: the twin's clock goes ahead, and whoever signs by this machine's is too early."""
    made = pay("pyforgotten")
    pass_time(seconds=100)
    assert paid("pyforgotten") == 1 and TRANSFERS.get(made.id).status == "succeeded"
    pass_time(seconds=100)
    assert pay("pyforgotten").status == "pending", "the answer is not the first one"
    pass_time(hours=24)
    refused(AuthenticationError, "invalid_jws_signature_timestamp_value", pay, "pyforgotten")
    assert paid("pyforgotten") == 1


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
