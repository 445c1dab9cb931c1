package workflow_test

import (
	"encoding/json"
	"maps"
	"math"
	"slices"
	"strings"
	"testing"

	"slipway/internal/workflow"
)

// renderer writes our model as GitHub's readers write theirs in the
// conformance data, so that the two can be compared.
type renderer struct {
	source bool     // positions are in the data
	files  []string // the data's file table, which positions index from 1
}

// TestConformanceModel compares what is read of the accepted cases with what
// GitHub reads: ids made up, order, conversion of scalars, conditions,
// permissions, and positions where the data has them.
func TestConformanceModel(t *testing.T) {
	for _, c := range readCases(t) {
		if len(c.want.Errors) > 0 {
			continue
		}
		t.Run(c.name, func(t *testing.T) {
			w, errs := workflow.Read(c.file, c.data, c.options)
			if len(errs) > 0 {
				t.Fatal(errs)
			}
			r := renderer{source: strings.Contains(c.header, "include-source: true"), files: c.want.FileTable}
			if r.files == nil {
				r.files = []string{c.file}
			}
			compareJobs(t, r, w, c.want.Jobs)
			compare(t, "env", r.token(w.Env), c.want.Env)
			compare(t, "concurrency", r.token(w.Concurrency), c.want.Concurrency)
			compare(t, "defaults", r.token(w.Defaults), c.want.Defaults)
			if c.want.InputTypes != nil {
				compare(t, "input-types", inputTypes(w), c.want.InputTypes)
			}
			if c.want.Events != nil {
				compareEvents(t, w, c.want.Events)
			}
		})
	}
}

func compareJobs(t *testing.T, r renderer, w *workflow.Workflow, want []map[string]any) {
	t.Helper()
	if len(w.Jobs) != len(want) {
		t.Fatalf("%d jobs, want %d", len(w.Jobs), len(want))
	}
	for i, job := range w.Jobs {
		got := r.job(job)
		for _, key := range slices.Sorted(maps.Keys(want[i])) {
			switch key {
			case "jobs", "steps", "input-definitions", "secret-definitions":
			case "outputs", "env", "defaults", "concurrency":
				if job.Uses == nil || key == "concurrency" {
					compare(t, job.ID+"."+key, got[key], want[i][key])
				}
			default:
				compare(t, job.ID+"."+key, got[key], want[i][key])
			}
		}
		wantSteps, _ := want[i]["steps"].([]any)
		if len(job.Steps) != len(wantSteps) {
			t.Fatalf("job %s: %d steps, want %d", job.ID, len(job.Steps), len(wantSteps))
		}
		for n, step := range job.Steps {
			compare(t, job.ID+".steps", r.step(step), wantSteps[n])
		}
		if nested, ok := want[i]["jobs"].([]any); ok {
			var jobs []map[string]any
			for _, n := range nested {
				jobs = append(jobs, n.(map[string]any))
			}
			compareJobs(t, r, job.Uses.Workflow, jobs)
		}
	}
}

// compare compares got, as JSON, with want.
func compare(t *testing.T, what string, got, want any) {
	t.Helper()
	g, err := json.Marshal(got)
	if err != nil {
		t.Fatal(err)
	}
	w, err := json.Marshal(want)
	if err != nil {
		t.Fatal(err)
	}
	if string(g) != string(w) {
		t.Errorf("%s differs\ngot:  %s\nwant: %s", what, g, w)
	}
}

type object = map[string]any

func (r renderer) job(j *workflow.Job) object {
	o := object{
		"type": "job", "id": r.at(object{"type": 0, "lit": j.ID}, j.Pos), "name": r.token(j.Name), "if": r.condition(j.If),
		"runs-on": r.token(j.RunsOn), "strategy": r.token(j.Strategy), "concurrency": r.token(j.Concurrency),
		"outputs": r.token(j.Outputs), "environment": r.token(j.Environment), "timeout-minutes": r.token(j.TimeoutMinutes),
		"cancel-timeout-minutes": r.token(j.CancelTimeoutMinutes), "continue-on-error": r.token(j.ContinueOnError),
		"env": r.token(j.Env), "container": r.token(j.Container), "services": r.token(j.Services),
		"defaults": r.token(j.Defaults), "snapshot": r.token(j.Snapshot), "permissions": permissions(j),
	}
	if j.Name == nil {
		o["name"] = o["id"]
	}
	needs := []any{}
	for _, need := range j.Needs {
		needs = append(needs, r.token(need))
	}
	o["needs"] = needs
	if j.Uses != nil {
		o["type"], o["ref"] = "reusableWorkflowJob", r.token(j.Uses.Ref)
		o["input-values"], o["secret-values"], o["inherit-secrets"] = r.token(j.Uses.With), r.token(j.Uses.Secrets), j.Uses.InheritSecrets
	}
	return o
}

