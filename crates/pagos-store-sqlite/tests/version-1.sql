-- A file of schema version 1, as the program of that version wrote it (sqlite3 .dump), and the two
-- numbers of its header, which a dump leaves out. k1 is settled, k2 is due, k3 is held; one delivery
-- is applied, one waits. Never edited: it stands for the files that are out there.
PRAGMA application_id = 1348560751;
PRAGMA user_version = 1;
PRAGMA foreign_keys=OFF;
BEGIN TRANSACTION;
CREATE TABLE worlds (
    account TEXT PRIMARY KEY,
    world TEXT NOT NULL
) STRICT, WITHOUT ROWID;
INSERT INTO worlds VALUES('cashypro','sandbox');
CREATE TABLE runs (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE
) STRICT;
INSERT INTO runs VALUES(1,'run');
INSERT INTO runs VALUES(2,'later');
CREATE TABLE payouts (
    id INTEGER PRIMARY KEY,
    key TEXT NOT NULL UNIQUE,
    account TEXT NOT NULL,
    run INTEGER NOT NULL REFERENCES runs (id),
    amount_minor INTEGER NOT NULL,
    currency TEXT NOT NULL,
    status TEXT NOT NULL,
    held INTEGER NOT NULL,
    at_rest INTEGER NOT NULL,
    attention INTEGER NOT NULL,
    version INTEGER NOT NULL,
    epoch INTEGER NOT NULL,
    lease_until INTEGER,
    due_at INTEGER,
    created_at INTEGER NOT NULL,
    digest BLOB NOT NULL,
    order_json TEXT NOT NULL,
    progress_json TEXT NOT NULL
) STRICT;
INSERT INTO payouts VALUES(1,'k1','cashypro',1,15000000,'COP','succeeded',0,1,0,3,1,NULL,NULL,0,X'e8f7602ec07729e001736cb60b47e7e910171a334a4695c578c00a99d0202677','{"key":"k1","account":"cashypro","amount":{"minor":15000000,"currency":"COP"},"beneficiary":{"name":"María Ñuñez","document":null,"bank":null,"account_type":"savings","account_number":"00012345678","email":null,"phone":null},"description":null}','{"standing":{"held":{"status":"succeeded","source":"query","seen_at":1700000000003,"asked_at":1700000000002,"reference":"PAYOUT1","echo":{}},"reversals":0,"doubt":null},"handle":null,"first_begun_at":null,"attempts":1,"lost":0,"open":null,"asking":{"questions":0,"absences":0},"refusals":0,"settled_at":null,"attention":null}');
INSERT INTO payouts VALUES(2,'k2','cashypro',1,15000000,'COP','created',0,0,0,2,0,NULL,1700000000000,0,X'0dbeef806c743b7f0bd00819965774856cd18850b10bb4daec621eeb171826b9','{"key":"k2","account":"cashypro","amount":{"minor":15000000,"currency":"COP"},"beneficiary":{"name":"María Ñuñez","document":null,"bank":null,"account_type":"savings","account_number":"00012345678","email":null,"phone":null},"description":null}','{"standing":{"held":{"status":"created","source":"operator","seen_at":0,"echo":{}},"reversals":0,"doubt":null},"handle":null,"first_begun_at":null,"attempts":0,"lost":0,"open":null,"asking":{"questions":0,"absences":0},"refusals":0,"settled_at":null,"attention":null}');
INSERT INTO payouts VALUES(3,'k3','cashypro',2,15000000,'COP','created',1,0,0,1,0,NULL,NULL,0,X'd6eb1b2750d5011175461d1ce0a81876def93f84dc8a712bf44f53cc233ca9e2','{"key":"k3","account":"cashypro","amount":{"minor":15000000,"currency":"COP"},"beneficiary":{"name":"María Ñuñez","document":null,"bank":null,"account_type":"savings","account_number":"00012345678","email":null,"phone":null},"description":null}','{"standing":{"held":{"status":"created","source":"operator","seen_at":0,"echo":{}},"reversals":0,"doubt":null},"handle":null,"first_begun_at":null,"attempts":0,"lost":0,"open":null,"asking":{"questions":0,"absences":0},"refusals":0,"settled_at":null,"attention":null}');
CREATE TABLE tallies (
    run INTEGER NOT NULL REFERENCES runs (id),
    account TEXT NOT NULL,
    currency TEXT NOT NULL,
    status TEXT NOT NULL,
    count INTEGER NOT NULL,
    amount_minor TEXT NOT NULL,
    at_rest INTEGER NOT NULL,
    attention INTEGER NOT NULL,
    PRIMARY KEY (run, account, currency, status)
) STRICT, WITHOUT ROWID;
INSERT INTO tallies VALUES(1,'cashypro','COP','created',1,'15000000',0,0);
INSERT INTO tallies VALUES(1,'cashypro','COP','succeeded',1,'15000000',1,0);
INSERT INTO tallies VALUES(2,'cashypro','COP','created',1,'15000000',0,0);
CREATE TABLE entries (
    id INTEGER PRIMARY KEY,
    payout INTEGER NOT NULL REFERENCES payouts (id),
    entry_json TEXT NOT NULL
) STRICT;
INSERT INTO entries VALUES(1,1,'{"entry":"attempt_begun","number":1,"at":1700000000002}');
INSERT INTO entries VALUES(2,1,'{"entry":"observed","observation":{"status":"succeeded","source":"query","seen_at":1700000000003,"asked_at":1700000000002,"reference":"PAYOUT1","echo":{}},"change":"advanced"}');
CREATE TABLE inbox (
    id INTEGER PRIMARY KEY,
    account TEXT NOT NULL,
    fingerprint BLOB NOT NULL,
    received_at INTEGER NOT NULL,
    due_at INTEGER,
    deferrals INTEGER NOT NULL,
    outcome TEXT NOT NULL,
    headers BLOB NOT NULL,
    body BLOB NOT NULL,
    UNIQUE (account, fingerprint)
) STRICT;
INSERT INTO inbox VALUES(1,'cashypro',X'4413a4634a0cf6d1b5a40ba4a902ffea0c40a5dc58d2e7f0f5646a6432039d90',1700000000001,NULL,0,'applied',X'7369676e3a20730a',X'7b226e223a317d');
INSERT INTO inbox VALUES(2,'cashypro',X'29341ff5b75d2ff2ffedd60a22c3555ffebf8fd6896be5e9f4344e7f75ea8cde',1700000000001,1700000000001,0,'',X'7369676e3a20730a',X'7b226e223a327d');
CREATE TABLE outbox (
    number INTEGER PRIMARY KEY,
    notice_json TEXT NOT NULL
) STRICT;
INSERT INTO outbox VALUES(1,'{"key":"k1","event":{"kind":"advanced"},"status":"succeeded","amount":{"minor":15000000,"currency":"COP"},"returned":null,"reference":"PAYOUT1","at":1700000000003}');
CREATE INDEX payouts_due ON payouts (account, due_at, key) WHERE due_at IS NOT NULL AND held = 0;
CREATE INDEX payouts_leased ON payouts (lease_until) WHERE lease_until IS NOT NULL;
CREATE INDEX payouts_held ON payouts (run) WHERE held = 1;
CREATE INDEX entries_of ON entries (payout);
CREATE INDEX inbox_open ON inbox (id) WHERE due_at IS NOT NULL;
CREATE INDEX inbox_due ON inbox (due_at) WHERE due_at IS NOT NULL;
COMMIT;
