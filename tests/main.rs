//! The one integration binary.

mod tls;
