//! Every word of the pages in both languages, in one table: a word that lacks one does not compile.
//! Words of the API (problems, notes, reasons of providers) are shown as they are.

macro_rules! words {
    ($($name:ident $es:literal $en:literal,)*) => {
        /// The words of one language.
        #[derive(Debug)]
        pub(crate) struct Words {
            $(pub(crate) $name: &'static str,)*
        }

        pub(crate) static ES: Words = Words { $($name: $es,)* };
        pub(crate) static EN: Words = Words { $($name: $en,)* };

        /// Each word with both of its texts.
        #[cfg(test)]
        const ALL: &[(&str, &str, &str)] = &[$((stringify!($name), $es, $en),)*];
    };
}

words! {
    // The frame.
    overview "Resumen" "Overview",
    payouts "Pagos" "Payouts",
    payout "Pago" "Payout",
    waiting "Pendientes de decisión" "Waiting for you",
    runs "Nóminas" "Runs",
    run "Nómina" "Run",
    inbox "Webhooks recibidos" "Webhooks received",
    accounts "Cuentas" "Accounts",
    report "Informe" "Report",
    log_in "Entrar" "Log in",
    log_out "Salir" "Log out",
    skip "Ir al contenido" "Skip to the content",
    main_navigation "Navegación principal" "Main navigation",
    other_language "English" "Español",
    other_code "en" "es",
    logged_in_as "Sesión de" "Logged in as",
    next_page "Página siguiente" "Next page",
    nothing_here "No hay nada aquí." "There is nothing here.",
    // Logging in.
    token "Token" "Token",
    token_hint "El que mostró «pagos token create». Solo permite lo que su alcance permite."
        "The one that `pagos token create` showed. It allows what its scopes allow, and no more.",
    token_is_refused "El token no es válido: no existe, caducó o fue revocado."
        "The token is not valid: there is none like it, or it expired, or was revoked.",
    token_reads_nothing
        "El token no tiene el alcance «read», y sin él no hay páginas. Cree otro con «pagos token create --scope read» y los alcances que falten."
        "The token has no scope `read`, and without it there are no pages. Make another one with `pagos token create --scope read` and whatever else it needs.",
    form_is_foreign "El formulario no viene de una página de esta sesión."
        "The form does not come from a page of this session.",
    load_again "Vuelva a cargar la página y repita." "Load the page again and repeat it.",
    no_such_page "No existe esa página" "There is no such page",
    look_in_the_list "Búsquela desde el resumen." "Start from the overview.",
    what_next "Qué hacer" "What to do next",
    // Payouts.
    key "Clave" "Key",
    account "Cuenta" "Account",
    amount "Monto" "Amount",
    status "Estado" "Status",
    beneficiary "Beneficiario" "Beneficiary",
    bank "Banco" "Bank",
    account_number "Número de cuenta" "Account number",
    account_type "Tipo de cuenta" "Account type",
    reference "Referencia del proveedor" "Provider's reference",
    description "Glosa" "Description",
    attempts "Intentos" "Attempts",
    created_at "Recibido" "Submitted",
    settled_at "Concluido" "Settled",
    on_statements "En las cartolas del banco" "On the bank's statements",
    on_no_statement
        "Ninguna cartola importada muestra este pago."
        "No statement that was imported shows this payout.",
    line_matched "conciliado" "reconciled",
    line_proposed "propuesto: falta que alguien lo confirme" "proposed: somebody must still say so",
    reason "Motivo" "Reason",
    count "Cantidad" "Count",
    total "Total" "Total",
    any "Todos" "Any",
    filter "Filtrar" "Filter",
    find "Clave o referencia" "Key or reference",
    name_contains "Nombre contiene" "Name contains",
    saved_links "Enlaces guardados" "Saved links",
    save_link "Guardar estos filtros" "Save these filters",
    link_name "Nombre del enlace" "Name of the link",
    save_link_hint
        "Hasta 20 enlaces de 40 caracteres, que solo ve quien entra con este token."
        "Up to 20 links of 40 characters, which only those see who log in with this token.",
    forget_link "Olvidar el enlace" "Forget the link",
    filters_hint "La dirección de esta página guarda los filtros: sirve como enlace."
        "The address of this page keeps the filters, so it can be saved as a link.",
    // Statuses.
    created "por enviar" "to be sent",
    in_doubt "en duda" "in doubt",
    pending "en curso" "under way",
    paid "pagado" "paid",
    failed "fallido" "failed",
    quarantined "en cuarentena" "in quarantine",
    rejected "rechazado" "rejected",
    declined "no pagado" "declined",
    cancelled "cancelado" "cancelled",
    expired "vencido" "expired",
    returned "devuelto" "returned",
    needs_person "espera una decisión" "waits for a person",
    held_payout "retenido hasta que se libere su nómina" "held until its run is released",
    // One payout.
    what_is_known "Qué se sabe" "What is known",
    what_is_next "Qué sigue" "What happens next",
    timeline "Historia" "History",
    who_said "Quién lo dijo" "Who said so",
    show_account_number "Mostrar el número completo" "Show the full number",
    disclosure_is_kept "Queda anotado quién lo vio." "The history keeps who looked.",
    attempt_begun "Intento iniciado" "Attempt begun",
    attempt_closed "Intento cerrado" "Attempt closed",
    observed "Se supo" "Learned",
    reversed "Reverso" "Reversed",
    contradicted "Contradice la orden" "Contradicts the order",
    asked "Consulta sin novedad" "Queried, nothing learned",
    decided "Decisión" "Decision",
    disclosed "Vio el número de cuenta" "Looked at the account number",
    person_called "Se llamó a una persona" "A person was called",
    reply "respuesta del proveedor" "the provider's reply",
    query "consulta al proveedor" "a query to the provider",
    verified_event "webhook con firma verificada" "a webhook with a verified signature",
    unverified_event "webhook sin firma verificada" "a webhook without a verified signature",
    listing "listado del proveedor" "the provider's list",
    operator "una persona" "a person",
    attempt "intento" "attempt",
    provider_said "el proveedor dijo" "the provider said",
    provider_time "hora del proveedor" "provider's time",
    proof "prueba" "proof",
    approved_by "aprobado por" "approved by",
    next_send "Pagos lo envía" "Pagos sends it",
    next_query "Pagos consulta al proveedor" "Pagos queries the provider",
    next_watch "Pagos vuelve a consultar, por si se revierte"
        "Pagos queries it again, in case it is reversed",
    next_person "Nada por sí solo: espera la decisión de una persona"
        "Nothing by itself: it waits for a person's decision",
    next_held "Nada hasta que se libere su nómina" "Nothing before its run is released",
    next_nothing "Nada más: está concluido" "Nothing more: it is settled",
    wait_leave "No se puede enviar: el proveedor no responde o no lo acepta todavía"
        "It cannot be sent: the provider does not answer, or does not take it yet",
    wait_doubt "Puede haberse enviado y el proveedor no dice qué pasó"
        "It may have been sent, and the provider does not say what became of it",
    wait_pending "El proveedor lo tiene y no lo concluye"
        "The provider has it and does not finish it",
    wait_denied "El proveedor lo tenía y ahora dice que no existe"
        "The provider had it, and now says that there is no such payout",
    wait_not_understood "El proveedor usó una palabra que nadie documenta"
        "The provider used a word that nobody documents",
    wait_confirm "Algo contradijo un estado final y aún no se confirma"
        "Something contradicted a final status, and nothing has confirmed it yet",
    since "desde" "since",
    queries "consultas" "queries",
    absences "respuestas «no existe» seguidas" "answers of “no such payout” in a row",
    of_needed "de las necesarias" "of those needed",
    decide "Decidir" "Decide",
    decision_cannot_be_undone
        "La decisión queda en la historia con su nombre y no se puede deshacer. Mire antes la cartola del banco o el panel del proveedor."
        "The decision is kept in the history with your name and cannot be undone. Look at the bank's statement or the provider's panel first.",
    note "Nota: cómo lo sabe" "Note: how you know it",
    note_hint "Por ejemplo: «Cartola del 12 de mayo, línea 40»."
        "For example: “Statement of 12 May, line 40”.",
    decide_succeeded "El dinero llegó: queda como pagado"
        "The money arrived: it counts as paid",
    decide_failed "No salió dinero, o volvió: queda como fallido"
        "No money left, or it came back: it counts as failed",
    decide_resend "El proveedor nunca lo recibió ni lo recibirá: enviar otra vez con la misma clave"
        "The provider never had it and never will: send it again under the same key",
    decide_ask "No pasa nada: consultar otra vez al proveedor"
        "Nothing is wrong: query the provider again",
    // Runs.
    state "Estado" "State",
    orders "Pagos" "Payouts",
    submitted_by "Ingresada por" "Submitted by",
    released_at "Liberada" "Released",
    held "retenida" "held",
    waits_for_approval "espera aprobación" "waits for approval",
    approved "aprobada" "approved",
    blocked "bloqueada: no queda quien apruebe" "blocked: nobody is left who may approve",
    released "liberada" "released",
    withdrawn "retirada" "withdrawn",
    upload "Subir una nómina" "Upload a payroll",
    upload_hint "Un CSV, o un libro .xlsx: se lee la primera hoja. Nada se envía antes de liberarla."
        "A CSV file, or an .xlsx workbook, whose first sheet is read. Nothing is sent before it is released.",
    file "Archivo" "File",
    check_file "Revisar y guardar" "Check and keep",
    file_is_missing "Falta el archivo" "There is no file",
    choose_a_file "Elija un archivo que no esté vacío." "Choose a file that is not empty.",
    file_is_large "El archivo es demasiado grande" "The file is too large",
    send_in_parts "Divídalo en varias nóminas." "Send it as several payrolls.",
    problems "Problemas" "Problems",
    nothing_was_kept "No se guardó nada. Corrija el archivo y súbalo otra vez."
        "Nothing was kept. Correct the file and upload it again.",
    line "Línea" "Line",
    column "Columna" "Column",
    problem "Problema" "Problem",
    remedy "Remedio" "Remedy",
    and_more "y otros" "and others",
    warnings "Advertencias" "Warnings",
    release "Liberar" "Release",
    release_hint "Los pagos se envían enseguida, o cuando otros la aprueben si hace falta."
        "The payouts are sent at once, or as soon as others approve it, if that is needed.",
    withdraw "Retirar" "Withdraw",
    withdraw_hint "Se borra sin pagar nada." "It is deleted, and nothing is paid.",
    approve "Aprobar" "Approve",
    reject "Rechazar" "Reject",
    approval "Aprobación" "Approval",
    approvals_missing "Aprobaciones que faltan" "Approvals that are missing",
    digest "Huella de lo que se aprueba" "Digest of what is approved",
    approve_note "Qué revisó" "What you looked at",
    reject_note "Por qué" "Why",
    progress "Avance" "Progress",
    all_payouts "Ver todos sus pagos" "See all its payouts",
    report_page "Informe para imprimir" "Report to print",
    report_csv "Informe CSV" "CSV report",
    not_paid "Lo que no está pagado" "What is not paid",
    all_paid "Todo está pagado." "Everything is paid.",
    run_is_large "La nómina es demasiado grande para esta página"
        "The run is too large for this page",
    use_the_command "Use «pagos list --run NOMBRE --json» en el servidor."
        "Use `pagos list --run NAME --json` on the server.",
    signature "Firma" "Signature",
    // Sending again.
    resends "Envíos repetidos por aprobar" "Second sendings to approve",
    resend_stays "No se envía nada otra vez; el pago sigue en duda."
        "Nothing is sent again, and the payout stays in doubt.",
    payments "Cobros" "Payments",
    // The overview.
    where_money_is "Dónde está el dinero" "Where the money is",
    over_time "En el tiempo" "Over time",
    last_day "24 horas" "24 hours",
    last_month "30 días" "30 days",
    in_flight "por enviar o en curso" "to be sent or under way",
    reversals "Reversos" "Reversals",
    no_samples "aún sin datos" "no data yet",
    least "mínimo" "least",
    most "máximo" "most",
    newest "último" "newest",
    runs_wait "nóminas por aprobar" "runs to approve",
    newest_runs "Últimas nóminas" "Newest runs",
    waits_for_person "esperan una decisión" "wait for a person",
    are_in_doubt "en duda" "in doubt",
    out_of_service "Fuera de servicio" "Out of service",
    out_of_service_hint "El proveedor rechaza sus credenciales. Pagos prueba otra vez solo; nada se pierde."
        "The provider refuses its credentials. Pagos tries again by itself, and nothing is lost.",
    in_service "En servicio" "In service",
    database_restored "La base de datos se restauró:" "The database was restored:",
    backup_of "respaldo del" "backup of",
    restored_waits
        "No se envía nada hasta comparar qué se pagó desde el respaldo. Vea «pagos restore» en el manual."
        "Nothing is sent before it was compared with what was paid since the backup. See `pagos restore` in the manual.",
    lists_are_read_first "Una persona la aceptó; antes de enviar se leen las listas de los proveedores"
        "A person accepted it; the providers' lists are read before anything is sent",
    witness_away "No se puede usar el testigo:" "The witness cannot be used:",
    witness_away_hint "Pagos prueba otra vez solo; mientras tanto vale lo que dice la configuración."
        "Pagos tries again by itself; meanwhile it does what its configuration says.",
    forgotten "La base de datos olvidó órdenes que ya se enviaron."
        "The database has forgotten orders that were sent.",
    forgotten_hint "No se envían otra vez. El panel del proveedor muestra qué pasó con ellas."
        "They are not sent again. The provider's panel shows what became of them.",
    if_you_do_nothing "Si no hace nada" "If you do nothing",
    nothing_is_sent_meanwhile "Pagos sigue consultando; no envía nada otra vez por su cuenta."
        "Pagos goes on with its queries, and sends nothing again on its own.",
    run_stays "La nómina queda retenida: no se envía nada."
        "The run stays held: nothing is sent.",
    balance "Saldo disponible" "Available balance",
    unknown_balance "no se sabe" "not known",
    // Endpoints.
    endpoints "Avisos enviados" "Events sent",
    endpoint "Sistema" "Endpoint",
    endpoints_hint "Los sistemas propios a los que Pagos avisa qué pasó con cada pago, y si lo han recibido."
        "Your own systems, which Pagos tells what became of each payout, and whether they have received it.",
    endpoint_new "aún sin avisos" "nothing delivered yet",
    endpoint_working "recibe" "receives",
    endpoint_failing "no responde" "does not answer",
    endpoint_off "apagado" "off",
    events_wait "Avisos por entregar" "Events to deliver",
    set_aside "Apartados" "Set aside",
    next_try "Próximo intento" "Next try",
    delivered_up_to "Entregado hasta el n.º" "Delivered up to number",
    commands_wait "Órdenes aún no leídas" "Commands not read yet",
    commands_hint
        "Una orden queda guardada, y la cumple el proceso que entrega («pagos serve»). Cargue la página otra vez para ver si ya la leyó."
        "A command is kept, and the process that delivers (`pagos serve`) carries it out. Load the page again to see whether it has read it.",
    send_again "Enviar otra vez" "Send again",
    send_again_hint
        "Los avisos salen otra vez con su identificador de antes, por el que el sistema los reconoce. No se paga nada otra vez."
        "The events are sent again with their old ids, by which the endpoint recognises them. Nothing is paid again.",
    from_number "Desde el aviso n.º" "From event number",
    since_moment "Desde el momento (UTC)" "Since the moment (UTC)",
    enable "Encender" "Enable",
    enable_hint "Se le entrega otra vez, comenzando por lo que espera."
        "It gets events again, beginning with what waits.",
    disable "Apagar" "Disable",
    disable_hint
        "No se le entrega nada hasta que alguien lo encienda. Los avisos esperan y no se borran."
        "It gets nothing until somebody enables it. Its events wait and are not pruned.",
    forget "Olvidar" "Forget",
    forget_hint
        "Solo cuando ya no está en pagos.toml: lo que no recibió no se entrega nunca, y no se puede deshacer."
        "Only once it is no longer in pagos.toml: what it has not got is never delivered, and this cannot be undone.",
    i_am_sure "Sí, para el sistema" "Yes, for the endpoint",
    not_confirmed "Falta confirmar" "It is not confirmed",
    tick_the_box "Vuelva a la página, marque la casilla y repita."
        "Go back to the page, tick the box and repeat it.",
    // The inbox.
    number "N.º" "Nº",
    received_at "Recibido" "Received",
    signature_is_genuine "firma auténtica" "genuine signature",
    signature_is_none "firma no verificada" "signature not verified",
    repeats "Repeticiones" "Repeats",
    open "por aplicar" "to be applied",
    applied "aplicado" "applied",
    orphan "sin pago conocido" "of no known payout",
    unreadable "ilegible" "unreadable",
    webhook "Webhook" "Webhook",
    apply_again "Aplicar otra vez" "Apply it again",
    apply_again_hint
        "Como si acabara de llegar; uno ilegible se vuelve a juzgar. Lo que un pago ya aprendió de él no cuenta dos veces, y no se envía dinero por esto."
        "As if it had just arrived; an unreadable one is judged again. What a payout has learned from it does not count twice, and no money is sent because of it.",
    // What the receiver refused.
    refused_deliveries "Rechazados" "Refused",
    refused_hint
        "Lo que el receptor rechazó se cuenta y no se guarda. Las sumas se renuevan cada minuto."
        "What the receiver refused is counted and not kept. The sums are renewed every minute.",
    what_it_means "Qué significa" "What it means",
    last_at "Último" "Last",
    whole_receiver "todo el receptor" "the whole receiver",
    refused_forged "Firma ausente o falsa" "Signature missing or wrong",
    refused_forged_meaning
        "Lo envió un extraño, o la clave de la cuenta no es la del proveedor."
        "A stranger sent it, or the key of the account is not the provider's.",
    refused_forged_remedy
        "Compare la clave con la del panel del proveedor; «pagos verify» comprueba un webhook capturado. Los pagos se siguen consultando."
        "Compare the key with the provider's panel; `pagos verify` checks one captured webhook. Payouts are still queried.",
    refused_foreign "Sin firma y de ningún pago" "Unsigned, and of no payout",
    refused_foreign_meaning
        "Un extraño prueba claves, u otro sistema comparte la cuenta del proveedor."
        "A stranger guesses keys, or another system shares the provider's account.",
    refused_foreign_remedy
        "Ponga «webhook_segment» en la cuenta y registre la dirección nueva con el proveedor."
        "Set `webhook_segment` in the account, and register the new address with the provider.",
    refused_over_budget "Sin firma y demasiados" "Unsigned, and too many",
    refused_over_budget_meaning
        "Llegaron más avisos sin firma por segundo de los que la cuenta atiende. Alguno pudo ser del proveedor; sus pagos se consultan igual."
        "More unsigned webhooks came in a second than the account takes. Some may have been the provider's; its payouts are queried anyway.",
    refused_over_budget_remedy
        "Ponga «webhook_segment»; si sus propios pagos son tantos, suba «hints_per_second_max»."
        "Set `webhook_segment`; if your own payouts are that many, raise `hints_per_second_max`.",
    refused_misdirected "Dirección de ninguna cuenta" "A path of no account",
    refused_misdirected_meaning
        "La dirección no es la de ninguna cuenta; quizá le falta su segmento."
        "The address is that of no account; perhaps its segment is missing.",
    refused_misdirected_remedy
        "Compare la dirección registrada con el proveedor con la que «pagos serve» muestra al iniciar."
        "Compare the address that is registered with the provider with the one that `pagos serve` shows when it starts.",
    refused_method "No era POST" "Not a POST",
    refused_method_meaning
        "Alguien abrió la dirección en un navegador, o la explora."
        "Somebody opened the address in a browser, or scans it.",
    refused_method_remedy
        "Nada, salvo que sea el proveedor: entonces mire si el proxy redirige."
        "Nothing, unless it is the provider: then see whether the proxy redirects.",
    refused_large "Cuerpo demasiado largo" "Body too long",
    refused_large_meaning
        "El cuerpo supera «body_bytes_max»."
        "The body is longer than `body_bytes_max`.",
    refused_large_remedy
        "Si es del proveedor, suba ese límite en «[receiver]» de pagos.toml."
        "If it is the provider's, raise that limit in `[receiver]` of pagos.toml.",
    refused_unfinished "Cuerpo incompleto" "Body incomplete",
    refused_unfinished_meaning
        "El cuerpo no llegó entero a tiempo, o se cortó."
        "The body did not arrive whole in time, or was cut off.",
    refused_unfinished_remedy
        "Mire la red y el proxy; los pagos se consultan igual."
        "Look at the network and the proxy; payouts are queried anyway.",
    refused_evicted "Cerrada por otra más nueva" "Closed for a newer one",
    refused_evicted_meaning
        "Hay más conexiones que lugares, y la más inactiva cedió el suyo."
        "There are more connections than places, and the idlest one gave up its own.",
    refused_evicted_remedy
        "Limite las conexiones en el proxy; si todas son del proveedor, suba «connections_max»."
        "Limit connections at the proxy; if all are the provider's, raise `connections_max`.",
    refused_slow "Inactiva o lenta" "Idle or slow",
    refused_slow_meaning
        "La conexión no envió ni leyó a tiempo."
        "The connection did not send or read in time.",
    refused_slow_remedy
        "Nada si son pocas; si son muchas, limítelas en el proxy."
        "Nothing if they are few; if they are many, limit them at the proxy.",
    refused_unaccepted "Sin lugar" "No place",
    refused_unaccepted_meaning
        "La conexión no se pudo aceptar: no había lugar, o el sistema no dio más descriptores."
        "The connection could not be accepted: there was no place, or the system gave no more descriptors.",
    refused_unaccepted_remedy
        "Mire quién abre tantas conexiones; limítelas en el proxy."
        "See who opens so many connections, and limit them at the proxy.",
    refused_not_stored "La base no lo guardó a tiempo" "The database did not take it in time",
    refused_not_stored_meaning
        "El disco o el servidor de la base está lento o falla. Se respondió con un error, para que el proveedor lo repita."
        "The disk or the server of the database is slow or fails. The answer was an error, so that the provider repeats it.",
    refused_not_stored_remedy
        "Mire la base de datos y su disco ahora."
        "Look at the database and its disk now.",
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_statuses_are_those_of_the_glossary() {
        let glossary = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/GLOSSARY.md");
        let glossary = std::fs::read_to_string(glossary).unwrap();
        let statuses = ["created", "in_doubt", "pending", "paid", "failed", "quarantined"];
        for (name, es, en) in ALL.iter().filter(|(name, ..)| statuses.contains(name)) {
            assert!(glossary.contains(&format!("\n| {es} | {en} |")), "{name}: {es}, {en}");
        }
    }

    #[test]
    fn every_word_is_there_in_both_languages() {
        for (name, es, en) in ALL {
            assert!(!es.trim().is_empty() && !en.trim().is_empty(), "{name}");
            let ends = |text: &str| text.ends_with(".");
            assert_eq!(ends(es), ends(en), "{name}: {es} / {en}");
        }
    }
}
