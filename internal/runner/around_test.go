package runner_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"slipway/internal/action"
	"slipway/internal/executor"
	"slipway/internal/fault"
	"slipway/internal/jobproto"
	"slipway/internal/testkit"
	"slipway/internal/workflow"
)

// TestHooks runs scripts before and after a job's steps.
func TestHooks(t *testing.T) {
	testkit.Need(t, "bash", "node")
	tr := newMarked(t, "env: {MINE: 1}\nsteps:\n  - run: mark \"step $FROM_HOOK\"\n  - run: exit 1")
	dir := t.TempDir()
	tr.deps.JobStarted = filepath.Join(dir, "started.sh")
	tr.deps.JobCompleted = filepath.Join(dir, "completed.js")
	files := map[string]string{
		"started.sh":   "mark \"started $GITHUB_JOB ${MINE-unset}\"\necho FROM_HOOK=yes >>\"$GITHUB_ENV\"\n",
		"completed.js": "require('child_process').execSync('mark completed')\nconsole.log('::warning::from a hook')\n",
	}
	for name, content := range files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	wantConclusion(t, tr, tr.run(t), jobproto.Failure)
	wantEqual(t, "outline", tr.sink.outline(), "Set up runner: success\nRun mark \"step $FROM_HOOK\": success\nRun exit 1: failure\nComplete runner: success\n")
	wantEqual(t, "marks", tr.marks(t), "started build unset step yes completed")
	wantContains(t, "log", tr.sink.logs(), "A job completed hook has been configured by the self-hosted runner administrator\n##[group]Run '"+tr.deps.JobCompleted+"'\n")
}

// TestBadHooks are hooks that can't run: they fail the job.
func TestBadHooks(t *testing.T) {
	testkit.Need(t, "bash")
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "hook.rb"), nil, 0o644); err != nil {
		t.Fatal(err)
	}
	for hook, says := range map[string]string{
		filepath.Join(dir, "missing.sh"): "does not exist",
		filepath.Join(dir, "hook.rb"):    "Make sure it ends in '.sh', '.ps1' or '.js'.",
	} {
		tr := newMarked(t, "- run: mark never")
		tr.deps.JobStarted = hook
		wantConclusion(t, tr, tr.run(t), jobproto.Failure)
		wantEqual(t, "outline", tr.sink.outline(), "Set up runner: failure\nRun mark never: skipped\n")
		wantContains(t, "log", tr.sink.logs(), says)
	}
}

// builtin is a built-in action made of two functions.
type builtin struct {
	main, post func(context.Context, *action.Call) error
}

func (b builtin) Main(ctx context.Context, c *action.Call) error { return b.main(ctx, c) }
func (b builtin) Post(ctx context.Context, c *action.Call) error { return b.post(ctx, c) }

// TestBuiltin runs an action that is Go code, in all it may do.
func TestBuiltin(t *testing.T) {
	testkit.Need(t, "bash", "sh")
	tr := newMarked(t, `
- id: own
  uses: octo/own@v1
  with: {Name: hunter2hunter2}
  env: {FROM: step}
- run: mark "$ADDED ${{ steps.own.outputs.made }}"; tool
`)
	own := builtin{
		main: func(ctx context.Context, c *action.Call) error {
			fmt.Fprintf(c.Log, "name %s, %s, %s\n", c.Inputs["name"], c.Env["FROM"], c.Github.Field("actor").Text())
			fmt.Fprintln(c.Log, "::warning::from Go")
			if code, err := c.Exec(ctx, []string{"sh", "-c", "echo program in $PWD $MORE $FROM; exit 4"}, "", []string{"MORE=more"}, nil); err != nil || code != 4 {
				return fmt.Errorf("exec: %d, %w", code, err)
			}
			var out strings.Builder
			if code, err := c.Exec(ctx, []string{"sh", "-c", "printf captured"}, "", nil, &out); err != nil || code != 0 || out.String() != "captured" {
				return fmt.Errorf("exec: %d, %q, %w", code, out.String(), err)
			}
			fmt.Fprintln(c.Log, "after the program")
			tools := filepath.Join(c.Env["RUNNER_TEMP"], "tools")
			if err := os.MkdirAll(c.Host(tools), 0o755); err != nil {
				return err
			}
			if err := os.WriteFile(filepath.Join(c.Host(tools), "tool"), []byte("#!/bin/sh\nmark tool\n"), 0o755); err != nil {
				return err
			}
			c.SetOutput("made", "output")
			c.SetEnv("ADDED", "variable")
			c.AddPath(tools)
			c.SaveState("kept", "state")
			c.AddMask("swordfish")
			fmt.Fprintln(c.Log, "swordfish")
			return nil
		},
		post: func(_ context.Context, c *action.Call) error {
			fmt.Fprintf(c.Log, "post %s %s\n", c.State["kept"], c.Inputs["name"])
			return errors.New("post failed on swordfish")
		},
	}
	tr.job.Masks = []string{"hunter2hunter2"}
	tr.deps.Actions = folderActions{builtins: map[string]action.Builtin{"octo/own": own}}
	wantConclusion(t, tr, tr.run(t), jobproto.Failure)
	wantEqual(t, "marks", tr.marks(t), "variable output tool")
	wantEqual(t, "main", tr.sink.step(t, "Run octo/own@v1").said(), "name ***, step, mona\n##[warning]from Go\nprogram in "+tr.deps.Place.Dirs().Inner.Workspace+" more step\nafter the program\n***\n")
	wantEqual(t, "post", tr.sink.step(t, "Post Run octo/own@v1").log.String(), "Post job cleanup.\npost state ***\n##[error]post failed on ***\n")
}

