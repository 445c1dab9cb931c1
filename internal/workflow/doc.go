// Package workflow turns workflow YAML into a positioned token tree and a
// validated model, with GitHub's own messages, and evaluates the model's
// tokens once contexts are known. It imports expr and fault only.
package workflow
