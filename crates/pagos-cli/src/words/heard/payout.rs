//! What the engine keeps about payouts: why a person is called for, and what a query brought.

use super::Pair;

pub(super) const PAIRS: &[Pair] = &[
    ["no such payout", "no tiene ese pago"],
    ["{} answers of absence", "{} respuestas de que no lo tiene"],
    ["the provider refused it", "el proveedor lo rechazó"],
    ["the provider refused attempt {} ({}), {}", "el proveedor rechazó el intento {} ({}), {}"],
    ["which says nothing about the other attempts", "lo que nada dice de los otros intentos"],
    ["without a code", "sin código"],
    [
        "it cannot be prepared, and may have been sent before",
        "no se puede preparar, y puede haberse enviado antes",
    ],
    ["the provider does not say what became of it", "el proveedor no dice qué pasó con él"],
    [
        "the provider has shown this payout before, and now says that it has no such payout; look at the bank, then decide with `pagos resolve`",
        "el proveedor mostró antes este pago, y ahora dice que no lo tiene; revise el banco y luego decida con `pagos resolve`",
    ],
    [
        "the provider says that it has no such payout, and it would pay a repeated one twice; look at the bank, then decide with `pagos resolve`",
        "el proveedor dice que no tiene este pago, y pagaría dos veces uno repetido; revise el banco y luego decida con `pagos resolve`",
    ],
    [
        "the provider says that it has no such payout, and it may have forgotten the key by now, so that a repeat could be paid twice; look at the bank, then decide with `pagos resolve`",
        "el proveedor dice que no tiene este pago, y quizá ya olvidó la clave, de modo que uno repetido podría pagarse dos veces; revise el banco y luego decida con `pagos resolve`",
    ],
    [
        "it was sent, or may have been, before this database went back to an earlier state, and the provider says that it has no such payout; what was told about it meanwhile is forgotten, so it may have been paid otherwise; look at the bank, then decide with `pagos resolve`",
        "se envió, o pudo enviarse, antes de que esta base de datos volviera a un estado anterior, y el proveedor dice que no lo tiene; lo que se supo entretanto se olvidó, así que puede haberse pagado de otro modo; revise el banco y luego decida con `pagos resolve`",
    ],
    [
        "it was sent several times, and the provider still says that it has no such payout; look at the bank, then decide with `pagos resolve`",
        "se envió varias veces, y el proveedor sigue diciendo que no lo tiene; revise el banco y luego decida con `pagos resolve`",
    ],
    [
        "it was sent, says the witness, and this database has forgotten that: it went back to an earlier state",
        "se envió, dice el testigo, y esta base de datos lo olvidó: volvió a un estado anterior",
    ],
    [
        "this database was restored from a backup, and it may have been sent since: the provider is asked",
        "esta base de datos se restauró desde un respaldo, y puede haberse enviado desde entonces: se consulta al proveedor",
    ],
    [
        "it was sent once more, says the witness, and this database has forgotten that: it went back to an earlier state; look at the provider's panel, then decide with `pagos resolve`",
        "se envió una vez más, dice el testigo, y esta base de datos lo olvidó: volvió a un estado anterior; revise el panel del proveedor y luego decida con `pagos resolve`",
    ],
    [
        "another order was sent under this key, says the witness, and this database has forgotten it; look at the provider's panel, then decide with `pagos resolve`",
        "con esta clave se envió otra orden, dice el testigo, y esta base de datos la olvidó; revise el panel del proveedor y luego decida con `pagos resolve`",
    ],
    [
        "it could not be sent for a long time: see its history for what the provider says; tries go on",
        "no se pudo enviar durante mucho tiempo: vea en su historia qué dice el proveedor; se sigue intentando",
    ],
    [
        "the provider does not say for a long time what became of it; queries go on; look at the bank, then decide with `pagos resolve`",
        "el proveedor no dice hace mucho qué pasó con él; se sigue consultando; revise el banco y luego decida con `pagos resolve`",
    ],
    [
        "the provider has it for longer than it should and does not finish; ask the provider; queries go on",
        "el proveedor lo tiene más tiempo del debido y no termina; pregunte al proveedor; se sigue consultando",
    ],
    [
        "the provider had it, and now says that it has no such payout; ask the provider; queries go on",
        "el proveedor lo tenía, y ahora dice que no lo tiene; pregunte al proveedor; se sigue consultando",
    ],
    [
        "the provider says {}, and nothing says whether money moved; it may be a reversal; ask the provider; queries go on",
        "el proveedor dice {}, y nada indica si se movió dinero; puede ser un reverso; pregunte al proveedor; se sigue consultando",
    ],
    [
        "its final status was contradicted, and the provider does not say which is true; queries go on",
        "su estado final fue contradicho, y el proveedor no dice cuál es el verdadero; se sigue consultando",
    ],
];
