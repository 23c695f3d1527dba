"""A Python client that is generated from the OpenAPI document which `pagos serve` gives out: one scenario.

The generator is openapi-python-client, unmodified. The service works for the twin.
"""

import http
import importlib
import json
import os
import pathlib
import shutil
import subprocess
import sys
import traceback
import urllib.request

SECONDS_MAX = 120
TWIN, PROGRAM = os.environ["COMPAT_TWIN_URL"], os.environ["COMPAT_PROGRAM"]
ROOM = pathlib.Path.cwd() / "python-client"
# The service is on this machine, and no proxy finds it.
WEB = urllib.request.build_opener(urllib.request.ProxyHandler({}))


def pagos(*words):
    run = subprocess.run([PROGRAM, *words], cwd=ROOM, capture_output=True, timeout=SECONDS_MAX)
    if run.returncode != 0:
        raise RuntimeError(f"pagos {words[0]}: {run.stderr.decode()}")
    return run.stdout.decode().strip()


def generate(api):
    document = WEB.open(f"{api}/openapi.json", timeout=10).read()
    (ROOM / "openapi.json").write_bytes(document)
    # The generator tidies what it wrote with `ruff`, which is beside it.
    path = os.pathsep.join([os.path.dirname(sys.executable), os.environ["PATH"]])
    subprocess.run(
        [sys.executable, "-m", "openapi_python_client", "generate", "--path", "openapi.json",
         "--meta", "none", "--output-path", "pagos_client"],
        cwd=ROOM, env={**os.environ, "PATH": path}, check=True, capture_output=True,
        timeout=SECONDS_MAX)
    sys.path.insert(0, str(ROOM))


def part(name):
    return importlib.import_module(f"pagos_client.{name}")


def order(key, amount="150000"):
    beneficiary = {
        "name": "Ana Castillo", "account_type": "savings", "account_number": "0012345678",
        "bank": "20", "document": {"type": "cc", "number": "1032456789"},
        "phone": "3001234567", "email": "ana@example.com",
    }
    body = {"key": key, "account": "cashypro", "amount": amount, "currency": "COP",
            "beneficiary": beneficiary, "description": "salary"}
    return part("models.payout_request").PayoutRequest.from_dict(body)


def check(api, token):
    def submits(client):
        told = part("api.payouts.create_payout").sync_detailed(client=client, body=order("may-1"))
        assert told.status_code == http.HTTPStatus.CREATED, told
        assert told.parsed.amount == "150000.00" and told.parsed.amount_minor == 15_000_000, told

    def repeats(client):
        told = part("api.payouts.create_payout").sync_detailed(client=client, body=order("may-1"))
        assert told.status_code in (http.HTTPStatus.OK, http.HTTPStatus.ACCEPTED), told
        assert told.parsed.key == "may-1", told

    def conflicts(client):
        other = order("may-1", "150001")
        told = part("api.payouts.create_payout").sync_detailed(client=client, body=other)
        assert told.status_code == http.HTTPStatus.CONFLICT, told
        assert told.parsed.type_ == "urn:pagos:problem:key-conflict", told

    def lists(client):
        told = part("api.payouts.list_payouts").sync(client=client, account="cashypro")
        assert [payout.key for payout in told.payouts] == ["may-1"], told

    def tells_the_history(client):
        told = part("api.payouts.read_payout_history").sync("may-1", client=client)
        assert told.key == "may-1", told

    client = part("client").AuthenticatedClient(base_url=api, token=token)
    checks = [submits, repeats, conflicts, lists, tells_the_history]
    failed = 0
    for one in checks:
        name = one.__name__.replace("_", " ")
        try:
            one(client)
            print(f"ok {name}")
        except Exception:  # noqa: BLE001: every check is told
            failed += 1
            print(f"failed {name}: {traceback.format_exc(limit=1)!r}")
    return failed


def main():
    shutil.rmtree(ROOM, ignore_errors=True)
    ROOM.mkdir()
    token = pagos("token", "create", "--name", "ana", "--scope", "read", "--scope", "submit",
                  "--db", "api.db", "--new-db")
    serve = subprocess.Popen(
        [PROGRAM, "serve", "--sandbox-url", TWIN, "--api", "127.0.0.1:0", "--db", "api.db"],
        cwd=ROOM, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    try:
        api = json.loads(serve.stdout.readline())["api"]
        generate(api)
        return check(api, token)
    finally:
        serve.terminate()
        serve.wait(timeout=SECONDS_MAX)


if __name__ == "__main__":
    sys.exit(1 if main() else 0)
