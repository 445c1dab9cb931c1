// Package lint finds mistakes in workflow files and action manifests: first
// GitHub's own errors, as the workflow room reports them, then what GitHub
// would only show while the workflow runs, or never. It imports workflow, expr
// and fault; printing is the business of lint/report.
package lint
