//! What the target schema holds already, as plain data; filled by `postgres::inspect`.

use super::types::PgType;

/// The target schema as it is before the run.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct TargetCatalog {
    /// `server_version_num`
    pub server_version_num: u32,
    /// the role of this run
    pub role: String,
    /// the schema exists
    pub schema_exists: bool,
    /// its tables
    pub tables: Vec<TargetTable>,
    /// names of all its relations and types: what a new table or index cannot be called
    pub taken_names: Vec<String>,
    /// names of its functions without arguments: what the function of a trigger cannot be called
    pub functions: Vec<String>,
}

/// What kind of relation a table is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Relation {
    /// an ordinary table
    #[default]
    Table,
    /// a partitioned table
    Partitioned,
    /// a partition of another table
    Partition,
    /// a view, a foreign table, …: nothing that we fill
    Other,
}

/// One table of the target.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct TargetTable {
    /// its name
    pub name: String,
    /// what it is
    pub relation: Relation,
    /// the role of this run owns it, or is a member of the role that does
    pub owned: bool,
    /// the role that owns it
    pub owner: String,
    /// it holds at least one row
    pub has_rows: bool,
    /// row security applies to this role
    pub row_security: bool,
    /// names of user triggers that fire on INSERT, those of its partitions included
    pub triggers: Vec<String>,
    /// rights on it that its owner may take away from itself, and that this role does not have
    pub lacking: Vec<String>,
    /// partitions of it that have such triggers of their own, qualified and quoted
    pub trigger_partitions: Vec<String>,
    /// names of rules on INSERT
    pub rules: Vec<String>,
    /// UNLOGGED, or one of its partitions is: a crash of the server empties it
    pub unlogged: bool,
    /// partitioned, and somewhere in its tree without a default partition
    pub may_lack_partition: bool,
    /// columns in order
    pub columns: Vec<TargetColumn>,
    /// foreign keys of this table
    pub foreign_keys: Vec<TargetForeignKey>,
    /// indexes that no constraint owns
    pub indexes: Vec<TargetIndex>,
    /// unique keys over plain columns: name and columns
    pub unique_keys: Vec<(String, Vec<String>)>,
    /// its CHECK constraints, by name, and those of its columns' domains
    pub checks: Vec<String>,
}

/// One column of the target.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct TargetColumn {
    /// its name
    pub name: String,
    /// its type as `format_type` spells it
    pub type_text: String,
    /// its type, where it is one that we fill; of a domain the type that it is made of
    pub pg: Option<PgType>,
    /// labels of an enumerated type, in their order
    pub labels: Vec<String>,
    /// its type is a domain
    pub is_domain: bool,
    /// the domain, as the server spells it, where NOT NULL is its own
    pub domain_not_null: Option<String>,
    /// it is in the primary key, or an identity: NOT NULL cannot be dropped
    pub stays_not_null: bool,
    /// NOT NULL, by itself or by its domain
    pub not_null: bool,
    /// it has a default, is an identity or is generated: it may be left out of a COPY
    pub has_default: bool,
    /// GENERATED ALWAYS AS (…) STORED
    pub generated: bool,
    /// it takes its numbers from a sequence
    pub has_sequence: bool,
}

/// A foreign key of the target.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct TargetForeignKey {
    /// its name
    pub name: String,
    /// `pg_get_constraintdef`
    pub definition: String,
    /// `convalidated`
    pub validated: bool,
    /// child columns
    pub columns: Vec<String>,
    /// parent's schema and table
    pub parent: (String, String),
    /// parent columns
    pub parent_columns: Vec<String>,
    /// this role may make a key to the parent
    pub may_refer: bool,
}

/// An index of the target.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct TargetIndex {
    /// its name
    pub name: String,
    /// `pg_get_indexdef`
    pub definition: String,
    /// unique
    pub unique: bool,
}

impl TargetCatalog {
    /// The table that `name` means: the one of that exact name, else the only one of that name in any case.
    pub fn find_table(&self, name: &str) -> Option<&TargetTable> {
        find_name(&self.tables, name, |table| &table.name)
    }
}

impl TargetTable {
    /// The column that `name` means, as [`TargetCatalog::find_table`].
    pub fn find_column(&self, name: &str) -> Option<&TargetColumn> {
        find_name(&self.columns, name, |column| &column.name)
    }
}

fn find_name<'a, T>(items: &'a [T], name: &str, name_of: impl Fn(&T) -> &String) -> Option<&'a T> {
    if let Some(exact) = items.iter().find(|item| name_of(item) == name) {
        return Some(exact);
    }
    let mut folded = items.iter().filter(|item| name_of(item).eq_ignore_ascii_case(name));
    let first = folded.next()?;
    folded.next().is_none().then_some(first)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_match_exactly_or_uniquely() {
        let names = ["Users", "orders", "ORDERS"]
            .map(|name| TargetTable { name: name.to_owned(), ..TargetTable::default() });
        let catalog = TargetCatalog { tables: names.to_vec(), ..TargetCatalog::default() };
        let found = |name| catalog.find_table(name).map(|table| table.name.as_str());
        assert_eq!(found("users"), Some("Users"));
        assert_eq!(found("orders"), Some("orders"));
        assert_eq!(found("Orders"), None, "two candidates are none");
    }
}
