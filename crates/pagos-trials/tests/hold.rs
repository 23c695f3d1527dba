//! `pagos-trials postgres --hold` keeps a server for as long as its input lasts, and no longer.

#![allow(clippy::unwrap_used)]

use std::{
    io::{BufRead, BufReader},
    net::TcpStream,
    process::{Command, Stdio},
};

/// Where PostgreSQL is not installed, it ends at once and tells no server.
#[test]
fn a_held_server_ends_with_the_input() {
    let mut command = Command::new(env!("CARGO_BIN_EXE_pagos-trials"));
    let piped = command.args(["postgres", "--hold"]).stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut child = piped.spawn().unwrap();
    let mut url = String::new();
    // It is kept to the end: the program writes a second line, for the standby.
    let mut told = BufReader::new(child.stdout.take().unwrap());
    told.read_line(&mut url).unwrap();
    let address = url.rsplit(['@', '/']).nth(1);
    let is_there = || address.is_some_and(|address| TcpStream::connect(address).is_ok());
    assert_eq!(is_there(), address.is_some());
    drop(child.stdin.take());
    assert!(child.wait().unwrap().success());
    assert!(!is_there());
}
