//! No password and no cell's value in anything that is told.
