//! What is said about databases and witnesses, and why the engine cannot go on.

use super::Pair;

pub(super) const PAIRS: &[Pair] = &[
    // A file: its place.
    ["does not exist", "no existe"],
    [
        "is empty; the first `pagos pay` or `pagos serve` makes a database of it",
        "está vacía; el primer `pagos pay` o `pagos serve` crea en ella una base de datos",
    ],
    ["cannot be opened", "no se puede abrir"],
    ["cannot be read", "no se puede leer"],
    ["cannot be locked", "no se puede bloquear"],
    ["cannot be looked at", "no se puede examinar"],
    ["cannot be made private to its owner", "no se puede reservar solo para su dueño"],
    ["its folder cannot be opened", "no se puede abrir su carpeta"],
    ["is not the name of a file", "no es el nombre de un archivo"],
    [
        "is not a file, so it cannot be a database",
        "no es un archivo, así que no puede ser una base de datos",
    ],
    [
        "is a link to a file that is not there; name the file itself, or mend the link",
        "es un enlace a un archivo que no está; indique el archivo mismo, o repare el enlace",
    ],
    [
        "has {} names (hard links), and each would have a log and a lock of its own: payouts could be sent twice; remove the other names, or copy it with SQLite's `.backup`",
        "tiene {} nombres (enlaces duros), y cada uno tendría su propio registro y su propio bloqueo: los pagos podrían enviarse dos veces; quite los otros nombres, o cópiela con `.backup` de SQLite",
    ],
    [
        "is a mount point of its own, so its log and its lock would not be beside it: payouts could be sent twice; mount its folder instead",
        "es un punto de montaje, así que su registro y su bloqueo no quedarían a su lado: los pagos podrían enviarse dos veces; monte en cambio su carpeta",
    ],
    [
        "{}, and a database was here before: {} is its; what was sent from it is not known any more, and would be sent again. Restore a backup, or use another name for a new database; if it never paid anything, remove {}",
        "{}, y antes había aquí una base de datos: {} es suyo; ya no se sabe lo que se envió desde ella, y se enviaría otra vez. Restaure un respaldo, o use otro nombre para una base de datos nueva; si nunca pagó nada, borre {}",
    ],
    ["is not there", "no está"],
    [
        "has no tables, and a database was here before, {}",
        "no tiene tablas, y antes había aquí una base de datos, {}",
    ],
    [
        "is the beginning of a database and nothing more, {}",
        "es el comienzo de una base de datos y nada más, {}",
    ],
    [
        "whose log (-wal) was deleted or was not copied with it; what was sent from it is not known any more, and would be sent again. Bring the log back or restore a backup, or use another name for a new database; if it never paid anything, remove it",
        "cuyo registro (-wal) se borró o no se copió con ella; ya no se sabe lo que se envió desde ella, y se enviaría otra vez. Traiga de vuelta el registro o restaure un respaldo, o use otro nombre para una base de datos nueva; si nunca pagó nada, bórrela",
    ],
    [
        "is being made, or that was broken off before anything was sent from it: the next `pagos pay` or `pagos serve` ends it",
        "se está creando, o eso se interrumpió antes de que se enviara algo desde ella: el próximo `pagos pay` o `pagos serve` lo termina",
    ],
    [
        "a pagos process still works on the database that was here; end it (`pagos serve`, `pagos pay`), and try again",
        "un proceso de pagos todavía trabaja en la base de datos que estaba aquí; termínelo (`pagos serve`, `pagos pay`) e intente otra vez",
    ],
    // A file: whose it is, and of which version.
    [
        "is another database than the one that was here before: it {}, and {} names {}; what the other one sent is not known to this one, and would be sent again. Put the other one back, or name the right one; if it is meant to take its place, remove {}",
        "es otra base de datos que la que estaba aquí antes: {}, y {} nombra {}; esta no sabe lo que envió la otra, y se enviaría otra vez. Ponga la otra de vuelta, o indique la correcta; si esta debe ocupar su lugar, borre {}",
    ],
    ["has no identity yet", "todavía no tiene identidad"],
    ["is {}", "es {}"],
    ["is a database of another program", "es una base de datos de otro programa"],
    [
        "was written by an older version of pagos; open it for writing once, as `pagos pay` and `pagos serve` do, to bring it up to date",
        "la escribió una versión anterior de pagos; ábrala una vez para escribir, como lo hacen `pagos pay` y `pagos serve`, para actualizarla",
    ],
    [
        "was written by a newer version of pagos (schema {}, this one knows {}); upgrade this program",
        "la escribió una versión más nueva de pagos (esquema {}; esta conoce {}); actualice este programa",
    ],
    [
        "its move began with an older version of pagos; finish it with that one",
        "su traslado comenzó con una versión anterior de pagos; termínelo con esa",
    ],
    [
        "was moved to {}, and nothing is sent from here any more; name that database instead, or run the same `pagos migrate` again if it did not finish",
        "se trasladó a {}, y desde aquí ya no se envía nada; indique esa base de datos, o ejecute el mismo `pagos migrate` otra vez si no terminó",
    ],
    ["another database", "otra base de datos"],
    ["the file's schema number is negative", "el número de esquema del archivo es negativo"],
    // A file: its content.
    ["the disk is full; nothing was written", "el disco está lleno; no se escribió nada"],
    [
        "another program keeps the database locked (a backup, a database browser?); end it, and try again",
        "otro programa tiene bloqueada la base de datos (¿un respaldo, un visor de bases de datos?); termínelo e intente otra vez",
    ],
    [
        "the disk failed to read or write the database",
        "el disco falló al leer o escribir la base de datos",
    ],
    [
        "the database is damaged: stop every process that works on it, keep the file, and restore a backup (\"A damaged database\" in docs/OPERATIONS.md); a new one would pay again what this one has paid",
        "la base de datos está dañada: detenga todo proceso que trabaje en ella, conserve el archivo y restaure un respaldo («Una base de datos dañada» en docs/es/OPERACIONES.md); una nueva pagaría otra vez lo que esta pagó",
    ],
    [
        "the file is not a SQLite database, or its beginning is damaged (\"A damaged database\" in docs/OPERATIONS.md)",
        "el archivo no es una base de datos SQLite, o su comienzo está dañado («Una base de datos dañada» en docs/es/OPERACIONES.md)",
    ],
    ["the database is open for reading only", "la base de datos está abierta solo para leer"],
    ["the store was opened for reading only", "la base de datos se abrió solo para leer"],
    [
        "the beginning of the log is damaged, so none of it can be read: {}. {}",
        "el comienzo del registro está dañado, así que nada de él se puede leer: {}. {}",
    ],
    [
        "the log is damaged in its frame {}, and what was committed behind that cannot be read: {}. {}",
        "el registro está dañado en su bloque {}, y lo que se guardó después no se puede leer: {}. {}",
    ],
    [
        "the log is missing or empty, and {} tells that payouts were written to it last: {}. Bring the log back, or do as \"A damaged database\" in docs/OPERATIONS.md says; where a backup was restored since, remove {}",
        "el registro falta o está vacío, y {} dice que lo último que se le escribió fueron pagos: {}. Traiga de vuelta el registro, o siga «Una base de datos dañada» en docs/es/OPERACIONES.md; si desde entonces se restauró un respaldo, borre {}",
    ],
    [
        "what was sent may not be known any more, and would be sent again",
        "quizá ya no se sabe lo que se envió, y se enviaría otra vez",
    ],
    [
        "Stop every pagos that works on it, keep all of its files, and do as \"A damaged database\" in docs/OPERATIONS.md says",
        "Detenga todo pagos que trabaje en ella, conserve todos sus archivos y siga «Una base de datos dañada» en docs/es/OPERACIONES.md",
    ],
    ["its JSON {}, at line {}, column {}", "su JSON {}, en la línea {}, columna {}"],
    ["is damaged", "está dañado"],
    ["has another form than this version knows", "tiene una forma que esta versión no conoce"],
    [
        "its tables refer to rows that are not there; restore a backup",
        "sus tablas se refieren a filas que no están; restaure un respaldo",
    ],
    ["the database refused: {}", "la base de datos se negó: «{}»"],
    [
        "payout {} cannot be read by this version of pagos ({}): was it written by a newer one?",
        "esta versión de pagos no puede leer el pago {} ({}): ¿lo escribió una más nueva?",
    ],
    [
        "it has a name or a currency that this version does not take",
        "tiene un nombre o una moneda que esta versión no acepta",
    ],
    [
        "a column of it has another form than it should",
        "una de sus columnas tiene otra forma que la debida",
    ],
    ["a count in it is negative", "un número en él es negativo"],
    // A server.
    ["the database's URL is refused: {}", "se rechaza la URL de la base de datos: {}"],
    ["it names no host", "no indica ningún host"],
    ["hostaddr is not supported; write a host", "no se admite hostaddr; escriba un host"],
    [
        "a part of it cannot be read; it is postgres://user:password@host:port/database, and characters such as @ : / ? # % in a password are written as %40 and so on",
        "una parte no se puede leer; es postgres://usuario:contraseña@host:puerto/base, y caracteres como @ : / ? # % en una contraseña se escriben como %40, etc.",
    ],
    [
        "no PostgreSQL server answers: {}; is it running, and are host and port right?",
        "ningún servidor PostgreSQL responde: {}; ¿está en marcha, y son correctos el host y el puerto?",
    ],
    [
        "the server refused the password; check the user and the password in the database's URL",
        "el servidor rechazó la contraseña; revise el usuario y la contraseña en la URL de la base de datos",
    ],
    [
        "the server does not let this user in: {}; check the user, the way of encryption, and the server's pg_hba.conf",
        "el servidor no deja entrar a este usuario: «{}»; revise el usuario, el cifrado y el pg_hba.conf del servidor",
    ],
    [
        "the server has no such database; make it first (createdb)",
        "el servidor no tiene esa base de datos; créela primero (createdb)",
    ],
    [
        "this user may not do that: {}; grant it (GRANT)",
        "este usuario no puede hacer eso: «{}»; déle el permiso (GRANT)",
    ],
    [
        "the server takes no more connections; raise max_connections, or open fewer",
        "el servidor no acepta más conexiones; suba max_connections, o abra menos",
    ],
    [
        "the server is starting or stopping; try again",
        "el servidor está arrancando o deteniéndose; intente otra vez",
    ],
    ["the server refused: {} ({})", "el servidor se negó: «{}» ({})"],
    [
        "the server closed the connection; is it shutting down?",
        "el servidor cerró la conexión; ¿se está apagando?",
    ],
    ["the server ended the connection: {} ({})", "el servidor terminó la conexión: «{}» ({})"],
    ["the connection to the server was lost", "se perdió la conexión con el servidor"],
    [
        "other workers keep the rows busy; try again: {} ({})",
        "otros procesos ocupan las filas; intente otra vez: «{}» ({})",
    ],
    [
        "the server's disk is full; nothing was written; make room",
        "el disco del servidor está lleno; no se escribió nada; haga espacio",
    ],
    [
        "the server cancelled a statement that took too long, or a person did; nothing was written",
        "el servidor, o una persona, canceló una instrucción que tardaba demasiado; no se escribió nada",
    ],
    [
        "none of these hosts is a primary that answers and can be written; if a failover is under way, try again when it is over; otherwise add the primary to the hosts",
        "ninguno de estos hosts es un primario que responda y acepte escritura; si hay una conmutación en curso, intente cuando termine; si no, agregue el primario a los hosts",
    ],
    [
        "no verified encryption: {}; the server needs ssl=on and a certificate that names this host and that an authority vouches for (sslrootcert names a further authority); sslmode=disable does without, on a network that nobody else can read",
        "no hay cifrado verificado: «{}»; el servidor necesita ssl=on y un certificado con el nombre de este host, avalado por una autoridad (sslrootcert indica una más); sslmode=disable lo evita, en una red que nadie más puede leer",
    ],
    [
        "this version of pagos cannot read a stored row ({}); was it written by a newer version?",
        "esta versión de pagos no puede leer una fila guardada ({}); ¿la escribió una versión más nueva?",
    ],
    [
        "pagos takes the password from PGPASSWORD, or from the file that PGPASSFILE names or ~/.pgpass",
        "pagos toma la contraseña de PGPASSWORD, o del archivo que indica PGPASSFILE, o de ~/.pgpass",
    ],
    [
        "{} holds passwords and can be read by other users of this machine; run `chmod 600 {}`",
        "{} contiene contraseñas y otros usuarios de esta máquina lo pueden leer; ejecute `chmod 600 {}`",
    ],
    ["passwords cannot be read: {}", "no se pueden leer las contraseñas: {}"],
    // What --db names.
    [
        "what --db names looks like the address of a database, and is none that pagos knows: write postgres://USER@HOST/DATABASE for a PostgreSQL server, or begin the name of a file with ./",
        "lo que indica --db parece la dirección de una base de datos, y no es una que pagos conozca: escriba postgres://USUARIO@HOST/BASE para un servidor PostgreSQL, o comience el nombre de un archivo con ./",
    ],
    [
        "--db names nothing: name a file, or leave --db out for the usual one",
        "--db no indica nada: indique un archivo, o quite --db para usar el habitual",
    ],
    [
        "--db - would be a stream, and a database is a file: name one",
        "--db - sería un flujo, y una base de datos es un archivo: indique uno",
    ],
    [
        "--db :memory: would be forgotten at the end, and what it sent would be sent again: name a file",
        "--db :memory: se olvidaría al final, y lo que envió se enviaría otra vez: indique un archivo",
    ],
    [
        "what --db names lies beside a database, as its log, its index, its lock or the bank of its sandbox: name the database itself",
        "lo que indica --db está al lado de una base de datos, como su registro, su índice, su bloqueo o el banco de su sandbox: indique la base de datos misma",
    ],
    // The witness.
    ["the witness is not there", "el testigo no está"],
    ["the witness is gone", "el testigo ya no está"],
    [
        "mount its disk or bring the file back; if it is lost, begin another witness",
        "monte su disco o traiga el archivo de vuelta; si se perdió, comience otro testigo",
    ],
    [
        "keep the file and bring back an intact copy with at least as many lines; if there is none, begin another witness",
        "conserve el archivo y traiga una copia intacta con al menos las mismas líneas; si no hay ninguna, comience otro testigo",
    ],
    [
        "make room on its disk, nothing else is needed",
        "haga espacio en su disco; no hace falta nada más",
    ],
    [
        "see that its disk is there and that it may be written",
        "compruebe que su disco está y que se puede escribir en él",
    ],
    ["the witness cannot be made", "no se puede crear el testigo"],
    ["it cannot be opened", "no se puede abrir"],
    ["it cannot be locked", "no se puede bloquear"],
    ["it cannot be read", "no se puede leer"],
    ["it cannot be written", "no se puede escribir"],
    ["its torn last line cannot be cut off", "no se puede cortar su última línea incompleta"],
    [
        "another file took the place of the witness while it was in use",
        "otro archivo ocupó el lugar del testigo mientras se usaba",
    ],
    [
        "the witness had {} lines and has lost some of them",
        "el testigo tenía {} líneas y perdió algunas",
    ],
    [
        "the line at byte {} is not the one that was written there",
        "la línea en el byte {} no es la que se escribió allí",
    ],
    ["line {} is whole and is no attempt", "la línea {} está completa y no es un intento"],
    [
        "its first line is not whole; if it was only just begun, remove it",
        "su primera línea no está completa; si se acaba de comenzar, bórrelo",
    ],
    ["its first line is not that of a witness", "su primera línea no es la de un testigo"],
    [
        "a later version of Pagos wrote it; use that version",
        "lo escribió una versión posterior de Pagos; use esa versión",
    ],
    [
        "a file is there already and is not overwritten; name another place",
        "ya hay un archivo allí y no se sobrescribe; indique otro lugar",
    ],
    [
        "the witness belongs to the database {}, and this one is {}; name this database's own witness",
        "el testigo es de la base de datos {}, y esta es {}; indique el testigo de esta base de datos",
    ],
    ["the witness does not answer within {} s", "el testigo no responde en {} s"],
    [
        "the witness's thread has ended; open the witness again",
        "el hilo del testigo terminó; abra el testigo otra vez",
    ],
    ["the server of the witness", "el servidor del testigo"],
    ["it is no URL of a server", "no es la URL de un servidor"],
    [
        "this is the server of the store, and a witness there would be lost or set back together with it; name a database on another server",
        "este es el servidor de la base de datos, y un testigo allí se perdería o retrocedería junto con ella; indique una base de datos en otro servidor",
    ],
    [
        "this database has no witness; name the one that has it, or let a new one be made",
        "esta base de datos no tiene testigo; indique la que lo tiene, o deje que se cree uno nuevo",
    ],
    [
        "this database has the witnesses of other stores only; is it the right store, and the right witness?",
        "esta base de datos solo tiene los testigos de otras; ¿son correctos la base de datos y el testigo?",
    ],
    [
        "the witness's server no longer has appends that it had acknowledged; was it replaced by a standby that lagged, or by a backup? start again, and the store is compared with what is left",
        "el servidor del testigo ya no tiene entradas que había confirmado; ¿lo reemplazó una réplica atrasada, o un respaldo? Ejecute de nuevo, y la base de datos se compara con lo que queda",
    ],
    [
        "the witness of this store was removed from its database while it was in use; look who did that, and start again",
        "el testigo de esta base de datos se borró mientras se usaba; averigüe quién lo hizo, y ejecute de nuevo",
    ],
    // The engine.
    ["the store failed: {}", "falló la base de datos: {}"],
    [
        "another process works on this store; stop it first, or wait until it ends",
        "otro proceso trabaja en esta base de datos; deténgalo primero, o espere a que termine",
    ],
    ["unsafe policy: {}", "reglas inseguras: {}"],
    ["nothing is sent without the witness: {}", "no se envía nada sin el testigo: {}"],
    [
        "this database was restored at {} from a backup of {}, and does not know what was sent since; configure its `witness`, or compare with the provider and then run `pagos restore --accept`",
        "esta base de datos se restauró el {} desde un respaldo del {}, y no sabe lo que se envió desde entonces; configure su testigo (`witness`), o compare con el proveedor y luego ejecute `pagos restore --accept`",
    ],
    ["no account {} is configured", "no hay ninguna cuenta {} configurada"],
    ["no payout {}", "no hay ningún pago {}"],
    ["the order cannot be sent", "la orden no se puede enviar"],
    [
        "run {} has {} orders and not {}: another process took some back, or they were never submitted; nothing was released; submit all of them again",
        "la nómina {} tiene {} órdenes y no {}: otro proceso retiró algunas, o nunca se ingresaron; no se liberó nada; ingréselas todas otra vez",
    ],
    [
        "account {} may pay {} a day to {}; {} of it is spent, and this run is {}",
        "la cuenta {} puede pagar {} por día a {}; {} ya se gastaron, y esta nómina es de {}",
    ],
    ["one beneficiary", "un beneficiario"],
    ["all beneficiaries", "todos los beneficiarios"],
    [
        "payout {} is in run {} too, which is {}; approve that run or withdraw it first",
        "el pago {} también está en la nómina {}, que está {}; apruebe esa nómina o retírela primero",
    ],
    ["waiting", "por aprobar"],
    ["approved", "aprobada"],
    [
        "record {} cannot be read; it was written by a newer version, or is damaged",
        "no se puede leer el registro {}; lo escribió una versión más nueva, o está dañado",
    ],
    ["no run {}", "no hay ninguna nómina {}"],
    [
        "run {} waits for {} more of {} approvals, and nothing of it is sent before: `pagos approve`",
        "la nómina {} espera {} más de {} aprobaciones, y nada de ella se envía antes: `pagos approve`",
    ],
    [
        "run {} was rejected{}; withdraw it and submit it again",
        "la nómina {} fue rechazada{}; retírela e ingrésela otra vez",
    ],
    [" by {}: {}", " por {}: {}"],
    [
        "run {} is over a limit: {}; nothing of it is sent",
        "la nómina {} supera un límite: {}; no se envía nada de ella",
    ],
    ["the list goes in circles", "el listado da vueltas en círculo"],
];
