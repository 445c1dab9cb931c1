package builtin

import (
	"bytes"
	"context"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"slipway/internal/action"
	"slipway/internal/expr"
	"slipway/internal/fault"
	"slipway/internal/gitrepo"
	"slipway/internal/testkit"
)

// job is a job's place on this machine, and the run's repository acme/app beside it.
type job struct {
	t         testing.TB
	dir       string
	workspace string
	github    map[string]string
	env       map[string]string

	// What the action said.
	log     bytes.Buffer
	outputs map[string]string
	exports map[string]string
	paths   []string
	masks   []string
	state   map[string]string
}

func newJob(t testing.TB) *job {
	t.Helper()
	dir, err := filepath.EvalSymlinks(t.TempDir())
	noError(t, err)
	j := &job{
		t: t, dir: dir, workspace: filepath.Join(dir, "workspace"), state: map[string]string{},
		github: map[string]string{"repository": "acme/app", "ref": "refs/heads/main", "server_url": "https://github.com", "token": ""},
		env: map[string]string{
			"GITHUB_WORKSPACE": filepath.Join(dir, "workspace"), "RUNNER_TEMP": filepath.Join(dir, "temp"),
			"RUNNER_TOOL_CACHE": filepath.Join(dir, "tools"), "PATH": os.Getenv("PATH"), "HOME": os.Getenv("HOME"),
		},
	}
	for _, name := range []string{"workspace", "temp", "tools"} {
		noError(t, os.Mkdir(filepath.Join(dir, name), 0o755))
	}
	return j
}

// withRepository gives the job a repository of two commits with uncommitted edits.
func (j *job) withRepository() *job {
	j.t.Helper()
	testkit.Need(j.t, "git")
	for name, value := range map[string]string{
		"GIT_CONFIG_GLOBAL": "/dev/null", "GIT_CONFIG_NOSYSTEM": "1",
		"GIT_AUTHOR_NAME": "Ada", "GIT_AUTHOR_EMAIL": "ada@example.com", "GIT_COMMITTER_NAME": "Ada", "GIT_COMMITTER_EMAIL": "ada@example.com",
	} {
		j.t.Setenv(name, value)
	}
	j.write("repo/README.md", "one")
	j.git("repo", "init", "--quiet", "--initial-branch=main")
	j.git("repo", "remote", "add", "origin", "https://github.com/acme/app.git")
	j.git("repo", "add", ".")
	j.git("repo", "commit", "--quiet", "--message=one")
	j.git("repo", "tag", "v1")
	j.git("repo", "branch", "side")
	j.write("repo/README.md", "two")
	j.git("repo", "commit", "--quiet", "--all", "--message=two")
	j.write("repo/README.md", "edited")
	j.write("repo/new", "untracked")
	j.github["sha"] = j.git("repo", "rev-parse", "HEAD")
	return j
}

func (j *job) write(name, content string) {
	j.t.Helper()
	at := filepath.Join(j.dir, name)
	noError(j.t, os.MkdirAll(filepath.Dir(at), 0o755))
	noError(j.t, os.WriteFile(at, []byte(content), 0o644))
}

func (j *job) read(name string) string {
	j.t.Helper()
	data, err := os.ReadFile(filepath.Join(j.dir, name))
	noError(j.t, err)
	return string(data)
}

func (j *job) exists(name string) bool {
	_, err := os.Lstat(filepath.Join(j.dir, name))
	return err == nil
}

func (j *job) git(dir string, args ...string) string {
	j.t.Helper()
	cmd := exec.Command("git", args...)
	cmd.Dir = filepath.Join(j.dir, dir)
	out, err := cmd.CombinedOutput()
	if err != nil {
		j.t.Fatalf("git %v in %s: %v\n%s", args, dir, err, out)
	}
	return strings.TrimSpace(string(out))
}

// repositories has the mirror srv/ and a server where nobody answers.
func (j *job) repositories() *action.Repositories {
	j.t.Helper()
	r, err := action.NewRepositories(j.t.Context(), action.RepositoriesConfig{
		Mirrors: []string{"file://" + j.dir + "/srv/{owner}/{repo}"}, Server: "http://127.0.0.1:1", CacheDir: filepath.Join(j.dir, "cache"),
	})
	noError(j.t, err)
	return r
}

// native is the built-in action of that name, for the job's repository at a commit.
func (j *job) native(name, commit string) action.Native {
	j.t.Helper()
	repo, err := gitrepo.Open(filepath.Join(j.dir, "repo"))
	if err != nil {
		repo, err = gitrepo.Open(j.workspace)
	}
	noError(j.t, err)
	all := All(Config{Repo: repo, Commit: commit, Repositories: j.repositories()})
	return all[slices.IndexFunc(all, func(n action.Native) bool { return n.Name == name })]
}

