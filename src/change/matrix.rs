//! The approval matrix: how many of which role a change needs, by tier and risk.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;

use crate::change::request::RiskLevel;
use crate::facts::MatrixFacts;
use crate::finding::Diagnostic;
use crate::parse::de::{Spanned, closest};
use crate::source::{Sources, Span};

/// The approval matrix.
#[derive(Clone, Debug, Default)]
pub struct Matrix {
    /// Place of the document.
    pub span: Span,
    shape: MatrixShape,
}

/// `spec` of an `ApprovalMatrix` document.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "camelCase")]
pub(crate) struct MatrixShape {
    tiers: BTreeMap<String, Spanned<Levels>>,
    cab: CabShape,
    override_roles: Vec<String>,
}

/// One tier: role → how many, for each level of risk.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
struct Levels {
    low: Option<Cell>,
    medium: Option<Cell>,
    high: Option<Cell>,
    very_high: Option<Cell>,
}

type Cell = Spanned<BTreeMap<String, u32>>;

#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "camelCase")]
struct CabShape {
    quorum_roles: Vec<String>,
}

impl Matrix {
    /// A matrix whose tiers exist.
    pub(super) fn new(shape: MatrixShape, span: Span) -> Result<Self, Diagnostic> {
        const TIERS: [&str; 4] = ["0", "1", "2", "3"];
        match shape.tiers.iter().find(|(tier, _)| !TIERS.contains(&tier.as_str())) {
            None => Ok(Self { span, shape }),
            Some((tier, levels)) => {
                let hint = closest(tier, TIERS).map(|t| format!("did you mean `\"{t}\"`? ")).unwrap_or_default();
                Err(Diagnostic::error("document::value", format!("`spec.tiers`: there is no tier `{tier}`"))
                    .at(levels.span)
                    .label("below this tier")
                    .help(format!("{hint}tiers are \"0\" to \"3\"")))
            }
        }
    }

    /// Whether any cell, or the quorum, asks for a role.
    pub fn asks_for(&self, role: &str) -> bool {
        let mut cells = self.shape.tiers.values().flat_map(|levels| levels.cells());
        cells.any(|(_, cell)| cell.contains_key(role)) || self.shape.cab.quorum_roles.iter().any(|named| named == role)
    }

    /// The matrix as policies see it, each cell with its place.
    pub fn facts(&self, sources: &Sources) -> MatrixFacts {
        let place = |span| sources.locate(span).map(|place| place.to_string()).unwrap_or_default();
        let mut facts = MatrixFacts {
            cab: [("quorumRoles".to_owned(), self.shape.cab.quorum_roles.clone())].into(),
            override_roles: self.shape.override_roles.clone(),
            source: place(self.span),
            ..MatrixFacts::default()
        };
        for (tier, levels) in &self.shape.tiers {
            let row = facts.tiers.entry(tier.clone()).or_default();
            for (level, cell) in levels.cells() {
                row.insert(level.as_str().to_owned(), cell.value.clone());
                facts.sources.insert(format!("{tier}/{}", level.as_str()), place(cell.span));
            }
        }
        facts
    }
}

impl Levels {
    fn cells(&self) -> impl Iterator<Item = (RiskLevel, &Cell)> {
        let cells = [
            (RiskLevel::Low, &self.low),
            (RiskLevel::Medium, &self.medium),
            (RiskLevel::High, &self.high),
            (RiskLevel::VeryHigh, &self.very_high),
        ];
        cells.into_iter().filter_map(|(level, cell)| Some((level, cell.as_ref()?)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::change::fixture;
    use crate::parse::de::from_node;

    #[test]
    fn cells_keep_their_place() {
        let (sources, documents) = fixture::yaml(
            "tiers:\n  \"1\":\n    low: {peer: 1}\n    very-high:\n      peer: 1\n      service-owner: 2\ncab: {quorumRoles: [a]}\noverrideRoles: [b]\n",
        );
        let matrix = Matrix::new(from_node(&documents[0]).unwrap(), documents[0].span).unwrap();
        let facts = matrix.facts(&sources);
        assert_eq!(facts.tiers["1"]["very-high"]["service-owner"], 2);
        assert_eq!(facts.tiers["1"].len(), 2);
        assert_eq!(facts.sources["1/low"], "test.yaml:3:11");
        assert_eq!(facts.sources["1/very-high"], "test.yaml:5:7");
        assert_eq!(
            (facts.cab["quorumRoles"].as_slice(), facts.override_roles.as_slice()),
            (["a".to_owned()].as_slice(), ["b".to_owned()].as_slice())
        );
    }

    #[test]
    fn tiers_and_levels_that_do_not_exist_are_errors() {
        let (sources, documents) = fixture::yaml("tiers:\n  \"4\":\n    low: {peer: 1}\n");
        let told = Matrix::new(from_node(&documents[0]).unwrap(), Span::default()).unwrap_err();
        assert_eq!(fixture::told(&sources, &[told]), ["3: document::value: `spec.tiers`: there is no tier `4`"]);
        let (sources, documents) = fixture::yaml("tiers:\n  \"1\":\n    midium: {peer: 1}\n");
        let told = from_node::<MatrixShape>(&documents[0]).unwrap_err();
        assert!(told.help.starts_with("did you mean `medium`?"));
        assert_eq!(
            fixture::told(&sources, &[told]),
            ["3: document::unknown-field: unknown field `midium` in `tiers.1`"]
        );
    }
}
