//! Starts other programs, mostly cargo, and says so before it does. Judges nothing but exit codes.

use std::{
    env,
    ffi::OsString,
    io::{BufRead, BufReader, Read},
    process::{Command, Stdio},
    thread,
};

use crate::failure::Failure;

/// What a program said while its words were passed on.
#[derive(Debug)]
pub struct Heard {
    /// Standard output and standard error; each is whole, their order is lost.
    pub text: String,
    /// Did it exit with zero?
    pub is_success: bool,
}

/// The cargo that runs this program.
pub(crate) fn cargo() -> OsString {
    env::var_os("CARGO").unwrap_or_else(|| "cargo".into())
}

/// Runs to the end with our own output; a non-zero exit is a failure.
pub fn run(command: &mut Command) -> Result<(), Failure> {
    announce(command);
    let status = command.status().map_err(Failure::while_doing(describe(command)))?;
    if status.success() {
        return Ok(());
    }
    Err(Failure::new(format!("`{}` failed with {status}", describe(command))))
}

/// Runs to the end and returns its standard output; a non-zero exit is a failure.
pub fn read_stdout(command: &mut Command) -> Result<String, Failure> {
    let output = command.output().map_err(Failure::while_doing(describe(command)))?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        return Err(Failure::new(format!("`{}` failed: {}", describe(command), said.trim())));
    }
    String::from_utf8(output.stdout).map_err(Failure::while_doing(describe(command)))
}

/// Runs to the end, passes its words on line by line, and keeps them.
pub fn overhear(command: &mut Command) -> Result<Heard, Failure> {
    announce(command);
    let what = describe(command);
    let mut child = command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(Failure::while_doing(&what))?;
    let (stdout, stderr) = (child.stdout.take(), child.stderr.take());
    let listener = thread::spawn(move || stderr.map(|pipe| pass_on(pipe, |it| eprintln!("{it}"))));
    let mut text = stdout.map(|pipe| pass_on(pipe, |it| println!("{it}"))).unwrap_or_default();
    let heard = listener.join().map_err(|_| Failure::new("the listening thread ended early"))?;
    text.push_str(&heard.unwrap_or_default());
    let status = child.wait().map_err(Failure::while_doing(&what))?;
    Ok(Heard { text, is_success: status.success() })
}

/// Can the command be run at all, and does it succeed? Its output is swallowed.
pub fn is_available(command: &mut Command) -> bool {
    let status = command.stdout(Stdio::null()).stderr(Stdio::null()).status();
    status.is_ok_and(|status| status.success())
}

/// How many threads this machine runs at once, or one if it does not say.
pub(crate) fn cores() -> u64 {
    thread::available_parallelism().map_or(1, |cores| cores.get() as u64)
}

/// Are we on a machine that must not skip anything?
pub fn is_ci() -> bool {
    env::var("CI").is_ok_and(|value| value == "true" || value == "1")
}

fn pass_on(pipe: impl Read, show: fn(&str)) -> String {
    let mut kept = String::new();
    let mut reader = BufReader::new(pipe);
    let mut line = Vec::new();
    while matches!(reader.read_until(b'\n', &mut line), Ok(1..)) {
        let text = String::from_utf8_lossy(&line);
        show(text.trim_end());
        kept.push_str(&text);
        line.clear();
    }
    kept
}

fn announce(command: &Command) {
    eprintln!("$ {}", describe(command));
}

fn describe(command: &Command) -> String {
    let program = command.get_program().to_string_lossy();
    let program = program.rsplit(['/', '\\']).next().unwrap_or_default().to_owned();
    let words = command.get_args().map(|word| word.to_string_lossy().into_owned());
    std::iter::once(program).chain(words).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missing_program_is_not_available_and_not_a_panic() {
        assert!(!is_available(&mut Command::new("no-such-program-of-pagos")));
        let failure = read_stdout(&mut Command::new("no-such-program-of-pagos")).unwrap_err();
        assert!(failure.to_string().starts_with("no-such-program-of-pagos: "), "{failure}");
    }

    #[test]
    fn lines_are_passed_on_and_kept() {
        assert_eq!(pass_on(&b"one\ntwo"[..], |_| ()), "one\ntwo");
        assert_eq!(pass_on(&b""[..], |_| ()), "");
    }
}
