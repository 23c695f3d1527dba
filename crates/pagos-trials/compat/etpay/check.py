"""Runs ETpay's own package, unmodified, against the twin. Not a test of ETpay.

The package knows payments only: create, status, verify. What it does not know (the payer's page,
the notification) is done by hand, and its result is given to the package to verify.
"""

import faulthandler
import http.server
import json
import os
import queue
import sys
import threading
import traceback
from urllib.parse import parse_qs, urlsplit

import etpay_sdk
import jwt
import requests

# The package sets no time limit on its requests, so the whole script has one.
SECONDS_MAX = 120
SECONDS_OF_A_NOTICE_MAX = 20
AMOUNT = 1500
COMPLETED, CANCELLED = "https://shop.test/ok?a=b", "https://shop.test/ko?a=b"
CLAIMS = {
    "session_token", "merchant_account_bank", "merchant_account_type", "merchant_account",
    "merchant_name", "merchant_currency", "merchant_order_id", "merchant_amount", "user_bank",
    "user_rut", "user_account", "payment_token", "payment_status", "payment_process", "iat",
}

TWIN = os.environ["COMPAT_TWIN_URL"]
CREDENTIALS = requests.get(f"{TWIN}/_twin/credentials", timeout=10).json()["etpay"]
CODE, TOKEN = CREDENTIALS["merchant_code"], CREDENTIALS["merchant_api_token"]
API, PAGE = CREDENTIALS["api_url"], CREDENTIALS["pmt_url"]


def transactions(order, code=CODE, token=TOKEN, api=API, amount=AMOUNT):
    params = etpay_sdk.TransactionParams(
        merchant_order_id=order,
        order_amount=amount,
        customer_email="payer@example.com",
        payment_completed_url=COMPLETED,
        payment_cancellation_url=CANCELLED,
        user_bank_code=etpay_sdk.UserBankCodes.CL_TEST.value,
        user_rut="111111111",
        is_rut_block="true",
        concat="&",
        metadata=etpay_sdk.Metadata([{"name": "Cuenta", "value": "1111", "show": True}]),
    )
    return etpay_sdk.Transactions(etpay_sdk.Configs(code, token, api), params)


def open_session(order):
    """A client and its session: `token` and `signature_token`."""
    client = transactions(order)
    response = client.create()
    assert response.status_code == 200, response.text
    session = response.json()
    assert set(session) == {"token", "signature_token", "terms_url"}, sorted(session)
    assert len(session["signature_token"]) >= 32, "a short key"
    return client, session


def click(session, button):
    """Presses a button of the payer's page; the address that it leads to, and the token in it."""
    url = f"{PAGE}/session/{session['token']}"
    page = requests.get(url, timeout=10)
    assert page.status_code == 200 and "html" in page.headers["content-type"], page.status_code
    response = requests.get(f"{url}?auto={button}", allow_redirects=False, timeout=10)
    assert response.status_code == 302, response.status_code
    location = response.headers["location"]
    return location, parse_qs(urlsplit(location).query)["jwt"][0]


def control(call, body):
    response = requests.post(f"{TWIN}/_twin/etpay/{call}", json=body, timeout=10)
    assert response.status_code == 200, response.text
    return response.json()


def attempts(response):
    assert response.status_code == 200, response.text
    assert isinstance(response.json(), list), response.text
    return response.json()


def is_refused(client, token, key):
    """Does the package refuse the token?"""
    try:
        client.verify(token, key)
    except jwt.InvalidTokenError:
        return True
    return False


def check_create():
    _, one = open_session("oc1")
    _, other = open_session("oc1")
    assert one["token"] != other["token"], "one order, two sessions, one token"


def check_a_base_address_that_ends_in_a_slash():
    assert transactions("ocslash", api=API + "/").create().status_code == 200


def check_wrong_credentials():
    for client in (transactions("ocno", code="nope"), transactions("ocno", token="nope")):
        assert client.create().status_code == 401
    stranger = transactions("ocno", token="nope")
    assert stranger.status(merchant_order_id="oc1").status_code == 401


def check_wrong_fields():
    for client in (
        transactions(None),
        transactions("a" * 65),
        transactions("oczero", amount=0),
        transactions("oczero", amount="1500.5"),
    ):
        assert client.create().status_code == 400


