//! Counts how often each object of a bucket is created and removed.

fn main() {}
