//! Which files a folder holds, whatever git knows of them. Reads no file.

use std::{
    fs,
    path::{Path, PathBuf},
};

use crate::failure::Failure;

/// The files below a folder, in order; none where there is no folder.
pub(crate) fn list_files(folder: &Path) -> Result<Vec<PathBuf>, Failure> {
    if !folder.is_dir() {
        return Ok(Vec::new());
    }
    let entries = fs::read_dir(folder).map_err(Failure::while_doing(folder.display()))?;
    let mut files = Vec::new();
    for entry in entries {
        let path = entry.map_err(Failure::while_doing(folder.display()))?.path();
        if path.is_dir() {
            files.extend(list_files(&path)?);
        } else {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_found_at_every_depth_in_order() {
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
        let files = list_files(&source).unwrap();
        assert!(files.is_sorted());
        for name in ["files.rs", "tidy/source.rs"] {
            assert!(files.contains(&source.join(name)), "{name}");
        }
        assert_eq!(list_files(&source.join("nowhere")), Ok(Vec::new()));
    }
}
