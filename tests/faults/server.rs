//! Servers that stop, crash, fill up, fail over.
