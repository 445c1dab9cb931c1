// Package trigger says which workflows an event starts, and with which inputs.
// It reads nothing: what changed and what was asked for is handed to it.
// It imports workflow, expr and fault only.
package trigger
