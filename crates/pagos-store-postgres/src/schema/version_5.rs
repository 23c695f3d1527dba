//! What a transaction leaves behind for finding out whether it happened.

/// `answer` is the answer of the last statement that was sent together with its commit: if the
/// answer was lost, it is read here. A row that is `closed` numbers no transaction any more:
/// whatever was still on its way when somebody asked does not happen.
pub(super) const VERSION_5: &str = r#"
ALTER TABLE writers
    ADD COLUMN closed boolean NOT NULL DEFAULT false,
    ADD COLUMN answer text;
"#;
