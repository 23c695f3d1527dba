//! What is said about the witness: when it cannot be used, and what a comparison with it found.

words! {
    not_named(db, known)
        "advertencia: {db} tiene el testigo {known}, y aquí no se indica ninguno: lo que se envíe ahora \
         solo lo sabrá la base de datos; indíquelo en pagos.toml o con --witness"
        "warning: {db} has the witness {known}, and none is named here: what is sent now is known \
         to the database only; name it in pagos.toml or with --witness",
    cannot_be_used(error)
        "no se puede usar el testigo: {error}" "the witness cannot be used: {error}",
    cannot_be_used_here(error)
        "no se puede usar el testigo: {error}, o escriba same_disk = true en [witness]"
        "the witness cannot be used: {error}, or write same_disk = true in [witness]",
    is_another(place, found, db, known)
        "{place}: este es el testigo {found}, y {db} tiene el testigo {known}: traiga ese de vuelta, o use \
         --new-witness para seguir con este, que quizá no sabe todo lo que se envió"
        "{place}: this is the witness {found}, and {db} has the witness {known}: bring that one back, or \
         say --new-witness to go on with this one, which may not know everything that was sent",
    is_not_there(place, known)
        "{place}: el testigo {known} no está" "{place}: the witness {known} is not there",
    is_lost(place, known, db)
        "{place}: el testigo {known} de {db} no está: monte su disco o tráigalo de vuelta; si se perdió, use \
         --new-witness para comenzar otro, que solo sabe lo que se envíe desde ahora: si la base de datos \
         vuelve a un estado anterior, nadie sabe lo que envió antes"
        "{place}: the witness {known} of {db} is not there: mount its disk or bring it back; if it is \
         lost, say --new-witness to begin another one, which knows only what is sent from now on: \
         should the database go back to an earlier state, what it sent before is known to nobody",
    there_is_none(place, db)
        "{place}: no hay testigo, y {db} ha enviado pagos sin uno: use --new-witness para comenzar uno, que \
         solo sabe lo que se envíe desde ahora"
        "{place}: there is no witness, and {db} has sent payouts without one: say --new-witness to \
         begin one, which knows only what is sent from now on",
    is_new(place, identity) "{place}: testigo nuevo, {identity}" "{place}: a new witness, {identity}",
    shares_the_disk(place, db)
        "{place}: es el sistema de archivos de {db}, y lo que destruye a uno destruye al otro: indique un \
         lugar en otro disco, o escriba same_disk = true en [witness]"
        "{place}: this is the file system of {db}, and what destroys one destroys the other: name a place on \
         another disk, or write same_disk = true in [witness]",
    is_back "el testigo se puede usar de nuevo" "the witness can be used again",
    is_away_and_stops(because)
        "no se puede usar el testigo: {because}; no se envía nada hasta que se pueda usar de nuevo, lo que \
         se intenta"
        "the witness cannot be used: {because}; nothing is sent until it can be used again, which is tried",
    is_away_and_goes_on(because)
        "no se puede usar el testigo: {because}; los pagos se envían de todos modos, y hasta que se pueda \
         usar de nuevo solo esta base de datos los conoce"
        "the witness cannot be used: {because}; payouts are sent all the same, and until it can be used \
         again only this database knows them",
    recalled(payouts, keys)
        "la base de datos había olvidado que envió {payouts}: {keys}; el testigo lo sabe. Están en duda y no \
         se envían otra vez por sí solos: `pagos history CLAVE` muestra lo que se sabe, `pagos resolve \
         CLAVE` decide"
        "the database had forgotten that it sent {payouts}: {keys}; the witness knows it. They are in doubt and are \
         not sent again by themselves: `pagos history KEY` shows what is learned, `pagos resolve KEY` decides",
    forgotten(payouts, keys)
        "la base de datos olvidó hasta las órdenes de {payouts} que envió: {keys}; si se ingresan otra vez, \
         quedan en duda y no se envían: `pagos witness` los muestra, el panel del proveedor también"
        "the database has forgotten even the orders of {payouts} that it sent: {keys}; if they are submitted again, \
         they are in doubt and not sent: `pagos witness` lists them, the provider's panel shows them",
    is_ahead
        "el testigo fue reemplazado o retrocedió, y no sabe todo lo que se envió antes; continúa desde aquí"
        "the witness was replaced or set back and does not know everything that was sent before; it goes \
         on from here",
    list_is_not_read(account, because)
        "cuenta {account}: no se pudo leer el listado de su proveedor ({because}): compare con su panel lo \
         que se envió poco antes"
        "account {account}: its provider's list could not be read ({because}): compare what was sent \
         shortly before with its panel",
    and_more_keys(keys, more) "{keys} y {more} más" "{keys} and {more} more",
}
