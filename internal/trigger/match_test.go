package trigger

import (
	"errors"
	"strings"
	"testing"

	"slipway/internal/workflow"
)

func read(t *testing.T, on string) *workflow.Workflow {
	t.Helper()
	w, errs := workflow.Read("ci.yml", []byte("on: "+on+"\njobs: {a: {runs-on: x, steps: [{run: x}]}}\n"), workflow.Options{})
	if len(errs) > 0 {
		t.Fatalf("%s: %v", on, errs)
	}
	return w
}

func files(names ...string) func() ([]string, error) {
	return func() ([]string, error) { return names, nil }
}

func TestMatch(t *testing.T) {
	push := func(ref string, changed ...string) Event {
		return Event{Name: "push", Ref: ref, ChangedFiles: files(changed...)}
	}
	main := push("refs/heads/main", "README.md")
	tag := push("refs/tags/v1.2", "README.md")
	pr := func(action, base string, changed ...string) Event {
		return Event{Name: "pull_request", Action: action, Ref: "refs/pull/7/merge", BaseRef: base, ChangedFiles: files(changed...)}
	}
	unknown := func() ([]string, error) { return nil, errors.New("no diff") }
	cases := []struct {
		name, on string
		ev       Event
		want     string // "" starts the workflow
	}{
		{"push", "push", main, ""},
		{"push of a tag", "[push, pull_request]", tag, ""},
		{"another event", "pull_request", main, "the workflow does not run on push"},
		{"a branch", "{push: {branches: [main, 'releases/**']}}", main, ""},
		{"another branch", "{push: {branches: [dev, 'releases/**']}}", main, `the branch "main" matches none of dev, releases/**`},
		{"excluded again", "{push: {branches: ['**', '!main']}}", main, `the branch "main" matches none of **, !main`},
		{"included again", "{push: {branches: ['**', '!main', 'ma*']}}", main, ""},
		{"ignored", "{push: {branches-ignore: ['m*']}}", main, `the branch "main" is ignored by m*`},
		{"not ignored", "{push: {branches-ignore: ['d*']}}", main, ""},
		{"a tag where branches are named", "{push: {branches: ['**']}}", tag, `a push of the tag "v1.2", and the workflow names branches only`},
		{"a tag where branches are ignored", "{push: {branches-ignore: [x]}}", tag, `a push of the tag "v1.2", and the workflow names branches only`},
		{"a branch where tags are named", "{push: {tags: ['v*']}}", main, `a push of the branch "main", and the workflow names tags only`},
		{"a tag", "{push: {tags: ['v*']}}", tag, ""},
		{"another tag", "{push: {tags: ['w*'], branches: [main]}}", tag, `the tag "v1.2" matches none of w*`},
		{"an ignored tag", "{push: {tags-ignore: ['v1.*']}}", tag, `the tag "v1.2" is ignored by v1.*`},
		{"any tag when none are named", "{push: {branches: [main], tags-ignore: [x]}}", tag, ""},
		{"any branch when only tags are ignored", "{push: {tags-ignore: [x]}}", main, `a push of the branch "main", and the workflow names tags only`},

		{"a path", "{push: {paths: ['**.md']}}", main, ""},
		{"no such path", "{push: {paths: ['src/**']}}", main, "none of src/** changed"},
		{"a path excluded again", "{push: {paths: ['src/**', '!src/docs/**']}}", push("refs/heads/main", "src/docs/a"), "none of src/**, !src/docs/** changed"},
		{"one path of several", "{push: {paths: ['src/**', '!src/docs/**']}}", push("refs/heads/main", "src/docs/a", "src/b"), ""},
		{"all paths ignored", "{push: {paths-ignore: ['**.md', docs/**]}}", push("refs/heads/main", "a.md", "docs/x"), "all changed files are ignored by **.md, docs/**"},
		{"not all paths ignored", "{push: {paths-ignore: ['**.md']}}", push("refs/heads/main", "a.md", "b.go"), ""},
		{"nothing changed", "{push: {paths-ignore: ['**.md']}}", push("refs/heads/main"), ""},
		{"nothing changed that is named", "{push: {paths: ['**.md']}}", push("refs/heads/main"), "none of **.md changed"},
		{"a branch and a path", "{push: {branches: [main], paths: ['src/**']}}", main, "none of src/** changed"},
		{"paths are not looked at for tags", "{push: {paths: ['src/**']}}", tag, ""},
		{"files that nobody knows", "{push: {paths: ['src/**']}}", Event{Name: "push", Ref: "refs/heads/main"}, ""},
		{"files that can't be had", "{push: {paths: ['src/**']}}", Event{Name: "push", Ref: "refs/heads/main", ChangedFiles: unknown}, ""},

		{"pull request", "pull_request", pr("opened", "main"), ""},
		{"synchronize", "pull_request", pr("synchronize", "main"), ""},
		{"a type that is not among the defaults", "pull_request", pr("labeled", "main"), `pull_request has the type "labeled", the workflow runs on opened, synchronize, reopened`},
		{"a named type", "{pull_request: {types: [labeled]}}", pr("labeled", "main"), ""},
		{"a default type when others are named", "{pull_request: {types: [labeled]}}", pr("opened", "main"), `pull_request has the type "opened", the workflow runs on labeled`},
		{"the base branch", "{pull_request: {branches: [main]}}", pr("opened", "refs/heads/main"), ""},
		{"another base branch", "{pull_request: {branches: [main]}}", pr("opened", "dev"), `the branch "dev" matches none of main`},
		{"paths of a pull request", "{pull_request: {paths: [src/**]}}", pr("opened", "main", "doc"), "none of src/** changed"},
		{"pull_request_target has the same defaults", "pull_request_target", Event{Name: "pull_request_target", Action: "closed"}, `pull_request_target has the type "closed", the workflow runs on opened, synchronize, reopened`},
		{"other events run on all types", "issues", Event{Name: "issues", Action: "labeled"}, ""},
		{"an event without a type", "{release: {types: [published]}}", Event{Name: "release"}, ""},

		{"dispatch", "workflow_dispatch", Event{Name: "workflow_dispatch", Ref: "refs/heads/x"}, ""},
		{"repository_dispatch", "{repository_dispatch: {types: [deploy]}}", Event{Name: "repository_dispatch", Action: "deploy"}, ""},
		{"another repository_dispatch", "{repository_dispatch: {types: [deploy]}}", Event{Name: "repository_dispatch", Action: "build"}, `repository_dispatch has the type "build", the workflow runs on deploy`},
		{"workflow_call", "{workflow_call: , push: }", Event{Name: "workflow_call"}, "workflow_call is started by other workflows, not by an event"},
		{"schedule", "{schedule: [{cron: '0 5 * * *'}]}", Event{Name: "schedule", Cron: "0 5 * * *"}, ""},
		{"any schedule", "{schedule: [{cron: '0 5 * * *'}]}", Event{Name: "schedule"}, ""},
		{"another schedule", "{schedule: [{cron: '0 5 * * *'}]}", Event{Name: "schedule", Cron: "0 6 * * *"}, `the workflow has no schedule "0 6 * * *"`},
		{"workflow_run", "{workflow_run: {workflows: [CI], types: [completed], branches: [main]}}", Event{Name: "workflow_run", Action: "completed", Workflow: "CI", HeadBranch: "main"}, ""},
		{"workflow_run of another", "{workflow_run: {workflows: [CI, 'Te*']}}", Event{Name: "workflow_run", Workflow: "Deploy"}, `the run was of the workflow "Deploy", not of CI, Te*`},
		{"workflow_run by pattern", "{workflow_run: {workflows: [CI, 'Te*']}}", Event{Name: "workflow_run", Workflow: "Test"}, ""},
		{"workflow_run of another branch", "{workflow_run: {workflows: [CI], branches-ignore: [main]}}", Event{Name: "workflow_run", Workflow: "CI", HeadBranch: "main"}, `the branch "main" is ignored by main`},
		{"a workflow's name with pattern characters", "{workflow_run: {workflows: ['CI [x]?']}}", Event{Name: "workflow_run", Workflow: "CI [x]?"}, ""},
		{"merge_group", "{merge_group: {branches: [main]}}", Event{Name: "merge_group", Action: "checks_requested", BaseRef: "refs/heads/dev"}, `the branch "dev" matches none of main`},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			ok, reason := Match(read(t, c.on), c.ev)
			if ok != (c.want == "") || !ok && reason != c.want {
				t.Errorf("%v, %q; want %q", ok, reason, c.want)
			}
			if reason == "" {
				t.Error("no reason")
			}
		})
	}
}

