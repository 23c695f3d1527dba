"""Verifies and makes the tokens of VirtualPOS's payouts with PyJWT. Not a test of VirtualPOS.

Tokens of `pagos sign` must be good for PyJWT; those that PyJWT makes must be good for the twin, and,
by way of the file COMPAT_TOKENS, for our own verifier; changed ones for nobody.
"""

import base64
import faulthandler
import json
import os
import subprocess
import sys
import time
import traceback
import urllib.error
import urllib.request
import warnings

import jwt
from jwt.warnings import InsecureKeyLengthWarning

# The twin's key is long enough for HS256; what is signed with others is to be refused.
warnings.simplefilter("ignore", InsecureKeyLengthWarning)

SECONDS_MAX = 120
TWIN, PROGRAM = os.environ["COMPAT_TWIN_URL"], os.environ["COMPAT_PROGRAM"]
# The twin is on this machine, and no proxy finds it.
WEB = urllib.request.build_opener(urllib.request.ProxyHandler({}))
RAW = "Devolución de compra OC 4711/2026"
ODD = 'Ñandú "a\\b" <&> 日本 \U0001f600 \u2028'


def call(method, url, body=None, headers=None):
    """The HTTP status, and the JSON of the answer."""
    request = urllib.request.Request(url, body, headers or {}, method=method)
    try:
        with WEB.open(request, timeout=10) as response:
            return response.status, json.load(response)
    except urllib.error.HTTPError as error:
        return error.code, json.load(error)


ACCOUNT = call("GET", f"{TWIN}/_twin/credentials")[1]["virtualpos"]
API_KEY, SECRET_KEY, BASE = (ACCOUNT[name] for name in ("api_key", "secret_key", "base_url"))
ANOTHER_KEY = "an invented key of another account"


def tef(key, message=RAW, amount=12500):
    return {
        "merchant_id": key,
        "message": message,
        "amount": amount,
        "recipient": {"rut": "12345678-5", "name": "José Ñandú", "email": "jose@example.com"},
        "bank": {"sbif_code": "001", "account_number": "00123456789"},
    }


def claims(instruction):
    return {"api_key": API_KEY, "tef": instruction}


def raw(value, **how):
    """JSON with letters as they are; without more words also without blanks."""
    how = {"separators": (",", ":")} | how
    return json.dumps(value, ensure_ascii=False, **how).encode()


def sign(payload, key=SECRET_KEY, algorithm="HS256", headers=None):
    """The token of these bytes."""
    return jwt.PyJWS().encode(payload, key, algorithm, headers)


def verify(token, key=SECRET_KEY):
    return jwt.decode(token, key, algorithms=["HS256"])


def is_refused(token, key=SECRET_KEY):
    """Does PyJWT refuse the token?"""
    try:
        verify(token, key)
    except jwt.InvalidTokenError:
        return True
    return False


def pagos_sign(body):
    """What `pagos sign` says of an instruction."""
    with open("tef.json", "wb") as file:
        file.write(body)
    keys = {"PAGOS_VIRTUALPOS_API_KEY": API_KEY, "PAGOS_VIRTUALPOS_SECRET_KEY": SECRET_KEY}
    words = [PROGRAM, "sign", "virtualpos", "--body-file", "tef.json", "--json"]
    done = subprocess.run(words, env=os.environ | keys, capture_output=True, timeout=30)
    assert done.returncode == 0, done.stderr.decode()
    return json.loads(done.stdout)


def leave(name, token, instruction, genuine):
    """Lets our own verifier judge the token, too."""
    line = {"name": name, "token": token, "tef": json.dumps(instruction), "genuine": genuine,
            "api_key": API_KEY, "secret_key": SECRET_KEY}
    with open(os.environ["COMPAT_TOKENS"], "a", encoding="utf-8") as file:
        file.write(json.dumps(line) + "\n")


def create(token, instruction, body=None, api_key=API_KEY):
    headers = {"Authorization": api_key, "Signature": token, "Content-Type": "application/json"}
    body = raw({"tef": instruction}) if body is None else body
    return call("POST", f"{BASE}/v3/payout", body, headers)


