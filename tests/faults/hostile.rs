//! Files that were made to break who reads them.
