//! Root modules given as text.

use std::sync::Arc;

use super::*;
use crate::facts::Resource;
use crate::finding::Level;
use crate::source::Sources;
use crate::terraform::eval::Value;

/// A repository, what it evaluates to, and the texts for places.
struct Case {
    evaluation: Evaluation,
    resources: Vec<Resource>,
    diagnostics: Vec<Diagnostic>,
    sources: Sources,
}

fn memory(files: &[(&str, &str)]) -> Memory {
    let files = files.iter().map(|(path, text)| ((*path).to_owned(), Arc::from(text.as_bytes()))).collect();
    Memory { files, ..Memory::default() }
}

fn evaluate_root(root: &str, files: &[(&str, &str)], options: &Options) -> Case {
    let files = memory(files);
    let mut sources = Sources::default();
    let configuration = load(root, &files, &mut sources);
    let root = Root { directory: root.into(), options: options.clone(), environment: None };
    let mut planned = resources_of(&configuration, std::slice::from_ref(&root), &files, &mut sources);
    let Planned { evaluation, resources, .. } = planned.remove(0);
    let mut diagnostics = configuration.diagnostics.clone();
    diagnostics.extend(evaluation.diagnostics.clone());
    Case { evaluation, resources, diagnostics, sources }
}

fn evaluate_text(text: &str) -> Case {
    evaluate_root("", &[("main.tf", text)], &Options::default())
}

impl Case {
    fn output(&self, name: &str) -> &Value {
        &self.evaluation.outputs.iter().find(|o| &*o.name == name).unwrap().value
    }

    fn ids(&self) -> Vec<&str> {
        self.resources.iter().map(|r| &*r.id).collect()
    }

    fn resource(&self, id: &str) -> &Resource {
        self.resources.iter().find(|r| &*r.id == id).unwrap_or_else(|| panic!("{id} is not among {:?}", self.ids()))
    }

    fn json(&self, id: &str) -> serde_json::Value {
        serde_json::to_value(&*self.resource(id).attrs).unwrap()
    }

    fn errors(&self) -> Vec<String> {
        let errors = self.diagnostics.iter().filter(|d| d.level == Level::Error);
        errors.map(|d| format!("{} {}", d.code, d.message)).collect()
    }

    fn warnings(&self) -> Vec<&str> {
        self.diagnostics.iter().filter(|d| d.level == Level::Warning).map(|d| d.code).collect()
    }
}

#[test]
fn a_resource_is_seen_with_its_evaluated_attributes() {
    let case = evaluate_text(
        r#"
        variable "multi_az" { default = "true" }
        locals { name = "db-${terraform.workspace}" }
        resource "aws_db_instance" "main" {
          identifier = local.name
          multi_az   = var.multi_az
          port       = aws_db_parameter_group.p.port
          timeouts { create = "1h" }
          restore_to_point_in_time { use_latest_restorable_time = true }
        }
        resource "aws_db_parameter_group" "p" { name = "p" }
        "#,
    );
    assert_eq!(case.errors(), [""; 0]);
    let expected = serde_json::json!({
        "identifier": "db-default", "multi_az": "true",
        "timeouts": {"create": "1h"}, "restore_to_point_in_time": [{"use_latest_restorable_time": true}],
    });
    assert_eq!(case.json("aws_db_instance.main"), expected);
    assert_eq!(case.resource("aws_db_instance.main").unknown, [["port".into()]]);
}

#[test]
fn the_chain_behind_a_value_is_kept() {
    let files = [
        ("modules/db/main.tf", "variable \"az\" {}\nresource \"aws_db_instance\" \"m\" {\n  multi_az = var.az\n}\n"),
        (
            "live/main.tf",
            "variable \"ha\" { type = bool }\nmodule \"db\" {\n  source = \"../modules/db\"\n  az = var.ha\n}\n",
        ),
        ("live/prod.tfvars", "other = 1\nha = false\n"),
    ];
    let options = Options { given: vec![Given::File("prod.tfvars".into())], ..Options::default() };
    let case = evaluate_root("live", &files, &options);
    let resource = case.resource("module.db.aws_db_instance.m");
    assert_eq!(resource.module.as_deref(), Some("module.db"));
    assert_eq!(resource.attrs.get("multi_az").and_then(|n| n.as_bool()), Some(false));
    let place = |span| case.sources.locate(span).unwrap().to_string();
    assert_eq!(place(resource.attrs.get("multi_az").unwrap().span), "modules/db/main.tf:3:14");
    let chain: Vec<String> = resource.origins[0].1.iter().map(|s| place(*s)).collect();
    assert_eq!(chain, ["live/main.tf:4:8", "live/prod.tfvars:2:6"]);
}

