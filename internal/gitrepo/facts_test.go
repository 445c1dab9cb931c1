package gitrepo

import (
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"slipway/internal/fault"
)

func TestHead(t *testing.T) {
	s := newSandbox(t)
	s.init("r")
	first := s.git("r", "rev-parse", "HEAD")
	head := func(t *testing.T, dir string) Head {
		t.Helper()
		h, err := s.open(dir).Head(t.Context())
		noError(t, err)
		return h
	}
	equal(t, "branch", head(t, "r"), Head{SHA: first, Ref: "refs/heads/main"})
	s.git("r", "pack-refs", "--all")
	equal(t, "packed branch", head(t, "r"), Head{SHA: first, Ref: "refs/heads/main"})
	s.git("r", "checkout", "--quiet", "-b", "deep/er/branch")
	second := s.commit("r", "second")
	equal(t, "deep branch", head(t, "r"), Head{SHA: second, Ref: "refs/heads/deep/er/branch"})

	s.git("r", "checkout", "--quiet", "--detach")
	equal(t, "detached at a branch", head(t, "r"), Head{SHA: second, Ref: "refs/heads/deep/er/branch", Detached: true})
	s.git("r", "tag", "-a", "v1.0", "-m", "x")
	equal(t, "detached at a tag", head(t, "r"), Head{SHA: second, Ref: "refs/tags/v1.0", Detached: true})
	third := s.commit("r", "third")
	equal(t, "detached", head(t, "r"), Head{SHA: third, Ref: "refs/heads/main", Detached: true})

	s.git("r", "symbolic-ref", "HEAD", "refs/heads/unborn")
	equal(t, "unborn", head(t, "r"), Head{Ref: "refs/heads/unborn"})
	s.write("plain", map[string]string{".github/workflows/ci.yml": "", "sub/x": ""})
	equal(t, "plain", head(t, "plain"), Head{Ref: "refs/heads/main"})
	equal(t, "plain root", s.open("plain/sub").Root(), s.path("plain"))
	equal(t, "plain is git", s.open("plain").IsGit(), false)

	s.git(".", "clone", "--quiet", "--bare", "r", "bare.git")
	equal(t, "bare", s.open("bare.git").IsBare(), true)
	s.git("r", "worktree", "add", "--quiet", "../linked", "main")
	equal(t, "linked", head(t, "linked"), Head{SHA: first, Ref: "refs/heads/main"})
	equal(t, "linked root", s.open("linked").Root(), s.path("linked"))
	s.init("lib")
	s.git("linked", "submodule", "add", "--quiet", "file://"+s.path("lib"), "vendor/lib")
	equal(t, "submodule", head(t, "linked/vendor/lib"), Head{SHA: s.git("lib", "rev-parse", "HEAD"), Ref: "refs/heads/main"})
	sha := s.commit("linked", "submodule")
	modules, err := s.open("linked").Submodules(t.Context(), sha)
	noError(t, err)
	equal(t, "submodules", strings.Join(modules, " "), "vendor/lib")
}

// TestFactsAsGitSeesThem asks git for what our own readers read.
func TestFactsAsGitSeesThem(t *testing.T) {
	s := newSandbox(t)
	s.init("r")
	s.git("r", "tag", "-a", "v1", "-m", "x")
	s.git("r", "branch", "a")
	s.git("r", "pack-refs", "--all")
	s.git("r", "branch", "b")
	s.git("r", "symbolic-ref", "refs/heads/alias", "refs/heads/b")
	s.git("r", "config", "core.note", "a \"quoted\" ; value # with \\ all\tof it")
	ours, theirs := s.open("r"), s.open("r")
	c, err := theirs.readConfig(t.Context())
	noError(t, err)
	c["extensions.refstorage"] = []string{"something-new"} // makes theirs ask git
	for _, ref := range []string{"refs/heads/main", "refs/heads/a", "refs/heads/b", "refs/heads/alias", "refs/tags/v1", "refs/heads/none", "refs/heads", "refs/tags/v1/x"} {
		got, err := ours.ref(t.Context(), ref)
		noError(t, err)
		want, err := theirs.ref(t.Context(), ref)
		noError(t, err)
		equal(t, ref, got, want)
	}
	got, err := ours.Head(t.Context())
	noError(t, err)
	want, err := theirs.Head(t.Context())
	noError(t, err)
	equal(t, "head", got, want)
	note, err := ours.Config(t.Context(), "core.note")
	noError(t, err)
	equal(t, "config", note, s.git("r", "config", "core.note"))
}

