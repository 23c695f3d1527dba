//! What is said about the configuration and about arguments: the rest of a sentence that begins with
//! a field, and what to do.

use super::Pair;

pub(super) const PAIRS: &[Pair] = &[
    // The file, its tables and the form of its values.
    ["the file", "el archivo"],
    ["the variable", "la variable"],
    ["the value", "el valor"],
    ["configuration", "configuración"],
    ["cannot be read ({})", "no se puede leer ({})"],
    [
        "write one with `pagos init`, or name another with --config",
        "escriba uno con `pagos init`, o indique otro con --config",
    ],
    ["is not TOML ({})", "no es TOML («{}»)"],
    ["compare it with what `pagos init` writes", "compárelo con lo que escribe `pagos init`"],
    ["is not known at the top of the file", "no se conoce al comienzo del archivo"],
    [
        "the file has tables [accounts.NAME], [books.NAME], [days], [events.NAME], [receiver], [api], [retention], [metrics] and [witness] only, and the line witness = \"PLACE\"",
        "el archivo solo tiene las tablas [accounts.NOMBRE], [books.NOMBRE], [days], [events.NOMBRE], [receiver], [api], [retention], [metrics] y [witness], y la línea witness = \"LUGAR\"",
    ],
    ["is not an account", "no es una cuenta"],
    ["is not an endpoint", "no es un destino"],
    ["is not a book", "no es un libro"],
    [
        "write a table [accounts.NAME] with a name of 1 to 32 of a-z 0-9 _ -",
        "escriba una tabla [accounts.NOMBRE] con un nombre de 1 a 32 de a-z 0-9 _ -",
    ],
    [
        "write a table [events.NAME] with a name of 1 to 32 of a-z 0-9 _ -",
        "escriba una tabla [events.NOMBRE] con un nombre de 1 a 32 de a-z 0-9 _ -",
    ],
    [
        "write a table [books.NAME] with a name of 1 to 32 of a-z 0-9 _ -",
        "escriba una tabla [books.NOMBRE] con un nombre de 1 a 32 de a-z 0-9 _ -",
    ],
    [
        "is not a text, a whole number, true or false, or a list of them",
        "no es un texto, un número entero, true o false, ni una lista de ellos",
    ],
    [
        "is empty, or not a text, a whole number or a list of them",
        "está vacío, o no es un texto, un número entero ni una lista de ellos",
    ],
    ["write it in double quotes", "escríbalo entre comillas dobles"],
    ["is empty", "está vacío"],
    ["fill it in, or remove the line", "complételo, o quite la línea"],
    ["is not UTF-8", "no está en UTF-8"],
    ["set it again", "defínalo otra vez"],
    ["set it, or unset the variable", "defínala, o quite la variable"],
    ["names no account", "no nombra ninguna cuenta"],
    [
        "its name is PAGOS_<ACCOUNT>_<FIELD>; it was not used",
        "su nombre es PAGOS_<CUENTA>_<CAMPO>; no se usó",
    ],
    ["names {}, which {}", "nombra {}, que {}"],
    ["names the variable {}", "nombra la variable {}"],
    ["set that variable", "defina esa variable"],
    [
        "holds a PEM text, whose path is written without `_file` in the field's name",
        "contiene un texto PEM, cuya ruta se escribe sin `_file` en el nombre del campo",
    ],
    ["does not hold one line", "no contiene una sola línea"],
    ["is not text", "no es texto"],
    ["has more than {} bytes", "tiene más de {} bytes"],
    ["name a readable file of one line", "indique un archivo legible de una línea"],
    ["begins with a byte order mark", "comienza con una marca de orden de bytes"],
    ["save its file as UTF-8 without one", "guarde su archivo como UTF-8 sin ella"],
    [
        "has its quotes as a part of the value, as from an env file",
        "tiene las comillas como parte del valor, como las de un archivo env",
    ],
    ["set it without the quotes", "defínalo sin las comillas"],
    [
        "begins or ends with a space or a line break",
        "comienza o termina con un espacio o un salto de línea",
    ],
    ["set it without", "defínalo sin ellos"],
    [
        "holds secrets and can be read by other users of this machine",
        "contiene secretos y otros usuarios de esta máquina lo pueden leer",
    ],
    [
        "is a file that can be read by other users of this machine",
        "es un archivo que otros usuarios de esta máquina pueden leer",
    ],
    ["run `chmod 600 {}`", "ejecute `chmod 600 {}`"],
    // The fields of an account.
    ["has no meaning for account {}", "no significa nada para la cuenta {}"],
    ["did you mean {}?", "¿quiso decir {}?"],
    ["remove it, or see the page of provider {}", "quítelo, o vea la página del proveedor {}"],
    ["is neither \"sandbox\" nor \"live\"", "no es \"sandbox\" ni \"live\""],
    ["{} is neither \"sandbox\" nor \"live\"", "{} no es \"sandbox\" ni \"live\""],
    ["write one of the two", "escriba uno de los dos"],
    ["{} is not a provider of this binary", "{} no es un proveedor de este programa"],
    ["write one of {}", "escriba uno de {}"],
    [
        "set it in [accounts.{}], or as {}; without {} the account has no {}",
        "defínalo en [accounts.{}], o como {}; sin {} la cuenta no tiene {}",
    ],
    ["set it in [accounts.{}], or as {}", "defínalo en [accounts.{}], o como {}"],
    ["payouts", "pagos"],
    ["payments", "cobros"],
    [
        "is about {}, and {}, which brings them, is not set",
        "trata de {}, y falta {}, que los activa",
    ],
    ["set {} too, or remove {}", "defina también {}, o quite {}"],
    ["is set without {}", "está definido sin {}"],
    [
        "set {} too (one file may hold both), or remove {}",
        "defina también {} (un archivo puede contener ambos), o quite {}",
    ],
    ["{} is not set", "falta {}"],
    ["is no whole number between {} and {}", "no es un número entero entre {} y {}"],
    ["{} is no whole number between {} and {}", "{} no es un número entero entre {} y {}"],
    ["{} is none of {}", "{} no es uno de {}"],
    ["correct it, or remove it", "corríjalo o quítelo"],
    ["the limits of the account are not safe:", "los límites de la cuenta no son seguros:"],
    [
        "correct lease_s, deadline_s or absence_grace_s, or remove them",
        "corrija lease_s, deadline_s o absence_grace_s, o quítelos",
    ],
    [
        "write http://HOST:PORT, and keep credentials out of the file with proxy_env or proxy_file",
        "escriba http://HOST:PUERTO, y deje las credenciales fuera del archivo con proxy_env o proxy_file",
    ],
    [
        "does not begin with http://; the proxy itself is spoken to in plain text, and what goes through it is TLS to the provider",
        "no comienza con http://; con el proxy mismo se habla sin cifrar, y lo que pasa por él es TLS hasta el proveedor",
    ],
    [
        "is not http://HOST:PORT or http://USER:PASSWORD@HOST:PORT",
        "no es http://HOST:PUERTO ni http://USUARIO:CONTRASEÑA@HOST:PUERTO",
    ],
    [
        "has characters in its user or password that are written as %40 and so on",
        "tiene en su usuario o contraseña caracteres que se escriben como %40, etc.",
    ],
    [
        "is plain http, and a proxy could answer in the provider's place",
        "es http sin cifrar, y un proxy podría responder en lugar del proveedor",
    ],
    ["use https, or remove {}", "use https, o quite {}"],
    ["is the path of a file that {}", "es la ruta de un archivo que {}"],
    [
        "write the path of a PEM file, or the whole PEM text",
        "escriba la ruta de un archivo PEM, o el texto PEM completo",
    ],
    ["is neither a PEM text nor @ and a path", "no es un texto PEM ni @ y una ruta"],
    [
        "write @ and the path of a PEM file, or the whole PEM text",
        "escriba @ y la ruta de un archivo PEM, o el texto PEM completo",
    ],
    [
        "name another file, or see the page of provider {}",
        "indique otro archivo, o vea la página del proveedor {}",
    ],
    [
        "there is no plain private key in the PEM text",
        "el texto PEM no tiene una clave privada sin cifrar",
    ],
    [
        "a certificate in the PEM text cannot be read",
        "no se puede leer un certificado del texto PEM",
    ],
    ["the certificate cannot be used with this key", "el certificado no sirve con esta clave"],
    ["a certificate cannot be an authority", "un certificado no puede ser una autoridad"],
    ["a base URL has no query", "una URL base no tiene parámetros"],
    [
        "plain http is for the sandbox only; live wants https",
        "http sin cifrar es solo para sandbox; live exige https",
    ],
    ["not a URL", "no es una URL"],
    [
        "the URL starts with neither https:// nor http://",
        "la URL no comienza con https:// ni con http://",
    ],
    ["the URL has no host", "la URL no tiene host"],
    ["the URL has credentials in it", "la URL contiene credenciales"],
    [
        "the deadline of a call must be shorter than the lease",
        "el plazo de una llamada (deadline) debe ser más corto que la reserva (lease)",
    ],
    [
        "{}: the absence grace must be longer than lease and deadline together",
        "{}: absence_grace debe ser más largo que lease y deadline juntos",
    ],
    [
        "{}: its \"no such payout\" is proof after {} answers and {} s, and this policy would take less for proof; that is for twins only",
        "{}: su «no tiene ese pago» es prueba después de {} respuestas y {} s, y aquí bastaría menos; eso es solo para simuladores",
    ],
    [
        "nobody paid a session, says the provider, is proof after {} answers and {} s, and this policy would take less for proof",
        "que nadie pagó en una sesión, según el proveedor, es prueba después de {} respuestas y {} s, y aquí bastaría menos",
    ],
    ["the URL has a fragment", "la URL tiene un fragmento"],
    ["longer than {} characters", "tiene más de {} caracteres"],
    ["{} is not a public host", "{} no es un host público"],
    [
        "set PMT_URL to collect payments, USERNAME to make payouts, or both",
        "defina PMT_URL para cobrar, USERNAME para pagar, o ambos",
    ],
    [
        "it is empty, padded with blanks, or longer than 254 characters",
        "está vacío, tiene espacios alrededor o supera 254 caracteres",
    ],
    [
        "it is empty, or begins or ends with a blank",
        "está vacío, o comienza o termina con un espacio",
    ],
    ["the limits are at least 1 and in order", "los límites son al menos 1 y están en orden"],
    [
        "a client certificate and its key come together",
        "un certificado de cliente y su clave van juntos",
    ],
    [
        "a key is 1 to {} visible ASCII characters",
        "una clave tiene de 1 a {} caracteres ASCII visibles",
    ],
    [
        "plain http is for this machine itself; any other host wants https",
        "http sin cifrar es solo para esta misma máquina; cualquier otro host exige https",
    ],
    [
        "the rules of {} are not completely known; confirm them with Cashy and set partial_country to accepted",
        "las reglas de {} no se conocen por completo; confírmelas con Cashy y defina partial_country = \"accepted\"",
    ],
    ["a merchant id is 1 to 20 digits", "un código de comercio tiene de 1 a 20 dígitos"],
    ["the key is empty", "la clave está vacía"],
    ["the key begins or ends with a blank", "la clave comienza o termina con un espacio"],
    [
        "the id of an account is acc_ with letters and digits behind it",
        "el id de una cuenta es acc_ seguido de letras y dígitos",
    ],
    ["a version is a date such as 2023-11-15", "una versión es una fecha como 2023-11-15"],
    // Amounts, limits and approvals.
    ["is missing", "falta"],
    ["is none of \"payout\", \"run\", \"day\"", "no es \"payout\", \"run\" ni \"day\""],
    ["{} is no amount with its currency", "{} no es un monto con su moneda"],
    [
        "{} is not a currency code that Pagos knows, such as COP",
        "{} no es un código de moneda que Pagos conozca, como COP",
    ],
    ["{} is not an amount such as 150000 or 1250.50", "{} no es un monto como 150000 o 1250.50"],
    [
        "{} has a comma; write major units with a dot and no thousands separator",
        "{} tiene una coma; escriba unidades enteras con punto decimal y sin separador de miles",
    ],
    [
        "an account number is 1 to 64 letters and digits, without spaces",
        "un número de cuenta tiene de 1 a 64 letras y dígitos, sin espacios",
    ],
    [
        "write of = \"run\", over = \"5000000 CLP\", approvers = 1",
        "escriba of = \"run\", over = \"5000000 CLP\", approvers = 1",
    ],
    [
        "write an amount as \"5000000 CLP\", several with commas, a day as \"-03:00\"",
        "escriba un monto como \"5000000 CLP\", varios con comas, un día como \"-03:00\"",
    ],
    ["is not a list of rules", "no es una lista de reglas"],
    [
        "write tables [[accounts.NAME.approval]] with of, over, approvers",
        "escriba tablas [[accounts.NOMBRE.approval]] con of, over, approvers",
    ],
    ["is not known in [days]", "no se conoce en [days]"],
    [
        "write offset = \"-03:00\", or remove the table",
        "escriba offset = \"-03:00\", o quite la tabla",
    ],
    // The tables of the service, which every command reads.
    ["is not a whole number that fits", "no es un número entero que quepa"],
    ["is no limit of the receiver, which are {}", "no es un límite del receptor, que son {}"],
    ["is not between {} and {}", "no está entre {} y {}"],
    [
        "`pagos init` writes the limits with their defaults",
        "`pagos init` escribe los límites con sus valores habituales",
    ],
    ["is no field of [metrics]", "no es un campo de [metrics]"],
    ["it has listen only", "solo tiene listen"],
    ["is not an address with a port", "no es una dirección con puerto"],
    ["write listen = \"{}\"", "escriba listen = \"{}\""],
    ["is no field of [api], which are listen, {}", "no es un campo de [api], que son listen, {}"],
    ["correct its name, or remove the line", "corrija su nombre, o quite la línea"],
    ["is not a whole number between 1 and {}", "no es un número entero entre 1 y {}"],
    [
        "correct it, or remove the line: each limit has a default",
        "corríjalo, o quite la línea: cada límite tiene un valor habitual",
    ],
    ["is missing in [retention]", "falta en [retention]"],
    [
        "write keep_days = DAYS and archive = \"DIR\", or remove the table",
        "escriba keep_days = DÍAS y archive = \"CARPETA\", o quite la tabla",
    ],
    ["is no field of [retention]", "no es un campo de [retention]"],
    ["it has keep_days and archive", "tiene keep_days y archive"],
    ["names no folder", "no nombra ninguna carpeta"],
    [
        "is not a whole number of days between {} and {}",
        "no es un número entero de días entre {} y {}",
    ],
    ["write keep_days = 400", "escriba keep_days = 400"],
    ["write archive = \"archive\"", "escriba archive = \"archive\""],
    ["is missing in [witness]", "falta en [witness]"],
    ["is no field of [witness]", "no es un campo de [witness]"],
    [
        "it has place, without, deadline_s and same_disk",
        "tiene place, without, deadline_s y same_disk",
    ],
    ["names nothing", "no nombra nada"],
    ["is neither stop nor go-on", "no es stop ni go-on"],
    [
        "write without = \"stop\" or without = \"go-on\"",
        "escriba without = \"stop\" o without = \"go-on\"",
    ],
    [
        "is not a whole number of seconds between 1 and 600",
        "no es un número entero de segundos entre 1 y 600",
    ],
    ["write deadline_s = 10", "escriba deadline_s = 10"],
    ["is neither true nor false", "no es true ni false"],
    ["write same_disk = true", "escriba same_disk = true"],
    [
        "write witness = \"/mnt/other/pagos.witness\" above all tables, or place = \"/mnt/other/pagos.witness\" in [witness]",
        "escriba witness = \"/mnt/otro/pagos.witness\" antes de todas las tablas, o place = \"/mnt/otro/pagos.witness\" en [witness]",
    ],
    ["is no field of [books.NAME]", "no es un campo de [books.NOMBRE]"],
    [
        "it has accounts, currency, mapping, offset, before_days, after_days and fee_max",
        "tiene accounts, currency, mapping, offset, before_days, after_days y fee_max",
    ],
    ["is missing in [books.NAME]", "falta en [books.NOMBRE]"],
    ["is no list of accounts", "no es una lista de cuentas"],
    ["is no currency", "no es una moneda"],
    ["names no mapping", "no nombra ningún formato"],
    ["is not UTC or an offset", "no es UTC ni un desfase"],
    ["is no amount of the book's currency", "no es un monto en la moneda del libro"],
    [
        "write accounts = [\"NAME\"], with names of [accounts.NAME]",
        "escriba accounts = [\"NOMBRE\"], con nombres de [accounts.NOMBRE]",
    ],
    [
        "write accounts = [\"NAME\"], currency = \"CLP\", fee_max = \"5000\"",
        "escriba accounts = [\"NOMBRE\"], currency = \"CLP\", fee_max = \"5000\"",
    ],
    ["write currency = \"CLP\"", "escriba currency = \"CLP\""],
    ["`pagos reconcile mappings` lists them", "`pagos reconcile mappings` los muestra"],
    ["write offset = \"-03:00\"", "escriba offset = \"-03:00\""],
    ["write after_days = 5", "escriba after_days = 5"],
];