#[test]
fn what_depends_on_a_missing_variable_is_unknown_and_said() {
    let case = evaluate_text(
        "variable \"n\" { type = number }\nresource \"a_b\" \"c\" {\n  count = var.n\n  x = var.n + 1\n  y = \"k\"\n}\n",
    );
    assert_eq!(case.ids(), ["a_b.c[*]"]);
    assert_eq!(case.resource("a_b.c[*]").unknown, [["x".into()], ["count".into()]]);
    assert_eq!(case.warnings(), ["terraform::missing_variable"]);
    assert_eq!(case.errors(), [""; 0]);
}

#[test]
fn dynamic_blocks_are_expanded() {
    let case = evaluate_text(
        r#"
        resource "aws_security_group" "s" {
          dynamic "ingress" {
            for_each = { a = 80, b = 443 }
            iterator = port
            content {
              from_port = port.value
              label     = port.key
              dynamic "inner" {
                for_each = [1, 2]
                content { n = inner.value + port.value }
              }
            }
          }
          ingress { from_port = 22 }
          dynamic "egress" {
            for_each = aws_vpc.v.ranges
            content { cidr = egress.value }
          }
        }
        resource "aws_vpc" "v" {}
        "#,
    );
    assert_eq!(case.errors(), [""; 0]);
    let ingress = serde_json::json!([
        {"from_port": 80, "label": "a", "inner": [{"n": 81}, {"n": 82}]},
        {"from_port": 443, "label": "b", "inner": [{"n": 444}, {"n": 445}]},
        {"from_port": 22},
    ]);
    assert_eq!(case.json("aws_security_group.s")["ingress"], ingress);
    assert_eq!(case.resource("aws_security_group.s").unknown, [["egress".into()]]);
}

#[test]
fn provider_defaults_reach_the_resources_of_child_modules() {
    let files = [
        (
            "main.tf",
            "variable \"env\" { default = \"prod\" }\nprovider \"aws\" {\n  region = \"eu-west-1\"\n  default_tags {\n    \
             tags = { env = var.env }\n  }\n}\nprovider \"aws\" {\n  alias = \"us\"\n  region = \"us-east-1\"\n}\n\
             module \"a\" { source = \"./m\" }\nmodule \"b\" {\n  source = \"./m\"\n  providers = { aws = aws.us }\n}\n",
        ),
        ("m/main.tf", "resource \"aws_s3_bucket\" \"x\" { tags = { own = \"1\" } }\n"),
    ];
    let case = evaluate_root("", &files, &Options::default());
    let a = case.resource("module.a.aws_s3_bucket.x");
    assert_eq!(serde_json::to_value(a.attrs.get("tags_all")).unwrap(), serde_json::json!({"own": "1", "env": "prod"}));
    assert_eq!(a.region.as_deref(), Some("eu-west-1"));
    let b = case.resource("module.b.aws_s3_bucket.x");
    assert_eq!((b.region.as_deref(), b.attrs.get("tags_all").is_none()), (Some("us-east-1"), true));
}

#[test]
fn sensitive_values_do_not_leave() {
    let case = evaluate_text(
        "variable \"p\" {\n  default = \"hunter2\"\n  sensitive = true\n}\nresource \"a_b\" \"c\" {\n  password = var.p\n  \
         url = \"x:${var.p}@y\"\n  nested = { a = var.p, b = 1 }\n}\n",
    );
    let resource = case.resource("a_b.c");
    assert!(!format!("{:?}", resource.attrs).contains("hunter2"));
    let sensitive: Vec<_> = vec![vec!["nested".into(), "a".into()], vec!["password".into()], vec!["url".into()]];
    assert_eq!(resource.sensitive, sensitive);
}

#[test]
fn cycles_are_told_with_their_members() {
    let case =
        evaluate_text("locals {\n  a = local.b\n  b = local.c\n  c = local.a\n}\noutput \"o\" { value = local.a }\n");
    assert_eq!(case.errors(), ["terraform::cycle Cycle: local.a, local.b, local.c"]);
    assert!(!case.output("o").is_known());
}

#[test]
fn modules_use_each_others_outputs_without_a_cycle() {
    let m = "variable \"in\" {}\noutput \"fixed\" { value = 1 }\noutput \"out\" { value = var.in }\n";
    let files = [
        (
            "main.tf",
            "module \"a\" {\n  source = \"./m\"\n  in = module.b.fixed\n}\nmodule \"b\" {\n  source = \"./m\"\n  in = \
             module.a.fixed\n}\noutput \"o\" { value = module.a.out + module.b.out }\n",
        ),
        ("m/m.tf", m),
    ];
    let case = evaluate_root("", &files, &Options::default());
    assert_eq!(case.errors(), [""; 0]);
    assert_eq!(case.output("o").as_number().and_then(|n| n.to_i64()), Some(2));
}