func TestUpstreamAndName(t *testing.T) {
	s := newSandbox(t)
	s.init("acme/app.git")
	up := s.git("acme/app.git", "rev-parse", "HEAD")
	s.git(".", "clone", "--quiet", "file://"+s.path("acme/app.git"), "r")
	s.commit("r", "ahead")
	repo := s.open("r")
	sha, err := repo.Upstream(t.Context())
	noError(t, err)
	equal(t, "upstream", sha, up)
	owner, name, err := repo.Name(t.Context())
	noError(t, err)
	equal(t, "name", owner+"/"+name, "acme/app")
	branch, err := repo.DefaultBranch(t.Context())
	noError(t, err)
	equal(t, "default branch", branch, "main")

	s.init("alone")
	sha, err = s.open("alone").Upstream(t.Context())
	noError(t, err)
	equal(t, "no upstream", sha, "")
	owner, name, err = s.open("alone").Name(t.Context())
	noError(t, err)
	equal(t, "name without remote", owner+"/"+name, "local/alone")

	s.git("alone", "config", "include.path", "more")
	s.write("alone/.git", map[string]string{"more": "[remote \"origin\"]\n\turl = git@example.com:team/included.git\n"})
	owner, name, err = s.open("alone").Name(t.Context())
	noError(t, err)
	equal(t, "name in an included file", owner+"/"+name, "team/included")
}

func TestNameFromURL(t *testing.T) {
	for remote, want := range map[string]string{
		"https://github.com/o/r":                  "o/r",
		"https://github.com/o/r.git":              "o/r",
		"https://user:pw@github.com:8443/o/r.git": "o/r",
		"ssh://git@host:2222/o/r.git":             "o/r",
		"git@github.com:o/r.git":                  "o/r",
		"host:o/r":                                "o/r",
		"file:///srv/git/o/r.git/":                "o/r",
		"/srv/git/o/r":                            "o/r",
		"/home/me/o/r/.git":                       "o/r",
		"https://gitlab.com/group/sub/r.git":      "sub/r",
		"https://host/o/ä b.git":                  "o/--b",
		"../r":                                    "",
		"r":                                       "",
		"":                                        "",
		"https://host/r":                          "",
	} {
		owner, name, ok := nameFromURL(remote)
		got := owner + "/" + name
		if !ok {
			got = ""
		}
		equal(t, remote, got, want)
	}
}

func TestCommit(t *testing.T) {
	s := newSandbox(t)
	s.init("r")
	first := s.git("r", "rev-parse", "HEAD")
	s.git("r", "checkout", "--quiet", "-b", "side")
	side := s.commit("r", "on the side")
	s.git("r", "checkout", "--quiet", "main")
	s.commit("r", "on main")
	s.git("r", "merge", "--quiet", "--message", "Merge ünïcode\n\nwith a body\n\n", "side")
	sha := s.git("r", "rev-parse", "HEAD")
	check := func(t *testing.T) {
		t.Helper()
		c, err := s.open("r").Tip(t.Context())
		noError(t, err)
		equal(t, "sha", c.SHA, sha)
		equal(t, "message", c.Message, "Merge ünïcode\n\nwith a body")
		equal(t, "subject", c.Subject(), "Merge ünïcode")
		equal(t, "author", c.Author.Name+" <"+c.Author.Email+">", "Ada Lovelace <ada@example.com>")
		equal(t, "authored", c.Author.When.Format("2006-01-02T15:04:05-07:00"), "2023-11-14T23:13:20+01:00")
		equal(t, "committer", c.Committer.Name, "Charles")
		equal(t, "parents", len(c.Parents), 2)
		equal(t, "second parent", c.Parents[1], side)
		equal(t, "tree", c.Tree, s.git("r", "rev-parse", "HEAD^{tree}"))
	}
	check(t)
	s.git("r", "gc", "--quiet", "--prune=now")
	check(t)

	repo := s.open("r")
	commits, forced, err := repo.Log(t.Context(), first, sha)
	noError(t, err)
	equal(t, "forced", forced, false)
	equal(t, "commits", len(commits), 3)
	equal(t, "last", commits[2].SHA, sha)
	equal(t, "last message", commits[2].Message, "Merge ünïcode\n\nwith a body")
	equal(t, "last parents", len(commits[2].Parents), 2)
	commits, forced, err = repo.Log(t.Context(), side, first)
	noError(t, err)
	equal(t, "backwards", forced && len(commits) == 0, true)

	_, err = repo.Commit(t.Context(), strings.Repeat("ab", 20))
	equal(t, "missing commit", fault.CodeOf(err), fault.NotFound)
	_, err = repo.Resolve(t.Context(), "--all")
	equal(t, "hostile revision", fault.CodeOf(err), fault.NotFound)
	got, err := repo.Resolve(t.Context(), "HEAD^2")
	noError(t, err)
	equal(t, "resolved", got, side)
}

