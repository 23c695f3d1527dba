//! The columns of a payout file: their names, which are required, and which are never shown.

/// A column; its position is that in [`Column::ALL`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Column {
    Key,
    Provider,
    Amount,
    Currency,
    Name,
    DocumentType,
    Document,
    Bank,
    AccountType,
    Account,
    Email,
    Phone,
    Description,
}

impl Column {
    pub(crate) const COUNT: usize = 13;

    /// All columns, in the order of the enum and of the documentation.
    pub(crate) const ALL: [Column; Column::COUNT] = [
        Column::Key,
        Column::Provider,
        Column::Amount,
        Column::Currency,
        Column::Name,
        Column::DocumentType,
        Column::Document,
        Column::Bank,
        Column::AccountType,
        Column::Account,
        Column::Email,
        Column::Phone,
        Column::Description,
    ];

    /// The name in the header.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Column::Key => "key",
            Column::Provider => "provider",
            Column::Amount => "amount",
            Column::Currency => "currency",
            Column::Name => "name",
            Column::DocumentType => "document_type",
            Column::Document => "document",
            Column::Bank => "bank",
            Column::AccountType => "account_type",
            Column::Account => "account",
            Column::Email => "email",
            Column::Phone => "phone",
            Column::Description => "description",
        }
    }

    pub(crate) fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|column| column.name() == name)
    }

    /// Whether every payout needs it. The others may be missing, but a provider may require them.
    pub(crate) fn is_required(self) -> bool {
        match self {
            Column::Key
            | Column::Provider
            | Column::Amount
            | Column::Currency
            | Column::Name
            | Column::AccountType
            | Column::Account => true,
            Column::DocumentType
            | Column::Document
            | Column::Bank
            | Column::Email
            | Column::Phone
            | Column::Description => false,
        }
    }

    /// Whether it identifies a person or an account: such a value is never part of a message.
    pub(crate) fn is_private(self) -> bool {
        matches!(self, Column::Document | Column::Account | Column::Email | Column::Phone)
    }

    /// The position in [`Column::ALL`].
    pub(crate) fn place(self) -> usize {
        self as usize
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_column_stands_at_its_place() {
        for (place, column) in Column::ALL.into_iter().enumerate() {
            assert_eq!(column.place(), place);
            assert_eq!(Column::from_name(column.name()), Some(column));
        }
        assert_eq!(Column::from_name("Key"), None);
    }
}