#[test]
fn a_module_that_calls_itself_is_not_followed() {
    let files = [("a/m.tf", "module \"x\" { source = \"../b\" }"), ("b/m.tf", "module \"x\" { source = \"../a\" }")];
    let case = evaluate_root("a", &files, &Options::default());
    assert_eq!(case.errors().len(), 1);
    assert!(case.errors()[0].starts_with("terraform::module_cycle"));
    assert_eq!(case.ids(), ["module.x.module.x"]);
}

#[test]
fn modules_that_are_not_there_are_listed_as_unknown() {
    let case = evaluate_text(
        "module \"vpc\" {\n  source = \"terraform-aws-modules/vpc/aws\"\n  version = \"5.0\"\n  cidr = \"10.0.0.0/16\"\n}\n\
         resource \"aws_instance\" \"i\" { subnet_id = module.vpc.private_subnets[0] }\n",
    );
    assert_eq!(case.ids(), ["aws_instance.i", "module.vpc"]);
    let module = case.resource("module.vpc");
    assert_eq!((&*module.kind, module.unknown.as_slice()), ("module", &[Vec::new()][..]));
    assert_eq!(case.json("module.vpc"), serde_json::json!({"cidr": "10.0.0.0/16"}));
    assert_eq!(case.resource("aws_instance.i").unknown, [["subnet_id".into()]]);
    assert_eq!(case.warnings(), ["terraform::module_not_available"]);
}

#[test]
fn installed_modules_are_followed() {
    let manifest = r#"{"Modules": [{"Key": "", "Source": "", "Dir": "."},
        {"Key": "vpc", "Source": "registry.terraform.io/x/vpc/aws", "Version": "1.0.0", "Dir": ".terraform/modules/vpc"},
        {"Key": "vpc.sub", "Source": "./sub", "Dir": ".terraform/modules/vpc/sub"}]}"#;
    let files = [
        ("r/main.tf", "module \"vpc\" {\n  source = \"x/vpc/aws\"\n  cidr = \"10.0.0.0/16\"\n}\n"),
        ("r/.terraform/modules/modules.json", manifest),
        (
            "r/.terraform/modules/vpc/main.tf",
            "variable \"cidr\" {}\nmodule \"sub\" {\n source = \"./sub\"\n c = var.cidr\n}\n",
        ),
        (
            "r/.terraform/modules/vpc/sub/main.tf",
            "variable \"c\" {}\nresource \"aws_vpc\" \"v\" { cidr_block = var.c }\n",
        ),
    ];
    let case = evaluate_root("r", &files, &Options::default());
    assert_eq!(case.diagnostics, []);
    assert_eq!(case.json("module.vpc.module.sub.aws_vpc.v"), serde_json::json!({"cidr_block": "10.0.0.0/16"}));
}

#[test]
fn arguments_of_modules_are_checked_against_their_variables() {
    let files =
        [("main.tf", "module \"m\" {\n  source = \"./m\"\n  extra = 1\n}\n"), ("m/m.tf", "variable \"needed\" {}\n")];
    let case = evaluate_root("", &files, &Options::default());
    let errors = case.errors();
    assert!(errors[0].contains("Unsupported argument") && errors[1].contains("\"needed\" is required"), "{errors:?}");
}

#[test]
fn huge_repetitions_are_bounded() {
    let each = "resource \"a_b\" \"c\" {\n  for_each = toset(flatten([for i in range(100) : [for j in range(100) : \"${i}-${j}\"]]))\n  x = each.key\n}\n";
    let case = evaluate_text(each);
    assert_eq!(case.resources.len(), 10_000);
    assert_eq!(case.errors(), [""; 0]);
    let case = evaluate_text("resource \"a_b\" \"c\" { count = 1000000000 }\n");
    assert_eq!(case.ids(), ["a_b.c[*]"]);
    assert_eq!(case.errors().len(), 1);
    let case = evaluate_text("locals { r = range(0, 1e9) }\nresource \"a_b\" \"c\" { x = local.r }\n");
    assert_eq!(case.errors().len(), 1);
    assert_eq!(case.resource("a_b.c").unknown, [["x".into()]]);
}

