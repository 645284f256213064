//! Compact tables of every CloudFormation resource type.
