//! The parameters that a program is given: already read, merged and overridden by the command line, each with the place
//! it came from. A program sees values only; no file and no environment variable is read here.

use std::collections::BTreeMap;
use std::error::Error;
use std::fmt;

/// The effective parameters of this run.
///
/// These are the program's own inputs, known before synthesis. CloudFormation's parameters, known only at deploy time,
/// are [`Parameter`](crate::Parameter)s of a stack.
#[derive(Clone, Debug, Default)]
pub struct Params {
    entries: BTreeMap<String, Param>,
    environment: Option<String>,
}

/// One parameter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Param {
    /// Its value.
    pub value: String,
    /// Where it came from, such as `params/config.properties:3` or `--param`.
    pub source: String,
}

/// A parameter that the program needs and was not given, or cannot read.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum ParamsError {
    /// Some are missing.
    Missing {
        /// Their names.
        names: Vec<String>,
    },
    /// One is not what it must be.
    Invalid {
        /// Its name.
        name: String,
        /// Its value.
        value: String,
        /// What it must be.
        expected: &'static str,
        /// Where it came from.
        origin: String,
    },
}

impl fmt::Display for ParamsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing { names } => {
                let (are, them) = if names.len() == 1 { ("parameter is", "it") } else { ("parameters are", "them") };
                let (count, names) = (names.len(), names.join(", "));
                write!(
                    f,
                    "{count} {are} not set: {names}; set {them} in params/config.properties or with --param NAME=VALUE"
                )
            }
            Self::Invalid { name, value, expected, origin } => {
                write!(f, "parameter {name} is `{value}`, which is not {expected} ({origin})")
            }
        }
    }
}

impl Error for ParamsError {}

impl Params {
    /// The parameters `entries`, for the environment of that name.
    pub fn new(entries: impl IntoIterator<Item = (String, Param)>, environment: Option<String>) -> Self {
        Self { entries: entries.into_iter().collect(), environment }
    }

    /// The name of the environment (`--env`), if one was chosen.
    pub fn environment(&self) -> Option<&str> {
        self.environment.as_deref()
    }

    /// A parameter's value.
    pub fn get(&self, name: &str) -> Option<&str> {
        Some(self.entries.get(name)?.value.as_str())
    }

    /// Where a parameter came from.
    pub fn source(&self, name: &str) -> Option<&str> {
        Some(self.entries.get(name)?.source.as_str())
    }

    /// The values of `names`, in their order.
    ///
    /// # Errors
    /// If any is missing; all that are missing are named at once.
    pub fn require<const N: usize>(&self, names: [&str; N]) -> Result<[String; N], ParamsError> {
        let missing: Vec<String> =
            names.iter().filter(|name| !self.entries.contains_key(**name)).map(|&name| name.to_owned()).collect();
        if !missing.is_empty() {
            return Err(ParamsError::Missing { names: missing });
        }
        Ok(names.map(|name| self.entries[name].value.clone()))
    }

    /// A parameter that is `true` or `false`, or `default` where it is not given.
    ///
    /// # Errors
    /// If it is anything else.
    pub fn flag(&self, name: &str, default: bool) -> Result<bool, ParamsError> {
        match self.entries.get(name) {
            None => Ok(default),
            Some(param) => param.value.parse().map_err(|_| ParamsError::Invalid {
                name: name.to_owned(),
                value: param.value.clone(),
                expected: "true or false",
                origin: param.source.clone(),
            }),
        }
    }

    /// A parameter that is one or more values with commas between them. Spaces around a value are not part of it.
    ///
    /// # Errors
    /// If the parameter is missing, or a value is empty or there twice.
    pub fn list(&self, name: &str) -> Result<Vec<String>, ParamsError> {
        let param = self.entries.get(name).ok_or_else(|| ParamsError::Missing { names: vec![name.to_owned()] })?;
        let mut values: Vec<String> = Vec::new();
        for value in param.value.split(',').map(str::trim) {
            if value.is_empty() || values.iter().any(|earlier| earlier == value) {
                return Err(ParamsError::Invalid {
                    name: name.to_owned(),
                    value: param.value.clone(),
                    expected: "a list of different values with commas between them",
                    origin: param.source.clone(),
                });
            }
            values.push(value.to_owned());
        }
        Ok(values)
    }

    /// Every parameter by name, in alphabetical order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Param)> {
        self.entries.iter().map(|(name, param)| (name.as_str(), param))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn params(entries: &[(&str, &str)]) -> Params {
        let entries = entries.iter().map(|(name, value)| {
            ((*name).to_owned(), Param { value: (*value).to_owned(), source: "params/config.properties:1".to_owned() })
        });
        Params::new(entries, None)
    }

    #[test]
    fn every_missing_one_is_named() {
        let error = params(&[("A", "1")]).require(["A", "B", "C"]).unwrap_err();
        assert_eq!(
            error.to_string(),
            "2 parameters are not set: B, C; set them in params/config.properties or with --param NAME=VALUE"
        );
    }

    #[test]
    fn a_list_has_commas_between_different_values() {
        let params = params(&[("One", "dev"), ("Two", "dev, prod"), ("Gap", "dev,,prod"), ("Twice", "dev,prod,dev")]);
        assert_eq!(params.list("One"), Ok(vec!["dev".to_owned()]));
        assert_eq!(params.list("Two"), Ok(vec!["dev".to_owned(), "prod".to_owned()]));
        assert_eq!(params.list("Absent"), Err(ParamsError::Missing { names: vec!["Absent".to_owned()] }));
        assert_eq!(
            params.list("Gap").unwrap_err().to_string(),
            "parameter Gap is `dev,,prod`, which is not a list of different values with commas between them (params/config.properties:1)"
        );
        assert!(params.list("Twice").is_err());
    }

    #[test]
    fn a_flag_is_true_or_false() {
        let params = params(&[("Open", "true"), ("Odd", "yes")]);
        assert_eq!(params.flag("Open", false), Ok(true));
        assert_eq!(params.flag("Absent", false), Ok(false));
        assert_eq!(
            params.flag("Odd", false).unwrap_err().to_string(),
            "parameter Odd is `yes`, which is not true or false (params/config.properties:1)"
        );
    }
}
