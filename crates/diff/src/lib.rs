//! Compares CloudFormation templates by meaning.
