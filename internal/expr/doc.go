// Package expr lexes, parses, checks and evaluates the expressions of GitHub
// Actions (`${{ }}` without the braces). It imports nothing of ours.
package expr
