//! What is said about accounts: why the provider was not reached, and why it refuses one. A provider's
//! own words are quoted.

use super::Pair;

pub(super) const PAIRS: &[Pair] = &[
    // The system.
    [
        "No such file or directory (os error {})",
        "no existe el archivo o la carpeta (error {} del sistema)",
    ],
    ["Permission denied (os error {})", "permiso denegado (error {} del sistema)"],
    ["Is a directory (os error {})", "es una carpeta (error {} del sistema)"],
    [
        "No space left on device (os error {})",
        "no queda espacio en el disco (error {} del sistema)",
    ],
    ["Read-only file system (os error {})", "el disco es de solo lectura (error {} del sistema)"],
    ["Connection refused (os error {})", "conexión rechazada (error {} del sistema)"],
    [
        "Connection reset by peer (os error {})",
        "el otro lado cortó la conexión (error {} del sistema)",
    ],
    ["Broken pipe (os error {})", "nadie lee la tubería (error {} del sistema)"],
    // The network.
    ["the request did not reach the provider", "la solicitud no llegó al proveedor"],
    [
        "no answer; the request may have arrived",
        "no hubo respuesta; la solicitud pudo haber llegado",
    ],
    ["the provider gave no answer", "el proveedor no respondió"],
    ["the request cannot be sent", "la solicitud no se puede enviar"],
    ["the host's name has no address", "el nombre del host no tiene dirección"],
    ["no connection within the time limit", "no hubo conexión dentro del plazo"],
    ["no connection to the host", "no hay conexión con el host"],
    [
        "no connection to the host (no certificate authorities were found on this system, so every https host is refused; install the package ca-certificates)",
        "no hay conexión con el host (este sistema no tiene autoridades de certificación, así que se rechaza todo host https; instale el paquete ca-certificates)",
    ],
    ["no answer within the time limit", "no hubo respuesta dentro del plazo"],
    ["the connection broke before an answer came", "la conexión se cortó antes de una respuesta"],
    [
        "no connection through the proxy {} within the time limit",
        "no hubo conexión por el proxy {} dentro del plazo",
    ],
    [
        "no connection to the host through the proxy {}",
        "no hay conexión con el host por el proxy {}",
    ],
    [
        "the proxy {} refuses its credentials, or wants some; correct them in the account's proxy",
        "el proxy {} rechaza sus credenciales, o pide alguna; corríjalas en el campo proxy de la cuenta",
    ],
    [
        "the proxy {} opens no way to the host; it must allow CONNECT to the host's name and port",
        "el proxy {} no deja pasar al host; debe permitir CONNECT al nombre y el puerto del host",
    ],
    [
        "a plain http request does not go through a proxy, which could answer it in the provider's place; use an https address, or take the account's proxy out",
        "una solicitud http sin cifrar no pasa por un proxy, que podría responderla en lugar del proveedor; use una dirección https, o quite el proxy de la cuenta",
    ],
    ["the answer did not end within the time limit", "la respuesta no terminó dentro del plazo"],
    ["the answer broke off", "la respuesta se cortó"],
    ["the answer is larger than {} bytes", "la respuesta supera {} bytes"],
    ["the HTTP client cannot be built", "no se puede preparar el cliente HTTP"],
    // What a provider answered.
    ["the outcome is unknown: {}", "no se sabe el resultado: {}"],
    ["the provider answered {} with HTTP {}", "el proveedor respondió {} con HTTP {}"],
    ["the provider answered HTTP {}", "el proveedor respondió HTTP {}"],
    ["the provider answered {} with code {}", "el proveedor respondió {} con el código {}"],
    ["Conekta answered HTTP {}", "Conekta respondió HTTP {}"],
    ["Fintoc answered HTTP {}", "Fintoc respondió HTTP {}"],
    ["too many requests", "demasiadas solicitudes"],
    ["too many queries", "demasiadas consultas"],
    ["too many logins", "demasiados inicios de sesión"],
    ["the account may not pay", "la cuenta no puede pagar"],
    ["the account may not do this", "la cuenta no puede hacer esto"],
    ["a payout with this key may exist already", "puede que ya exista un pago con esta clave"],
    ["there is too little money in the account", "hay muy poco dinero en la cuenta"],
    ["the balance is too low", "el saldo es muy bajo"],
    ["a field was refused", "se rechazó un campo"],
    ["a field is missing", "falta un campo"],
    ["the outcome is unknown", "no se sabe el resultado"],
    [
        "the payouts API refuses this account with HTTP {}",
        "la API de pagos rechaza esta cuenta con HTTP {}",
    ],
    [
        "the payouts API refuses a token that its login has just issued",
        "la API de pagos rechaza un token que acaba de entregar",
    ],
    ["the login got no answer: {}", "el inicio de sesión no tuvo respuesta: {}"],
    [
        "the login of the payouts API was refused with HTTP {}",
        "la API de pagos rechazó el inicio de sesión con HTTP {}",
    ],
    [
        "the login of the payouts API brought no token",
        "el inicio de sesión de la API de pagos no entregó un token",
    ],
    [
        "the login's answer cannot be read: HTTP {}",
        "no se puede leer la respuesta al inicio de sesión: HTTP {}",
    ],
    ["the key was refused", "se rechazó la clave de acceso"],
    ["key or signature refused", "se rechazó la clave de acceso o la firma"],
    ["credentials or signature were refused", "se rechazaron las credenciales o la firma"],
    ["the query was refused", "se rechazó la consulta"],
    ["refused", "rechazado"],
    ["no use of the answer", "la respuesta no sirve"],
    ["the merchant id is missing", "falta el código del comercio"],
    ["the merchant id is not a number", "el código del comercio no es un número"],
    ["the merchant id is not known", "el código del comercio no se conoce"],
    ["the signature was refused", "se rechazó la firma"],
    ["our IP address is not allowed", "nuestra dirección IP no está permitida"],
    ["system error", "error del sistema del proveedor"],
    ["the system is busy", "el sistema del proveedor está ocupado"],
    ["the system is under maintenance", "el sistema del proveedor está en mantenimiento"],
    ["the request was no POST", "la solicitud no fue un POST"],
    ["the request was not JSON", "la solicitud no era JSON"],
    ["the request had no body", "la solicitud no tenía cuerpo"],
    ["the key was refused or used before", "la clave se rechazó o se usó antes"],
    ["a refusal that is not documented", "un rechazo que no está documentado"],
    [
        "a refusal that is not documented, so the outcome is unknown",
        "un rechazo que no está documentado, así que no se sabe el resultado",
    ],
    [
        "HTTP {} from something before the provider; look at its list of IP addresses and at the client certificate",
        "HTTP {} de algo que está antes del proveedor; revise su lista de direcciones IP y el certificado de cliente",
    ],
    [
        "refused by something before the provider; look at its list of IP addresses",
        "rechazado por algo que está antes del proveedor; revise su lista de direcciones IP",
    ],
    // What the engine keeps of it.
    [
        "the program was told to stop before the request left",
        "se pidió detener el programa antes de que saliera la solicitud",
    ],
    // The twins of a sandbox.
    [
        "no port on the loopback interface can be opened",
        "no se puede abrir ningún puerto de esta máquina",
    ],
    [
        "another pagos process pays this sandbox; wait for its end, or use another --db",
        "otro proceso de pagos paga en este sandbox; espere a que termine, o use otro --db",
    ],
    [
        "the bank beside the database cannot be used: {}; delete {} or use another --db",
        "no se puede usar el banco que está al lado de la base de datos: «{}»; borre {} o use otro --db",
    ],
    [
        "the bank beside the database cannot be made: {}; {} is its name",
        "no se puede crear el banco al lado de la base de datos: «{}»; su nombre es {}",
    ],
    [
        "--sandbox-url: {}; write http://127.0.0.1:PORT, as `pagos twin` prints it",
        "--sandbox-url: {}; escriba http://127.0.0.1:PUERTO, como lo muestra `pagos twin`",
    ],
    [
        "what answers at {} is no `pagos twin`: {}",
        "lo que responde en {} no es un `pagos twin`: {}",
    ],
    [
        "no twins answer at {}; start them with `pagos twin --listen 127.0.0.1:PORT`",
        "ningún simulador responde en {}; inícielos con `pagos twin --listen 127.0.0.1:PUERTO`",
    ],
    ["it knows no providers", "no conoce ningún proveedor"],
    ["it refuses the calls that twins take", "rechaza las llamadas que aceptan los simuladores"],
    ["what it names has no scheme", "lo que indica no tiene esquema"],
    ["twins speak plain http, and not https", "los simuladores hablan http sin cifrar, y no https"],
    ["twins speak http, and nothing else", "los simuladores hablan http, y nada más"],
    ["twins take no user name and no password", "los simuladores no aceptan usuario ni contraseña"],
    [
        "what it names has a path, and the address of twins has none",
        "lo que indica tiene una ruta, y la dirección de los simuladores no tiene",
    ],
    ["what it names has no host", "lo que indica no tiene host"],
    [
        "RUST_LOG is no filter ({}); write a level such as info or debug, or one for each crate: pagos_engine=debug,pagos_http=debug",
        "RUST_LOG no es un filtro («{}»); escriba un nivel como info o debug, o uno por módulo: pagos_engine=debug,pagos_http=debug",
    ],
];
