package action

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"slipway/internal/fault"
	"slipway/internal/gitrepo"
	"slipway/internal/testkit"
)

// world is a folder with mirrors under srv/ and a cache.
type world struct {
	t   testing.TB
	dir string
}

func newWorld(t testing.TB) world {
	t.Helper()
	testkit.Need(t, "git")
	for name, value := range map[string]string{
		"GIT_CONFIG_GLOBAL": "/dev/null", "GIT_CONFIG_NOSYSTEM": "1",
		"GIT_AUTHOR_NAME": "Ada", "GIT_AUTHOR_EMAIL": "ada@example.com", "GIT_COMMITTER_NAME": "Ada", "GIT_COMMITTER_EMAIL": "ada@example.com",
	} {
		t.Setenv(name, value)
	}
	dir, err := filepath.EvalSymlinks(t.TempDir())
	noError(t, err)
	return world{t: t, dir: dir}
}

func (w world) path(name string) string { return filepath.Join(w.dir, name) }

func (w world) git(dir string, args ...string) string {
	w.t.Helper()
	cmd := exec.Command("git", args...)
	cmd.Dir = w.path(dir)
	out, err := cmd.CombinedOutput()
	if err != nil {
		w.t.Fatalf("git %v in %s: %v\n%s", args, dir, err, out)
	}
	return strings.TrimSpace(string(out))
}

func (w world) write(dir string, files map[string]string) {
	w.t.Helper()
	for name, content := range files {
		at := filepath.Join(w.path(dir), name)
		noError(w.t, os.MkdirAll(filepath.Dir(at), 0o755))
		if target, link := strings.CutPrefix(content, "->"); link {
			noError(w.t, os.Symlink(target, at))
			continue
		}
		noError(w.t, os.WriteFile(at, []byte(content), 0o644))
	}
}

// publish commits files to a repository and returns the commit.
func (w world) publish(dir string, files map[string]string) string {
	w.t.Helper()
	w.write(dir, files)
	if _, err := os.Stat(filepath.Join(w.path(dir), ".git")); err != nil {
		w.git(dir, "init", "--quiet", "--initial-branch=main")
	}
	w.git(dir, "add", "--all")
	w.git(dir, "commit", "--quiet", "--allow-empty", "--message=publish")
	return w.git(dir, "rev-parse", "HEAD")
}

const nodeAction = "name: A\ndescription: d\ninputs:\n  who: {default: world, required: true}\nruns: {using: node20, main: main.js}\n"

// config looks on the mirror srv/ only: nobody answers at the server.
func (w world) config() RepositoriesConfig {
	return RepositoriesConfig{
		Mirrors: []string{"file://" + w.path("srv") + "/{owner}/{repo}"}, Server: "http://127.0.0.1:1", CacheDir: w.path("cache"),
	}
}

func (w world) finder(repositories RepositoriesConfig, c Config) *Finder {
	w.t.Helper()
	var err error
	c.Repositories, err = NewRepositories(w.t.Context(), repositories)
	noError(w.t, err)
	f, err := NewResolver(w.t.Context(), c)
	noError(w.t, err)
	return f
}