func TestChangedFiles(t *testing.T) {
	s := newSandbox(t)
	s.init("r")
	first := s.git("r", "rev-parse", "HEAD")
	s.write("r", map[string]string{"a/b.txt": "b", "ü.txt": "u"})
	second := s.commit("r", "second")
	s.git("r", "mv", "a/b.txt", "a/c.txt")
	third := s.commit("r", "third")
	repo := s.open("r")
	for _, c := range []struct{ base, head, want string }{
		{first, second, "a/b.txt ü.txt"},
		{second, third, "a/b.txt a/c.txt"},
		{Zero, second, "README.md a/b.txt ü.txt"},
		{strings.Repeat("ab", 20), first, "README.md"},
		{first, first, ""},
	} {
		got, err := repo.ChangedFiles(t.Context(), c.base, c.head)
		noError(t, err)
		equal(t, c.want, strings.Join(got, " "), c.want)
	}
	base, err := repo.MergeBase(t.Context(), first, third)
	noError(t, err)
	equal(t, "merge base", base, first)
	files, err := repo.Files(t.Context(), third, "a")
	noError(t, err)
	equal(t, "files", strings.Join(files, " "), "a/c.txt")
	data, err := repo.ReadFile(t.Context(), third, "a/c.txt")
	noError(t, err)
	equal(t, "content", string(data), "b")
	_, err = repo.ReadFile(t.Context(), third, "nothing")
	equal(t, "missing file", fault.CodeOf(err), fault.NotFound)
}

func TestAFolderWithWorkflowsOfItsOwn(t *testing.T) {
	s := newSandbox(t)
	s.init("r")
	s.write("r", map[string]string{".github/workflows/ci.yml": "", "examples/one/.github/workflows/ci.yml": "", "examples/one/sub/x": "", "other/x": ""})
	for dir, want := range map[string]string{"r": "r", "r/other": "r", "r/examples": "r", "r/examples/one": "r/examples/one", "r/examples/one/sub": "r"} {
		equal(t, dir, s.open(dir).Root(), s.path(want))
	}
	equal(t, "without history", s.open("r/examples/one").IsGit(), false)
}

func TestOpenRefusals(t *testing.T) {
	s := newSandbox(t)
	_, err := Open(s.path("missing"))
	equal(t, "missing folder", fault.CodeOf(err), fault.NotFound)
	s.write("broken", map[string]string{".git": "gitdir: /nowhere\n"})
	_, err = Open(s.path("broken"))
	equal(t, "broken .git file", fault.CodeOf(err), fault.Invalid)
	s.init("r")
	s.write("r/.git", map[string]string{"refs/heads/main": "not a sha\n"})
	_, err = s.open("r").Head(t.Context())
	equal(t, "broken ref", fault.CodeOf(err), fault.Invalid)
}

func TestRepositoryOfAnotherUser(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("skipped: only root can make a folder of another user")
	}
	s := newSandbox(t)
	s.init("r")
	s.write("r", map[string]string{"sub/x": ""})
	noError(t, os.Chown(s.path("r"), 4711, 4711))
	noError(t, os.Chown(s.path("r/.git"), 4711, 4711))
	_, err := Open(s.path("r/sub"))
	equal(t, "another user's", fault.CodeOf(err), fault.Forbidden)
	if err == nil || !strings.Contains(err.Error(), "safe.directory") {
		t.Errorf("no way out named: %v", err)
	}
	t.Setenv("GIT_CONFIG_COUNT", "1")
	t.Setenv("GIT_CONFIG_KEY_0", "safe.directory")
	t.Setenv("GIT_CONFIG_VALUE_0", "*")
	_, err = Open(s.path("r/sub"))
	noError(t, err)
}

