//! Payouts and their sums in tables and lists, the history of a payout, and runs that wait.

words! {
    // Statuses. The glossary has the same words.
    created "por enviar" "created",
    unknown "en duda" "unknown",
    pending "en curso" "pending",
    succeeded "pagado" "succeeded",
    failed "fallido" "failed",
    quarantined "en cuarentena" "quarantined",
    reversed(status) "{status} (con reverso)" "{status} (reversed)",
    reversed_times(status, times) "{status} (con {times} reversos)" "{status} (reversed {times} times)",

    // Headings of tables.
    heading_key "CLAVE" "KEY",
    heading_provider "PROVEEDOR" "PROVIDER",
    heading_amount "MONTO" "AMOUNT",
    heading_status "ESTADO" "STATUS",
    heading_tries "INTENTOS" "TRIES",
    heading_reference "REFERENCIA" "REFERENCE",
    heading_reason "MOTIVO" "REASON",
    heading_payouts "PAGOS" "PAYOUTS",
    heading_total "TOTAL" "TOTAL",
    heading_currency "MONEDA" "CURRENCY",
    heading_bank "BANCO" "BANK",
    heading_understood "SE ENTIENDE COMO" "UNDERSTOOD AS",
    heading_count "CANTIDAD" "COUNT",
    bank_sent_as_it_is
        "se envía tal cual: no está en ninguna tabla de Pagos"
        "sent as it is: no table of Pagos has it",

    // Counts.
    one_payout "1 pago" "1 payout",
    payouts(count) "{count} pagos" "{count} payouts",
    one_person "1 persona" "1 person",
    people(count) "{count} personas" "{count} people",

    // Below the table of a report.
    not_shown(count)
        "... y {count} pagados, que no se muestran; --json los muestra todos"
        "... and {count} that succeeded, not shown; --json lists all",
    list_goes_on(cursor)
        "... y más: continúe con --after {cursor}" "... and more: --after {cursor} goes on here",
    in_the_archive(count)
        "... y {count} en el archivo histórico, contados abajo" "... and {count} in the archive, counted below",
    one_more_waits
        "... y 1 pago más espera a una persona" "... and 1 more payout waits for a person",
    more_wait(count)
        "... y {count} pagos más esperan a una persona"
        "... and {count} more payouts wait for a person",

    // The list of one payout.
    key "clave" "key",
    provider "proveedor" "provider",
    amount "monto" "amount",
    status "estado" "status",
    reason "motivo" "reason",
    reference "referencia" "reference",
    fee "comisión" "fee",
    since "desde" "since",
    attempts "intentos" "attempts",
    reversals "reversos" "reversals",
    statement "cartola" "statement",
    statement_line(state, book, day, change)
        "{state} en el libro {book}, {day}: {change}" "{state} by book {book}, {day}: {change}",
    matched "conciliado" "matched",
    proposed "propuesto" "proposed",
    database "base de datos" "database",
    archived "archivado" "archived",
    next_step "qué sigue" "next step",
    next_is_nothing "nada, hasta que se sepa algo" "none, until something is learned",
    next_is_archive(key)
        "nada; `pagos archive find {key} DIR` muestra su historia"
        "none; `pagos archive find {key} DIR` shows its history",
    is_no_key(key)
        "key: {key:?} no son de 1 a 32 caracteres de A-Z a-z 0-9 _ -"
        "key: {key:?} is not 1 to 32 of A-Z a-z 0-9 _ -",
    is_not_known(db, key) "{db}: ningún pago tiene la clave {key}" "{db}: no payout has the key {key}",
    is_archived(db, key, ended, day)
        "{db}: el pago {key} terminó como {ended} y está en el archivo histórico desde {day}; `pagos archive \
         find {key} DIR` lo muestra con su historia"
        "{db}: payout {key} {ended} and is in the archive since {day}; `pagos archive find {key} DIR` \
         shows it with its history",
    is_forgotten(db, key, sent)
        "{db}: la orden de {key} se perdió, y el pago se envió: {sent}. Búsquelo en el panel del \
         proveedor; si la orden se ingresa otra vez, queda en duda y no se envía"
        "{db}: the order of {key} is forgotten, and the payout was sent: {sent}. Look it up at the \
         provider's panel; if the order is submitted again, it is in doubt and not sent",
    was_restored(restored_at, backup_at)
        "se restauró el {restored_at} desde un respaldo del {backup_at}, y no se envía nada desde ella \
         antes de compararla: ejecute `pagos pay` o `pagos serve` con su testigo, o compárela con el \
         proveedor y luego ejecute `pagos restore --accept`"
        "was restored at {restored_at} from a backup of {backup_at}, and nothing is sent from it before it \
         was compared: run `pagos pay` or `pagos serve` with its witness, or compare it with the provider and \
         then run `pagos restore --accept`",
    was_accepted(restored_at, accepted, since)
        "se restauró el {restored_at} y se aceptó ({accepted}); todavía no se leen los listados de los \
         proveedores desde {since}: el próximo `pagos pay` o `pagos serve` los lee antes de enviar nada"
        "was restored at {restored_at} and accepted ({accepted}); the providers' lists since {since} are not read \
         yet: the next `pagos pay` or `pagos serve` reads them before it sends anything",
    one_order "la orden de 1 pago" "the order of 1 payout",
    orders_of(count) "las órdenes de {count} pagos" "the orders of {count} payouts",
    has_forgotten(orders)
        "perdió {orders} que envió: `pagos witness` los muestra, y el panel del proveedor dice qué pasó \
         con ellos"
        "has forgotten {orders} that it sent: `pagos witness` lists them, and the provider's panel shows what \
         became of them",
    forgotten_line(key, account, number, at)
        "{key} por {account}, intento {number} del {at}" "{key} through {account}, attempt {number} at {at}",

    // The history of one payout.
    session_begun(number)
        "sesión {number} solicitada: desde aquí puede haber una"
        "session {number} asked for: there may be one from here on",
    session_closed(number, proof, because)
        "la sesión {number} no se abrió ({proof}): {because}"
        "session {number} was not opened ({proof}): {because}",
    try_told(told, transfer, effect)
        "{told}, intento {transfer} [{effect}]" "{told}, try {transfer} [{effect}]",
    nothing_asked "todavía no se pidió nada" "nothing was asked for yet",
    nothing_sent "todavía no se envió nada" "nothing was sent yet",
    attempt_begun(number)
        "intento {number} iniciado: desde aquí puede haberse enviado"
        "attempt {number} begun: it may be sent from here on",
    attempt_closed(number, proof, because)
        "el intento {number} no está vivo ({proof}): {because}"
        "attempt {number} is not alive ({proof}): {because}",
    quarantined_because(told, because)
        "{told} [en cuarentena: {because}]" "{told} [quarantined: {because}]",
    asked(answer) "consulta: {answer}" "asked: {answer}",
    for_a_person(because) "para una persona: {because}" "for a person: {because}",
    looked_at_account(by) "{by} vio el número de cuenta" "{by} looked at the account number",
    decided(by, decision, note)
        "{by} decidió {decision}: {note}" "{by} decided {decision}: {note}",
    decided_with(by, decision, approvers, note)
        "{by} decidió {decision}, aprobado por {approvers}: {note}"
        "{by} decided {decision}, approved by {approvers}: {note}",
    learned(source, status) "{source}: {status}" "{source}: {status}",
    with_effect(told, effect) "{told} [{effect}]" "{told} [{effect}]",
    failed_because(status, reason) "{status} ({reason})" "{status} ({reason})",
    provider_time(told, at)
        "{told}, hora del proveedor {at}" "{told}, provider time {at}",
    source_reply "respuesta del proveedor" "reply",
    source_query "consulta al proveedor" "query",
    source_verified "webhook con firma verificada" "verified_event",
    source_unverified "webhook sin firma verificada" "unverified_event",
    source_listing "listado del proveedor" "listing",
    source_operator "una persona" "operator",
    effect_same "sin cambio" "same",
    effect_advanced "avanza" "advanced",
    effect_reversed(from, to) "REVERSO de {from} a {to}" "REVERSED from {from} to {to}",
    effect_stale "atrasado, no cambia nada" "stale, changes nothing",
    effect_confirm "por confirmar con una consulta" "to be confirmed by a query",
    proof_never_reached "nunca llegó al proveedor" "never reached the provider",
    proof_refused_unread "rechazado sin leerse" "refused unread",
    proof_rejected "rechazado" "rejected",
    proof_absent "el proveedor no lo tiene" "absent at the provider",
    proof_operator "lo decidió una persona" "a person decided",

    // The list of payouts.
    until_before_since(until, since)
        "--until {until} no es posterior a --since {since}, así que no hay nada entre ambos"
        "--until {until} is not after --since {since}, so nothing is in between",
    run_is_not_known(db, run)
        "{db}: no se pagó desde aquí ningún archivo con la huella {run}; `pagos plan --json ARCHIVO` \
         muestra la huella (digest) de un archivo"
        "{db}: no file with the digest {run} was paid from it; `pagos plan --json FILE` prints the digest \
         of a file",
    no_payout_at_all(db, account)
        "{db}: no tiene ningún pago de la cuenta {account}, ni de otra"
        "{db}: no payout of account {account} is in it, nor any other",
    no_payout_of(db, account, known)
        "{db}: no tiene ningún pago de la cuenta {account}, solo de {known}"
        "{db}: no payout of account {account} is in it, only of {known}",

    // Runs that wait for approval.
    run_is(run, state) "la nómina {run} está {state}" "run {run} is {state}",
    run_total(account, count, amount)
        "  {account}: {count} pagos, {amount}" "  {account}: {count} payouts, {amount}",
    submitted_by(names) "  ingresada por {names}" "  submitted by {names}",
    submitted_unproven(names)
        "  ingresada por {names}, sin comprobación" "  submitted by {names}, which is not proven",
    approved_by(names, missing)
        "  aprobada por {names}; faltan {missing}" "  approved by {names}; {missing} more needed",
    rejected_by(name, note) "  rechazada por {name}: {note}" "  rejected by {name}: {note}",
    digest(digest) "  huella {digest}" "  digest {digest}",
    nobody "nadie" "nobody",
    state_waiting "por aprobar" "waiting",
    state_approved "aprobada" "approved",
    state_rejected "rechazada" "rejected",
    state_released "liberada" "released",
    state_withdrawn "retirada" "withdrawn",
    nobody_can_approve(run)
        "nadie puede aprobar la nómina {run}, porque no se comprobó quién la ingresó: `pagos withdraw \
         {run}`, y pague el archivo otra vez con PAGOS_TOKEN"
        "nobody can approve run {run}, because it is not proven who submitted it: `pagos withdraw {run}`, \
         and pay the file again with PAGOS_TOKEN set",
    too_few_can_approve(run, missing)
        "quedan muy pocas personas que puedan aprobar la nómina {run}: faltan {missing}, y necesitan \
         tokens, que crea `pagos token create --name NOMBRE --scope approve`"
        "too few people are left who can approve run {run}: {missing} more must, and they need tokens, \
         which `pagos token create --name NAME --scope approve` makes",
}

use crate::words::Text;

/// How many payouts.
pub(crate) fn payouts_of(count: u64) -> Text {
    if count == 1 { one_payout() } else { payouts(count) }
}

/// How many people.
pub(crate) fn people_of(count: u32) -> Text {
    if count == 1 { one_person() } else { people(count) }
}
