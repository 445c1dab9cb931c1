package workflow_test

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"slipway/internal/workflow"
)

// files answers Options.Called: the reference is the name.
type files map[string]string

func (f files) called(ref, from string) (string, []byte, error) {
	text, ok := f[ref]
	if !ok {
		return "", nil, errors.New("there is no such file")
	}
	return ref, []byte(text), nil
}

const callee = "on: workflow_call\n" + smallJob

func TestCalled(t *testing.T) {
	chain := func(n int) files {
		f := files{}
		for i := 1; i < n; i++ {
			f[fmt.Sprint("./", i)] = fmt.Sprintf("on: workflow_call\njobs: {a: {uses: ./%d}}\n", i+1)
		}
		f[fmt.Sprint("./", n)] = callee
		return f
	}
	many := func(n int) (string, files) {
		main, f := "on: push\njobs:\n", files{}
		for i := range n {
			main += fmt.Sprintf("  j%d: {uses: ./%d}\n", i, i)
			f[fmt.Sprint("./", i)] = callee
		}
		return main, f
	}
	fifty, fiftyFiles := many(50)
	fiftyOne, fiftyOneFiles := many(51)
	wide := "on: workflow_call\njobs:\n"
	for i := range 40 {
		wide += fmt.Sprintf("  j%d: {uses: ./wide}\n", i)
	}
	cases := []struct {
		name, text string
		files      files
		want       []string
	}{
		{"ten levels", "on: push\njobs: {a: {uses: ./1}}\n", chain(9), nil},
		{"eleven levels", "on: push\njobs: {a: {uses: ./1}}\n", chain(10), []string{"Nested reusable workflow depth exceeded 9."}},
		{"fifty files", fifty, fiftyFiles, nil},
		{"fifty-one files", fiftyOne, fiftyOneFiles, []string{"In w.yml (Line: 53, Col: 15): Error from called workflow: The maximum file count of 51 has been exceeded"}},
		{"itself", "on: push\njobs: {a: {uses: ./a}}\n", files{"./a": "on: workflow_call\njobs: {a: {uses: ./a}}\n"}, []string{"Nested reusable workflow depth exceeded 9."}},
		{"explosion", "on: push\njobs: {a: {uses: ./wide}}\n", files{"./wide": wide}, []string{"Nested reusable workflow depth exceeded 9."}},
		{"missing", "on: push\njobs:\n  a:\n    uses: ./none\n", nil, []string{"w.yml (Line: 4, Col: 11): Unable to find reusable workflow './none': there is no such file"}},
		{"not callable", "on: push\njobs: {a: {uses: ./a}}\n", files{"./a": "on: push\n" + smallJob},
			[]string{"In w.yml (Line: 2, Col: 18): Error from called workflow ./a (Line: 1, Col: 5): workflow_call key is not defined in the referenced workflow."}},
		{"wrong file", "on: push\njobs: {a: {uses: ./a}}\n", files{"./a": "on: workflow_call\njob: {}\n"},
			[]string{"In w.yml (Line: 2, Col: 18): Error from called workflow ./a (Line: 2, Col: 1): Unexpected value 'job'",
				"In w.yml (Line: 2, Col: 18): Error from called workflow ./a (Line: 1, Col: 1): Required property is missing: jobs"}},
		{"wrong file, nested", "on: push\njobs: {a: {uses: ./a}}\n", files{"./a": "on: workflow_call\njobs: {b: {uses: ./b}}\n", "./b": "on: workflow_call\njobs: {}\n"},
			[]string{"In ./a (Line: 2, Col: 18): Error from called workflow ./b (Line: 2, Col: 7): The workflow must contain at least one job with no dependencies."}},
		{"same repository", "on: push\njobs: {a: {uses: $/.github/workflows/c.yml}}\n", files{"$/.github/workflows/c.yml": callee}, nil},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			_, errs := workflow.Read("w.yml", []byte(c.text), workflow.Options{Called: c.files.called})
			var got []string
			for _, e := range errs {
				got = append(got, e.Error())
			}
			if !slices.Equal(got, c.want) {
				t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(c.want, "\n"))
			}
		})
	}
}

