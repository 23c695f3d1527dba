-- A database as schema version 1 left it: written by that version's store, dumped by pg_dump.
SET statement_timeout = 0;
SET lock_timeout = 0;
SET idle_in_transaction_session_timeout = 0;
SET client_encoding = 'UTF8';
SET standard_conforming_strings = on;
SELECT pg_catalog.set_config('search_path', '', false);
SET check_function_bodies = false;
SET xmloption = content;
SET client_min_messages = warning;
SET row_security = off;
CREATE SCHEMA pagos;
SET default_tablespace = '';
SET default_table_access_method = heap;
CREATE TABLE pagos.entries (
    id bigint NOT NULL,
    payout bigint NOT NULL,
    entry_json text NOT NULL
);
ALTER TABLE pagos.entries ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME pagos.entries_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE pagos.inbox (
    id bigint NOT NULL,
    received_at bigint NOT NULL,
    due_at bigint,
    deferrals bigint NOT NULL,
    account text NOT NULL COLLATE pg_catalog."C",
    fingerprint bytea NOT NULL,
    outcome text NOT NULL,
    headers bytea NOT NULL,
    body bytea NOT NULL
);
ALTER TABLE pagos.inbox ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME pagos.inbox_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE pagos.outbox (
    id bigint NOT NULL,
    number bigint,
    notice_json text NOT NULL
);
ALTER TABLE pagos.outbox ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME pagos.outbox_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE pagos.payment_entries (
    id bigint NOT NULL,
    payment bigint NOT NULL,
    entry_json text NOT NULL
);
ALTER TABLE pagos.payment_entries ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME pagos.payment_entries_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE pagos.payment_sessions (
    account text NOT NULL COLLATE pg_catalog."C",
    reference text NOT NULL COLLATE pg_catalog."C",
    payment bigint NOT NULL,
    secret bytea
);
CREATE TABLE pagos.payments (
    id bigint NOT NULL,
    amount_minor bigint NOT NULL,
    version bigint NOT NULL,
    due_at bigint,
    created_at bigint NOT NULL,
    attention boolean NOT NULL,
    key text NOT NULL COLLATE pg_catalog."C",
    account text NOT NULL COLLATE pg_catalog."C",
    currency text NOT NULL,
    status text NOT NULL COLLATE pg_catalog."C",
    digest bytea NOT NULL,
    order_json text NOT NULL,
    progress_json text NOT NULL
)
WITH (fillfactor='70');
ALTER TABLE pagos.payments ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME pagos.payments_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE pagos.payout_references (
    account text NOT NULL COLLATE pg_catalog."C",
    reference text NOT NULL COLLATE pg_catalog."C",
    key text NOT NULL COLLATE pg_catalog."C"
);
CREATE TABLE pagos.payouts (
    id bigint NOT NULL,
    run bigint NOT NULL,
    amount_minor bigint NOT NULL,
    version bigint NOT NULL,
    epoch bigint NOT NULL,
    lease_until bigint,
    due_at bigint,
    created_at bigint NOT NULL,
    held boolean NOT NULL,
    at_rest boolean NOT NULL,
    attention boolean NOT NULL,
    key text NOT NULL COLLATE pg_catalog."C",
    account text NOT NULL COLLATE pg_catalog."C",
    currency text NOT NULL,
    status text NOT NULL,
    digest bytea NOT NULL,
    order_json text NOT NULL,
    progress_json text NOT NULL
)
WITH (fillfactor='70');
ALTER TABLE pagos.payouts ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME pagos.payouts_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE pagos.runs (
    id bigint NOT NULL,
    name text NOT NULL COLLATE pg_catalog."C"
);
ALTER TABLE pagos.runs ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME pagos.runs_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE pagos.schema_version (
    version integer NOT NULL
);
CREATE TABLE pagos.tallies (
    run bigint NOT NULL,
    stripe integer NOT NULL,
    count bigint NOT NULL,
    at_rest bigint NOT NULL,
    attention bigint NOT NULL,
    amount_minor numeric NOT NULL,
    account text NOT NULL COLLATE pg_catalog."C",
    currency text NOT NULL,
    status text NOT NULL
)
WITH (fillfactor='50');
CREATE TABLE pagos.worlds (
    account text NOT NULL COLLATE pg_catalog."C",
    world text NOT NULL
);
CREATE TABLE pagos.writers (
    id bigint NOT NULL,
    serial bigint NOT NULL,
    used_at timestamp with time zone NOT NULL
)
WITH (fillfactor='20');
ALTER TABLE pagos.writers ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME pagos.writers_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
INSERT INTO pagos.entries OVERRIDING SYSTEM VALUE VALUES (1, 1, '{"entry":"attempt_begun","number":1,"at":2}');
INSERT INTO pagos.entries OVERRIDING SYSTEM VALUE VALUES (2, 2, '{"entry":"attempt_begun","number":1,"at":2}');
INSERT INTO pagos.entries OVERRIDING SYSTEM VALUE VALUES (3, 3, '{"entry":"attempt_begun","number":1,"at":2}');
INSERT INTO pagos.entries OVERRIDING SYSTEM VALUE VALUES (4, 4, '{"entry":"attempt_begun","number":1,"at":2}');
INSERT INTO pagos.inbox OVERRIDING SYSTEM VALUE VALUES (1, 7, 20, 1, 'cashypro', '\xc0eaad35f88951139d07b4decaafca2cb8593d22f5edadebb05ed6d03adc2a45', 'no such payout', '\x', '\x6f70656e');
INSERT INTO pagos.inbox OVERRIDING SYSTEM VALUE VALUES (3, 7, NULL, 0, 'cashypro', '\x97a2fcec38e897a8478dbca719dcfacdb169d33a7e773bf2e2dafecafc98aee2', 'orphan: no such payout', '\x', '\x6f727068616e');
INSERT INTO pagos.inbox OVERRIDING SYSTEM VALUE VALUES (4, 7, NULL, 0, 'cashypro', '\xa04aa63466ce6dc516dae2c84cdeb3f45894948782958857078729c30227a29a', 'not genuine', '\x', '\x666f72676564');
INSERT INTO pagos.inbox OVERRIDING SYSTEM VALUE VALUES (2, 7, NULL, 0, 'cashypro', '\xad4869a174b97ebee5b28dc7f701ff11236c1bc5e5eb4e3b04ca323dd5c738f5', 'applied', '\x', '\x6170706c696564');
INSERT INTO pagos.outbox OVERRIDING SYSTEM VALUE VALUES (1, 1, '{"subject":"payout","key":"k1","event":{"kind":"advanced"},"status":"pending","amount":{"minor":15000000,"currency":"COP"},"returned":null,"reference":null,"at":1}');
INSERT INTO pagos.outbox OVERRIDING SYSTEM VALUE VALUES (2, 2, '{"subject":"payout","key":"k2","event":{"kind":"advanced"},"status":"pending","amount":{"minor":15000000,"currency":"COP"},"returned":null,"reference":null,"at":1}');
INSERT INTO pagos.outbox OVERRIDING SYSTEM VALUE VALUES (3, 3, '{"subject":"payout","key":"k3","event":{"kind":"advanced"},"status":"pending","amount":{"minor":15000000,"currency":"COP"},"returned":null,"reference":null,"at":1}');
INSERT INTO pagos.outbox OVERRIDING SYSTEM VALUE VALUES (4, 4, '{"subject":"payout","key":"k4","event":{"kind":"advanced"},"status":"pending","amount":{"minor":15000000,"currency":"COP"},"returned":null,"reference":null,"at":1}');
INSERT INTO pagos.outbox OVERRIDING SYSTEM VALUE VALUES (5, NULL, '{"subject":"payment","key":"k1","event":{"kind":"advanced"},"status":"pending","amount":{"minor":15000,"currency":"CLP"},"returned":null,"reference":null,"at":4}');
INSERT INTO pagos.outbox OVERRIDING SYSTEM VALUE VALUES (6, NULL, '{"key":"k3","event":{"kind":"advanced"},"status":"pending","amount":{"minor":15000000,"currency":"COP"},"returned":null,"reference":null,"at":1}');
INSERT INTO pagos.outbox OVERRIDING SYSTEM VALUE VALUES (7, NULL, '{"subject":"payout","key":"k8","event":{"kind":"advanced"},"status":"pending","amount":{"minor":15000000,"currency":"COP"},"returned":null,"reference":null,"at":1}');
INSERT INTO pagos.payment_sessions VALUES ('etpay', 's1', 1, '\x77686973706572');
INSERT INTO pagos.payments OVERRIDING SYSTEM VALUE VALUES (1, 15000, 2, 8, 1, false, 'k1', 'etpay', 'CLP', 'created', '\x1e649cf2b7296e68cbda59b43ea8ffe0f316c6151600dfbe797680ca9be9b09a', '{"key":"k1","account":"etpay","amount":{"minor":15000,"currency":"CLP"}}', '{"created_at":1,"sessions":[],"opening":null,"openings":0,"asking":{"questions":0,"absences":0},"settled_at":null,"attention":null}');
INSERT INTO pagos.payout_references VALUES ('cashypro', 'R1', 'k1');
INSERT INTO pagos.payouts OVERRIDING SYSTEM VALUE VALUES (5, 1, 15000000, 2, 0, NULL, 1, 0, false, false, false, 'k5', 'cashypro', 'COP', 'created', '\x12d77567894328a3a5632cd8cb5516d017ab1789d1ce8fa2ed76b0c679be3bb1', '{"key":"k5","account":"cashypro","amount":{"minor":15000000,"currency":"COP"},"beneficiary":{"name":"María Ñuñez","document":null,"bank":null,"account_type":"savings","account_number":"00012345678","email":null,"phone":null},"description":null}', '{"standing":{"held":{"status":"created","source":"operator","seen_at":0,"echo":{}},"reversals":0,"doubt":null},"handle":null,"first_begun_at":null,"attempts":0,"lost":0,"open":null,"asking":{"questions":0,"absences":0},"refusals":0,"settled_at":null,"attention":null}');
INSERT INTO pagos.payouts OVERRIDING SYSTEM VALUE VALUES (6, 2, 15000000, 2, 0, NULL, 1, 0, false, false, false, 'k6', 'cashypro', 'COP', 'created', '\x1f4ae38764de4727f6504874d7581df4de74240702fa90debed6eb8610862f0a', '{"key":"k6","account":"cashypro","amount":{"minor":15000000,"currency":"COP"},"beneficiary":{"name":"María Ñuñez","document":null,"bank":null,"account_type":"savings","account_number":"00012345678","email":null,"phone":null},"description":null}', '{"standing":{"held":{"status":"created","source":"operator","seen_at":0,"echo":{}},"reversals":0,"doubt":null},"handle":null,"first_begun_at":null,"attempts":0,"lost":0,"open":null,"asking":{"questions":0,"absences":0},"refusals":0,"settled_at":null,"attention":null}');
INSERT INTO pagos.payouts OVERRIDING SYSTEM VALUE VALUES (7, 2, 15000000, 1, 0, NULL, NULL, 0, true, false, false, 'k7', 'cashypro', 'COP', 'created', '\x48a56b6b38216b6c8f3260e4f20ff96d4a70b46db447141b30847ba62a509505', '{"key":"k7","account":"cashypro","amount":{"minor":15000000,"currency":"COP"},"beneficiary":{"name":"María Ñuñez","document":null,"bank":null,"account_type":"savings","account_number":"00012345678","email":null,"phone":null},"description":null}', '{"standing":{"held":{"status":"created","source":"operator","seen_at":0,"echo":{}},"reversals":0,"doubt":null},"handle":null,"first_begun_at":null,"attempts":0,"lost":0,"open":null,"asking":{"questions":0,"absences":0},"refusals":0,"settled_at":null,"attention":null}');
INSERT INTO pagos.payouts OVERRIDING SYSTEM VALUE VALUES (1, 1, 15000000, 3, 0, NULL, 9, 0, false, false, false, 'k1', 'cashypro', 'COP', 'pending', '\xe8f7602ec07729e001736cb60b47e7e910171a334a4695c578c00a99d0202677', '{"key":"k1","account":"cashypro","amount":{"minor":15000000,"currency":"COP"},"beneficiary":{"name":"María Ñuñez","document":null,"bank":null,"account_type":"savings","account_number":"00012345678","email":null,"phone":null},"description":null}', '{"standing":{"held":{"status":"pending","source":"reply","seen_at":3,"reference":"R1","message":"a\u0000b","echo":{}},"reversals":0,"doubt":null},"handle":null,"first_begun_at":null,"attempts":0,"lost":0,"open":null,"asking":{"questions":0,"absences":0},"refusals":0,"settled_at":null,"attention":null}');
INSERT INTO pagos.payouts OVERRIDING SYSTEM VALUE VALUES (3, 1, 15000000, 3, 0, NULL, 9, 0, false, false, false, 'k3', 'cashypro', 'COP', 'unknown', '\xd6eb1b2750d5011175461d1ce0a81876def93f84dc8a712bf44f53cc233ca9e2', '{"key":"k3","account":"cashypro","amount":{"minor":15000000,"currency":"COP"},"beneficiary":{"name":"María Ñuñez","document":null,"bank":null,"account_type":"savings","account_number":"00012345678","email":null,"phone":null},"description":null}', '{"standing":{"held":{"status":"unknown","source":"operator","seen_at":3,"echo":{}},"reversals":0,"doubt":null},"handle":null,"first_begun_at":null,"attempts":0,"lost":0,"open":null,"asking":{"questions":0,"absences":0},"refusals":0,"settled_at":null,"attention":null}');
INSERT INTO pagos.payouts OVERRIDING SYSTEM VALUE VALUES (4, 1, 15000000, 3, 0, NULL, NULL, 0, false, true, true, 'k4', 'cashypro', 'COP', 'quarantined', '\x0806c1ef6a506c5591ebe469b15db857823c0d72c998a2b774e510ca4a41f0f4', '{"key":"k4","account":"cashypro","amount":{"minor":15000000,"currency":"COP"},"beneficiary":{"name":"María Ñuñez","document":null,"bank":null,"account_type":"savings","account_number":"00012345678","email":null,"phone":null},"description":null}', '{"standing":{"held":{"status":"created","source":"operator","seen_at":0,"echo":{}},"reversals":0,"doubt":null},"handle":null,"first_begun_at":null,"attempts":0,"lost":0,"open":null,"asking":{"questions":0,"absences":0},"refusals":0,"settled_at":null,"attention":{"kind":"quarantine","because":"the amount differs"}}');
INSERT INTO pagos.payouts OVERRIDING SYSTEM VALUE VALUES (2, 1, 15000000, 4, 0, NULL, 9, 0, false, false, false, 'k2', 'cashypro', 'COP', 'unknown', '\x0dbeef806c743b7f0bd00819965774856cd18850b10bb4daec621eeb171826b9', '{"key":"k2","account":"cashypro","amount":{"minor":15000000,"currency":"COP"},"beneficiary":{"name":"María Ñuñez","document":null,"bank":null,"account_type":"savings","account_number":"00012345678","email":null,"phone":null},"description":null}', '{"standing":{"held":{"status":"unknown","source":"operator","seen_at":3,"echo":{}},"reversals":0,"doubt":null},"handle":null,"first_begun_at":null,"attempts":0,"lost":0,"open":{"number":1,"begun_at":2},"asking":{"questions":0,"absences":0},"refusals":0,"settled_at":null,"attention":null}');
INSERT INTO pagos.runs OVERRIDING SYSTEM VALUE VALUES (1, 'released');
INSERT INTO pagos.runs OVERRIDING SYSTEM VALUE VALUES (2, 'half');
INSERT INTO pagos.runs OVERRIDING SYSTEM VALUE VALUES (3, 'withdrawn');
INSERT INTO pagos.schema_version VALUES (1);
INSERT INTO pagos.tallies VALUES (2, 1, 2, 0, 0, 30000000, 'cashypro', 'COP', 'created');
INSERT INTO pagos.tallies VALUES (3, 1, 0, 0, 0, 0, 'cashypro', 'COP', 'created');
INSERT INTO pagos.tallies VALUES (1, 1, 1, 0, 0, 15000000, 'cashypro', 'COP', 'pending');
INSERT INTO pagos.tallies VALUES (1, 1, 2, 0, 0, 30000000, 'cashypro', 'COP', 'unknown');
INSERT INTO pagos.tallies VALUES (1, 1, 1, 0, 0, 15000000, 'cashypro', 'COP', 'created');
INSERT INTO pagos.tallies VALUES (1, 1, 1, 1, 1, 15000000, 'cashypro', 'COP', 'quarantined');
INSERT INTO pagos.worlds VALUES ('cashypro', 'live');
INSERT INTO pagos.writers OVERRIDING SYSTEM VALUE VALUES (1, 26, '2026-11-28 19:19:16.403878+00');
SELECT pg_catalog.setval('pagos.entries_id_seq', 4, true);
SELECT pg_catalog.setval('pagos.inbox_id_seq', 4, true);
SELECT pg_catalog.setval('pagos.outbox_id_seq', 7, true);
SELECT pg_catalog.setval('pagos.payment_entries_id_seq', 1, false);
SELECT pg_catalog.setval('pagos.payments_id_seq', 1, true);
SELECT pg_catalog.setval('pagos.payouts_id_seq', 8, true);
SELECT pg_catalog.setval('pagos.runs_id_seq', 3, true);
SELECT pg_catalog.setval('pagos.writers_id_seq', 1, true);
ALTER TABLE ONLY pagos.entries
    ADD CONSTRAINT entries_pkey PRIMARY KEY (id);
