package local

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"slipway/internal/expr"
	"slipway/internal/workflow"
)

// Graph draws what the plan would run: each workflow's jobs in the order they
// can start, what they need, where they would run and why not.
func (p *Plan) Graph(out io.Writer) error {
	for i, r := range p.Runs {
		if i > 0 {
			fmt.Fprintln(out)
		}
		fmt.Fprintf(out, "%s · %s %s · %s\n", r.Name(), r.event.Name, r.event.Ref, r.Workflow.File)
		g := graph{place: p.options.place, scope: &expr.Scope{Contexts: p.knownContexts(r)}}
		g.jobs(r.Workflow.Jobs, "")
		if _, err := io.WriteString(out, g.text.String()); err != nil {
			return err
		}
	}
	return nil
}

// graph draws one workflow's jobs as a tree of stages.
type graph struct {
	text  strings.Builder
	place func(labels []string) (executor, reason string)
	scope *expr.Scope // what is known before anything has run
}

func (g *graph) jobs(jobs []*workflow.Job, indent string) {
	ordered := stages(jobs)
	for i, job := range ordered {
		branch, below := "├─ ", "│    "
		if i == len(ordered)-1 {
			branch, below = "└─ ", "     "
		}
		fmt.Fprintf(&g.text, "%s%s%s%s\n", indent, branch, job.ID, g.title(job))
		for _, line := range g.details(job) {
			fmt.Fprintf(&g.text, "%s%s%s\n", indent, below, line)
		}
		if job.Uses != nil && job.Uses.Workflow != nil {
			g.jobs(job.Uses.Workflow.Jobs, indent+below)
		}
	}
}

func (g *graph) title(job *workflow.Job) string {
	if name := job.Name.Str(); name != "" && name != job.ID {
		return "  " + name
	}
	return ""
}

func (g *graph) details(job *workflow.Job) []string {
	var lines []string
	if len(job.Needs) > 0 {
		needs := make([]string, len(job.Needs))
		for i, n := range job.Needs {
			needs[i] = n.Str()
		}
		lines = append(lines, "needs "+strings.Join(needs, ", "))
	}
	if job.If != nil {
		lines = append(lines, "if "+job.If.Str())
	}
	if job.Strategy != nil {
		lines = append(lines, g.legs(job.Strategy))
	}
	if job.Uses != nil {
		return append(lines, "calls "+job.Uses.Ref.Str())
	}
	lines = append(lines, g.where(job), fmt.Sprintf("%d steps", len(job.Steps)))
	if len(job.Steps) == 1 {
		lines[len(lines)-1] = "1 step"
	}
	return lines
}

// legs says what a matrix expands to, when that is known beforehand.
func (g *graph) legs(token *workflow.Token) string {
	const shown = 6
	strategy, err := workflow.EvaluateStrategy(token, g.scope)
	if err != nil || len(strategy.Legs) == 0 && !token.IsLiteral() {
		return "matrix " + token.Lookup("matrix").Str() + ": known when what it needs has ended"
	}
	names := strategy.Names
	more := ""
	if len(names) > shown {
		more = fmt.Sprintf(" … %d in all", len(names))
		names = names[:shown]
	}
	return "matrix (" + strings.Join(names, ") (") + ")" + more
}

// where says which executor takes the job.
func (g *graph) where(job *workflow.Job) string {
	runsOn, err := workflow.EvaluateRunsOn(job.RunsOn, g.scope)
	labels := strings.Join(runsOn.Labels, ", ")
	if err != nil || strings.Trim(labels, ", ") == "" {
		return "runs on " + job.RunsOn.Str()
	}
	executor, reason := g.place(runsOn.Labels)
	if executor == "" {
		return "skipped: " + reason
	}
	return fmt.Sprintf("runs on %s → %s", labels, executor)
}

// stages orders jobs so that each comes after what it needs, keeping file order otherwise.
func stages(jobs []*workflow.Job) []*workflow.Job {
	depth := map[string]int{}
	byID := map[string]*workflow.Job{}
	for _, j := range jobs {
		byID[j.ID] = j
	}
	var depthOf func(id string) int
	depthOf = func(id string) int {
		job, ok := byID[id]
		if d, known := depth[id]; known || !ok {
			return d
		}
		depth[id] = 0 // the reader has refused cycles
		d := 0
		for _, n := range job.Needs {
			d = max(d, depthOf(n.Str())+1)
		}
		depth[id] = d
		return d
	}
	ordered := slices.Clone(jobs)
	slices.SortStableFunc(ordered, func(a, b *workflow.Job) int { return depthOf(a.ID) - depthOf(b.ID) })
	return ordered
}

// knownContexts is what a run's contexts hold before anything has run.
func (p *Plan) knownContexts(r *PlannedRun) *expr.Object {
	event, err := expr.FromJSON(r.event.Payload)
	if err != nil {
		event = expr.Null() // the payload's reader has said so already
	}
	github := expr.NewObject().
		Set("event", event).Set("event_name", expr.String(r.event.Name)).Set("ref", expr.String(r.event.Ref)).Set("sha", expr.String(r.event.SHA)).
		Set("head_ref", expr.String(r.event.HeadRef)).Set("base_ref", expr.String(r.event.BaseRef))
	return expr.NewObject().Set("github", expr.FromObject(github)).Set("inputs", r.inputs).Set("vars", expr.Strings(p.options.Vars))
}
