//! Our own verifiers, judged by tokens that other programs made. What a token is, and whether it is
//! genuine, is the script's word; what we make of it is the provider crate's.

use std::{fs, path::Path};

use pagos_core::Secret;
use pagos_virtualpos::Claims;
use serde_json::Value;

use crate::{failure::Failure, tally::Tally};

/// Tokens in their fields, and how they are verified; by the name of the folder. A new provider
/// whose tokens others can make is one more row.
const VERIFIERS: [(&str, Verify); 1] = [("virtualpos", verify_virtualpos)];

/// Is the token genuine, and does it say what it should?
type Verify = fn(&Value) -> Result<bool, Failure>;

/// Judges every token that the script left, and prints what came out as a script does. Nothing to
/// judge is a failure where there is a verifier.
pub(super) fn judge(name: &str, tokens: &Path) -> Result<Tally, Failure> {
    let Some((_, verify)) = VERIFIERS.iter().find(|(folder, _)| *folder == name) else {
        return Ok(Tally::default());
    };
    let lines = fs::read_to_string(tokens).map_err(Failure::while_doing(tokens.display()))?;
    judge_lines(&lines, *verify)
}

fn judge_lines(lines: &str, verify: Verify) -> Result<Tally, Failure> {
    let mut tally = Tally::default();
    for line in lines.lines() {
        let token: Value =
            serde_json::from_str(line).map_err(Failure::while_doing("a token of a script"))?;
        let name = text(&token, "name")?;
        let genuine = token.get("genuine").and_then(Value::as_bool);
        let genuine = genuine.ok_or_else(|| Failure::new(format!("{name}: genuine or not?")))?;
        if verify(&token)? == genuine {
            println!("ok our verifier: {name}");
            tally.passed += 1;
        } else {
            let verdict = if genuine { "refused" } else { "accepted" };
            println!("failed our verifier: {name}: {verdict}");
            tally.failed += 1;
        }
    }
    if tally == Tally::default() {
        println!("failed our verifier: the script left no token");
        tally.failed = 1;
    }
    Ok(tally)
}

fn verify_virtualpos(token: &Value) -> Result<bool, Failure> {
    let claims = Claims::Tef(text(token, "tef")?.as_bytes());
    let key = |name| text(token, name).map(Secret::new);
    let (api_key, secret_key) = (key("api_key")?, key("secret_key")?);
    Ok(pagos_virtualpos::verify(text(token, "token")?, claims, &api_key, &secret_key).is_ok())
}

fn text<'a>(token: &'a Value, name: &str) -> Result<&'a str, Failure> {
    let field = token.get(name).and_then(Value::as_str);
    field.ok_or_else(|| Failure::new(format!("a token of a script has no {name}")))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const TEF: &str = "{\"amount\":990}";

    fn line(tef: &str, is_genuine: bool) -> String {
        let (api_key, secret_key) = (Secret::new("k"), Secret::new("an invented secret"));
        let claims = Claims::Tef(TEF.as_bytes());
        let token = pagos_virtualpos::signature(claims, &api_key, &secret_key).unwrap();
        let line = json!({
            "name": "n", "token": token, "tef": tef, "genuine": is_genuine,
            "api_key": "k", "secret_key": "an invented secret",
        });
        line.to_string()
    }

    fn check(lines: &str, passed: usize, failed: usize) {
        let expected = Tally { passed, failed, skipped: 0 };
        assert_eq!(judge_lines(lines, verify_virtualpos), Ok(expected), "{lines}");
    }

    #[test]
    fn the_script_and_our_verifier_have_to_agree() {
        let other = "{\"amount\":991}";
        check(&format!("{}\n{}\n", line(TEF, true), line(other, false)), 2, 0);
        check(&format!("{}\n{}\n", line(TEF, false), line(other, true)), 0, 2);
    }

    #[test]
    fn nothing_to_judge_is_a_failure_where_there_is_a_verifier() {
        check("", 0, 1);
        for bad in ["{}", "{\"name\":\"n\"}", "{\"name\":\"n\",\"genuine\":true}", "?"] {
            assert!(judge_lines(bad, verify_virtualpos).is_err(), "{bad}");
        }
        let nowhere = Path::new("no-such-file");
        assert_eq!(judge("etpay", nowhere), Ok(Tally::default()));
        assert!(judge("virtualpos", nowhere).is_err());
    }
}