ALTER TABLE ONLY pagos.inbox
    ADD CONSTRAINT inbox_account_fingerprint_key UNIQUE (account, fingerprint);
ALTER TABLE ONLY pagos.inbox
    ADD CONSTRAINT inbox_pkey PRIMARY KEY (id);
ALTER TABLE ONLY pagos.outbox
    ADD CONSTRAINT outbox_number_key UNIQUE (number);
ALTER TABLE ONLY pagos.outbox
    ADD CONSTRAINT outbox_pkey PRIMARY KEY (id);
ALTER TABLE ONLY pagos.payment_entries
    ADD CONSTRAINT payment_entries_pkey PRIMARY KEY (id);
ALTER TABLE ONLY pagos.payment_sessions
    ADD CONSTRAINT payment_sessions_pkey PRIMARY KEY (account, reference);
ALTER TABLE ONLY pagos.payments
    ADD CONSTRAINT payments_key_key UNIQUE (key);
ALTER TABLE ONLY pagos.payments
    ADD CONSTRAINT payments_pkey PRIMARY KEY (id);
ALTER TABLE ONLY pagos.payout_references
    ADD CONSTRAINT payout_references_pkey PRIMARY KEY (account, reference);
ALTER TABLE ONLY pagos.payouts
    ADD CONSTRAINT payouts_key_key UNIQUE (key);
