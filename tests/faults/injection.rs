//! Names and texts that would be statements if they were not quoted.
