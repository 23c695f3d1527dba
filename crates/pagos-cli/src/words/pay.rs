//! What `plan` and `pay` ask and report about a file as a whole, from the totals to the exit.

words! {
    error(message) "error: {message}" "error: {message}",
    warning_about(name, text) "advertencia: {name}: {text}" "warning: {name}: {text}",

    setting(origin, field, because, remedy)
        "{origin}: {field} {because}; {remedy}" "{origin}: {field} {because}; {remedy}",
    no_runtime(error)
        "no se puede iniciar el proceso: {error}" "the runtime cannot be started: {error}",

    // The accounts.
    no_account_to_pay_with
        "no hay ninguna cuenta configurada; `pagos init` escribe un pagos.toml para completar, y `pagos pay \
         ARCHIVO --sandbox` no necesita ninguna"
        "no account is configured; `pagos init` writes a pagos.toml to fill in, and `pagos pay FILE \
         --sandbox` needs none",
    is_private_preview
        "enviar desde Chile es una vista previa privada de Fintoc: pida acceso a Fintoc antes del primer \
         pago"
        "sending from Chile is a private preview of Fintoc's: ask Fintoc for access before the first \
         payout",
    watched_for_longer(keep_days, account, window_days, least)
        "[retention] keep_days = {keep_days}: los pagos de la cuenta {account} se siguen durante \
         {window_days} días, y deben guardarse por más tiempo; defina keep_days en {least} o más"
        "[retention] keep_days = {keep_days}: payouts of account {account} are watched for {window_days} \
         days, and must be kept for longer; set keep_days to {least} or more",

    // The plan.
    no_account_configured
        "no hay ninguna cuenta configurada: las filas se revisan con las reglas de cada proveedor"
        "no account is configured: rows are checked by each provider's own rules",
    account_caution(account, caution)
        "advertencia: cuenta {account}: {caution}" "warning: account {account}: {caution}",
    strict_warning
        "con --strict una advertencia es un error" "with --strict a warning is an error",
    refused_as_a_whole "rechazado completo" "refused as a whole",
    one_row "1 fila" "1 row",
    rows(count) "{count} filas" "{count} rows",
    one_bad_row
        "1 fila con errores: nada de este archivo se puede pagar hasta que todas las filas estén bien"
        "1 bad row: nothing of this file can be paid until every row is good",
    bad_rows(count)
        "{count} filas con errores: nada de este archivo se puede pagar hasta que todas las filas estén \
         bien"
        "{count} bad rows: nothing of this file can be paid until every row is good",
    separated_by(encoding, separator)
        "{encoding}, campos separados por {separator}, " "{encoding}, fields separated by {separator}, ",
    commas "comas" "commas",
    semicolons "puntos y comas" "semicolons",
    tabs "tabuladores" "tabs",
    pipes "|" "pipes",
    sheet(name) "hoja {name:?}, " "sheet {name:?}, ",
    file_changed "el archivo cambió mientras se leía" "the file changed while it was read",

    // What needs approval.
    must_approve(people)
        "se necesita la aprobación de {people} antes de que se envíe algo:"
        "{people} must approve this before anything is sent:",
    rule_line(account, what, people) "  {account}: {what}: {people}" "  {account}: {what}: {people}",
    no_rule_about(amount, currency)
        "{amount}, y ninguna regla trata de {currency}, así que vale la más estricta"
        "{amount}, and no rule is about {currency}, so the strictest counts",
    payouts_over(count, keys, over)
        "{count} de sus pagos ({keys}) superan {over} cada uno"
        "{count} of its payouts ({keys}) are over {over} each",
    day_over(amount, over)
        "{amount} en este día superan {over} por día" "{amount} on this day are over {over} a day",
    run_over(amount, over)
        "{amount} superan {over} por nómina" "{amount} are over {over} a run",
    must_approve_today(people, amount, account)
        "se necesita la aprobación de {people} si otras nóminas pagan más de {amount} por {account} el mismo \
         día"
        "{people} must approve this if other runs pay more than {amount} through {account} on the same day",

    // Before anything is sent.
    sandbox(place, speed)
        "sandbox: {place}, sin dinero real; {speed}" "sandbox: {place}, no real money; {speed}",
    sandbox_kept(about, db)
        "{about}; los pagos se guardan en {db}" "{about}; payouts are kept in {db}",
    twins_here
        "proveedores simulados en este proceso" "simulated providers in this process",
    twins_at(origin) "proveedores simulados en {origin}" "simulated providers at {origin}",
    time_is_ours
        "su tiempo corre como el nuestro" "their time runs as fast as ours",
    time_is_faster(times)
        "su tiempo corre {times} veces más rápido" "their time runs {times} times faster",
    time_is_assumed(times)
        "no dicen a qué velocidad corre su tiempo (¿un pagos más antiguo?), así que se supone que {times} \
         veces más rápido"
        "they do not tell how fast their time runs (an older pagos?), so {times} times faster is assumed",
    nothing_sent "este comando no envió nada" "this command sent nothing",
    nothing_sent_because(because)
        "este comando no envió nada: {because}" "this command sent nothing: {because}",
    nothing_sent_rows
        "este comando no envió nada; corrija las filas, o pague las demás con --skip-invalid"
        "this command sent nothing; correct the rows, or pay the others with --skip-invalid",
    nothing_sent_known
        "este comando no envió nada; `pagos list` muestra lo que se pagó antes"
        "this command sent nothing; `pagos list` shows what was paid before",
    known_already(existing, new)
        "{existing} de estos pagos ya se conocen y no se envían otra vez; {new} son nuevos"
        "{existing} of these payouts are known already and are not sent again; {new} are new",
    archived_already(count, day)
        "{count} de estos pagos están concluidos y en el archivo histórico, el primero desde {day}, y no se envían \
         otra vez; `pagos archive find CLAVE DIR` muestra cada uno"
        "{count} of these payouts are settled and in the archive, the first of them since {day}, and are not \
         sent again; `pagos archive find KEY DIR` shows each",
    is_unproven(how)
        "otras personas que quien ingresa esto deben aprobarlo, y no se comprobó quién es; no se guardó \
         ni se envió nada: {how}"
        "others than whoever submits this must approve it, and it is not proven who that is; nothing is \
         stored and nothing sent: {how}",
    is_live(account)
        "{account} es LIVE: es dinero real" "{account} is LIVE: this is real money",
    pay_one "¿Pagar 1 pago?" "Pay 1 payout?",
    pay_many(count) "¿Pagar {count} pagos?" "Pay {count} payouts?",
    say_yes "use --yes para pagar sin preguntar" "say --yes to pay without asking",
    choice "[s/N]" "[y/N]",
    approve_this "¿Aprobar esto?" "Approve this?",
    name_the_digest
        "indique lo que revisó con --digest" "name what you looked at with --digest",
    name_the_attempt
        "indique lo que revisó con --attempt" "name what you looked at with --attempt",
    delete_payees(count) "¿Borrar {count} beneficiarios?" "Delete {count} payees?",
    say_yes_to_delete
        "use --yes para borrar sin preguntar" "say --yes to delete without asking",
    no_terminal(what)
        "la entrada estándar no es un terminal; {what}" "standard input is no terminal; {what}",
    new_database(db) "{db}: base de datos nueva" "{db}: a new database",
    no_database_yet(db)
        "{db}: todavía no hay base de datos, y una cuenta es LIVE: indique la base que tiene sus pagos, o \
         use --new-db si no hay ninguna"
        "{db}: there is no database yet, and an account is LIVE: name the database that has your payouts, \
         or say --new-db if there is none",
    password_is_seen
        "advertencia: todos los procesos de esta máquina pueden ver la contraseña de --db; quítela, y \
         defina PGPASSWORD o escríbala en ~/.pgpass"
        "warning: every process of this machine can see the password in --db; leave it out, and set \
         PGPASSWORD or write it into ~/.pgpass",
    is_locked(db)
        "{db}: otro programa la tiene bloqueada; esperando"
        "{db}: another program keeps it locked; waiting",
    no_folder(folder)
        "{folder}: la carpeta de la base de datos no existe"
        "{folder}: the folder of the database does not exist",
    is_empty_beside_bank(db, bank)
        "{db}: está vacía, y antes había aquí una base de datos: {bank} es el banco de su sandbox; use otro \
         nombre para una base de datos nueva, o borre ambos"
        "{db}: is empty, and a database was here before: {bank} is the bank of its sandbox; use another name \
         for a new database, or remove both",
    other_world(db, account, stored, given)
        "{db}: en esta base de datos la cuenta {account} es {stored}, y aquí es {given}; use otro --db, o \
         dé otro nombre a la cuenta"
        "{db}: account {account} of this database is {stored}, and here it is {given}; use another --db, or \
         give the account another name",

    // Who gives the command.
    prove_with(variable, scope)
        "defina {variable} con un token de alcance {scope}, que crea `pagos token create --name NOMBRE \
         --scope {scope}`"
        "set {variable} to a token with the scope {scope}, which `pagos token create --name NAME --scope \
         {scope}` makes",
    who_is_not_proven(how)
        "no está comprobado quién es usted: {how}" "it is not proven who you are: {how}",
    token_is_refused(variable, because)
        "el token de {variable} {because}; `pagos token list` los muestra"
        "the token in {variable} {because}; `pagos token list` shows them",
    token_is_not_looked_up(variable, because)
        "no se puede buscar el token de {variable}: {because}"
        "the token in {variable} cannot be looked up: {because}",
    token_lacks_scope(name, scope)
        "es de {name} y no tiene el alcance {scope}" "is of {name}, and has not the scope {scope}",
    token_is_not_known "no es de esta base de datos" "is none of this database",
    token_is_expired "está vencido" "is expired",
    token_was_revoked "fue revocado" "was revoked",

    // While it is paid.
    waits_for(missing, run)
        "no se envía nada antes de que la aprueben {missing} más: `pagos approve {run}`; luego ejecute el \
         mismo comando otra vez, o deje que `pagos serve` la envíe"
        "nothing is sent before {missing} more approve it: `pagos approve {run}`; then run the same \
         command again, or let `pagos serve` send it",
    stopping
        "deteniendo: no se envía nada nuevo, y se espera unos segundos lo que está en curso; una vez más \
         detiene de inmediato, y tampoco se pierde nada"
        "stopping: nothing new is sent, what is under way is waited for, for a few seconds; once more \
         stops at once, which loses nothing either",
    another_pays
        "otro proceso de pagos trabaja en esta base de datos y paga estos pagos; se sigue su avance"
        "another pagos process works on this database and pays these payouts; following",
    other_has_ended
        "el otro proceso de pagos terminó; este continúa en su lugar"
        "the other pagos process has ended; going on in its place",
    halted_elsewhere(account)
        "la cuenta {account} está fuera de servicio: el proceso que paga desde esta base de datos dice por \
         qué, y paga lo que espera cuando la cuenta vuelva a funcionar"
        "account {account} is out of service: the process that pays from this database says why, and pays \
         what waits when the account works again",
    halted(account, because)
        "la cuenta {account} está fuera de servicio: {because}; corríjala (`pagos doctor` ayuda) y ejecute \
         el mismo comando otra vez"
        "account {account} is out of service: {because}; correct it (`pagos doctor` helps) and run the \
         same command again",
    unwitnessed(because)
        "no se envió nada más, porque no se puede usar el testigo: {because}; después ejecute el mismo \
         comando otra vez"
        "nothing more was sent, because the witness cannot be used: {because}; then run the same command \
         again",
    list_is_not_read(account, because)
        "advertencia: cuenta {account}: no se puede leer el listado de pagos de su proveedor ({because}); \
         se intenta otra vez, y hasta entonces el reverso de un pago concluido se sabe por un webhook o \
         cuando termina su seguimiento"
        "warning: account {account}: its provider's list of payouts cannot be read ({because}); that is \
         tried again, and until then a reversal of a settled payout is learned from a webhook or when its \
         watch ends",

    // The line of the progress.
    settled(count, total) "{count}/{total} concluidos" "{count}/{total} settled",
    settled_in(count, total, elapsed, summary)
        "{count}/{total} concluidos en {elapsed}: {summary}"
        "{count}/{total} settled in {elapsed}: {summary}",
    settled_to_go(count, total, elapsed, rest, summary)
        "{count}/{total} concluidos en {elapsed}, quedan unos {rest}: {summary}"
        "{count}/{total} settled in {elapsed}, about {rest} to go: {summary}",
    settled_in_doubt(count, total, unknown)
        "{count}/{total} concluidos, {unknown} en duda" "{count}/{total} settled, {unknown} in doubt",
    count_succeeded(count) "{count} pagados" "{count} succeeded",
    count_failed(count) "{count} fallidos" "{count} failed",
    count_pending(count) "{count} en curso" "{count} pending",
    count_in_doubt(count) "{count} en duda" "{count} in doubt",

    // How it ended.
    report_is_missing
        "falta el informe: no se pudieron leer los resultados"
        "the report is missing: the outcomes could not be read",
    report_is_incomplete(because)
        "el informe en la salida estándar falta o está incompleto ({because}); eso no afecta a los pagos: \
         `pagos list` los muestra, y el código de salida dice cómo están"
        "the report on standard output is missing or incomplete ({because}); the payouts are not touched \
         by that: `pagos list` shows them, and the exit code says how they stand",
    nobody_read "nadie leyó la salida estándar" "nobody read standard output",
    some_in_doubt
        "algunos pagos no están concluidos: no los pague por otro medio; ejecute el mismo comando otra vez, \
         o vea `pagos history CLAVE` y `pagos resolve CLAVE`"
        "some payouts are not settled: do not pay them in another way; run the same command again, or see \
         `pagos history KEY` and `pagos resolve KEY`",
    for_a_person
        "para que los revise una persona (`pagos history CLAVE`, luego `pagos resolve CLAVE`):"
        "for a person to look at (`pagos history KEY`, then `pagos resolve KEY`):",
    some_are_not_read(rows, read)
        "el archivo tiene {rows} pagos, y en la base se pueden leer {read}: los demás los escribió una \
         versión más nueva de pagos, o están dañados; `pagos status CLAVE` dice qué tiene cada uno"
        "the file has {rows} payouts, and {read} of them can be read in the store: the others were written \
         by a newer version of pagos, or are damaged; `pagos status KEY` says of one payout what is wrong \
         with it",
    how_to_resume(file)
        "detenido; no se perdió nada. Ejecute el mismo comando otra vez para continuar: `pagos pay {file}` \
         con las mismas opciones no envía nada dos veces"
        "stopped; nothing is lost. Run the same command again to resume: `pagos pay {file}` with the same \
         options sends nothing twice",
    broke_off
        "la ejecución se interrumpió, y lo que estaba en curso queda en duda; no se perdió nada: ejecute el \
         mismo comando otra vez cuando la causa desaparezca, lo que no envía nada dos veces"
        "the run broke off, and what was under way is in doubt; nothing is lost: run the same command \
         again when the cause is gone, which sends nothing twice",
    asked_once_more
        "se pidió otra vez, así que el proceso termina de inmediato"
        "asked once more, so the process ends at once",
    stop_took_too_long
        "detener tomó demasiado tiempo, así que el proceso termina ahora"
        "the stop took too long, so the process ends now",
    stopped_waiting(what) "no se espera más; {what}" "stopped waiting; {what}",
    ends(because, what) "{because}; {what}" "{because}; {what}",
    none_besides
        "aparte de los pagos en duda ya mencionados, no se estaba enviando ninguno"
        "besides the payouts that are in doubt as said above, none was being sent",
    none_was_being_sent
        "no se estaba enviando ningún pago, y no se perdió nada"
        "no payout was being sent, and nothing is lost",
    one_was_being_sent
        "se estaba enviando 1 pago, que queda en duda: no lo pague por otro medio; el próximo inicio \
         primero consulta por él al proveedor"
        "1 payout was being sent and is left in doubt: do not pay it in another way; the next start asks \
         the provider about it first",
    were_being_sent(count)
        "se estaban enviando {count} pagos, que quedan en duda: no los pague por otro medio; el próximo \
         inicio primero consulta por ellos al proveedor"
        "{count} payouts were being sent and are left in doubt: do not pay them in another way; the next \
         start asks the provider about them first",
}
