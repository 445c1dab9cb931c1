package lint

import (
	"io/fs"
	"path"
	"slices"

	"slipway/internal/workflow"
)

// Options say how files are linted.
type Options struct {
	// Read is how workflows are read. Its Called may return
	// workflow.ErrNotFollowed for what isn't to be looked at.
	Read workflow.Options

	// Repository holds the files of the repository, for the actions that
	// workflows call by path. Nil when it isn't there; then nothing is said
	// about them.
	Repository fs.FS
}

// Linter looks at the files of one repository. It is not safe for concurrent use.
type Linter struct {
	read workflow.Options
	repo *repository
}

// New returns a Linter.
func New(o Options) *Linter {
	return &Linter{read: o.Read, repo: newRepository(o.Repository)}
}

// File looks at a workflow or, going by its name, at an action manifest. file
// is the slash-separated name that findings carry.
func (l *Linter) File(file string, data []byte) Result {
	switch path.Base(file) {
	case "action.yml", "action.yaml":
		return l.action(file, data)
	}
	return l.workflow(file, data)
}

func (l *Linter) workflow(file string, data []byte) Result {
	w, problems := workflow.Read(file, data, l.read)
	result := Result{File: file, Data: data, Errors: readErrors(problems)}
	if w == nil {
		// What is wrong may be in a file that this one calls.
		alone := l.read
		alone.SkipCalled = true
		if w, _ = workflow.Read(file, data, alone); w == nil {
			return result
		}
	}
	p := l.newPass(file, data)
	p.workflow = w
	p.walkWorkflow()
	result.Warnings = p.done(result.Errors)
	return result
}

func (l *Linter) action(file string, data []byte) Result {
	a, problems := workflow.ReadAction(file, data)
	result := Result{File: file, Data: data, Errors: readErrors(problems)}
	if a == nil {
		return result
	}
	p := l.newPass(file, data)
	p.walkAction(a)
	result.Warnings = p.done(result.Errors)
	return result
}

func (l *Linter) newPass(file string, data []byte) *pass {
	return &pass{source: newSource(file, data), repo: l.repo, rules: allRules(), seen: map[Finding]bool{}}
}

// done returns the findings in file order, without those that a comment allows
// and those at a place where GitHub itself already reports an error.
func (p *pass) done(errors []Finding) []Finding {
	findings := slices.DeleteFunc(p.findings, func(f Finding) bool {
		return p.source.ignored(f) || slices.ContainsFunc(errors, func(e Finding) bool { return e.Line == f.Line && e.Column == f.Column })
	})
	sortFindings(findings)
	return findings
}

func readErrors(problems []*workflow.Error) []Finding {
	var list []Finding
	for _, e := range problems {
		list = append(list, Finding{File: e.File, Line: e.Line, Column: e.Column, Message: e.Message, Caller: e.Caller})
	}
	return list
}