#[test]
fn long_chains_of_locals_end_in_a_fault_not_in_the_stack() {
    let mut text = String::from("locals {\n  a0 = 1\n");
    for i in 1..5_000 {
        text.push_str(&format!("  a{i} = local.a{} + 1\n", i - 1));
    }
    text.push_str("}\noutput \"o\" { value = local.a4999 }\n");
    let case = evaluate_text(&text);
    assert!(case.errors().iter().all(|e| e.starts_with("terraform::too_deep")));
}

#[test]
fn files_outside_the_repository_are_refused() {
    let case = evaluate_text("output \"o\" { value = file(\"../../etc/passwd\") }\n");
    assert_eq!(case.errors().len(), 1);
    assert!(!case.output("o").is_known());
}

#[test]
fn a_template_that_includes_itself_ends() {
    let files = [
        ("main.tf", "output \"o\" { value = templatefile(\"t.tpl\", {}) }\n"),
        ("t.tpl", "${templatefile(\"t.tpl\", {})}"),
    ];
    let case = evaluate_root("", &files, &Options::default());
    assert_eq!(case.errors().len(), 1);
}

#[test]
fn root_modules_are_those_that_nobody_calls() {
    let files = [
        ("live/prod/main.tf", "module \"a\" { source = \"../../modules/a\" }"),
        ("live/test/main.tf", "module \"a\" { source = \"../../modules/a\" }"),
        ("modules/a/main.tf", "module \"b\" { source = \"./b\" }"),
        ("modules/a/b/main.tf", "resource \"a_b\" \"c\" {}"),
        ("modules/unused/main.tf", "resource \"a_b\" \"c\" {}"),
    ];
    let files = memory(&files);
    let mut sources = Sources::default();
    let parsed = files.files.iter().map(|(path, bytes)| {
        let text = std::str::from_utf8(bytes).unwrap();
        crate::terraform::source::read(sources.next_id(), path, text).0
    });
    let parsed: Vec<_> = parsed.collect();
    let configuration = assemble(parsed, &files, &mut sources);
    let found = roots(&configuration, &[], &files);
    let found: Vec<&str> = found.iter().map(|r| &*r.directory).collect();
    assert_eq!(found, ["live/prod", "live/test", "modules/unused"]);
}

mod properties {
    use super::*;
    use proptest::prelude::*;

    /// Declarations and references that fit together in most orders, and some that never do.
    const PIECES: [&str; 16] = [
        "variable \"a\" {\n  default = 1\n}\n",
        "variable \"b\" {\n  type = list(string)\n  sensitive = true\n}\n",
        "locals {\n  x = local.y\n}\n",
        "locals {\n  y = [for i in range(3) : i + var.a]\n}\n",
        "locals {\n  z = { for k, v in local.x : k => terraform_data.t[k].id }\n}\n",
        "resource \"terraform_data\" \"t\" {\n  count = length(local.y)\n  input = count.index\n}\n",
        "resource \"terraform_data\" \"u\" {\n  for_each = toset(var.b)\n  input = each.key\n}\n",
        "resource \"aws_x\" \"v\" {\n  a = terraform_data.t[*].input\n  dynamic \"d\" {\n    for_each = local.z\n    content {\n      k = d.key\n    }\n  }\n}\n",
        "module \"m\" {\n  source = \"./m\"\n  in = module.n.out\n}\n",
        "module \"n\" {\n  source = \"./m\"\n  count = 2\n  in = local.y\n}\n",
        "module \"o\" {\n  source = \"x/y/z\"\n}\n",
        "output \"p\" {\n  value = [module.m.out, module.n[*].out, module.o.q]\n}\n",
        "output \"r\" {\n  value = aws_x.v.d[0].k\n}\n",
        "check \"c\" {\n  assert {\n    condition = local.x == var.a\n    error_message = \"${local.z}\"\n  }\n}\n",
        "provider \"aws\" {\n  default_tags {\n    tags = local.z\n  }\n}\n",
        "moved {\n  from = aws_x.w\n  to = aws_x.v\n}\n",
    ];

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn any_order_and_choice_of_declarations_is_evaluated(picks in prop::collection::vec(0..PIECES.len(), 0..24)) {
            let text: String = picks.iter().map(|at| PIECES[*at]).collect();
            let module = "variable \"in\" {}\noutput \"out\" { value = var.in }\n";
            let files = [("main.tf", &*text), ("m/m.tf", module)];
            let once = evaluate_root("", &files, &Options::default());
            let again = evaluate_root("", &files, &Options::default());
            prop_assert!(once.diagnostics.iter().all(|d| d.code != "terraform::stopped"));
            prop_assert_eq!(&once.diagnostics, &again.diagnostics);
            prop_assert_eq!(once.ids(), again.ids());
        }
    }
}
