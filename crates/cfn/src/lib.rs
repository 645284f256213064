//! Typed CloudFormation resources for Skysmith, generated from the resource specification.
