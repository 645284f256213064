//! Two descriptions of one thing become the description that accepts what either accepts.

use super::model::{Definition, Limits, Property, Shape};

/// A definition that is reached by two schemas.
pub fn definitions(mut left: Definition, right: Definition) -> Definition {
    left.open |= right.open;
    left.rules.retain(|it| right.rules.contains(it));
    for (name, property) in &mut left.properties {
        if !right.properties.contains_key(name) {
            property.required = false;
        }
    }
    for (name, mut property) in right.properties {
        let merged = match left.properties.remove(&name) {
            Some(before) => properties(before, property),
            None => {
                property.required = false;
                property
            }
        };
        left.properties.insert(name, merged);
    }
    left
}

/// A property that two schemas describe.
pub fn properties(mut left: Property, right: Property) -> Property {
    left.required &= right.required;
    left.read_only &= right.read_only;
    left.replacement = left.replacement.max(right.replacement);
    left.shape = shapes(left.shape, right.shape);
    left
}

/// A value that two schemas describe.
pub fn shapes(mut left: Shape, right: Shape) -> Shape {
    if left.kind != right.kind {
        left.limits = Limits { mixed: true, ..Limits::default() };
        return left;
    }
    left.of = match (left.of, right.of) {
        (Some(left), Some(right)) => Some(Box::new(shapes(*left, *right))),
        (left, _) => left,
    };
    left.limits = limits(left.limits, right.limits);
    left
}

fn limits(left: Limits, right: Limits) -> Limits {
    // An alternative that takes another kind says nothing of this one.
    match (left.mixed, right.mixed) {
        (true, false) => return Limits { mixed: true, ..right },
        (false, true) => return Limits { mixed: true, ..left },
        _ => {}
    }
    let both = |pair: (Option<u32>, Option<u32>), choose: fn(u32, u32) -> u32| {
        pair.0.zip(pair.1).map(|(left, right)| choose(left, right))
    };
    let same = |pair: (Option<String>, Option<String>)| if pair.0 == pair.1 { pair.0 } else { None };
    let as_float = |number: &serde_json::Number| number.as_f64().unwrap_or(0.0);
    Limits {
        minimum: left
            .minimum
            .zip(right.minimum)
            .map(|(left, right)| if as_float(&left) <= as_float(&right) { left } else { right }),
        maximum: left
            .maximum
            .zip(right.maximum)
            .map(|(left, right)| if as_float(&left) >= as_float(&right) { left } else { right }),
        min_length: both((left.min_length, right.min_length), u32::min),
        max_length: both((left.max_length, right.max_length), u32::max),
        min_items: both((left.min_items, right.min_items), u32::min),
        max_items: both((left.max_items, right.max_items), u32::max),
        unique_items: left.unique_items && right.unique_items,
        unordered: left.unordered && right.unordered,
        pattern: same((left.pattern, right.pattern)),
        key_pattern: same((left.key_pattern, right.key_pattern)),
        format: same((left.format, right.format)),
        allowed: if left.allowed.is_empty() || right.allowed.is_empty() {
            Vec::new()
        } else {
            let mut allowed = left.allowed;
            for word in right.allowed {
                if !allowed.contains(&word) {
                    allowed.push(word);
                }
            }
            allowed
        },
        ignore_case: left.ignore_case || right.ignore_case,
        mixed: left.mixed || right.mixed,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::codegen::model::Kind;

    fn text(limits: Limits) -> Shape {
        Shape { kind: Kind::String, limits, ..Shape::default() }
    }

    #[test]
    fn the_wider_range_wins_and_a_missing_one_is_no_limit() {
        let left = text(Limits { min_length: Some(3), max_length: Some(10), ..Limits::default() });
        let right = text(Limits { min_length: Some(1), ..Limits::default() });
        let merged = shapes(left, right);
        assert_eq!((merged.limits.min_length, merged.limits.max_length), (Some(1), None));
    }

    #[test]
    fn enumerations_are_joined_unless_one_side_is_free() {
        let words = |words: &[&str]| {
            text(Limits { allowed: words.iter().map(ToString::to_string).collect(), ..Limits::default() })
        };
        assert_eq!(shapes(words(&["a"]), words(&["b", "a"])).limits.allowed, ["a", "b"]);
        assert!(shapes(words(&["a"]), words(&[])).limits.allowed.is_empty());
    }
}