func (r renderer) step(s *workflow.Step) object {
	o := object{"id": s.ID}
	for name, token := range map[string]*workflow.Token{
		"name": s.Name, "run": s.Run, "uses": s.Uses, "with": s.With, "env": s.Env, "shell": s.Shell,
		"working-directory": s.WorkingDirectory, "timeout-minutes": s.TimeoutMinutes, "continue-on-error": s.ContinueOnError,
	} {
		if token != nil {
			o[name] = r.token(token)
		}
	}
	switch {
	case s.Wait != nil:
		o["wait"] = s.Wait
	case s.WaitAll:
		o["wait-all"] = true
	case s.Cancel != "":
		o["cancel"] = s.Cancel
	default:
		o["if"] = r.condition(s.If)
		if s.Background {
			o["background"] = true
		}
	}
	return o
}

// condition writes an `if:` with the success() that is implied.
func (r renderer) condition(t *workflow.Token) any {
	if t == nil {
		return object{"type": 3, "expr": "success()"}
	}
	source := t.Expr().Source()
	if !t.Expr().Calls("success", "failure", "cancelled", "always") {
		source = "success() && (" + source + ")"
	}
	return r.at(object{"type": 3, "expr": source}, t.Pos())
}

func (r renderer) token(t *workflow.Token) any {
	if t == nil {
		return nil
	}
	var o object
	switch t.Kind() {
	case workflow.TokenNull:
		o = object{"type": 7}
	case workflow.TokenBoolean:
		o = object{"type": 5, "bool": t.Bool()}
	case workflow.TokenNumber:
		o = object{"type": 6, "num": number(t)}
	case workflow.TokenString:
		o = object{"type": 0, "lit": t.Str()}
	case workflow.TokenExpression:
		o = object{"type": 3, "expr": t.Expr().Source()}
	case workflow.TokenInsert:
		o = object{"type": 4, "directive": "insert"}
	case workflow.TokenSequence:
		items := []any{}
		for _, item := range t.Items() {
			items = append(items, r.token(item))
		}
		o = object{"type": 1, "seq": items}
	case workflow.TokenMapping:
		pairs := []any{}
		for key, value := range t.Pairs() {
			pairs = append(pairs, object{"Key": r.token(key), "Value": r.token(value)})
		}
		o = object{"type": 2, "map": pairs}
	}
	return r.at(o, t.Pos())
}

// at adds the position, or takes literals without one out of their object.
func (r renderer) at(o object, pos workflow.Pos) any {
	if r.source && pos.Line > 0 {
		o["file"], o["line"], o["col"] = slices.Index(r.files, pos.File)+1, pos.Line, pos.Column
		return o
	}
	for _, literal := range []string{"lit", "bool", "num"} {
		if v, ok := o[literal]; ok {
			return v
		}
	}
	if o["type"] == 7 {
		return nil
	}
	for _, list := range []string{"seq", "map"} {
		if items, ok := o[list].([]any); ok && len(items) == 0 {
			delete(o, list)
		}
	}
	return o
}

// number writes a number as the data does: there is no JSON for infinity.
func number(t *workflow.Token) any {
	switch n := t.Number(); {
	case math.IsInf(n, 0) || math.IsNaN(n):
		return t.Str()
	case n == 0:
		return 0 // the data has lost the sign
	default:
		return n
	}
}

// permissions writes what the data has of p: it is older than some scopes.
// GitHub's calling job shows the permissions of the workflow it calls.
func permissions(j *workflow.Job) any {
	p := j.Permissions
	if j.Uses != nil && j.Uses.Workflow.Permissions != nil {
		p = j.Uses.Workflow.Permissions
	}
	if p == nil {
		return nil
	}
	o := object{}
	for scope, level := range p.Scopes {
		switch scope {
		case "artifact-metadata", "attestations", "code-quality", "copilot-requests", "drives", "models", "vulnerability-alerts":
		default:
			if level > workflow.LevelNone {
				o[scope] = level.String()
			}
		}
	}
	return o
}

func inputTypes(w *workflow.Workflow) any {
	types := map[string]string{}
	for _, event := range w.On.Events {
		for _, input := range event.Inputs {
			types[input.Name] = input.Type
		}
	}
	return types
}

func compareEvents(t *testing.T, w *workflow.Workflow, want map[string]any) {
	if len(w.On.Events) != len(want) {
		t.Errorf("%d events, want %d", len(w.On.Events), len(want))
	}
	for _, e := range w.On.Events {
		got := object{}
		for name, list := range map[string][]string{
			"types": e.Types, "branches": e.Branches, "branches-ignore": e.BranchesIgnore, "tags": e.Tags,
			"tags-ignore": e.TagsIgnore, "paths": e.Paths, "paths-ignore": e.PathsIgnore, "workflows": e.Workflows,
		} {
			if list != nil {
				got[name] = list
			}
		}
		wantEvent, _ := want[e.Name].(object)
		for key := range wantEvent {
			switch key {
			case "types", "branches", "branches-ignore", "tags", "tags-ignore", "paths", "paths-ignore", "workflows":
				compare(t, e.Name+"."+key, got[key], wantEvent[key])
				delete(got, key)
			}
		}
		if len(got) > 0 {
			t.Errorf("%s: %v is not in the data", e.Name, got)
		}
	}
}