def creates(key):
    """How many creates of the key were found to be signed."""
    return call("GET", f"{TWIN}/_twin/virtualpos/calls?merchant_id={key}")[1]["creates"]


def accepted(name, token, instruction, **how):
    """The twin and our verifier take the token."""
    status, answer = create(token, instruction, **how)
    assert (status, answer["status"]) == (200, "OK"), answer
    assert answer["payout"]["message"] == instruction["message"], answer
    assert creates(instruction["merchant_id"]) == 1
    leave(name, token, instruction, True)


def refused(name, token, instruction, by_all=True):
    """The twin refuses the token; our verifier, too, unless it is the twin's business alone."""
    status, answer = create(token, instruction)
    assert status == 401 and answer["error"]["error_code"] == "E-016", (name, status, answer)
    assert creates(instruction["merchant_id"]) == 0, name
    if by_all:
        leave(name, token, instruction, False)


def segment(payload):
    return base64.urlsafe_b64encode(payload).rstrip(b"=").decode()


def flip(token, part):
    """Another letter in the middle of one part: all six bits of it count."""
    parts = token.split(".")
    text = parts[part]
    at = len(text) // 2
    parts[part] = text[:at] + ("A" if text[at] != "A" else "B") + text[at + 1:]
    return ".".join(parts)


def check_tokens_of_pagos():
    for key, message in (("pyours1", RAW), ("pyours2", ODD), ("pyours3", "plain")):
        instruction = tef(key, message)
        body = raw(instruction)
        signed = pagos_sign(body)
        token = signed["token"]
        assert verify(token) == claims(instruction), key
        assert jwt.get_unverified_header(token) == {"typ": "JWT", "alg": "HS256"}
        payload = jwt.PyJWS().decode(token, SECRET_KEY, ["HS256"])
        assert payload == b'{"api_key":"%s","tef":%s}' % (API_KEY.encode(), body), payload
        assert signed["headers"] == {"Authorization": API_KEY, "Signature": token}
        assert signed["string_to_sign"] == token.rpartition(".")[0]
        assert sign(payload, headers={"typ": "JWT"}).split(".")[1] == token.split(".")[1]
        accepted(f"ours {key}", token, instruction)


def check_escapes_are_signed_as_they_are():
    instruction = tef("pyescaped")
    body = json.dumps(instruction).encode()
    assert b"Devoluci\\u00f3n" in body
    token = pagos_sign(body)["token"]
    assert body in jwt.PyJWS().decode(token, SECRET_KEY, ["HS256"])
    assert verify(token) == claims(instruction)
    accepted("ours, escaped", token, instruction)


def check_changed_tokens_of_pagos():
    token = pagos_sign(raw(tef("pychanged")))["token"]
    assert not is_refused(token)
    assert all(is_refused(flip(token, part)) for part in range(3))
    assert is_refused(token, ANOTHER_KEY)
    assert is_refused(token, bytes.fromhex("00112233445566778899aabbccddeeff") * 2)


def check_letters_as_they_are():
    instruction = tef("pyraw")
    accepted("raw letters", sign(raw(claims(instruction))), instruction)


def check_escaped_letters():
    """What the package makes of a dictionary by itself."""
    instruction = tef("pyescapes")
    token = jwt.encode(claims(instruction), SECRET_KEY, "HS256")
    assert b"Devoluci\\u00f3n" in jwt.PyJWS().decode(token, SECRET_KEY, ["HS256"])
    accepted("escaped letters", token, instruction)


def check_escaped_slashes():
    instruction = tef("pyslash")
    token = sign(raw(claims(instruction)).replace(b"/", b"\\/"))
    accepted("escaped slashes", token, instruction)


def check_another_order_and_blanks():
    instruction = tef("pyorder")
    token = sign(raw(claims(instruction), sort_keys=True, separators=(" , ", " : ")))
    accepted("another order", token, instruction)
    instruction = tef("pyheader")
    token = jwt.encode(claims(instruction), SECRET_KEY, "HS256", sort_headers=True)
    assert base64.urlsafe_b64decode(token.split(".")[0] + "==").startswith(b'{"alg"'), token
    accepted("another order of the header", token, instruction)