func TestSkip(t *testing.T) {
	cases := []struct {
		event, message, want string
	}{
		{"push", "Fix [skip ci]", "the commit message says [skip ci]"},
		{"push", "Fix\n\n[CI Skip] it", "the commit message says [ci skip]"},
		{"push", "[no ci]", "the commit message says [no ci]"},
		{"pull_request", "[skip actions]", "the commit message says [skip actions]"},
		{"pull_request", "[actions skip]", "the commit message says [actions skip]"},
		{"pull_request_target", "[skip ci]", ""},
		{"workflow_dispatch", "[skip ci]", ""},
		{"push", "Fix\n\n\nskip-checks: true\n", "the commit message ends with skip-checks: true"},
		{"push", "Fix\r\n\r\nCo-authored-by: x\r\nskip-checks:true", "the commit message ends with skip-checks: true"},
		{"push", "skip-checks: true", ""},
		{"push", "Fix\n\nskip-checks: true\nmore", ""},
		{"push", "Fix\n\nskip-checks: false", ""},
		{"push", "skip ci", ""},
		{"push", "", ""},
	}
	w := read(t, "[push, pull_request, pull_request_target, workflow_dispatch]")
	for _, c := range cases {
		ok, reason := Match(w, Event{Name: c.event, Ref: "refs/heads/main", Message: c.message})
		if ok != (c.want == "") || !ok && reason != c.want {
			t.Errorf("%s %q: %v, %q; want %q", c.event, c.message, ok, reason, c.want)
		}
	}
}

