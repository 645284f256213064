//! Which resource waits for which, as the template says: `DependsOn`, and whatever refers to another.

use std::collections::{BTreeSet, HashMap};

use skysmith_template::{Resource, Template};

/// For each resource of a template the others that must be there before it.
#[derive(Clone, Debug, Default)]
pub struct Graph(HashMap<String, BTreeSet<String>>);

impl Graph {
    /// Reads the template. What a macro or a loop will make is not known.
    pub fn of(template: &Template) -> Self {
        let known: BTreeSet<&str> = template.resources().map(Resource::logical_id).collect();
        let needs = |resource: Resource<'_>| {
            let mut needs: BTreeSet<String> = resource.depends_on().into_iter().map(str::to_owned).collect();
            for node in resource.body().values() {
                node.for_each_ref(&mut |target: &String| {
                    needs.insert(target.clone());
                });
            }
            needs.retain(|target| known.contains(target.as_str()) && target != resource.logical_id());
            (resource.logical_id().to_owned(), needs)
        };
        Self(template.resources().map(needs).collect())
    }

    /// The same for a deletion, where each waits for those that need it.
    pub fn reversed(&self) -> Self {
        let mut reversed: HashMap<String, BTreeSet<String>> = HashMap::new();
        for (from, needs) in &self.0 {
            reversed.entry(from.clone()).or_default();
            for to in needs {
                reversed.entry(to.clone()).or_default().insert(from.clone());
            }
        }
        Self(reversed)
    }

    /// What must be there before the resource.
    pub fn needs(&self, logical_id: &str) -> impl Iterator<Item = &str> {
        self.0.get(logical_id).into_iter().flatten().map(String::as_str)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_of_all_kinds_count() {
        let text = r#"{"Parameters":{"P":{"Type":"String"}},"Resources":{
            "A":{"Type":"T"},"B":{"Type":"T"},"C":{"Type":"T"},
            "D":{"Type":"T","DependsOn":["A"],"Properties":{"X":{"Fn::Sub":"${B.Arn}-${P}"},"Y":[{"Fn::GetAtt":["C","Arn"]}],"Z":{"Ref":"D"}}}}}"#;
        let graph = Graph::of(&skysmith_template::read(text).unwrap().template);
        assert_eq!(graph.needs("D").collect::<Vec<_>>(), ["A", "B", "C"]);
        assert_eq!(graph.needs("A").count() + graph.needs("nobody").count(), 0);
        assert_eq!(graph.reversed().needs("A").collect::<Vec<_>>(), ["D"]);
        assert_eq!(graph.reversed().needs("D").count(), 0);
    }
}