def check_status_before_the_payer_came():
    client, session = open_session("ocnew")
    assert attempts(client.status(session_token=session["token"])) == []
    assert attempts(client.status(merchant_order_id="ocnew")) == []
    assert attempts(client.status(merchant_order_id="ocnobody")) == []


def check_a_paid_session():
    client, session = open_session("ocpaid")
    location, token = click(session, "paid")
    assert location.startswith(COMPLETED + "&jwt="), location
    claims = client.verify(token, session["signature_token"])
    assert set(claims) == CLAIMS, set(claims) ^ CLAIMS
    assert claims["payment_status"] is True and claims["merchant_currency"] == "CLP"
    assert (claims["merchant_order_id"], claims["merchant_amount"]) == ("ocpaid", AMOUNT)
    assert claims["user_rut"] == "111111111" and claims["session_token"] == session["token"]
    for response in (
        client.status(session_token=session["token"]),
        client.status(merchant_order_id="ocpaid"),
        client.status(payment_token=claims["payment_token"]),
        client.status(payment_token=claims["payment_token"], merchant_order_id="ocpaid"),
    ):
        assert attempts(response) == [claims], response.text


def check_a_failed_session():
    client, session = open_session("ocfailed")
    location, token = click(session, "failed")
    assert location.startswith(CANCELLED + "&jwt="), location
    assert client.verify(token, session["signature_token"])["payment_status"] is False
    found = attempts(client.status(merchant_order_id="ocfailed"))
    assert [it["payment_status"] for it in found] == [False], found


def check_two_attempts_of_one_session():
    client, session = open_session("octwice")
    for button in ("failed", "paid"):
        click(session, button)
    found = attempts(client.status(session_token=session["token"]))
    assert [it["payment_status"] for it in found] == [False, True], found
    assert found[0]["payment_token"] != found[1]["payment_token"]
    last = attempts(client.status(payment_token=found[1]["payment_token"]))
    assert last == found[1:], last


def check_a_system_error_proves_nothing():
    client, session = open_session("ocsystem")
    location, token = click(session, "system_error")
    assert location.startswith(CANCELLED + "&jwt="), location
    assert is_refused(client, token, session["signature_token"])
    claims = client.verify(token, session["token"])
    assert set(claims) == {"session_token", "system_error", "iat"}, sorted(claims)
    assert attempts(client.status(session_token=session["token"])) == []


def check_a_token_of_the_control_surface():
    client, session = open_session("octoken")
    notice = control("notice", {"session_token": session["token"]})
    assert notice["signature_token"] == session["signature_token"]
    claims = client.verify(notice["jwt"], session["signature_token"])
    assert claims["payment_status"] is True and claims["merchant_order_id"] == "octoken"


def check_forged_tokens():
    client, session = open_session("ocforged")
    for forgery in ("wrong-key", "tampered-amount", "alg-none", "hs512", "future-iat"):
        wish = {"session_token": session["token"], "notice": forgery}
        token = control("notice", wish)["jwt"]
        assert is_refused(client, token, session["signature_token"]), forgery
    genuine = control("notice", {"session_token": session["token"]})["jwt"]
    assert is_refused(client, genuine, session["token"]), "the payer's key opens it"


def check_a_good_signature_is_not_enough():
    client, session = open_session("ocodd")
    wish = {"session_token": session["token"], "notice": "wrong-amount"}
    claims = client.verify(control("notice", wish)["jwt"], session["signature_token"])
    assert claims["merchant_amount"] != AMOUNT, "the merchant has to compare"


def check_notifications():
    """A receiver on this machine; its address is told to the twin: the package has no field."""
    bodies = queue.Queue()

    class Receiver(http.server.BaseHTTPRequestHandler):
        def do_POST(self):
            bodies.put(self.rfile.read(int(self.headers["content-length"])))
            self.send_response(200)
            self.send_header("content-length", "0")
            self.end_headers()

        def log_message(self, *_):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Receiver)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    hook = f"http://127.0.0.1:{server.server_address[1]}/hook"
    control("settings", {"payment_webhook_url": hook})
    try:
        for order, button in (("ocheard", "paid"), ("ocheardtoo", "failed")):
            client, session = open_session(order)
            _, token = click(session, button)
            body = json.loads(bodies.get(timeout=SECONDS_OF_A_NOTICE_MAX))
            claims = client.verify(body["jwt"], session["signature_token"])
            assert claims == client.verify(token, session["signature_token"]), claims
    finally:
        control("settings", {"payment_webhook_url": None})
        server.shutdown()


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
