package lint

import (
	"strings"

	"slipway/internal/expr"
)

var scriptInjection = rule{
	Rule: Rule{"script-injection", "Text that anybody may write becomes part of a script"},
	expression: func(p *pass, e *expression) {
		if !e.use.script {
			return
		}
		flow(e.Expr.Root(), false, func(ref expr.Reference, all bool) {
			at := expr.Span{Start: ref.Context.Start, End: endOf(ref)}
			switch path, exact := untrusted(ref, all); {
			case exact:
				p.report(e.at(at), "anyone can set %s, and here it becomes code; pass it through 'env' and read the variable", path)
			case path != "":
				p.report(e.at(at), "this holds what anyone can set, such as %s, and here it becomes code; pass it through 'env' and read the variable", path)
			}
		})
	},
}

func endOf(ref expr.Reference) int {
	if n := len(ref.Path); n > 0 {
		return ref.Path[n-1].End
	}
	return ref.Context.End
}

// flow calls found for the references whose text may end up in the value of
// n, and says whether all of an object would, as in toJSON(github.event).
// Conditions, comparisons and searches yield only booleans; what stands left
// of `&&` comes through only when it is empty.
func flow(n expr.Node, all bool, found func(ref expr.Reference, all bool)) {
	switch n := n.(type) {
	case *expr.Context, *expr.Index:
		for ref := range expr.References(n) {
			found(ref, all)
			return // the first is the chain itself; keys inside it only choose
		}
	case *expr.Logical:
		args := n.Args
		if n.Op == expr.And {
			args = args[len(args)-1:]
		}
		flowAll(args, all, found)
	case *expr.Call:
		switch strings.ToLower(n.Name) {
		case "format", "join":
			flowAll(n.Args, all, found)
		case "tojson", "fromjson":
			flowAll(n.Args, true, found)
		case "case":
			flowAll(caseValues(n.Args), all, found)
		}
	}
}

func flowAll(nodes []expr.Node, all bool, found func(expr.Reference, bool)) {
	for _, n := range nodes {
		flow(n, all, found)
	}
}

// caseValues are the arguments of case() that it may yield.
func caseValues(args []expr.Node) []expr.Node {
	var values []expr.Node
	for i, a := range args {
		if i%2 == 1 || i == len(args)-1 {
			values = append(values, a)
		}
	}
	return values
}

// untrustedPaths are what people without any rights in a repository can set:
// titles, texts, branch names and commit messages of others (docs.github.com,
// "Secure use reference", and CodeQL's list for Actions).
const untrustedPaths = `
github.head_ref
github.event.issue.title
github.event.issue.body
github.event.pull_request.title
github.event.pull_request.body
github.event.pull_request.head.ref
github.event.pull_request.head.label
github.event.pull_request.head.repo.default_branch
github.event.pull_request.head.repo.description
github.event.pull_request.head.repo.homepage
github.event.comment.body
github.event.review.body
github.event.review_comment.body
github.event.discussion.title
github.event.discussion.body
github.event.pages.*.page_name
github.event.commits.*.message
github.event.commits.*.author.name
github.event.commits.*.author.email
github.event.head_commit.message
github.event.head_commit.author.name
github.event.head_commit.author.email
github.event.workflow_run.head_branch
github.event.workflow_run.display_title
github.event.workflow_run.head_commit.message
github.event.workflow_run.head_commit.author.name
github.event.workflow_run.head_commit.author.email
github.event.workflow_run.head_repository.description
github.event.workflow_run.pull_requests.*.head.ref
`

// untrusted returns the untrusted path that a reference is (exact) or, when all
// of an object is taken, holds; "" for others.
func untrusted(ref expr.Reference, all bool) (known string, exact bool) {
	path := pathOf(ref)
	for known := range strings.FieldsSeq(untrustedPaths) {
		names := strings.Split(known, ".")
		switch {
		case len(names) < len(path) || len(names) > len(path) && !all || !leadsTo(path, names):
		case len(names) == len(path):
			return known, true
		default:
			return known, false
		}
	}
	return "", false
}

// anyIndex stands in a path for an index that is computed: of an array it may
// be any item, of an object nobody knows.
const anyIndex = "[]"

// pathOf spells a reference as untrustedPaths does.
func pathOf(ref expr.Reference) []string {
	path := []string{strings.ToLower(ref.Context.Name)}
	for _, step := range ref.Path {
		switch step.Form {
		case expr.Property:
			path = append(path, strings.ToLower(step.Name))
		case expr.Wildcard:
			path = append(path, "*")
		default:
			path = append(path, anyIndex)
		}
	}
	return path
}

// leadsTo says whether the names begin with what the path asks for.
func leadsTo(path, names []string) bool {
	for i, step := range path {
		if step != "*" && step != names[i] && !(step == anyIndex && names[i] == "*") {
			return false
		}
	}
	return true
}