func TestCalledInputsAndSecrets(t *testing.T) {
	const callee = `
on:
  workflow_call:
    inputs:
      B: {type: boolean, default: true}
      n: {type: number, required: true}
      s: {type: string, default: 1}
    secrets:
      A: {required: true}
      b:
    outputs:
      o: {value: '${{ jobs.a.outputs.o }}'}
` + smallJob
	cases := []struct{ name, job, want string }{
		{"all", "{with: {b: true, n: 1, s: x}, secrets: {a: x, b: y}}", ""},
		{"expressions", "{with: {b: '${{ inputs.b }}', n: '${{ inputs.n }}'}, secrets: inherit}", ""},
		{"string", "{with: {n: 1, s: 1.50}, secrets: inherit}", ""},
		{"missing", "{}", "Input n is required, but not provided while calling.\nSecret A is required, but not provided while calling."},
		{"types", "{with: {b: 'true', n: one}, secrets: inherit}", "Unexpected value 'true'\nUnexpected value 'one'"},
		{"undeclared", "{with: {n: 1, m: 2}, secrets: {a: x, c: y}}", "Invalid input, m is not defined in the referenced workflow.\nInvalid secret, c is not defined in the referenced workflow."},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			text := "on: {workflow_dispatch: {inputs: {b: {type: boolean}, n: {type: number}}}}\njobs: {a: {uses: ./a, " + c.job[1:] + "}\n"
			w, errs := workflow.Read("w.yml", []byte(text), workflow.Options{Called: files{"./a": callee}.called})
			var got []string
			for _, e := range errs {
				got = append(got, e.Message)
			}
			if strings.Join(got, "\n") != c.want {
				t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), c.want)
			}
			if w != nil && len(w.Jobs[0].Uses.Workflow.Call.Outputs) != 1 {
				t.Error("the called workflow's outputs are missing")
			}
		})
	}
}

func TestCalledPermissions(t *testing.T) {
	main := func(permissions string) string {
		return "on: push\njobs: {a: {uses: ./a, permissions: " + permissions + "}}\n"
	}
	called := func(permissions string) files {
		return files{"./a": "on: workflow_call\njobs: {x: {runs-on: x, permissions: " + permissions + ", steps: [{run: a}]}}\n"}
	}
	cases := []struct {
		name, text string
		files      files
		policy     string
		want       string
	}{
		{"equal", main("{contents: write}"), called("{contents: write}"), "", ""},
		{"less", main("write-all"), called("{contents: read, attestations: write, models: read}"), "", ""},
		{"read-all grants no write", main("read-all"), called("{issues: write}"), "", "issues: write', but is only allowed 'issues: read"},
		{"newer scope", main("{contents: write}"), called("{attestations: write}"), "", "attestations: write', but is only allowed 'attestations: none"},
		{"shorthand", main("{actions: write}"), called("read-all"), "", "checks: read"},
		{"default", "on: push\njobs: {a: {uses: ./a}}\n", called("write-all"), workflow.PolicyWrite, ""},
		{"restricted default", "on: push\njobs: {a: {uses: ./a}}\n", called("{contents: read, packages: read, checks: read}"), workflow.PolicyLimitedRead, "checks: read', but is only allowed 'checks: none"},
		{"whole file", "on: push\npermissions: {}\njobs: {a: {uses: ./a}}\n", files{"./a": "on: workflow_call\npermissions: {pages: read}\n" + smallJob}, "", "The workflow './a' is requesting 'pages: read', but is only allowed 'pages: none'"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			got := firstError(c.text, workflow.Options{Called: c.files.called, PermissionsPolicy: c.policy})
			if c.want == "" && got != "" || !strings.Contains(got, c.want) {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

// TestInheritedPermissions checks which permissions jobs end up with.
func TestInheritedPermissions(t *testing.T) {
	text := "on: push\npermissions: {contents: write, issues: write}\njobs:\n  a: {uses: ./a}\n  b: {runs-on: x, permissions: {issues: read}, steps: [{run: a}]}\n  c: {runs-on: x, steps: [{run: a}]}\n"
	w, errs := workflow.Read("w.yml", []byte(text), workflow.Options{Called: files{"./a": callee}.called})
	if len(errs) > 0 {
		t.Fatal(errs)
	}
	want := map[string]workflow.Level{"contents": workflow.LevelWrite, "issues": workflow.LevelWrite}
	for name, job := range map[string]*workflow.Job{"called": w.Jobs[0].Uses.Workflow.Jobs[0], "plain": w.Jobs[2]} {
		if !maps.Equal(job.Permissions.Scopes, want) {
			t.Errorf("%s: %v", name, job.Permissions.Scopes)
		}
	}
	if got := w.Jobs[1].Permissions.Scopes; !maps.Equal(got, map[string]workflow.Level{"issues": workflow.LevelRead}) {
		t.Errorf("own: %v", got)
	}
}

func TestNotFollowed(t *testing.T) {
	text := []byte("on: push\njobs: {a: {uses: ./a, with: {b: 1}}}\n")
	for name, o := range map[string]workflow.Options{
		"no way to call": {},
		"skipped":        {SkipCalled: true, Called: files{}.called},
		"refused": {Called: func(ref, from string) (string, []byte, error) {
			return "", nil, fmt.Errorf("remote: %w", workflow.ErrNotFollowed)
		}},
	} {
		w, errs := workflow.Read("w.yml", text, o)
		if len(errs) > 0 || w.Jobs[0].Uses.Workflow != nil {
			t.Errorf("%s: %v", name, errs)
		}
	}
}
