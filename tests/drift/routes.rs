//! Routes and binaries: the template's events are the functions' own route tables.

use std::collections::{BTreeMap, BTreeSet};

use crate::{binary, folder, metadata, template};

/// (method, path) of every endpoint, by the binary that serves it.
type Routes = BTreeMap<String, BTreeSet<(String, String)>>;

/// What the functions' own tables say.
fn of_the_code() -> Routes {
    macro_rules! routes {
        ($($name:ident),*) => {
            BTreeMap::from([$((
                stringify!($name).replace('_', "-"),
                $name::api().endpoints().iter().map(|it| (it.method.to_string(), it.path.to_string())).collect(),
            )),*])
        };
    }
    routes!(composer, customers, dashboard, packages, purchases, repositories, sign_in, storefront, webhook_intake)
}

/// What the template says. A function without routes is not in it.
fn of_the_template() -> Routes {
    let mut routes = Routes::new();
    for function in &template().functions {
        for route in &function.routes {
            // `{name+}` is the same endpoint's, for a path whose encoded slashes were decoded on the way.
            let path = route.path.replace("+}", "}");
            routes.entry(binary(function).to_owned()).or_default().insert((route.method.clone(), path));
        }
    }
    routes
}

#[test]
fn every_endpoint_is_in_the_template() {
    let template = of_the_template();
    let mut missing = Vec::new();
    for (function, routes) in of_the_code() {
        for (method, path) in routes.difference(template.get(&function).unwrap_or(&BTreeSet::new())) {
            missing.push(format!("# {function}\n{}", event(method, path)));
        }
    }
    assert!(missing.is_empty(), "add to the functions' Events in template.yaml:\n{}", missing.join("\n"));
}

#[test]
fn every_route_of_the_template_has_an_endpoint() {
    let code = of_the_code();
    for (function, routes) in of_the_template() {
        let known =
            code.get(&function).unwrap_or_else(|| panic!("{function} has routes and is not in tests/drift/routes.rs"));
        let stale: Vec<_> = routes.difference(known).collect();
        assert!(stale.is_empty(), "{function} has no such endpoints, remove the events from template.yaml: {stale:?}");
    }
}

#[test]
fn exactly_one_function_takes_what_no_route_takes() {
    let template = template();
    let takers: Vec<&str> = template.functions.iter().filter(|it| it.default_route).map(binary).collect();
    assert_eq!(takers, ["storefront"]);
}

#[test]
fn every_event_is_of_payload_format_2() {
    let template = template();
    for function in &template.functions {
        let events = &template.document["Resources"][&function.logical_id]["Properties"]["Events"];
        for (name, event) in events.as_object().unwrap() {
            if event["Type"] == "HttpApi" {
                let version = &event["Properties"]["PayloadFormatVersion"];
                assert_eq!(version, "2.0", "{}, event {name}: set PayloadFormatVersion: '2.0'", function.logical_id);
            }
        }
    }
}

#[test]
fn every_binary_is_deployed_and_every_deployed_one_is_built() {
    let template = template();
    let metadata = metadata();
    let functions = metadata.packages.iter().filter(|package| folder(package).starts_with("functions/"));
    let built: BTreeSet<&str> =
        functions.flat_map(|it| &it.targets).filter(|it| it.is_bin()).map(|it| it.name.as_str()).collect();
    let deployed: BTreeSet<&str> = template.functions.iter().map(binary).collect();
    assert_eq!(built, deployed, "the binaries of functions/ (left) and the CodeUris of template.yaml (right)");
    for function in &template.functions {
        assert_eq!(function.code_uri, format!("target/lambda/{}/", binary(function)), "{}", function.logical_id);
    }
}

/// The event to paste.
fn event(method: &str, path: &str) -> String {
    let words = path.split('/').filter(|part| !part.is_empty() && *part != "api" && *part != "admin");
    let mut name: String = method[..1].to_owned() + &method[1..].to_lowercase();
    for word in words.flat_map(|part| part.split(['-', '{', '}'])).filter(|word| !word.is_empty()) {
        name += &(word[..1].to_uppercase() + &word[1..]);
    }
    format!(
        "        {name}:\n          Type: HttpApi\n          \
         Properties: {{ApiId: !Ref Api, Method: {method}, Path: '{path}', PayloadFormatVersion: '2.0'}}\n"
    )
}
