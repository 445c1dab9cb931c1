package workflow_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"slipway/internal/expr"
	"slipway/internal/workflow"
)

// seed adds the golden files and the corpus.
func seed(f *testing.F) {
	archives, err := filepath.Glob("testdata/rejected/*.txtar")
	if err != nil {
		f.Fatal(err)
	}
	for _, name := range archives {
		data, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		for _, file := range splitArchive(string(data)) {
			f.Add([]byte(file.data))
		}
	}
	for _, file := range corpus(f) {
		f.Add(file.data)
	}
	for _, text := range []string{"", "\x00", "\ufeff", "\xff\xfe", "on: push\r\njobs: {}", "? {a: b}\n: c", "&a [*a]", "a: !!binary x", "- - - -", "%YAML 1.1\n---\n", "a: |9\n b"} {
		f.Add([]byte(text))
	}
}

// FuzzRead checks that no bytes make Read panic, that it returns either a
// workflow or errors, and that what it accepts can be stored, evaluated and
// pointed at.
func FuzzRead(f *testing.F) {
	seed(f)
	f.Fuzz(func(t *testing.T, data []byte) {
		o := workflow.Options{Called: func(ref, from string) (string, []byte, error) { return ref, data, nil }}
		w, errs := workflow.Read("w.yml", data, o)
		if (w == nil) != (len(errs) > 0) {
			t.Fatalf("workflow is nil: %v, errors: %v", w == nil, errs)
		}
		if w == nil {
			return
		}
		for _, job := range w.Jobs {
			for _, token := range []*workflow.Token{job.Name, job.If, job.Strategy, job.Env, job.RunsOn, job.Container, job.Outputs} {
				exercise(t, token)
			}
			for _, step := range job.Steps {
				if step.ID == "" {
					t.Fatal("a step has no id")
				}
				for _, token := range []*workflow.Token{step.Name, step.If, step.Run, step.Uses, step.With, step.Env} {
					exercise(t, token)
				}
			}
		}
	})
}

// FuzzReadAction is FuzzRead for manifests.
func FuzzReadAction(f *testing.F) {
	seed(f)
	f.Fuzz(func(t *testing.T, data []byte) {
		a, errs := workflow.ReadAction("action.yml", data)
		if (a == nil) != (len(errs) > 0) {
			t.Fatalf("action is nil: %v, errors: %v", a == nil, errs)
		}
		if a == nil {
			return
		}
		for _, input := range a.Inputs {
			exercise(t, input.Default)
		}
		exercise(t, a.Runs.Args)
		exercise(t, a.Runs.PreIf)
	})
}

// exercise does with a token what the rest of the program may do.
func exercise(t *testing.T, token *workflow.Token) {
	t.Helper()
	data, err := json.Marshal(token)
	if err != nil {
		t.Fatal(err)
	}
	var back workflow.Token
	if err := json.Unmarshal(data, &back); err != nil {
		t.Fatalf("%v in %s", err, data)
	}
	_, _ = token.Eval(&expr.Scope{}) // contexts are missing; that it returns is enough
	for _, e := range token.Embedded() {
		for _, offset := range []int{0, len(e.Expr.Source()) / 2, len(e.Expr.Source())} {
			if pos := e.At(offset); pos.Line < 1 || pos.Column < 1 {
				t.Fatalf("%q has the place %v", e.Expr.Source(), pos)
			}
		}
	}
}
