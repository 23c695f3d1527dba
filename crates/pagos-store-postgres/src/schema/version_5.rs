//! What a transaction leaves behind for whoever asks what became of it.

/// `answer` is what the last statement answered that went out together with its commit: if the answer
/// was lost, it is read here. A row that is `closed` numbers no transaction any more: what was still
/// on its way when somebody asked does not happen.
pub(super) const VERSION_5: &str = r#"
ALTER TABLE writers
    ADD COLUMN closed boolean NOT NULL DEFAULT false,
    ADD COLUMN answer text;
"#;
