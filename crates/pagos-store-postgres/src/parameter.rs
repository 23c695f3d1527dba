//! Values for statements, each with its PostgreSQL type.
//!
//! Our statements have no names, since a name lives in one session of the server, and a pooler
//! gives every transaction another one. So the server is not asked for types: the values provide
//! them.

use tokio_postgres::types::{ToSql, Type};

/// One value for a statement.
pub(crate) type Parameter<'value> = &'value dyn Typed;

/// A value that provides its type.
pub(crate) trait Typed: ToSql + Sync {
    fn postgres_type(&self) -> Type;

    fn as_sql(&self) -> &(dyn ToSql + Sync);
}

/// A value with a column type, and the type of arrays of it.
pub(crate) trait Scalar: ToSql + Sync {
    const TYPE: Type;
    const ARRAY: Type;
}

macro_rules! scalars {
    ($($rust:ty => $one:ident, $many:ident;)+) => {
        $(
            impl Scalar for $rust {
                const TYPE: Type = Type::$one;
                const ARRAY: Type = Type::$many;
            }

            impl Typed for $rust {
                fn postgres_type(&self) -> Type {
                    Type::$one
                }

                fn as_sql(&self) -> &(dyn ToSql + Sync) {
                    self
                }
            }
        )+
    };
}

scalars! {
    i32 => INT4, INT4_ARRAY;
    i64 => INT8, INT8_ARRAY;
    bool => BOOL, BOOL_ARRAY;
    String => TEXT, TEXT_ARRAY;
    &str => TEXT, TEXT_ARRAY;
    &[u8] => BYTEA, BYTEA_ARRAY;
    Vec<u8> => BYTEA, BYTEA_ARRAY;
}

impl<T: Scalar> Typed for Option<T> {
    fn postgres_type(&self) -> Type {
        T::TYPE
    }

    fn as_sql(&self) -> &(dyn ToSql + Sync) {
        self
    }
}

impl<T: Scalar> Typed for Vec<Option<T>> {
    fn postgres_type(&self) -> Type {
        T::ARRAY
    }

    fn as_sql(&self) -> &(dyn ToSql + Sync) {
        self
    }
}

impl<T: Scalar> Typed for Vec<T> {
    fn postgres_type(&self) -> Type {
        T::ARRAY
    }

    fn as_sql(&self) -> &(dyn ToSql + Sync) {
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_value_is_accepted_under_the_type_that_it_says() {
        let number = 7_i64;
        let words = ["a"].map(str::to_owned);
        let values: [(Parameter<'_>, Type); 10] = [
            (&number, Type::INT8),
            (&7_i32, Type::INT4),
            (&true, Type::BOOL),
            (&"a", Type::TEXT),
            (&Some("a"), Type::TEXT),
            (&None::<i64>, Type::INT8),
            (&vec![1_u8], Type::BYTEA),
            (&words.to_vec(), Type::TEXT_ARRAY),
            (&vec![[1_u8].as_slice()], Type::BYTEA_ARRAY),
            (&vec![Some("a"), None], Type::TEXT_ARRAY),
        ];
        for (value, expected) in values {
            assert_eq!(value.postgres_type(), expected);
            let mut bytes = bytes::BytesMut::new();
            value.as_sql().to_sql_checked(&expected, &mut bytes).unwrap();
        }
    }
}
