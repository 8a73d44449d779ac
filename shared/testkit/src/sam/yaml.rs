//! `CloudFormation`'s YAML as plain JSON: short tags become the functions they stand for.

use std::fmt;

use serde::{
    Deserialize, Deserializer,
    de::{Error, MapAccess, SeqAccess, Visitor},
};
use serde_json::{Map, Number, Value};
use serde_saphyr::Tagged;

/// Reads a template: `!Ref X` becomes `{"Ref": "X"}`, `!GetAtt A.B` becomes `{"Fn::GetAtt": ["A", "B"]}`, any other `!F
/// x` becomes `{"Fn::F": x}`, as in the long form.
pub(super) fn read(text: &str) -> anyhow::Result<Value> {
    Ok(serde_saphyr::from_str::<Node>(text)?.0)
}

/// A value whose tag has been made into a function.
struct Node(Value);

/// A value whose own tag is still outside, its children's are not.
struct Untagged(Value);

impl<'de> Deserialize<'de> for Node {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let Tagged(Untagged(value), tag) = Tagged::deserialize(deserializer)?;
        // Standard tags (`tag:yaml.org,2002:str`) were applied by the parser.
        let Some(name) = tag.as_deref().and_then(|tag| tag.strip_prefix('!')).filter(|name| !name.is_empty()) else {
            return Ok(Self(value));
        };
        Ok(Self(match (name, &value) {
            ("Ref" | "Condition", _) => function(name, value),
            ("GetAtt", Value::String(text)) => {
                let Some((resource, attribute)) = text.split_once('.') else {
                    return Err(D::Error::custom(format!("!GetAtt {text}: expected Resource.Attribute")));
                };
                function("Fn::GetAtt", Value::from(vec![resource, attribute]))
            }
            _ => function(&format!("Fn::{name}"), value),
        }))
    }
}

fn function(name: &str, argument: Value) -> Value {
    Value::Object(Map::from_iter([(name.to_owned(), argument)]))
}

impl<'de> Deserialize<'de> for Untagged {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Plain).map(Self)
    }
}

struct Plain;

impl<'de> Visitor<'de> for Plain {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a YAML value")
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<Value, E> {
        Ok(Value::from(value))
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<Value, E> {
        Ok(Value::from(value))
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Value, E> {
        Ok(Number::from_f64(value).map_or(Value::Null, Value::Number))
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<Value, E> {
        Ok(Value::from(value))
    }

    fn visit_unit<E: Error>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_none<E: Error>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut entries: A) -> Result<Value, A::Error> {
        let mut list = Vec::new();
        while let Some(Node(entry)) = entries.next_element()? {
            list.push(entry);
        }
        Ok(Value::Array(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Value, A::Error> {
        let mut map = Map::new();
        while let Some((name, Node(entry))) = entries.next_entry::<String, Node>()? {
            map.insert(name, entry);
        }
        Ok(Value::Object(map))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn short_tags_become_functions() {
        let text = r"
plain: {n: 1, t: yes-it-is, f: 1.5, b: true, nothing: ~, quoted: '2012-10-17'}
ref: !Ref Table
arn: !GetAtt Queue.Arn
sub: !Sub '${Table.Arn}/index/gsi1'
list: [!Ref A, !Sub b]
chosen: !If [Has, [!Ref A], !Ref AWS::NoValue]
nested: {deadLetterTargetArn: !GetAtt Dead.Arn, maxReceiveCount: 5}
long: {Fn::GetAtt: [Queue, Arn]}
";
        assert_eq!(
            read(text).unwrap(),
            json!({
                "plain": {"n": 1, "t": "yes-it-is", "f": 1.5, "b": true, "nothing": null, "quoted": "2012-10-17"},
                "ref": {"Ref": "Table"},
                "arn": {"Fn::GetAtt": ["Queue", "Arn"]},
                "sub": {"Fn::Sub": "${Table.Arn}/index/gsi1"},
                "list": [{"Ref": "A"}, {"Fn::Sub": "b"}],
                "chosen": {"Fn::If": ["Has", [{"Ref": "A"}], {"Ref": "AWS::NoValue"}]},
                "nested": {"deadLetterTargetArn": {"Fn::GetAtt": ["Dead", "Arn"]}, "maxReceiveCount": 5},
                "long": {"Fn::GetAtt": ["Queue", "Arn"]},
            })
        );
    }
}