// TestBuiltinCancelled cancels a built-in action while its program runs.
func TestBuiltinCancelled(t *testing.T) {
	testkit.Need(t, "sh")
	tr := newMarked(t, "- uses: octo/own@v1")
	own := builtin{
		main: func(ctx context.Context, c *action.Call) error {
			_, err := c.Exec(ctx, []string{"sh", "-c", "echo ready; sleep 1000"}, "", nil, nil)
			return err
		},
		post: func(context.Context, *action.Call) error { return nil },
	}
	tr.deps.Actions = folderActions{builtins: map[string]action.Builtin{"octo/own": own}}
	tr.onLine("ready", tr.cancel)
	wantConclusion(t, tr, tr.run(t), jobproto.Cancelled)
	wantEqual(t, "outline", tr.sink.outline(), "Set up job: success\nRun octo/own@v1: cancelled\nPost Run octo/own@v1: success\nComplete job: success\n")
}

// TestNode finds the Node.js an action runs on.
func TestNode(t *testing.T) {
	testkit.Need(t, "bash")
	fake := func(t *testing.T, file, version string) {
		t.Helper()
		script := fmt.Sprintf("#!/bin/bash\nif [ \"$1\" = --version ]; then mark asked; echo %s; else mark ran \"$0\"; fi\n", version)
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(script), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	for name, test := range map[string]struct {
		using                 string
		path, tools, external []string // versions found there
		want                  string   // the one that runs, or what the error says
		force                 bool
	}{
		"the version itself":                 {using: "node20", external: []string{"20", "24"}, want: "external/node20"},
		"12 runs on 20":                      {using: "node12", external: []string{"20", "24"}, want: "external/node20"},
		"16 runs on 20":                      {using: "node16", external: []string{"20"}, want: "external/node20"},
		"the next higher one":                {using: "node20", external: []string{"24", "22"}, want: "external/node22"},
		"never a lower one":                  {using: "node24", external: []string{"20", "22"}, want: "it needs Node.js 24 or newer, and the newest found is 22 ("},
		"none at all":                        {using: "node24", want: "it needs Node.js 24 or newer, and no node was found in PATH or the tool cache: install Node.js 24, or put it into the tool cache ("},
		"the tool cache, the newest of them": {using: "node24", tools: []string{"24.2.0", "24.10.1", "20.1.1"}, external: []string{"20"}, want: "tools/node/24.10.1"},
		"PATH":                               {using: "node22", path: []string{"v22.3.1"}, external: []string{"20", "24"}, want: "path0"},
		"the second in PATH":                 {using: "node24", path: []string{"v20.1.1", "v24.0.0"}, want: "path1"},
		"one that tells nothing":             {using: "node20", path: []string{"nonsense", "v20.0.0"}, want: "path1"},
		"24 when the workflow asks for it":   {using: "node20", external: []string{"20", "24"}, force: true, want: "external/node24"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			tr := newMarked(t, fmt.Sprintf("- uses: ./js\n  env: {FORCE_JAVASCRIPT_ACTIONS_TO_NODE24: %v}", test.force))
			tr.write(t, "js/action.yml", "name: js\nruns: {using: node20, main: x.js}")
			tr.write(t, "js/x.js", "")
			dir := t.TempDir()
			tools := tr.deps.Place.Dirs().Host.ToolCache
			tr.deps.Externals = filepath.Join(dir, "external")
			path := []string{filepath.Dir(tr.deps.Place.(withPath).folder), tr.deps.Place.(withPath).folder, "/usr/bin-without-node"}
			for i, version := range test.path {
				fake(t, filepath.Join(dir, fmt.Sprintf("path%d", i), "node"), version)
				path = append(path, filepath.Join(dir, fmt.Sprintf("path%d", i)))
			}
			for _, version := range test.external {
				fake(t, filepath.Join(dir, "external", "node"+version, "bin", "node"), version)
			}
			for _, version := range test.tools {
				fake(t, filepath.Join(tools, "node", version, "x64", "bin", "node"), version)
			}
			tr.deps.Place = onlyPath{tr.deps.Place, path}
			tr.deps.Actions = usingActions{folderActions{}, test.using}
			result := tr.run(t)
			if strings.HasPrefix(test.want, "it needs") {
				wantConclusion(t, tr, result, jobproto.Failure)
				wantContains(t, "log", tr.sink.logs(), "##[error]action ./js: "+test.want)
				return
			}
			wantConclusion(t, tr, result, jobproto.Success)
			wantContains(t, "marks", strings.NewReplacer(dir+"/", "", filepath.Dir(tools)+"/", "").Replace(tr.marks(t)), "ran "+test.want)
		})
	}
}