ALTER TABLE ONLY pagos.payouts
    ADD CONSTRAINT payouts_pkey PRIMARY KEY (id);
ALTER TABLE ONLY pagos.runs
    ADD CONSTRAINT runs_name_key UNIQUE (name);
ALTER TABLE ONLY pagos.runs
    ADD CONSTRAINT runs_pkey PRIMARY KEY (id);
ALTER TABLE ONLY pagos.tallies
    ADD CONSTRAINT tallies_pkey PRIMARY KEY (run, account, currency, status, stripe);
ALTER TABLE ONLY pagos.worlds
    ADD CONSTRAINT worlds_pkey PRIMARY KEY (account);
ALTER TABLE ONLY pagos.writers
    ADD CONSTRAINT writers_pkey PRIMARY KEY (id);
CREATE INDEX entries_of ON pagos.entries USING btree (payout, id);
CREATE INDEX inbox_due ON pagos.inbox USING btree (due_at) WHERE (due_at IS NOT NULL);
CREATE INDEX inbox_open ON pagos.inbox USING btree (id) WHERE (due_at IS NOT NULL);
CREATE INDEX outbox_unnumbered ON pagos.outbox USING btree (id) WHERE (number IS NULL);
CREATE INDEX payment_entries_of ON pagos.payment_entries USING btree (payment, id);
CREATE INDEX payments_due ON pagos.payments USING btree (due_at, key) WHERE (due_at IS NOT NULL);
CREATE INDEX payments_status ON pagos.payments USING btree (status, key);
CREATE INDEX payouts_due ON pagos.payouts USING btree (account, due_at, key) WHERE ((due_at IS NOT NULL) AND (NOT held));
CREATE INDEX payouts_held ON pagos.payouts USING btree (run, id) WHERE held;
CREATE INDEX payouts_leased ON pagos.payouts USING btree (lease_until) WHERE (lease_until IS NOT NULL);
ALTER TABLE ONLY pagos.entries
    ADD CONSTRAINT entries_payout_fkey FOREIGN KEY (payout) REFERENCES pagos.payouts(id);
ALTER TABLE ONLY pagos.payment_entries
    ADD CONSTRAINT payment_entries_payment_fkey FOREIGN KEY (payment) REFERENCES pagos.payments(id);
ALTER TABLE ONLY pagos.payment_sessions
    ADD CONSTRAINT payment_sessions_payment_fkey FOREIGN KEY (payment) REFERENCES pagos.payments(id);
