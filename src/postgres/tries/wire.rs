//! Rows as arrays of the bytes that COPY would send.

use super::TryColumn;
use crate::plan::types::PgType;
use bytes::{BufMut, BytesMut};
use tokio_postgres::types::{IsNull, ToSql, Type};

/// Rows, column by column, in the bytes of COPY: each value behind its length.
#[derive(Debug, Default)]
pub struct Batch {
    /// how many
    pub rows: usize,
    /// their cells, one column after the other
    pub columns: Vec<Vec<u8>>,
    /// what each row is called
    pub keys: Vec<i64>,
}

/// One column as an array parameter.
#[derive(Debug)]
pub(super) struct Array<'a> {
    pub(super) element: u32,
    pub(super) rows: usize,
    pub(super) cells: &'a [u8],
}

impl ToSql for Array<'_> {
    fn to_sql(
        &self,
        _: &Type,
        out: &mut BytesMut,
    ) -> std::result::Result<IsNull, Box<dyn std::error::Error + Sync + Send>> {
        out.put_i32(1);
        out.put_i32(1);
        out.put_u32(self.element);
        out.put_i32(i32::try_from(self.rows)?);
        out.put_i32(1);
        out.put_slice(self.cells);
        Ok(IsNull::No)
    }

    fn accepts(_: &Type) -> bool {
        true
    }

    tokio_postgres::types::to_sql_checked!();
}

/// `$1::int4[]`, as the column's own type where that is another one to a comparison.
pub(super) fn parameter(number: usize, pg: PgType, column: Option<&TryColumn>) -> String {
    let (name, ..) = wire_type(pg);
    let own = column.map(|column| column.made_of.as_ref().unwrap_or(&column.type_text));
    match (own, pg) {
        (Some(own), PgType::Enum | PgType::Citext | PgType::Varchar(_) | PgType::Char(_)) => {
            format!("${number}::{name}[]::{own}[]")
        }
        _ => format!("${number}::{name}[]"),
    }
}

/// The type whose bytes are sent: its name, its number, and that of its arrays.
pub(super) fn wire_type(pg: PgType) -> (&'static str, u32, Type) {
    match pg {
        PgType::Bool => ("bool", Type::BOOL.oid(), Type::BOOL_ARRAY),
        PgType::Int2 => ("int2", Type::INT2.oid(), Type::INT2_ARRAY),
        PgType::Int4 => ("int4", Type::INT4.oid(), Type::INT4_ARRAY),
        PgType::Int8 => ("int8", Type::INT8.oid(), Type::INT8_ARRAY),
        PgType::Float4 => ("float4", Type::FLOAT4.oid(), Type::FLOAT4_ARRAY),
        PgType::Float8 => ("float8", Type::FLOAT8.oid(), Type::FLOAT8_ARRAY),
        PgType::Numeric(_) => ("numeric", Type::NUMERIC.oid(), Type::NUMERIC_ARRAY),
        PgType::Text | PgType::Varchar(_) | PgType::Char(_) | PgType::Citext | PgType::Enum => {
            ("text", Type::TEXT.oid(), Type::TEXT_ARRAY)
        }
        PgType::Json => ("json", Type::JSON.oid(), Type::JSON_ARRAY),
        PgType::Jsonb => ("jsonb", Type::JSONB.oid(), Type::JSONB_ARRAY),
        PgType::Bytea => ("bytea", Type::BYTEA.oid(), Type::BYTEA_ARRAY),
        PgType::Uuid => ("uuid", Type::UUID.oid(), Type::UUID_ARRAY),
        PgType::Date => ("date", Type::DATE.oid(), Type::DATE_ARRAY),
        PgType::Time(_) => ("time", Type::TIME.oid(), Type::TIME_ARRAY),
        PgType::Timestamp(_) => ("timestamp", Type::TIMESTAMP.oid(), Type::TIMESTAMP_ARRAY),
        PgType::Timestamptz(_) => ("timestamptz", Type::TIMESTAMPTZ.oid(), Type::TIMESTAMPTZ_ARRAY),
        PgType::Interval(_) => ("interval", Type::INTERVAL.oid(), Type::INTERVAL_ARRAY),
        PgType::Inet => ("inet", Type::INET.oid(), Type::INET_ARRAY),
        PgType::Cidr => ("cidr", Type::CIDR.oid(), Type::CIDR_ARRAY),
        PgType::Macaddr => ("macaddr", Type::MACADDR.oid(), Type::MACADDR_ARRAY),
    }
}
