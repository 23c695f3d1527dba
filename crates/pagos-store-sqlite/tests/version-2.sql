-- A file of schema version 2, as the program of that version wrote it (sqlite3 .dump), and the two
-- numbers of its header, which a dump leaves out. The people in it are invented. febrero.csv was
-- withdrawn; of marzo.csv, which was released, m1 is settled, m2 is to be sent, m3 is in doubt; a1 and
-- a2 of abril.csv are held, and their sum is wider than an integer. One delivery waits, one is
-- applied, one is an orphan, one is not genuine. One notice is about g1, which was withdrawn. p1 is a
-- payment with a session. Never edited: it stands for the files that are out there.
PRAGMA application_id = 1348560751;
PRAGMA user_version = 2;
PRAGMA foreign_keys=OFF;
BEGIN TRANSACTION;
CREATE TABLE worlds (
    account TEXT PRIMARY KEY,
    world TEXT NOT NULL
) STRICT, WITHOUT ROWID;
INSERT INTO worlds VALUES('cashypro','sandbox');
INSERT INTO worlds VALUES('etpay','sandbox');
CREATE TABLE runs (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE
) STRICT;
INSERT INTO runs VALUES(1,'febrero.csv');
INSERT INTO runs VALUES(2,'marzo.csv');
INSERT INTO runs VALUES(3,'abril.csv');
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
INSERT INTO payouts VALUES(1,'m1','cashypro',2,15000000,'COP','succeeded',0,1,0,3,0,NULL,NULL,1700000000000,X'6158ebfb490ed2170c76e6e894082e93a37dc2d51b53740f3350a9dc0f57de52','{"key":"m1","account":"cashypro","amount":{"minor":15000000,"currency":"COP"},"beneficiary":{"name":"Ana Inventada","document":null,"bank":null,"account_type":"savings","account_number":"00012345678","email":null,"phone":null},"description":null}','{"standing":{"held":{"status":"succeeded","source":"query","seen_at":1700000000003,"asked_at":1700000000002,"reference":"PAYOUT1","echo":{}},"reversals":0,"doubt":null},"handle":null,"first_begun_at":1700000000002,"attempts":1,"lost":0,"open":null,"asking":{"questions":0,"absences":0},"refusals":0,"settled_at":1700000000003,"attention":null}');
INSERT INTO payouts VALUES(2,'m2','cashypro',2,15000000,'COP','created',0,0,0,2,0,NULL,1700000000001,1700000000000,X'2c06376c67c1f81457d7d6edcc7caa81cba0713587be43e4d39e92ff09d962c4','{"key":"m2","account":"cashypro","amount":{"minor":15000000,"currency":"COP"},"beneficiary":{"name":"Luis Inventado","document":null,"bank":null,"account_type":"savings","account_number":"00012345678","email":null,"phone":null},"description":null}','{"standing":{"held":{"status":"created","source":"operator","seen_at":1700000000000,"echo":{}},"reversals":0,"doubt":null},"handle":null,"first_begun_at":null,"attempts":0,"lost":0,"open":null,"asking":{"questions":0,"absences":0},"refusals":0,"settled_at":null,"attention":null}');
INSERT INTO payouts VALUES(3,'m3','cashypro',2,15000000,'COP','unknown',0,0,0,3,0,NULL,1700000000009,1700000000000,X'e2ccf42cffda7efbec2574becacc0c086354b686d3480b4d52c52b34e7c58caa','{"key":"m3","account":"cashypro","amount":{"minor":15000000,"currency":"COP"},"beneficiary":{"name":"Eva Inventada","document":null,"bank":null,"account_type":"savings","account_number":"00012345678","email":null,"phone":null},"description":null}','{"standing":{"held":{"status":"unknown","source":"query","seen_at":1700000000004,"echo":{}},"reversals":0,"doubt":null},"handle":null,"first_begun_at":1700000000002,"attempts":1,"lost":0,"open":{"number":1,"begun_at":1700000000002},"asking":{"questions":0,"absences":0},"refusals":0,"settled_at":null,"attention":null}');
INSERT INTO payouts VALUES(4,'a1','cashypro',3,9223372036854775807,'COP','created',1,0,0,1,0,NULL,NULL,1700000000000,X'9622ac49d4b80290b5a8e2c60691d04bf7482fe01a5ce132d051eae52b05d7d4','{"key":"a1","account":"cashypro","amount":{"minor":9223372036854775807,"currency":"COP"},"beneficiary":{"name":"Pía Inventada","document":null,"bank":null,"account_type":"savings","account_number":"00012345678","email":null,"phone":null},"description":null}','{"standing":{"held":{"status":"created","source":"operator","seen_at":1700000000000,"echo":{}},"reversals":0,"doubt":null},"handle":null,"first_begun_at":null,"attempts":0,"lost":0,"open":null,"asking":{"questions":0,"absences":0},"refusals":0,"settled_at":null,"attention":null}');
INSERT INTO payouts VALUES(5,'a2','cashypro',3,9223372036854775807,'COP','created',1,0,0,1,0,NULL,NULL,1700000000000,X'b6ccfe669d9b78b0d237f0fa317052d48591983ba9f678716cda67512793ee88','{"key":"a2","account":"cashypro","amount":{"minor":9223372036854775807,"currency":"COP"},"beneficiary":{"name":"Leo Inventado","document":null,"bank":null,"account_type":"savings","account_number":"00012345678","email":null,"phone":null},"description":null}','{"standing":{"held":{"status":"created","source":"operator","seen_at":1700000000000,"echo":{}},"reversals":0,"doubt":null},"handle":null,"first_begun_at":null,"attempts":0,"lost":0,"open":null,"asking":{"questions":0,"absences":0},"refusals":0,"settled_at":null,"attention":null}');
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
INSERT INTO tallies VALUES(2,'cashypro','COP','created',1,'15000000',0,0);
INSERT INTO tallies VALUES(2,'cashypro','COP','succeeded',1,'15000000',1,0);
INSERT INTO tallies VALUES(2,'cashypro','COP','unknown',1,'15000000',0,0);
INSERT INTO tallies VALUES(3,'cashypro','COP','created',2,'18446744073709551614',0,0);
CREATE TABLE entries (
    id INTEGER PRIMARY KEY,
    payout INTEGER NOT NULL REFERENCES payouts (id),
    entry_json TEXT NOT NULL
) STRICT;
INSERT INTO entries VALUES(1,1,'{"entry":"attempt_begun","number":1,"at":1700000000002}');
INSERT INTO entries VALUES(2,1,'{"entry":"observed","observation":{"status":"succeeded","source":"query","seen_at":1700000000003,"asked_at":1700000000002,"reference":"PAYOUT1","echo":{}},"change":"advanced"}');
INSERT INTO entries VALUES(3,3,'{"entry":"attempt_begun","number":1,"at":1700000000002}');
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
INSERT INTO inbox VALUES(1,'cashypro',X'4413a4634a0cf6d1b5a40ba4a902ffea0c40a5dc58d2e7f0f5646a6432039d90',1700000000005,1700000000005,0,'',X'7369676e3a20730a',X'7b226e223a317d');
INSERT INTO inbox VALUES(2,'cashypro',X'29341ff5b75d2ff2ffedd60a22c3555ffebf8fd6896be5e9f4344e7f75ea8cde',1700000000006,NULL,0,'applied',X'7369676e3a20730a',X'7b226e223a327d');
INSERT INTO inbox VALUES(3,'cashypro',X'a807e8e455b3f2c43a7bd432702e8ac27bdb26cb32f5aef80eee1fa0b438fe4e',1700000000007,NULL,0,'orphan: names no payout that is known here',X'7369676e3a20730a',X'7b226e223a337d');
INSERT INTO inbox VALUES(4,'cashypro',X'48e5ce7207c6d21dc0b780b5106ab01f45c71e590a54d71016eff7eeeb0fe180',1700000000008,NULL,0,'not genuine',X'7369676e3a20730a',X'7b226e223a347d');
CREATE TABLE outbox (
    number INTEGER PRIMARY KEY,
    notice_json TEXT NOT NULL
) STRICT;
INSERT INTO outbox VALUES(1,'{"subject":"payout","key":"m1","event":{"kind":"advanced"},"status":"succeeded","amount":{"minor":15000000,"currency":"COP"},"returned":null,"reference":"PAYOUT1","at":1700000000003}');
INSERT INTO outbox VALUES(2,'{"subject":"payout","key":"g1","event":{"kind":"advanced"},"status":"pending","amount":{"minor":15000000,"currency":"COP"},"returned":null,"reference":"PAYOUT0","at":1700000000003}');
INSERT INTO outbox VALUES(3,'{"subject":"payment","key":"p1","event":{"kind":"advanced"},"status":"pending","amount":{"minor":1990000,"currency":"CLP"},"returned":null,"reference":"p1-session","at":1700000000005}');
CREATE TABLE payout_references (
    account TEXT NOT NULL,
    reference TEXT NOT NULL,
    key TEXT NOT NULL,
    PRIMARY KEY (account, reference)
) STRICT, WITHOUT ROWID;
INSERT INTO payout_references VALUES('cashypro','PAYOUT1','m1');
CREATE TABLE payments (
    id INTEGER PRIMARY KEY,
    key TEXT NOT NULL UNIQUE,
    account TEXT NOT NULL,
    amount_minor INTEGER NOT NULL,
    currency TEXT NOT NULL,
    status TEXT NOT NULL,
    attention INTEGER NOT NULL,
    version INTEGER NOT NULL,
    due_at INTEGER,
    created_at INTEGER NOT NULL,
    digest BLOB NOT NULL,
    order_json TEXT NOT NULL,
    progress_json TEXT NOT NULL
) STRICT;
INSERT INTO payments VALUES(1,'p1','etpay',1990000,'CLP','pending',0,2,1700000000009,1700000000000,X'5e5c2563ad48589361a6257945128891b66058a3977b033990d6e28a1bcc22b4','{"key":"p1","account":"etpay","amount":{"minor":1990000,"currency":"CLP"},"payer_name":"María Ñuñez"}','{"created_at":1700000000000,"sessions":[{"reference":"p1-session","url":null,"code":null,"opened_at":1700000000005,"closes_at":null,"tries":[]}],"opening":null,"openings":1,"asking":{"questions":0,"absences":0},"settled_at":null,"attention":null}');
CREATE TABLE payment_sessions (
    account TEXT NOT NULL,
    reference TEXT NOT NULL,
    payment INTEGER NOT NULL REFERENCES payments (id),
    secret TEXT,
    PRIMARY KEY (account, reference)
) STRICT, WITHOUT ROWID;
INSERT INTO payment_sessions VALUES('etpay','p1-session',1,'secret of p1');
CREATE TABLE payment_entries (
    id INTEGER PRIMARY KEY,
    payment INTEGER NOT NULL REFERENCES payments (id),
    entry_json TEXT NOT NULL
) STRICT;
CREATE INDEX payouts_due ON payouts (account, due_at, key) WHERE due_at IS NOT NULL AND held = 0;
CREATE INDEX payouts_leased ON payouts (lease_until) WHERE lease_until IS NOT NULL;
CREATE INDEX payouts_held ON payouts (run) WHERE held = 1;
CREATE INDEX entries_of ON entries (payout);
CREATE INDEX inbox_open ON inbox (id) WHERE due_at IS NOT NULL;
CREATE INDEX inbox_due ON inbox (due_at) WHERE due_at IS NOT NULL;
CREATE INDEX payments_due ON payments (due_at, key) WHERE due_at IS NOT NULL;
CREATE INDEX payments_status ON payments (status, key);
CREATE INDEX payment_entries_of ON payment_entries (payment);
COMMIT;
