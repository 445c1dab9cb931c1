package expr_test

import (
	"testing"

	"slipway/internal/expr"
)

// benchExpressions are the kinds of expressions that real workflows hold, by
// what they exercise.
var benchExpressions = []struct{ name, src string }{
	{"condition", "github.event_name == 'push' && contains(github.ref, 'refs/heads/')"},
	{"property", "github.event.pull_request.head.sha"},
	{"matrix", "matrix.os == 'ubuntu-latest' && matrix.version >= 18"},
	{"status", "always() && needs.build.result == 'success'"},
	{"negation", "!startsWith(github.head_ref, 'dependabot/') && github.repository_owner == 'octo-org'"},
	{"default", "inputs.version || vars.VERSION || 'latest'"},
	{"filter", "contains(github.event.pull_request.labels.*.name, 'ready')"},
	{"format", "format('{0}-{1}-{2}', github.workflow, github.ref, matrix.os)"},
}

func benchNames() *expr.Names {
	return &expr.Names{
		Contexts:  []string{"github", "needs", "strategy", "matrix", "secrets", "inputs", "vars", "env", "job", "runner", "steps"},
		Functions: []expr.Function{{Name: "always"}, {Name: "success"}, {Name: "failure"}, {Name: "cancelled"}, {Name: "hashFiles", Min: 1, Max: 255}},
	}
}

// benchScope has a github context of about GitHub's own size.
func benchScope(b *testing.B) *expr.Scope {
	b.Helper()
	contexts, err := expr.FromJSON([]byte(`{
	"github": {"token": "t", "job": "build", "ref": "refs/heads/main", "sha": "2ce6b095f4cceb616efed52266e3e3c0367ba795",
		"repository": "octo-org/hello", "repository_owner": "octo-org", "repository_owner_id": "1", "repositoryUrl": "git://x",
		"run_id": "28", "run_number": "8", "retention_days": "90", "run_attempt": "1", "artifact_cache_size_limit": "10",
		"repository_visibility": "public", "repository_id": "1", "actor_id": "1", "actor": "mona", "triggering_actor": "mona",
		"workflow": "CI", "head_ref": "feature/x", "base_ref": "main", "event_name": "push", "server_url": "https://github.com",
		"api_url": "https://api.github.com", "graphql_url": "https://api.github.com/graphql", "ref_name": "main",
		"ref_protected": false, "ref_type": "branch", "secret_source": "Actions", "workspace": "/w", "action": "__run",
		"event": {"pull_request": {"head": {"sha": "abc", "ref": "feature/x"}, "labels": [{"name": "bug"}, {"name": "ready"}]}}},
	"needs": {"build": {"result": "success", "outputs": {}}}, "strategy": {}, "matrix": {"os": "ubuntu-latest", "version": 20},
	"secrets": {}, "inputs": {}, "vars": {"REGION": "eu"}, "env": {"CI": "true"}, "job": {}, "runner": {"os": "Linux"}, "steps": {}}`))
	if err != nil {
		b.Fatal(err)
	}
	yes := func(*expr.Call, []expr.Value) (expr.Value, error) { return expr.Bool(true), nil }
	return &expr.Scope{
		Contexts:  contexts.Object(),
		Functions: []expr.Function{{Name: "always", Call: yes}, {Name: "success", Call: yes}},
	}
}

func BenchmarkParse(b *testing.B) {
	names := benchNames()
	for _, c := range benchExpressions {
		b.Run(c.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := expr.Parse(c.src, names); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkEval(b *testing.B) {
	names, scope := benchNames(), benchScope(b)
	for _, c := range benchExpressions {
		b.Run(c.name, func(b *testing.B) {
			x, err := expr.Parse(c.src, names)
			if err != nil {
				b.Fatal(err)
			}
			b.ReportAllocs()
			for b.Loop() {
				if _, err := x.Eval(scope); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkParseEval(b *testing.B) {
	names, scope := benchNames(), benchScope(b)
	for _, c := range benchExpressions {
		b.Run(c.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				x, err := expr.Parse(c.src, names)
				if err != nil {
					b.Fatal(err)
				}
				if _, err := x.Eval(scope); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
