//! The example on the page of each function: a documentation test, so that it compiles.

use std::collections::BTreeMap;

use super::imports::{Imports, Target};
use crate::ir::{Definition, Function, Type, Verb, names};
use crate::passes::Plan;

/// The examples of all functions, which refer to each other.
pub(super) struct Examples<'a> {
    definitions: &'a BTreeMap<String, Definition>,
    /// The functions that read an object, by their paths.
    readers: BTreeMap<&'a str, &'a Function>,
}

impl<'a> Examples<'a> {
    pub(super) fn new(plan: &'a Plan) -> Self {
        let readers = plan.functions.iter().filter(|function| function.verb == Verb::Read);
        let readers = readers.map(|function| (function.operation.path.as_str(), function)).collect();
        Self { definitions: &plan.definitions, readers }
    }

    /// The example of a function, as Markdown.
    pub(super) fn of(&self, function: &Function) -> String {
        let module = Module::of(function);
        let mut imports = Imports::new(self.definitions, Target::Api, None, []);
        let lines = self.lines(function, &module, &mut imports);
        let is_request = matches!(function.verb, Verb::Connect(_));
        let mut example = format!("```\n# {}\n", module.import);
        for line in imports.uses() {
            example.push_str(&format!("# use {line};\n"));
        }
        if is_request {
            example.push_str(&lines.join("\n"));
        } else {
            example.push_str("# async fn example<E: kubernetes_core::Execute>(client: &E) -> Result<(), E::Error> {\n");
            example.push_str(&lines.join("\n"));
            example.push_str("\n# Ok(())\n# }");
        }
        example.push_str("\n```");
        example
    }

    fn lines(&self, function: &Function, module: &Module, imports: &mut Imports<'_>) -> Vec<String> {
        let call = |function: &Function, more: &str| {
            let mut arguments: Vec<String> =
                function.operation.path_parameters.iter().map(|it| format!("{:?}", value(&it.name))).collect();
            arguments.extend((!more.is_empty()).then(|| more.to_owned()));
            format!("{}::{}({})", module.name, function.name, arguments.join(", "))
        };
        let variable = self.variable(function);
        let send = |name: &str, call: String| broken(format!("let {name} = {call}.send(client).await?;"));
        match function.verb {
            Verb::List => vec![send("list", format!("{}.label_selector(\"app=web\")", call(function, "")))],
            Verb::DeleteCollection => {
                vec![broken(format!("{}.label_selector(\"app=web\").send(client).await?;", call(function, "")))]
            }
            Verb::Delete => vec![broken(format!("{}.send(client).await?;", call(function, "")))],
            Verb::Read => vec![send(&variable, call(function, ""))],
            Verb::Get => vec![send("document", call(function, ""))],
            Verb::Log => vec![send("log", format!("{}.tail_lines(10)", call(function, "")))],
            Verb::Connect(_) => vec![format!("let request = {};", call(function, ""))],
            Verb::Create => {
                let object = self.new_object(function, imports);
                vec![format!("let {variable} = {object};"), send("created", call(function, &format!("&{variable}")))]
            }
            Verb::Replace => {
                let object = match self.readers.get(function.operation.path.as_str()) {
                    Some(reader) if reader.subject == function.subject => {
                        format!("{}.send(client).await?", call(reader, ""))
                    }
                    _ => self.new_object(function, imports),
                };
                vec![
                    format!("let mut {variable} = {object};"),
                    format!("{variable}.metadata.annotations.insert(\"example.com/checked\", \"yes\");"),
                    send("replaced", call(function, &format!("&{variable}"))),
                ]
            }
            Verb::Patch => {
                let patch = imports.core("Patch");
                vec![
                    "let labels = serde_json::json!({\"metadata\": {\"labels\": {\"app\": \"web\"}}});".to_owned(),
                    send("patched", call(function, &format!("&{patch}::merge(&labels)"))),
                ]
            }
        }
    }

    /// A new object of the type that a function takes.
    fn new_object(&self, function: &Function, imports: &mut Imports<'_>) -> String {
        let Some(subject) = &function.subject else { return "Default::default()".to_owned() };
        let type_ = imports.type_of(subject);
        match self.is_object(subject) {
            true => format!("{type_}::named(\"web\")"),
            false => format!("{type_}::default()"),
        }
    }

    /// Whether a type has a name, so that it can be made with it.
    fn is_object(&self, type_: &Type) -> bool {
        let Type::Definition(name) = type_ else { return false };
        let first = self.definitions.get(name).and_then(|definition| definition.structs().first());
        first.is_some_and(|object| object.resource.is_some())
    }

    /// The name of the variable for an object of a function.
    fn variable(&self, function: &Function) -> String {
        match &function.subject {
            Some(Type::Definition(name)) => match self.definitions.get(name) {
                Some(definition) => names::identifier(&definition.type_name),
                None => "object".to_owned(),
            },
            _ => "object".to_owned(),
        }
    }
}

/// How an example calls the module of a function.
struct Module {
    name: String,
    import: String,
}

impl Module {
    fn of(function: &Function) -> Self {
        let group = &function.group;
        match &function.version {
            Some(version) => {
                let name = format!("{group}_{version}");
                let import = format!("use kubernetes_api::{group}::{version} as {name};");
                Self { name, import }
            }
            None => Self { name: group.clone(), import: format!("use kubernetes_api::{group};") },
        }
    }
}

/// A call as rustfmt breaks it, where it is longer than a page of documentation is wide.
fn broken(call: String) -> String {
    const WIDTH: usize = 80;
    if call.len() <= WIDTH {
        return call;
    }
    ["label_selector(", "tail_lines(", "send(", "await?"]
        .iter()
        .fold(call, |call, method| call.replace(&format!(".{method}"), &format!("\n    .{method}")))
}

/// The argument for a parameter of a path.
fn value(parameter: &str) -> &'static str {
    match parameter {
        "namespace" => "shop",
        "name" => "web",
        "path" | "logpath" => "metrics",
        _ => "example",
    }
}
