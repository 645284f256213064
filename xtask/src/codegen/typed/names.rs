//! From the names of CloudFormation to names in Rust spelling.

use std::collections::HashSet;

/// Runs of capitals that are written with a small letter inside, and names that are one word.
const SPELLINGS: &[(&str, &str)] = &[
    ("ARNs", "Arns"),
    ("CIDRs", "Cidrs"),
    ("DynamoDB", "Dynamodb"),
    ("GraphQL", "Graphql"),
    ("IDs", "Ids"),
    ("IPs", "Ips"),
    ("IPv4", "Ipv4"),
    ("IPv6", "Ipv6"),
    ("IoT", "Iot"),
    ("MySQL", "Mysql"),
    ("OAuth2", "Oauth2"),
    ("OAuth", "Oauth"),
    ("OpenAPI", "Openapi"),
    ("PostgreSQL", "Postgresql"),
    ("URIs", "Uris"),
    ("URLs", "Urls"),
];

/// The keywords that can be names with `r#` before them.
const KEYWORDS: &[&str] = &[
    "abstract", "as", "async", "await", "become", "box", "break", "const", "continue", "do", "dyn", "else", "enum",
    "extern", "false", "final", "fn", "for", "gen", "if", "impl", "in", "let", "loop", "macro", "match", "mod", "move",
    "mut", "override", "priv", "pub", "ref", "return", "static", "struct", "trait", "true", "try", "type", "typeof",
    "unsafe", "unsized", "use", "virtual", "where", "while", "yield",
];

/// The words of a name, in small letters: `KMSMasterKeyId` is `kms`, `master`, `key`, `id`.
fn words(name: &str) -> Vec<String> {
    let mut spelled = name.to_owned();
    for (from, to) in SPELLINGS {
        spelled = spelled.replace(from, to);
    }
    let mut words: Vec<String> = Vec::new();
    let characters: Vec<char> = spelled.chars().collect();
    let mut starts_word = true;
    for (index, character) in characters.iter().enumerate() {
        if !character.is_ascii_alphanumeric() {
            starts_word = true;
            continue;
        }
        let before = index.checked_sub(1).and_then(|it| characters.get(it));
        let after = characters.get(index + 1);
        let after_small = before.is_some_and(|it| it.is_ascii_lowercase() || it.is_ascii_digit());
        let before_small = after.is_some_and(char::is_ascii_lowercase);
        let after_capital = before.is_some_and(char::is_ascii_uppercase);
        starts_word |= character.is_ascii_uppercase() && (after_small || (after_capital && before_small));
        match words.last_mut() {
            Some(word) if !starts_word => word.push(character.to_ascii_lowercase()),
            _ => words.push(character.to_ascii_lowercase().to_string()),
        }
        starts_word = false;
    }
    words
}

/// The name of a function, a parameter or a module, without regard to keywords.
pub fn snake(name: &str) -> String {
    words(name).join("_")
}

/// The name of a function, a parameter or a module.
pub fn identifier(name: &str) -> String {
    let name = snake(name);
    if KEYWORDS.contains(&name.as_str()) { format!("r#{name}") } else { name }
}

/// The name of a type.
pub fn camel(name: &str) -> String {
    let mut camel = String::new();
    for word in words(name) {
        // Two numbers side by side would become another one.
        if camel.ends_with(|it: char| it.is_ascii_digit()) && word.starts_with(|it: char| it.is_ascii_digit()) {
            camel.push('_');
        }
        let mut characters = word.chars();
        camel.extend(characters.next().map(|it| it.to_ascii_uppercase()));
        camel.push_str(characters.as_str());
    }
    camel
}

/// The variants of an enumeration, one for each value. Values that differ in case alone share the first one's name with a number behind it.
pub fn variants(values: &[String]) -> Vec<String> {
    let mut taken: HashSet<String> = ["Other", "Self"].map(str::to_owned).into();
    values.iter().map(|it| free(&variant(it), &mut taken, "Value")).collect()
}

fn variant(value: &str) -> String {
    let name = camel(&value.replace('*', "All"));
    match name.chars().next() {
        None => "Empty".to_owned(),
        Some(first) if first.is_ascii_digit() => format!("V{name}"),
        Some(_) => name,
    }
}

/// The name if it is free, else with the suffix, else with a number; it is taken then.
pub fn free(name: &str, taken: &mut HashSet<String>, suffix: &str) -> String {
    let mut found = name.to_owned();
    let mut count = 1;
    while !taken.insert(found.clone()) {
        found = if count == 1 { format!("{name}{suffix}") } else { format!("{name}{count}") };
        count += 1;
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_in_rust_spelling() {
        for (name, snake_name, camel_name) in [
            ("BucketName", "bucket_name", "BucketName"),
            ("KMSMasterKeyID", "kms_master_key_id", "KmsMasterKeyId"),
            ("ProviderARNs", "provider_arns", "ProviderArns"),
            ("S3Bucket", "s3_bucket", "S3Bucket"),
            ("SSESpecification", "sse_specification", "SseSpecification"),
            ("Ipv6AllowedForDualStack", "ipv6_allowed_for_dual_stack", "Ipv6AllowedForDualStack"),
            ("OIDCProvider", "oidc_provider", "OidcProvider"),
        ] {
            assert_eq!((snake(name).as_str(), camel(name).as_str()), (snake_name, camel_name));
        }
        assert_eq!(identifier("Type"), "r#type");
    }

    #[test]
    fn variants_are_names_and_differ() {
        let values = [
            "PAY_PER_REQUEST",
            "python3.13",
            "TLS_1_2",
            "s3:ObjectCreated:*",
            "Enabled",
            "ENABLED",
            "OTHER",
            "",
            "1.0",
        ];
        let values = values.map(str::to_owned);
        assert_eq!(
            variants(&values),
            [
                "PayPerRequest",
                "Python3_13",
                "Tls1_2",
                "S3ObjectCreatedAll",
                "Enabled",
                "EnabledValue",
                "OtherValue",
                "Empty",
                "V1_0"
            ]
        );
    }
}
