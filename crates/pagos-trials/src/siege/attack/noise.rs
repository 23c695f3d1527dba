//! What is wrong at first sight: forged signatures, random bytes, odd requests.

use std::io;

use pagos_kit::Random;

use super::{
    Outcome, Target,
    flood::{Stranger, flood},
};
use crate::trial::wire::{self, Message};

const LARGE_BYTES: usize = 60 * 1024;

/// One request of so many has a large body, one of so many a connection of its own.
const LARGE_ONE_OF: u64 = 40;
const ALONE_ONE_OF: u64 = 8;

const NOISE_BYTES_MAX: u64 = 2_000;

/// Requests that a parser meets rarely.
const ODD: [&[u8]; 10] = [
    b"GET /healthz HTTP/9.9\r\n\r\n",
    b"POST /webhooks/cashypro HTTP/1.1\r\nContent-Length: -1\r\n\r\n",
    b"POST /webhooks/cashypro HTTP/1.1\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nabcdef",
    b"POST /webhooks/cashypro HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffff\r\n",
    b"POST /webhooks/cashypro HTTP/1.1\r\nTransfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n0\r\n\r\n",
    b"OPTIONS * HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
    b"GET http://127.0.0.1/%00%ff/../../etc HTTP/1.1\r\n\r\n",
    b"\r\n\r\n\r\nGET\r\n\r\n",
    b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    b"POST /webhooks/\xff\xfe HTTP/1.1\r\n : \r\n\r\n",
];

/// Webhooks whose signatures are wrong.
pub(super) fn forged(target: &Target<'_>) -> Outcome {
    Outcome::of(flood(target, None, |stranger| {
        if stranger.random.draw(1, ALONE_ONE_OF) == 1 {
            stranger.leave();
        }
        let request = forge(&mut stranger.random);
        stranger.ask(&request).map(|_| 1)
    }))
}

fn forge(random: &mut Random) -> Message {
    let (key, sign) = (random.draw(1, 999), random.draw(0, u64::MAX));
    let padding = match random.draw(1, LARGE_ONE_OF) {
        1 => LARGE_BYTES,
        _ => 0,
    };
    let body = format!(
        "{{\"amount\":60000.00,\"mchOrderNo\":\"C1N{key:06}\",\"merchantId\":\"1002001\",\
         \"orderStatus\":\"SUCCESS\",\"remark\":\"{}\"}}",
        "a".repeat(padding)
    );
    let headers = format!("MerchantId: 1002001\r\nSign: {sign:064x}\r\n");
    wire::post("/webhooks/cashypro", &headers, body.into_bytes())
}

/// Random bytes and odd requests, each on a connection of its own.
pub(super) fn garbage(target: &Target<'_>) -> Outcome {
    Outcome::of(flood(target, None, |stranger| {
        let sent = babble(stranger);
        stranger.leave();
        sent.map(|()| 1)
    }))
}

fn babble(stranger: &mut Stranger) -> io::Result<()> {
    let bytes = match stranger.random.draw(0, 1) {
        0 => {
            let length = stranger.random.draw(1, NOISE_BYTES_MAX);
            (0..length).map(|_| random_byte(&mut stranger.random)).collect()
        }
        _ => stranger.random.choose(&ODD).copied().unwrap_or_default().to_vec(),
    };
    let is_read = stranger.random.draw(0, 3) == 0 && bytes.ends_with(b"\r\n\r\n");
    let connection = stranger.connection()?;
    connection.write_bytes(&bytes)?;
    match is_read {
        true => connection.read().map(drop),
        // Gone before it can be answered.
        false => Ok(()),
    }
}

fn random_byte(random: &mut Random) -> u8 {
    u8::try_from(random.draw(0, 255)).unwrap_or_default()
}