// call is a call with these inputs and the defaults of the others, as a runner makes it.
func (j *job) call(n action.Native, with map[string]string) *action.Call {
	j.t.Helper()
	j.log.Reset()
	j.outputs, j.exports, j.paths, j.masks = map[string]string{}, map[string]string{}, nil, nil
	c := &action.Call{
		Inputs: map[string]string{}, Env: j.env, Github: expr.Strings(j.github), State: j.state, Log: &j.log,
		SetOutput: func(name, value string) { j.outputs[name] = value },
		SetEnv:    func(name, value string) { j.exports[name] = value },
		AddPath:   func(path string) { j.paths = append([]string{path}, j.paths...) },
		SaveState: func(name, value string) { j.state[name] = value },
		AddMask:   func(value string) { j.masks = append(j.masks, value) },
		Host:      func(inner string) string { return inner },
		Exec:      j.exec,
	}
	scope := &expr.Scope{Contexts: expr.NewObject(expr.Pair{Key: "github", Value: c.Github})}
	for _, in := range n.Manifest.Inputs {
		value, err := in.Default.Eval(scope)
		noError(j.t, err)
		c.Inputs[in.Name] = value.Text()
	}
	for name, value := range with {
		if _, declared := c.Inputs[name]; !declared {
			j.t.Fatalf("%s has no input %q", n.Name, name)
		}
		c.Inputs[name] = value
	}
	return c
}

func (j *job) exec(ctx context.Context, args []string, dir string, env []string, out io.Writer) (int, error) {
	program := args[0]
	for _, dir := range filepath.SplitList(j.env["PATH"]) { // the job's PATH, not ours
		if at := filepath.Join(dir, program); !strings.Contains(program, "/") && isProgram(at) {
			program = at
		}
	}
	cmd := exec.CommandContext(ctx, program, args[1:]...)
	if cmd.Dir = dir; dir == "" {
		cmd.Dir = j.workspace
	}
	for name, value := range j.env {
		cmd.Env = append(cmd.Env, name+"="+value)
	}
	cmd.Env = append(cmd.Env, env...)
	if out == nil {
		out = &j.log
	}
	cmd.Stdout, cmd.Stderr = out, out
	if err := cmd.Run(); err != nil && cmd.ProcessState == nil {
		return 0, err
	}
	return cmd.ProcessState.ExitCode(), nil
}

func isProgram(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.Mode().IsRegular() && info.Mode()&0o111 != 0
}

// run runs the main phase of a built-in action.
func (j *job) run(name, commit string, with map[string]string) error {
	j.t.Helper()
	n := j.native(name, commit)
	return n.Builtin.Main(j.t.Context(), j.call(n, with))
}

func (j *job) checkout(with map[string]string) error {
	j.t.Helper()
	return j.run("actions/checkout", "", with)
}

