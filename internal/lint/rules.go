package lint

import (
	"fmt"
	"strings"

	"slipway/internal/workflow"
)

// Rule describes one kind of finding.
type Rule struct {
	ID    string // stable: it appears in output and in comments that allow a finding
	About string // one line, without a full stop
}

// rule is a Rule with its checks. A check is called for every workflow, job,
// step or expression of a file, in file order, and may be nil.
type rule struct {
	Rule
	workflow   func(*pass)
	job        func(*pass, *workflow.Job)
	step       func(*pass, *step)
	expression func(*pass, *expression)
}

// allRules returns every rule, in the order of the documentation.
func allRules() []*rule {
	return []*rule{
		&contextProperty, &missingNeeds, &stepReference, &valueType, &functionArgument,
		&impossibleComparison, &constantCondition, &scriptInjection,
		&actionInput, &localAction, &calledInput,
		&deprecatedCommand, &shellName, &runnerLabel, &matrix, &envName, &hardCodedPassword,
		&concurrencyDeadlock, &eventFilter, &filterPattern, &dispatchInput, &schedule,
	}
}

// Rules returns what lint looks for beyond GitHub's own check.
func Rules() []Rule {
	var list []Rule
	for _, r := range allRules() {
		list = append(list, r.Rule)
	}
	return list
}

// pass is one look at one file.
type pass struct {
	source   *source
	repo     *repository
	workflow *workflow.Workflow // nil for an action manifest
	scope    *scope             // what every place of the file sees
	rules    []*rule
	rule     *rule // the one that is looking
	findings []Finding
	seen     map[Finding]bool // aliases make tokens appear twice
}

// maxFindings bounds the findings of one file; a reader needs no more.
const maxFindings = 500

// report notes a finding of the rule that is looking.
func (p *pass) report(at place, format string, args ...any) {
	f := Finding{
		File:    at.file,
		Line:    at.line,
		Column:  at.column,
		Width:   at.width,
		Message: fmt.Sprintf(format, args...),
		Rule:    p.rule.ID,
	}
	if p.seen[f] || len(p.findings) == maxFindings {
		return
	}
	p.seen[f] = true
	p.findings = append(p.findings, f)
}

// job returns the job of that id, or nil.
func (p *pass) job(id string) *workflow.Job {
	if p.workflow != nil {
		for _, j := range p.workflow.Jobs {
			if strings.EqualFold(j.ID, id) {
				return j
			}
		}
	}
	return nil
}

func jobIDs(w *workflow.Workflow) []string {
	ids := make([]string, len(w.Jobs))
	for i, j := range w.Jobs {
		ids[i] = j.ID
	}
	return ids
}
