pub mod introspect; pub mod scan;