// resolve resolves one reference and returns the log with it.
func (w world) resolve(f *Finder, ref string) (*Action, string, error) {
	var log strings.Builder
	a, err := f.Resolve(w.t.Context(), Use{Ref: ref, Workspace: w.path("workspace"), Repository: "acme/app"}, &log)
	return a, log.String(), err
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

// failsWith checks an error's code and that it says all of words.
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

func TestResolveFromAMirror(t *testing.T) {
	w := newWorld(t)
	first := w.publish("srv/acme/tool", map[string]string{"action.yml": nodeAction, "main.js": "1", ".github/x": "x", ".gitattributes": ".github export-ignore\n"})
	w.git("srv/acme/tool", "tag", "-a", "v1", "-m", "v1")
	second := w.publish("srv/acme/tool", map[string]string{"main.js": "2", "sub/dir/action.yaml": "runs: {using: docker, image: Dockerfile}\n", "df/Dockerfile": "FROM scratch\n"})
	f := w.finder(w.config(), Config{})

	for _, c := range []struct{ ref, commit, dir, using string }{
		{"acme/tool@v1", first, "", "node20"},
		{"acme/tool@main", second, "", "node20"},
		{"acme/tool@refs/heads/main", second, "", "node20"},
		{"acme/tool@" + first, first, "", "node20"},
		{"acme/tool/sub/dir@main", second, "sub/dir", "docker"},
		{"acme/tool/df@main", second, "df", "docker"},
	} {
		a, log, err := w.resolve(f, c.ref)
		noError(t, err)
		root := w.path("cache/actions/acme/tool/" + c.commit)
		equal(t, c.ref+" commit", a.Commit, c.commit)
		equal(t, c.ref+" root", a.Root, root)
		equal(t, c.ref+" dir", a.Dir, filepath.Join(root, c.dir))
		equal(t, c.ref+" using", a.Manifest.Runs.Using, c.using)
		equal(t, c.ref+" repository", strings.ToLower(a.Repository), "acme/tool")
		if !strings.Contains(log, "(SHA:"+c.commit+")") || strings.Count(log, "\n") != 1 {
			t.Errorf("%s: log %q", c.ref, log)
		}
	}
	a, _, err := w.resolve(f, "acme/tool@v1")
	noError(t, err)
	equal(t, "input", a.Manifest.Inputs[0].Name+"="+a.Manifest.Inputs[0].Default.Str(), "who=world")
	if _, err := os.Stat(filepath.Join(a.Root, ".github/x")); err != nil {
		t.Error("files that archives leave out are missing")
	}
}

func TestResolveErrors(t *testing.T) {
	w := newWorld(t)
	sha := w.publish("srv/acme/tool", map[string]string{"main.js": "", "bad/action.yml": "runs:\n  using: node99\n  main: x\n", "out/action.yml": "->/etc/passwd"})
	f := w.finder(w.config(), Config{})
	for _, c := range []struct {
		ref   string
		code  fault.Code
		words []string
	}{
		{"acme/tool@main", fault.NotFound, []string{"Can't find 'action.yml', 'action.yaml' or 'Dockerfile' for action 'acme/tool@main'."}},
		{"acme/tool/out@main", fault.NotFound, []string{"for action 'acme/tool/out@main'"}},
		{"acme/tool/bad@main", fault.Invalid, []string{"acme/tool/bad@main/action.yml (Line: 2, Col: 3)", "node99"}},
		{"acme/tool@v9", fault.NotFound, []string{"Unable to resolve action `acme/tool@v9`, unable to find version `v9`", "file://" + w.path("srv/acme/tool") + ": no branch or tag", "http://127.0.0.1:1/acme/tool: "}},
		{"acme/none@v1", fault.Upstream, []string{"acme/none@v1", w.path("srv/acme/none"), "does not appear to be a git repository"}},
		{"acme/tool@" + sha[:8], fault.NotFound, []string{"`" + sha[:8] + "` is the shortened version of a commit SHA"}},
		{"acme/tool@" + strings.Repeat("ab", 20), fault.NotFound, []string{"no commit " + strings.Repeat("ab", 20)}},
		{"acme/tool", fault.Invalid, []string{"Expected format {org}/{repo}[/path]@ref"}},
		{"acme/tool@--upload-pack=x", fault.Invalid, []string{"no branch, tag or commit"}},
		{"acme/tool@a\nb", fault.Invalid, nil},
		{"acme/tool@../../x", fault.Invalid, nil},
		{"acme/tool/../../etc@main", fault.Invalid, []string{"leads out of the repository"}},
		{"../tool@main", fault.Invalid, nil},
		{"-x/tool@main", fault.Invalid, nil},
		{"$/../x", fault.Invalid, []string{"leads out"}},
		{"./../x", fault.Invalid, []string{"leads out of the workspace"}},
	} {
		a, _, err := w.resolve(f, c.ref)
		if a != nil {
			t.Errorf("%s: got an action", c.ref)
		}
		failsWith(t, err, c.code, c.words...)
	}
}

func TestMirrorsInOrder(t *testing.T) {
	w := newWorld(t)
	w.publish("two/acme-tool", map[string]string{"action.yml": strings.ReplaceAll(nodeAction, "name: A", "name: two")})
	c := w.config()
	c.Mirrors = []string{"file://" + w.path("one") + "/{owner}/{repo}.git", w.path("two") + "/{owner}-{repo}"}
	a, _, err := w.resolve(w.finder(c, Config{}), "acme/tool@main")
	noError(t, err)
	equal(t, "from", a.Manifest.Name, "two")

	w.publish("one/acme/tool.git", map[string]string{"action.yml": strings.ReplaceAll(nodeAction, "name: A", "name: one")})
	a, log, err := w.resolve(w.finder(c, Config{}), "acme/tool@main")
	noError(t, err)
	equal(t, "from", a.Manifest.Name, "one")
	if !strings.Contains(log, "from file://"+w.path("one")) {
		t.Errorf("the log does not say where from: %s", log)
	}
}

func TestMirrorWithARefInItsTemplate(t *testing.T) {
	w := newWorld(t)
	w.publish("refs/acme/tool/v1", map[string]string{"action.yml": nodeAction})                 // a repository whose HEAD is the ref
	w.write("refs/acme/tool/v2", map[string]string{"action.yml": nodeAction, "from": "folder"}) // a plain folder
	c := w.config()
	c.Mirrors = []string{"file://" + w.path("refs") + "/{owner}/{repo}/{ref}"}
	for _, ref := range []string{"acme/tool@v1", "acme/tool@v2"} {
		a, _, err := w.resolve(w.finder(c, Config{}), ref)
		noError(t, err)
		if !gitrepo.IsSHA(a.Commit) || !strings.HasPrefix(a.Dir, w.path("cache/actions/acme/tool")) {
			t.Errorf("%s: %+v", ref, a)
		}
	}
	_, _, err := w.resolve(w.finder(c, Config{}), "acme/tool@v3")
	failsWith(t, err, fault.Upstream, w.path("refs/acme/tool/v3"))
}

func TestMirrorTemplates(t *testing.T) {
	w := newWorld(t)
	for _, template := range []string{"https://host/actions", "https://host/{repo}/{tag}", "ext::sh -c {repo}", "--upload-pack={repo}", "ftp://host/{repo}", "https://host/{repo}\n", "fd::{repo}"} {
		c := w.config()
		c.Mirrors = []string{template}
		_, err := NewRepositories(t.Context(), c)
		failsWith(t, err, fault.Usage)
	}
	for template, want := range map[string]string{
		"https://host/{owner}/{repo}.git?x={ref}": "https://host/o/r.git?x=feature/a%23b",
		"git@host:{owner}/{repo}.git":             "git@host:o/r.git",
		"/srv/{owner}/{repo}/{ref}":               "/srv/o/r/feature/a#b",
	} {
		m, err := newMirror(template)
		noError(t, err)
		equal(t, template, m.remote("o", "r", "feature/a#b").URL, want)
	}
}

func TestOfflineAfter(t *testing.T) {
	w := newWorld(t)
	sha := w.publish("srv/acme/tool", map[string]string{"action.yml": nodeAction})
	w.git("srv/acme/tool", "tag", "v1")
	c := w.config()
	_, _, err := w.resolve(w.finder(c, Config{}), "acme/tool@v1")
	noError(t, err)

	c.Mirrors = nil // what is left is a server where nobody answers
	a, log, err := w.resolve(w.finder(c, Config{}), "acme/tool@v1")
	noError(t, err)
	equal(t, "commit", a.Commit, sha)
	if !strings.Contains(log, "##[warning]acme/tool@v1: nobody who knows could be asked") {
		t.Errorf("no warning: %s", log)
	}
	c.Offline = true
	a, log, err = w.resolve(w.finder(c, Config{}), "acme/tool@"+sha)
	noError(t, err)
	equal(t, "commit", a.Commit, sha)
	if strings.Contains(log, "warning") {
		t.Errorf("a commit is what it is: %s", log)
	}
	_, _, err = w.resolve(w.finder(c, Config{}), "acme/tool@v2")
	failsWith(t, err, fault.Upstream, "not asked: offline")

	noError(t, os.RemoveAll(w.path("cache/actions"))) // the git cache still has it
	_, _, err = w.resolve(w.finder(c, Config{}), "acme/tool@"+sha)
	noError(t, err)
}

func TestATagThatIsGoneIsGone(t *testing.T) {
	w := newWorld(t)
	w.publish("srv/acme/tool", map[string]string{"action.yml": nodeAction})
	w.git("srv/acme/tool", "tag", "v1")
	c := w.config()
	c.Server = "file://" + w.path("empty")
	_, _, err := w.resolve(w.finder(c, Config{}), "acme/tool@v1")
	noError(t, err)
	w.git("srv/acme/tool", "tag", "-d", "v1")
	_, _, err = w.resolve(w.finder(c, Config{}), "acme/tool@v1")
	failsWith(t, err, fault.NotFound, "unable to find version `v1`")
}

func TestLocalActions(t *testing.T) {
	w := newWorld(t)
	w.publish("app", map[string]string{".github/actions/hello/action.yml": nodeAction, "other/action.yml": nodeAction})
	repo, err := gitrepo.Open(w.path("app"))
	noError(t, err)
	f := w.finder(w.config(), Config{Repo: repo})
	noError(t, os.Mkdir(w.path("workspace"), 0o755))

	_, _, err = w.resolve(f, "./.github/actions/hello")
	failsWith(t, err, fault.NotFound, "Can't find 'action.yml', 'action.yaml' or 'Dockerfile' under '"+w.path("workspace/.github/actions/hello")+"'. Did you forget to run actions/checkout before running your local action?",
		"workspace is empty", "--workspace tree")
	w.write("workspace", map[string]string{".github/actions/hello/action.yml": nodeAction})
	a, log, err := w.resolve(f, "./.github/actions/hello/")
	noError(t, err)
	equal(t, "dir", a.Dir, w.path("workspace/.github/actions/hello"))
	equal(t, "log", log, "")
	_, _, err = w.resolve(f, "./other")
	failsWith(t, err, fault.NotFound, "The repository has it")
	_, _, err = w.resolve(f, "./none")
	failsWith(t, err, fault.NotFound, "Did you forget")
	w.write("workspace", map[string]string{"bad/action.yml": "runs: [\n"})
	_, _, err = w.resolve(f, "./bad")
	failsWith(t, err, fault.Invalid, "./bad/action.yml")
}

func TestSelfActions(t *testing.T) {
	w := newWorld(t)
	sha := w.publish("app", map[string]string{"tools/x/action.yml": strings.ReplaceAll(nodeAction, "name: A", "name: committed")})
	w.git("app", "remote", "add", "origin", "https://github.com/acme/app.git")
	w.write("app", map[string]string{"tools/x/action.yml": strings.ReplaceAll(nodeAction, "name: A", "name: edited")})
	repo, err := gitrepo.Open(w.path("app"))
	noError(t, err)
	c := w.config()
	c.Own = repo

	a, _, err := w.resolve(w.finder(c, Config{Repo: repo}), "$/tools/x")
	noError(t, err)
	equal(t, "working tree", a.Manifest.Name+" "+a.Dir, "edited "+w.path("app/tools/x"))

	a, _, err = w.resolve(w.finder(c, Config{Repo: repo, Commit: sha}), "$/tools/x")
	noError(t, err)
	equal(t, "commit", a.Manifest.Name+" "+a.Commit, "committed "+sha)

	other := w.publish("srv/acme/shared", map[string]string{"y/action.yml": nodeAction})
	f := w.finder(c, Config{Repo: repo})
	a, err = f.Resolve(t.Context(), Use{Ref: "$/y", Repository: "acme/shared", SHA: other}, &strings.Builder{})
	noError(t, err)
	equal(t, "another's", a.Dir, w.path("cache/actions/acme/shared/"+other+"/y"))
	again, err := f.Resolve(t.Context(), Use{Ref: "$/y", Repository: a.Repository, SHA: a.Commit, Root: a.Root}, &strings.Builder{})
	noError(t, err)
	equal(t, "inside a fetched action", again.Dir, a.Dir)
	_, err = f.Resolve(t.Context(), Use{Ref: "$/none", Repository: "acme/shared", SHA: other}, &strings.Builder{})
	failsWith(t, err, fault.NotFound, "'$/none'")
	_, err = f.Resolve(t.Context(), Use{Ref: "$/y", Repository: "acme/shared"}, &strings.Builder{})
	failsWith(t, err, fault.Invalid, "self-reference")
}

func TestDockerImages(t *testing.T) {
	w := newWorld(t)
	a, _, err := w.resolve(w.finder(w.config(), Config{}), "docker://alpine:3")
	noError(t, err)
	equal(t, "image", a.Manifest.Runs.Using+" "+a.Manifest.Runs.Image, "docker docker://alpine:3")
}

// fake is a built-in action that does nothing.
type fake struct{}

func (fake) Main(context.Context, *Call) error { return nil }
func (fake) Post(context.Context, *Call) error { return nil }

func TestBuiltins(t *testing.T) {
	w := newWorld(t)
	w.publish("srv/actions/checkout", map[string]string{"action.yml": nodeAction})
	w.publish("srv/actions/setup-python", map[string]string{"action.yml": nodeAction})
	natives := []Native{
		{Name: "actions/checkout", First: true, Manifest: &Manifest{}, Builtin: fake{}},
		{Name: "actions/setup-python", Manifest: &Manifest{}, Builtin: fake{}},
		{Name: "actions/setup-node", Manifest: &Manifest{}, Builtin: fake{}},
	}
	for _, c := range []struct {
		mode BuiltinMode
		ref  string
		ours bool
		log  string
	}{
		{BuiltinFallback, "actions/checkout@main", true, "built-in version runs"},
		{BuiltinFallback, "Actions/Checkout@whatever", true, "built-in version runs"},
		{BuiltinFallback, "actions/setup-python@main", false, "Download action repository"},
		{BuiltinFallback, "actions/setup-node@v4", true, "since the original can't be had (file://" + w.path("srv/actions/setup-node")},
		{BuiltinAlways, "actions/setup-python@main", true, "built-in version runs"},
		{BuiltinNever, "actions/checkout@main", false, "Download action repository"},
	} {
		a, log, err := w.resolve(w.finder(w.config(), Config{Natives: natives, Builtins: c.mode}), c.ref)
		noError(t, err)
		equal(t, string(c.mode)+" "+c.ref, a.Builtin != nil, c.ours)
		if !strings.Contains(log, c.log) && !strings.Contains(log, "Use action repository") {
			t.Errorf("%s %s: log %q", c.mode, c.ref, log)
		}
		equal(t, "lines", strings.Count(log, "\n"), 1)
	}
	_, _, err := w.resolve(w.finder(w.config(), Config{Natives: natives, Builtins: BuiltinNever}), "actions/setup-node@v4")
	failsWith(t, err, fault.Upstream)
	_, err = NewResolver(t.Context(), Config{Builtins: "sometimes"})
	failsWith(t, err, fault.Usage)
}

func TestSilentHostsAreAskedOnce(t *testing.T) {
	w := newWorld(t)
	c := w.config()
	c.Server = "http://127.0.0.1:1"
	repositories, err := NewRepositories(t.Context(), c)
	noError(t, err)
	_, err = repositories.Files(t.Context(), "acme/one", "v1")
	failsWith(t, err, fault.Upstream)
	equal(t, "hosts remembered", len(repositories.down), 1)
	first := repositories.down["127.0.0.1:1"]
	_, err = repositories.Files(t.Context(), "acme/two", "v1")
	failsWith(t, err, fault.Upstream)
	if repositories.down["127.0.0.1:1"] != first {
		t.Error("the host was asked again")
	}
}

func TestCanceledResolve(t *testing.T) {
	w := newWorld(t)
	w.publish("srv/acme/tool", map[string]string{"action.yml": nodeAction})
	f := w.finder(w.config(), Config{})
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := f.Resolve(ctx, Use{Ref: "acme/tool@main"}, &strings.Builder{})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	_, _, err = w.resolve(f, "acme/tool@main")
	noError(t, err)
}

func FuzzParseReference(f *testing.F) {
	for _, seed := range []string{"a/b@c", "a/b/c/../d@e", "a/b/../../..@c", "a/b@-c", "/b@c", "a//b@c", "a/b/@c", "a/b@c@d", "a/b\x00@c"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, uses string) {
		r, err := parseReference(uses)
		if err != nil {
			return
		}
		dir := filepath.Join("/cache", r.Owner, r.Repo, r.Path)
		if !strings.HasPrefix(dir, "/cache/"+r.Owner+"/"+r.Repo) || slices.Contains(strings.Split(r.Path, "/"), "..") {
			t.Errorf("%q leads to %s", uses, dir)
		}
		if strings.HasPrefix(r.Ref, "-") || strings.ContainsAny(r.Ref, " \n\x00") {
			t.Errorf("%q has the ref %q", uses, r.Ref)
		}
	})
}