func TestDispatchInputs(t *testing.T) {
	const on = `
  workflow_dispatch:
    inputs:
      Name: {required: true}
      level: {type: choice, options: [info, debug]}
      dry: {type: boolean}
      count: {type: number, default: 3}
      where: {type: environment, default: dev}
      size: {type: choice, options: [s, m], default: m}
`
	cases := []struct {
		name, on string
		given    map[string]string
		want     string // the typed inputs, or what the error says
	}{
		{"defaults", on, map[string]string{"name": "x"}, `{"Name":"x","level":"info","dry":false,"count":3,"where":"dev","size":"m"}`},
		{"given", on, map[string]string{"NAME": "true", "level": "debug", "dry": "TRUE", "count": " 1e2 ", "where": ""}, `{"Name":"true","level":"debug","dry":true,"count":100,"where":"","size":"m"}`},
		{"required", on, nil, `ci.yml:4:7: the input "Name" is required but was not given: pass Name=VALUE`},
		{"required but empty", on, map[string]string{"name": ""}, `ci.yml:4:7: the input "Name" is required but was not given: pass Name=VALUE`},
		{"choice", on, map[string]string{"name": "x", "level": "loud"}, `ci.yml:5:7: the input "level" is "loud", expected one of info, debug`},
		{"boolean", on, map[string]string{"name": "x", "dry": "yes"}, `ci.yml:6:7: the input "dry" is "yes", expected true or false`},
		{"number", on, map[string]string{"name": "x", "count": "many"}, `ci.yml:7:7: the input "count" is "many", expected a number`},
		{"unknown", on, map[string]string{"name": "x", "nmae": "y"}, `ci.yml:2:3: there is no input "nmae"; declared: Name, level, dry, count, where, size`},
		{"twice", on, map[string]string{"name": "x", "Name": "y"}, `the input "name" is given twice: names ignore case`},
		{"none declared", "workflow_dispatch", map[string]string{"a": "b"}, `ci.yml:1:5: there is no input "a"; declared: none`},
		{"no inputs at all", "workflow_dispatch", nil, `{}`},
		{"no trigger", "push", nil, "ci.yml has no workflow_dispatch trigger: add `workflow_dispatch:` under `on:`"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			in, err := DispatchInputs(read(t, c.on), c.given)
			got := ""
			if err != nil {
				got = err.Error()
			} else {
				data, _ := in.Typed.MarshalJSON()
				got = string(data)
			}
			if got != c.want {
				t.Errorf("\n got %s\nwant %s", got, c.want)
			}
		})
	}
	in, err := DispatchInputs(read(t, on), map[string]string{"name": "x"})
	if err != nil || in.Text["count"] != "3" || in.Text["dry"] != "false" || len(in.Text) != 6 {
		t.Errorf("as text: %v, %v", in.Text, err)
	}
}

func TestTooManyDispatchInputs(t *testing.T) {
	w := &workflow.Workflow{File: "ci.yml", On: &workflow.Triggers{Events: []*workflow.Event{{Name: "workflow_dispatch"}}}}
	for range maxDispatchInputs + 1 {
		w.On.Events[0].Inputs = append(w.On.Events[0].Inputs, &workflow.Input{Name: "x", Type: "string"})
	}
	if _, err := DispatchInputs(w, nil); err == nil || !strings.Contains(err.Error(), "declares 26 inputs, at most 25 are allowed") {
		t.Errorf("error is %v", err)
	}
}