func noError(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func equal[T comparable](t testing.TB, what string, got, want T) {
	t.Helper()
	if got != want {
		t.Errorf("%s: got %v, want %v", what, got, want)
	}
}

func failsWith(t testing.TB, err error, code fault.Code, words ...string) {
	t.Helper()
	if err == nil || fault.CodeOf(err) != code {
		t.Errorf("got error %v (%s), want one of code %s", err, fault.CodeOf(err), code)
		return
	}
	for _, word := range words {
		if !strings.Contains(err.Error(), word) {
			t.Errorf("the error does not say %q:\n%v", word, err)
		}
	}
}

func TestCheckoutOfTheWorkingTree(t *testing.T) {
	j := newJob(t).withRepository()
	j.write("workspace/left over", "from before")
	noError(t, j.checkout(nil))
	equal(t, "file", j.read("workspace/README.md"), "edited")
	equal(t, "untracked", j.read("workspace/new"), "untracked")
	equal(t, "left over", j.exists("workspace/left over"), false)
	equal(t, "status", j.git("workspace", "status", "--porcelain"), "M README.md\n?? new")
	equal(t, "branch", j.git("workspace", "branch", "--show-current"), "main")
	equal(t, "commits", j.git("workspace", "rev-list", "--count", "HEAD"), "1")
	equal(t, "origin", j.git("workspace", "config", "remote.origin.url"), "https://github.com/acme/app.git")
	equal(t, "ref", j.outputs["ref"], "refs/heads/main")
	equal(t, "commit", j.outputs["commit"], j.github["sha"])
	for _, line := range []string{"Syncing repository: acme/app", "Deleting the contents of", "Copying the working tree of the repository at " + j.dir + "/repo"} {
		if !strings.Contains(j.log.String(), line) {
			t.Errorf("the log does not say %q:\n%s", line, &j.log)
		}
	}
	equal(t, "repository", j.git("repo", "status", "--porcelain"), "M README.md\n?? new")
}

func TestCheckoutOfTheRunsCommit(t *testing.T) {
	j := newJob(t).withRepository()
	noError(t, j.run("actions/checkout", j.git("repo", "rev-parse", "v1"), nil))
	equal(t, "file", j.read("workspace/README.md"), "one")
	equal(t, "untracked", j.exists("workspace/new"), false)
	equal(t, "status", j.git("workspace", "status", "--porcelain"), "")
}

func TestCheckoutRefs(t *testing.T) {
	j := newJob(t).withRepository()
	head, first := j.github["sha"], j.git("repo", "rev-parse", "v1")
	j.git("repo", "update-ref", "refs/remotes/origin/far", first)
	for _, c := range []struct{ ref, content, commit, branch, output string }{
		{"main", "edited", head, "main", "refs/heads/main"},
		{"refs/heads/main", "edited", head, "main", "refs/heads/main"},
		{head, "edited", head, "", ""},
		{"side", "one", first, "side", "side"},
		{"far", "one", first, "far", "far"},
		{"v1", "one", first, "", "v1"},
		{"refs/tags/v1", "one", first, "", "refs/tags/v1"},
		{first, "one", first, "", ""},
	} {
		noError(t, j.checkout(map[string]string{"ref": c.ref}))
		equal(t, c.ref+" content", j.read("workspace/README.md"), c.content)
		equal(t, c.ref+" HEAD", j.git("workspace", "rev-parse", "HEAD"), c.commit)
		equal(t, c.ref+" branch", j.git("workspace", "branch", "--show-current"), c.branch)
		equal(t, c.ref+" output", j.outputs["ref"]+" "+j.outputs["commit"], c.output+" "+c.commit)
	}
	failsWith(t, j.checkout(map[string]string{"ref": "nowhere"}), fault.Upstream, "nowhere is not in the repository at", "Tried, in this order")
	failsWith(t, j.checkout(map[string]string{"ref": "--orphan"}), fault.Invalid)
	j.github["ref"] = "refs/pull/3/merge"
	noError(t, j.checkout(map[string]string{"ref": "refs/pull/3/merge"}))
	equal(t, "pull request", j.git("workspace", "rev-parse", "refs/remotes/pull/3/merge"), head)
}

func TestCheckoutOptions(t *testing.T) {
	j := newJob(t).withRepository()
	noError(t, j.checkout(map[string]string{"path": "sub/dir", "fetch-depth": "0"}))
	equal(t, "file", j.read("workspace/sub/dir/README.md"), "edited")
	equal(t, "commits", j.git("workspace/sub/dir", "rev-list", "--count", "HEAD"), "2")
	equal(t, "tags", j.git("workspace/sub/dir", "tag"), "v1")

	noError(t, j.checkout(map[string]string{"path": filepath.Join(j.workspace, "absolute"), "fetch-tags": "true"}))
	equal(t, "tags", j.git("workspace/absolute", "tag"), "v1")
	equal(t, "the other", j.exists("workspace/sub/dir/README.md"), true)

	j.write("workspace/absolute/made by a step", "x")
	noError(t, j.checkout(map[string]string{"path": "absolute", "clean": "false"}))
	equal(t, "kept without clean", j.exists("workspace/absolute/made by a step"), true)
	noError(t, j.checkout(map[string]string{"path": "absolute"}))
	equal(t, "kept with clean", j.exists("workspace/absolute/made by a step"), false)

	j.write("repo/docs/x", "x")
	j.git("repo", "add", ".")
	j.git("repo", "commit", "--quiet", "--message=docs")
	noError(t, j.checkout(map[string]string{"sparse-checkout": "/docs/\n", "sparse-checkout-cone-mode": "false"}))
	equal(t, "sparse", j.exists("workspace/docs/x") && !j.exists("workspace/README.md"), true)
	failsWith(t, j.checkout(map[string]string{"repository": "app"}), fault.Invalid, "Invalid repository 'app'. Expected format {owner}/{repo}.")
	failsWith(t, j.checkout(map[string]string{"github-server-url": "nonsense"}), fault.Invalid, "github-server-url")
}

func TestCheckoutStaysInTheWorkspace(t *testing.T) {
	j := newJob(t).withRepository()
	j.write("outside/keep", "k")
	for _, path := range []string{"..", "../outside", "a/../../outside", j.dir + "/outside", "/"} {
		failsWith(t, j.checkout(map[string]string{"path": path}), fault.Invalid, "is not under '"+j.workspace+"'")
	}
	noError(t, os.Symlink("../outside", filepath.Join(j.workspace, "link")))
	failsWith(t, j.checkout(map[string]string{"path": "link/sub"}), fault.Invalid, "can't be made in the workspace")
	noError(t, j.checkout(map[string]string{"path": "link"})) // a link in its place is replaced
	equal(t, "checkout", j.exists("workspace/link/README.md"), true)
	equal(t, "outside", j.read("outside/keep"), "k")
	equal(t, "written outside", j.exists("outside/README.md"), false)
}

func TestCheckoutOfAnotherRepository(t *testing.T) {
	j := newJob(t).withRepository()
	j.write("srv/other/lib/lib.txt", "lib")
	j.git("srv/other/lib", "init", "--quiet", "--initial-branch=trunk")
	j.git("srv/other/lib", "add", ".")
	j.git("srv/other/lib", "commit", "--quiet", "--message=lib")
	j.git("srv/other/lib", "commit", "--quiet", "--message=more", "--allow-empty")
	j.git("srv/other/lib", "tag", "v2")
	sha := j.git("srv/other/lib", "rev-parse", "HEAD")
	for _, c := range []struct{ ref, depth, branch, output, commits string }{
		{"", "1", "trunk", "refs/heads/trunk", "1"},
		{"v2", "1", "", "v2", "1"},
		{sha, "1", "", "", "1"},
		{"trunk", "0", "trunk", "trunk", "2"},
	} {
		noError(t, j.checkout(map[string]string{"repository": "other/lib", "ref": c.ref, "fetch-depth": c.depth, "path": "lib"}))
		equal(t, c.ref+" file", j.read("workspace/lib/lib.txt"), "lib")
		equal(t, c.ref+" branch", j.git("workspace/lib", "branch", "--show-current"), c.branch)
		equal(t, c.ref+" output", j.outputs["ref"]+" "+j.outputs["commit"], c.output+" "+sha)
		equal(t, c.ref+" commits", j.git("workspace/lib", "rev-list", "--count", "HEAD"), c.commits)
	}
	equal(t, "origin", j.git("workspace/lib", "config", "remote.origin.url"), "https://github.com/other/lib.git")
	failsWith(t, j.checkout(map[string]string{"repository": "other/none"}), fault.Upstream, "Tried, in this order", "srv/other/none")
	failsWith(t, j.checkout(map[string]string{"repository": "other/lib", "ssh-key": "k"}), fault.Invalid, "does not speak ssh")
}

func TestCheckoutKeepsItsTokenUntilTheEnd(t *testing.T) {
	j := newJob(t).withRepository()
	j.github["token"] = "ghs_secret"
	noError(t, j.checkout(nil))
	header := j.git("workspace", "config", "http.https://github.com/.extraheader")
	encoded, _ := strings.CutPrefix(header, "AUTHORIZATION: basic ")
	equal(t, "masks", strings.Join(j.masks, " "), encoded)
	n := j.native("actions/checkout", "")
	noError(t, n.Builtin.Post(t.Context(), j.call(n, nil)))
	if strings.Contains(j.read("workspace/.git/config"), "AUTHORIZATION") {
		t.Error("the token is still there")
	}
	noError(t, os.RemoveAll(j.workspace))
	noError(t, n.Builtin.Post(t.Context(), j.call(n, nil)))
	noError(t, os.Mkdir(j.workspace, 0o755))
	noError(t, j.checkout(map[string]string{"persist-credentials": "false"}))
	if strings.Contains(j.read("workspace/.git/config"), "AUTHORIZATION") || strings.Contains(j.log.String(), "ghs_secret") {
		t.Error("a token that should not be kept, or shown")
	}
}

func TestCheckoutOfAPlainFolder(t *testing.T) {
	j := newJob(t)
	j.write("repo/.github/workflows/ci.yml", "on: push")
	j.write("repo/file", "f")
	j.github["repository"] = "local/repo"
	j.github["sha"] = gitrepo.Zero
	noError(t, j.checkout(map[string]string{"submodules": "true"}))
	equal(t, "file", j.read("workspace/file"), "f")
	equal(t, "commit", j.outputs["commit"], "")
}

func TestReadOnlyFoldersAreEmptied(t *testing.T) {
	j := newJob(t).withRepository()
	j.write("workspace/cache/mod/file", "x")
	noError(t, os.Chmod(filepath.Join(j.workspace, "cache/mod"), 0o555))
	noError(t, j.checkout(nil))
	equal(t, "left", j.exists("workspace/cache"), false)
}
