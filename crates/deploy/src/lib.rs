//! Deploys cloud assemblies through the CloudFormation API.