func TestWithoutGit(t *testing.T) {
	s := newSandbox(t)
	s.init("r")
	s.write("plain", map[string]string{"a": "a"})
	t.Setenv("PATH", t.TempDir())
	repo := s.open("r")
	if _, err := repo.Tip(t.Context()); err != nil {
		t.Errorf("facts need git: %v", err)
	}
	err := repo.WorkingTree(t.Context(), Checkout{Dst: s.path("dst"), Depth: 1})
	equal(t, "copy", fault.CodeOf(err), fault.Missing)
	noError(t, s.open("plain").WorkingTree(t.Context(), Checkout{Dst: s.path("dst2")}))
}

func TestFactsOfManyAtOnce(t *testing.T) {
	s := newSandbox(t)
	s.init("r")
	repo := s.open("r")
	var group sync.WaitGroup
	for range 8 {
		group.Go(func() {
			if _, err := repo.Tip(t.Context()); err != nil {
				t.Error(err)
			}
			if _, _, err := repo.Name(t.Context()); err != nil {
				t.Error(err)
			}
			if _, err := repo.Upstream(t.Context()); err != nil {
				t.Error(err)
			}
		})
	}
	group.Wait()
}

func TestHooksDoNotMisleadUs(t *testing.T) {
	s := newSandbox(t)
	s.init("r")
	s.init("other")
	other := s.commit("other", "other")
	t.Setenv("GIT_DIR", s.path("other/.git"))
	t.Setenv("GIT_INDEX_FILE", s.path("other/.git/index"))
	sha, err := s.open("r").Resolve(t.Context(), "HEAD")
	noError(t, err)
	if sha == other {
		t.Error("GIT_DIR led us to another repository")
	}
}

func FuzzParseConfig(f *testing.F) {
	for _, seed := range []string{
		"", "[core]\n\tbare = false\n", "[remote \"origin\"]\nurl=x ; c\n", "[a.b]\nk", "[a \"b\\\"c\"]\nk = \"v\\n\" # c\n",
		"[a]k=v\\\nw", "[", "[a \"", "k=v", "[a]\nk=\"", "[include]\npath=x",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) { parseConfig(data) })
}

func FuzzParseCommit(f *testing.F) {
	f.Add([]byte("tree 1234567890123456789012345678901234567890\nauthor A <a@b> 1 +0100\n\nmessage"))
	f.Add([]byte("author A <\n\n"))
	f.Add([]byte("tree x\nauthor a> < 99999999999999999999 +9999999999\nencoding latin1\n\n\xff"))
	f.Fuzz(func(t *testing.T, raw []byte) {
		c, err := parseCommit(Zero, raw)
		if err == nil && len(c.Tree) < 40 {
			t.Errorf("a commit without a tree: %q", raw)
		}
	})
}

// BenchmarkFacts reads what a run needs to know of a repository with a loose
// HEAD commit, and BenchmarkFactsPacked of one whose commits are packed.
func BenchmarkFacts(b *testing.B) {
	s := newSandbox(b)
	s.init("r")
	benchmarkFacts(b, s)
}

func BenchmarkFactsPacked(b *testing.B) {
	s := newSandbox(b)
	s.init("r")
	s.git("r", "gc", "--quiet")
	benchmarkFacts(b, s)
}

func benchmarkFacts(b *testing.B, s sandbox) {
	s.git("r", "remote", "add", "origin", "https://github.com/acme/app.git")
	for b.Loop() {
		repo, err := Open(filepath.Join(s.dir, "r"))
		noError(b, err)
		_, err = repo.Tip(b.Context())
		noError(b, err)
		_, _, err = repo.Name(b.Context())
		noError(b, err)
		_, err = repo.Upstream(b.Context())
		noError(b, err)
		_, err = repo.DefaultBranch(b.Context())
		noError(b, err)
	}
}
