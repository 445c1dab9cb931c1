// Package expr lexes, parses, checks and evaluates the expressions of GitHub
// Actions (`${{ }}` without the braces). It imports nothing of ours.
//
// Behaviour follows actions/runner src/Sdk/Expressions (C#), which is what
// runs on GitHub; where that and actions/languageservices expressions/src
// (TypeScript) disagree, the conformance data of the latter decides, and where
// the data is silent, the former.
//
// An *Expr, its nodes, and Values are safe for concurrent readers.
package expr