def check_further_claims():
    instruction, now = tef("pyclaims"), int(time.time())
    more = claims(instruction) | {"iat": now, "exp": now + 3600, "nbf": now - 60, "jti": "1"}
    accepted("further claims", jwt.encode(more, SECRET_KEY, "HS256"), instruction)


def check_other_shapes_of_the_body():
    for key, shape in (("pyflat", lambda it: it), ("pywhole", claims)):
        instruction = tef(key)
        token = sign(raw(claims(instruction)))
        accepted(f"body {key}", token, instruction, body=raw(shape(instruction)))


def check_changed_tokens():
    instruction = tef("pyforged")
    good = sign(raw(claims(instruction)))
    for part in range(3):
        refused(f"changed in part {part}", flip(good, part), instruction)


def check_another_key():
    instruction = tef("pystranger")
    refused("another key", sign(raw(claims(instruction)), ANOTHER_KEY), instruction)


def check_other_algorithms():
    instruction = tef("pyalgorithm")
    payload = raw(claims(instruction))
    for algorithm in ("HS384", "HS512"):
        refused(algorithm, sign(payload, SECRET_KEY, algorithm), instruction)
    none = sign(payload, None, "none")
    assert none.endswith("."), none
    refused("no algorithm", none, instruction)
    # The code is right, the name is not.
    for name in (b"none", b"HS512", b"hs256"):
        head = segment(b'{"typ":"JWT","alg":"%s"}' % name) + "." + segment(payload)
        tag = jwt.get_algorithm_by_name("HS256").sign(head.encode(), SECRET_KEY.encode())
        refused(f"the name {name.decode()}", f"{head}.{segment(tag)}", instruction)


def check_padding():
    instruction = tef("pypadded")
    good = sign(raw(claims(instruction)))
    head, _, tag = good.rpartition(".")
    refused("a padded code", f"{head}.{tag}=", instruction)
    first, payload = head.split(".")
    payload += "=" * (-len(payload) % 4)
    assert payload.endswith("="), "this payload needs no padding; take another key"
    whole = f"{first}.{payload}"
    tag = jwt.get_algorithm_by_name("HS256").sign(whole.encode(), SECRET_KEY.encode())
    refused("a padded payload", f"{whole}.{segment(tag)}", instruction)


def check_what_is_signed_is_what_is_sent():
    instruction = tef("pyother")
    refused("another amount", sign(raw(claims(tef("pyother", amount=12501)))), instruction)
    decomposed = tef("pyother", RAW.replace("ó", "o\u0301"))
    refused("another form of a letter", sign(raw(claims(decomposed))), instruction)
    strange = {"api_key": "nobody", "tef": instruction}
    refused("another api key", sign(raw(strange)), instruction)
    refused("the api key alone", sign(raw({"api_key": API_KEY})), instruction)


def check_times():
    """VirtualPOS says nothing of them. Our verifier does not look at them."""
    instruction, now = tef("pytime"), int(time.time())
    for more in ({"exp": now - 60}, {"nbf": now + 3600}):
        token = jwt.encode(claims(instruction) | more, SECRET_KEY, "HS256")
        refused(str(more), token, instruction, by_all=False)


def check_questions():
    """They are signed with the whole instruction, too."""
    instruction = tef("pyasked")
    accepted("asked about", sign(raw(claims(instruction))), instruction)
    token = jwt.encode(claims(instruction), SECRET_KEY, "HS256")
    for token, expected in (
        (token, 200),
        (pagos_sign(raw(instruction))["token"], 200),
        (flip(token, 1), 401),
        (jwt.encode(claims(tef("pyasked", amount=1)), SECRET_KEY, "HS256"), 401),
    ):
        headers = {"Authorization": API_KEY, "Signature": token}
        status, answer = call("GET", f"{BASE}/v3/payout/merchant/pyasked", None, headers)
        assert status == expected, answer


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
