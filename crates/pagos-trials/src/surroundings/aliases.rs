//! One database under several names. Each name is paid from in turn: whatever it is called, what was
//! sent is not sent again.

use std::{fs, path::Path};

use crate::{
    failure::Failure,
    surroundings::{
        site::{Expected, Harness},
        table::Told,
    },
};

const NAME: &str = "aliases";

pub(super) fn play(harness: &Harness) -> Result<Vec<Told>, Failure> {
    let site = harness.site(NAME, 6)?;
    let mut told =
        vec![site.try_out(NAME, "its own name", &mut site.pay("a.db"), Expected::Paid)?];
    fs::create_dir(site.work.join("sub")).map_err(Failure::while_doing("a folder"))?;
    let absolute = site.work.join("a.db").display().to_string();
    let spellings = [
        ("./a.db", "./ before it"),
        ("sub/../a.db", "through a folder and back"),
        (absolute.as_str(), "its absolute path"),
    ];
    for (db, what) in spellings {
        told.push(site.try_out(NAME, what, &mut site.pay(db), Expected::Paid)?);
    }
    if cfg!(unix) {
        link(Path::new("a.db"), &site.work.join("link.db"))?;
        told.push(site.try_out(
            NAME,
            "a symbolic link",
            &mut site.pay("link.db"),
            Expected::Paid,
        )?);
        link(&site.work, &site.work.join("sub/there"))?;
        let db = "sub/there/a.db";
        told.push(site.try_out(NAME, "a linked folder", &mut site.pay(db), Expected::Paid)?);
        link(Path::new("nowhere.db"), &site.work.join("dead.db"))?;
        let dead = &mut site.pay("dead.db");
        told.push(site.try_out(NAME, "a link to nothing", dead, Expected::Refused)?);
    }
    fs::hard_link(site.work.join("a.db"), site.work.join("hard.db"))
        .map_err(Failure::while_doing("a hard link"))?;
    for db in ["hard.db", "a.db"] {
        let what = format!("a hard link ({db})");
        told.push(site.try_out(NAME, &what, &mut site.pay(db), Expected::Refused)?);
    }
    fs::remove_file(site.work.join("hard.db")).map_err(Failure::while_doing("a hard link"))?;
    let again = &mut site.pay("a.db");
    told.push(site.try_out(NAME, "its own name again", again, Expected::Paid)?);
    Ok(told)
}

#[cfg(unix)]
fn link(to: &Path, at: &Path) -> Result<(), Failure> {
    std::os::unix::fs::symlink(to, at).map_err(Failure::while_doing(at.display()))
}

#[cfg(not(unix))]
fn link(_to: &Path, _at: &Path) -> Result<(), Failure> {
    Ok(())
}
