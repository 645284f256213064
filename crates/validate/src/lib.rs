//! Checks CloudFormation templates against the resource specification and rules of the trade.
