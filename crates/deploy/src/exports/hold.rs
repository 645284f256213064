//! A template with outputs that it no longer has, and with all that they need.

use skysmith_template::{Intrinsic, Node, Template};

use super::ReadOutput;

/// What outputs, and what they need in turn, may refer to; a name is looked up in this order.
const SECTIONS: [&str; 4] = ["Resources", "Parameters", "Conditions", "Mappings"];

/// `new` with these outputs of `old`, and with those of its resources, parameters, conditions and mappings that they refer to and `new` lacks.
pub(crate) fn hold(new: &Template, old: &Template, outputs: &[ReadOutput]) -> Template {
    let mut held = new.clone();
    for read in outputs {
        let Some(body) = old.section("Outputs").and_then(|all| all.get(&read.output)) else { continue };
        let mut key = read.output.clone();
        // An output that was only renamed in its export keeps its name; CloudFormation knows exports by theirs.
        while held.output(&key).is_some() {
            key.push_str("Held");
        }
        held.section_mut("Outputs").insert(key, body.clone());
        need(&mut held, old, body);
    }
    held
}

fn need(held: &mut Template, old: &Template, node: &Node) {
    for name in names(node) {
        for section in SECTIONS {
            let Some(body) = old.section(section).and_then(|all| all.get(&name)) else { continue };
            if held.section(section).is_none_or(|all| !all.contains_key(&name)) {
                held.section_mut(section).insert(name.clone(), body.clone());
                need(held, old, body);
            }
        }
    }
}

/// Every name that this part of a template may mean something of the template by.
fn names(node: &Node) -> Vec<String> {
    let mut found = Vec::new();
    node.for_each_ref(&mut |name| found.push(name.clone()));
    if let Some(map) = node.as_map() {
        let text = |key: &str| map.get(key).and_then(Node::as_str).map(str::to_owned);
        found.extend(text("Condition"));
        found.extend(text("DependsOn"));
        let list = map.get("DependsOn").and_then(Node::as_list).unwrap_or_default();
        found.extend(list.iter().filter_map(Node::as_str).map(str::to_owned));
    }
    node.for_each_node(&mut |node| {
        if let Some(Intrinsic::FindInMap { map, .. }) = node.as_intrinsic() {
            found.extend(map.as_str().map(str::to_owned));
        }
    });
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn template(text: &str) -> Template {
        skysmith_template::read(text).unwrap().template
    }

    #[test]
    fn outputs_come_with_what_they_need() {
        let old = template(
            r#"{"Parameters":{"P":{"Type":"String"},"Q":{"Type":"String"}},"Mappings":{"M":{"a":{"b":"c"}},"N":{"a":{"b":"c"}}},
            "Conditions":{"C":{"Fn::Equals":[{"Ref":"P"},"x"]},"D":{"Fn::Equals":["y","x"]}},
            "Resources":{"T":{"Type":"AWS::SNS::Topic","Condition":"C","DependsOn":"U"},"U":{"Type":"AWS::SNS::Topic","Properties":{"TopicName":{"Fn::FindInMap":["M","a","b"]}}},
            "V":{"Type":"AWS::SNS::Topic"}},
            "Outputs":{"O":{"Value":{"Ref":"T"},"Export":{"Name":"e"}},"X":{"Value":{"Ref":"V"}}}}"#,
        );
        let new = template(r#"{"Resources":{"W":{"Type":"AWS::SNS::Topic"}},"Outputs":{"O":{"Value":1}}}"#);
        let read = ReadOutput { output: "O".into(), export_name: Some("e".into()), readers: vec!["r".into()] };
        let expected = template(
            r#"{"Resources":{"W":{"Type":"AWS::SNS::Topic"},"T":{"Type":"AWS::SNS::Topic","Condition":"C","DependsOn":"U"},
            "U":{"Type":"AWS::SNS::Topic","Properties":{"TopicName":{"Fn::FindInMap":["M","a","b"]}}}},
            "Outputs":{"O":{"Value":1},"OHeld":{"Value":{"Ref":"T"},"Export":{"Name":"e"}}},
            "Conditions":{"C":{"Fn::Equals":[{"Ref":"P"},"x"]}},"Parameters":{"P":{"Type":"String"}},"Mappings":{"M":{"a":{"b":"c"}}}}"#,
        );
        assert_eq!(hold(&new, &old, &[read]), expected);
    }

    #[test]
    fn what_is_there_stays_as_it_is_wanted() {
        let old = template(r#"{"Resources":{"T":{"Type":"AWS::SNS::Topic"}},"Outputs":{"O":{"Value":{"Ref":"T"}}}}"#);
        let new = template(r#"{"Resources":{"T":{"Type":"AWS::SNS::Topic","Properties":{"DisplayName":"d"}}}}"#);
        let read = ReadOutput { output: "O".into(), export_name: None, readers: vec!["r".into()] };
        let expected = template(
            r#"{"Resources":{"T":{"Type":"AWS::SNS::Topic","Properties":{"DisplayName":"d"}}},"Outputs":{"O":{"Value":{"Ref":"T"}}}}"#,
        );
        assert_eq!(hold(&new, &old, &[read]), expected);
    }
}