// TestNodeAskedOnce checks that a node tells its version once, not for each job.
func TestNodeAskedOnce(t *testing.T) {
	testkit.Need(t, "bash")
	state, bin := t.TempDir(), t.TempDir()
	node := filepath.Join(bin, "node")
	write := func(version string) {
		script := "#!/bin/bash\nif [ \"$1\" = --version ]; then mark asked; echo v" + version + "; else mark ran; fi\n"
		if err := os.WriteFile(node, []byte(script), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	run := func() string {
		tr := newMarked(t, "- uses: ./js\n- uses: ./js")
		tr.write(t, "js/action.yml", "name: js\nruns: {using: node20, main: x.js}")
		tr.write(t, "js/x.js", "")
		tr.deps.State = state
		tr.deps.Place = onlyPath{tr.deps.Place, []string{tr.deps.Place.(withPath).folder, bin}}
		wantConclusion(t, tr, tr.run(t), jobproto.Success)
		return tr.marks(t)
	}
	write("20.1.1")
	wantEqual(t, "first job", run(), "asked ran ran")
	wantEqual(t, "second job", run(), "ran ran")
	write("22.10.1") // of another size
	wantEqual(t, "another node", run(), "asked ran ran")
	if err := os.WriteFile(filepath.Join(state, "node-versions.json"), []byte("broken"), 0o644); err != nil {
		t.Fatal(err)
	}
	wantEqual(t, "memory lost", run(), "asked ran ran")
}

// usingActions makes every action run with one `using`.
type usingActions struct {
	folderActions
	using string
}

func (u usingActions) Resolve(ctx context.Context, use action.Use, log io.Writer) (*action.Action, error) {
	a, err := u.folderActions.Resolve(ctx, use, log)
	if err == nil {
		a.Manifest.Runs.Using = u.using
	}
	return a, err
}

// onlyPath is a place with another PATH in which nothing but bash is found otherwise.
type onlyPath struct {
	executor.Place
	path []string
}

func (p onlyPath) Env() map[string]string {
	env := p.Place.Env()
	env["PATH"] = strings.Join(slices.DeleteFunc(p.path, func(s string) bool { return s == "" }), ":")
	return env
}

// TestDefaultShell falls back to sh where there is no bash, and says what is
// missing where there is neither.
func TestDefaultShell(t *testing.T) {
	testkit.Need(t, "sh")
	bin := t.TempDir()
	tr := newTrial(t, "- name: it\n  run: echo hello")
	tr.deps.Place = onlyPath{tr.deps.Place, []string{bin}}
	wantConclusion(t, tr, tr.run(t), jobproto.Failure)
	wantContains(t, "log", tr.sink.logs(), "##[error]neither bash nor sh was found in PATH ("+bin+")")

	if err := os.Symlink("/bin/sh", filepath.Join(bin, "sh")); err != nil {
		t.Fatal(err)
	}
	tr = newTrial(t, "- name: it\n  run: echo hello")
	tr.deps.Place = onlyPath{tr.deps.Place, []string{bin}}
	wantConclusion(t, tr, tr.run(t), jobproto.Success)
	wantContains(t, "log", tr.sink.logs(), "shell: "+bin+"/sh -e {0}\n")
}

// elsewhere is a place whose commands know its folders by other names than we do.
type elsewhere struct {
	executor.Place
	inner string
}

func (p elsewhere) Dirs() executor.Dirs {
	dirs := p.Place.Dirs()
	root := filepath.Dir(filepath.Dir(filepath.Dir(dirs.Host.Workspace)))
	move := func(path string) string {
		if rest, ok := strings.CutPrefix(path, root); ok {
			return p.inner + rest
		}
		return path
	}
	dirs.Inner = executor.Layout{
		Workspace: move(dirs.Host.Workspace), Temp: move(dirs.Host.Temp), Home: move(dirs.Host.Home),
		ToolCache: move(dirs.Host.ToolCache), Actions: move(dirs.Host.Actions),
	}
	return dirs
}

func (p elsewhere) Start(ctx context.Context, c executor.Command) (executor.Process, error) {
	if c.Args[0] == "no-bash" {
		return nil, fault.New(fault.Missing, "not there")
	}
	if c.Dir == "" {
		c.Dir = p.Dirs().Inner.Workspace
	}
	return p.Place.Start(ctx, c)
}

// TestElsewhere runs a job where paths inside and outside differ, as in a container.
func TestElsewhere(t *testing.T) {
	testkit.Need(t, "bash", "node")
	tr := newTrial(t, `
- run: |
    echo "$0 $GITHUB_WORKSPACE $GITHUB_OUTPUT ${{ github.workspace }}"
    cat "$GITHUB_EVENT_PATH"; echo
    echo "::warning file=$GITHUB_WORKSPACE/a.txt::here"
    echo "A=b" >>"$GITHUB_ENV"
- uses: ./js
- name: hash
  run: echo "${{ hashFiles('js/*') != '' }}"
`)
	tr.write(t, "js/action.yml", "name: js\nruns: {using: node20, main: x.js}")
	tr.write(t, "js/x.js", "console.log(process.argv[1], process.env.A)")
	inner := filepath.Join(t.TempDir(), "inner")
	if err := os.Symlink(filepath.Dir(filepath.Dir(filepath.Dir(tr.host))), inner); err != nil {
		t.Fatal(err)
	}
	tr.deps.Place = elsewhere{tr.deps.Place, inner}
	tr.deps.Actions = folderActions{}
	wantConclusion(t, tr, tr.run(t), jobproto.Success)
	wantContains(t, "log", tr.sink.logs(), inner)
	wantEqual(t, "hash", tr.sink.step(t, "hash").said(), "true\n")
	if outside := filepath.Dir(filepath.Dir(filepath.Dir(tr.host))); strings.Contains(tr.sink.logs(), outside) {
		t.Errorf("a path of ours is in the log:\n%s", tr.sink.logs())
	}
	if len(tr.sink.annotations) != 1 || tr.sink.annotations[0].File != "a.txt" {
		t.Error("annotations", tr.sink.annotations)
	}
}

// TestEnvForActions checks who sees what Deps.Env holds.
func TestEnvForActions(t *testing.T) {
	testkit.Need(t, "bash", "node")
	tr := newTrial(t, "- name: script\n  run: echo \"[$ACTIONS_RUNTIME_TOKEN] [$ACTIONS_ID_TOKEN_REQUEST_URL] [$OTHER]\"\n- name: action\n  uses: ./js")
	tr.write(t, "js/action.yml", "name: js\nruns: {using: node20, main: x.js}")
	tr.write(t, "js/x.js", "const e = process.env; console.log(e.ACTIONS_RUNTIME_TOKEN, e.ACTIONS_ID_TOKEN_REQUEST_URL, e.OTHER)")
	tr.deps.Actions = folderActions{}
	tr.deps.Env = map[string]string{"ACTIONS_RUNTIME_TOKEN": "token", "ACTIONS_ID_TOKEN_REQUEST_URL": "url", "OTHER": "other"}
	wantConclusion(t, tr, tr.run(t), jobproto.Success)
	wantEqual(t, "script", tr.sink.step(t, "script").said(), "[] [url] [other]\n")
	wantEqual(t, "action", tr.sink.step(t, "action").said(), "*** url other\n")
}

// TestTokensAreMasked hides tokens that Deps.Env holds.
func TestTokensAreMasked(t *testing.T) {
	testkit.Need(t, "bash")
	tr := newTrial(t, "- name: it\n  run: echo \"$ACTIONS_ID_TOKEN_REQUEST_TOKEN\"")
	tr.deps.Env = map[string]string{"ACTIONS_ID_TOKEN_REQUEST_TOKEN": "a-token-of-ours"}
	wantConclusion(t, tr, tr.run(t), jobproto.Success)
	wantEqual(t, "it", tr.sink.step(t, "it").said(), "***\n")
}

// TestTooManyActions ends a job whose actions use more and more actions.
func TestTooManyActions(t *testing.T) {
	actions := madeActions{}
	uses := func(depth int) []*workflow.Step {
		steps := make([]*workflow.Step, 30)
		for i := range steps {
			steps[i] = &workflow.Step{ID: "__x", Uses: workflow.NewString(fmt.Sprintf("octo/depth%d@v1", depth))}
		}
		return steps
	}
	for depth := range 5 {
		actions[fmt.Sprintf("octo/depth%d@v1", depth)] = uses(depth + 1)
	}
	tr := newTrial(t, "- uses: octo/depth0@v1")
	tr.deps.Actions = actions
	wantConclusion(t, tr, tr.run(t), jobproto.Failure)
	wantContains(t, "log", tr.sink.logs(), "##[error]the job uses more than 10000 actions")
}
