package gitrepo

import (
	"os"
	"strings"
	"testing"
)

func TestSubmodules(t *testing.T) {
	s := newSandbox(t)
	s.init("leaf")
	s.init("lib")
	s.git("lib", "submodule", "--quiet", "add", "file://"+s.path("leaf"), "leaf")
	s.commit("lib", "with leaf")
	s.init("app")
	s.git("app", "submodule", "--quiet", "add", "file://"+s.path("lib"), "vendor/lib")
	s.git("app", "submodule", "--quiet", "add", "file://"+s.path("leaf"), "vendor/leaf")
	sha := s.commit("app", "with submodules")

	t.Run("copied from the working tree", func(t *testing.T) {
		s := s.in(t)
		s.git("app", "submodule", "--quiet", "update", "--init", "--recursive")
		s.write("app/vendor/lib", map[string]string{"edited": "e"})
		s.git("app", "submodule", "--quiet", "deinit", "--force", "vendor/leaf")
		repo := s.open("app")
		noError(t, repo.WorkingTree(t.Context(), Checkout{Dst: s.path("one"), Ref: "refs/heads/main", Depth: 1}))
		noError(t, Clone{Dir: s.path("one")}.Submodules(t.Context(), Submodules{Local: repo, Recursive: true, Depth: 1}))
		equal(t, "edit in a submodule", s.read("one/vendor/lib/edited"), "e")
		equal(t, "nested", s.read("one/vendor/lib/leaf/README.md"), "hello\n")
		equal(t, "fetched", s.read("one/vendor/leaf/README.md"), "hello\n")
		if status := s.git("one", "submodule", "status"); strings.Contains(status, "-") || strings.Contains(status, "+") {
			t.Errorf("submodule status: %s", status)
		}
		equal(t, "source untouched", s.exists("app/vendor/leaf/README.md"), false)
	})
	t.Run("of a commit", func(t *testing.T) {
		s := s.in(t)
		noError(t, s.open("app").Export(t.Context(), Checkout{Dst: s.path("two"), Commit: sha, Depth: 1}))
		noError(t, Clone{Dir: s.path("two")}.Submodules(t.Context(), Submodules{Depth: 1}))
		equal(t, "submodule", s.read("two/vendor/lib/README.md"), "hello\n")
		equal(t, "not recursive", s.exists("two/vendor/lib/leaf/README.md"), false)
	})
}

func TestSparse(t *testing.T) {
	s := newSandbox(t)
	s.init("src")
	s.write("src", map[string]string{"a/x": "x", "b/y": "y", "c/z": "z"})
	s.commit("src", "all")
	for name, c := range map[string]struct {
		patterns []string
		cone     bool
		want     string
	}{
		"cone":    {[]string{"a"}, true, "README.md a"},
		"no cone": {[]string{"/b/", "/c/z"}, false, "b c"},
	} {
		noError(t, s.open("src").WorkingTree(t.Context(), Checkout{Dst: s.path(name), Ref: "refs/heads/main", Depth: 1}))
		noError(t, Clone{Dir: s.path(name)}.Sparse(t.Context(), c.patterns, c.cone))
		entries, err := os.ReadDir(s.path(name))
		noError(t, err)
		var got []string
		for _, entry := range entries[1:] { // .git
			got = append(got, entry.Name())
		}
		equal(t, name, strings.Join(got, " "), c.want)
		equal(t, name+" status", s.git(name, "status", "--porcelain"), "")
	}
}

func TestTokensAreKeptUntilForgotten(t *testing.T) {
	s := newSandbox(t)
	s.init("src")
	noError(t, s.open("src").WorkingTree(t.Context(), Checkout{Dst: s.path("dst"), Ref: "refs/heads/main", Depth: 1, Origin: "https://github.com/o/r.git", Token: "secret"}))
	equal(t, "header", s.git("dst", "config", "http.https://github.com/.extraheader"), "AUTHORIZATION: basic eC1hY2Nlc3MtdG9rZW46c2VjcmV0")
	for range 2 {
		noError(t, Clone{Dir: s.path("dst")}.Forget(t.Context(), "https://github.com"))
		if strings.Contains(s.read("dst/.git/config"), "AUTHORIZATION") {
			t.Error("the token is still there")
		}
	}
	noError(t, Clone{Dir: s.path("nothing")}.Forget(t.Context(), "https://github.com"))
}

func TestLFSWithoutIt(t *testing.T) {
	s := newSandbox(t)
	s.init("src")
	if _, err := s.tryGit("src", "lfs", "version"); err == nil {
		t.Skip("skipped: git-lfs is installed")
	}
	err := Clone{Dir: s.path("src")}.LFS(t.Context(), "https://github.com", "")
	if err == nil || !strings.Contains(err.Error(), "install git-lfs") {
		t.Errorf("got %v", err)
	}
}
