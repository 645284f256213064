//! The `skysmith` command.

fn main() {}
