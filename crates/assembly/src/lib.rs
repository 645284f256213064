//! Reads and writes CDK-compatible cloud assemblies.
