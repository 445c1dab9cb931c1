package gitrepo

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func TestWorkingTreeIsTheTreeAsItStands(t *testing.T) {
	s := newSandbox(t)
	s.init("src")
	s.write("src", map[string]string{
		"a/kept.txt": "kept", "a/edited.txt": "old", "gone.txt": "x", "tool*": "#!/bin/sh\n", "link": "->a/kept.txt",
		".gitignore": "*.log\nbuild/\n", "spaced name.txt": "s", "ünï.txt": "u", "staged.txt": "old",
	})
	head := s.commit("src", "second")
	s.write("src", map[string]string{
		"a/edited.txt": "new content", "untracked/new.txt": "n", "ignored.log": "i", "build/out": "o", "staged.txt": "newer",
		"nested/file": "repository of its own",
	})
	s.git("src", "add", "staged.txt")
	s.git("src/nested", "init", "--quiet")
	noError(t, os.Remove(s.path("src/gone.txt")))

	noError(t, s.open("src").WorkingTree(t.Context(), Checkout{Dst: s.path("dst"), Ref: "refs/heads/main", Depth: 1, Origin: "https://github.com/o/r"}))

	for name, want := range map[string]string{
		"a/kept.txt": "kept", "a/edited.txt": "new content", "untracked/new.txt": "n", "staged.txt": "newer", "spaced name.txt": "s", "ünï.txt": "u",
	} {
		equal(t, name, s.read("dst/"+name), want)
	}
	for _, name := range []string{"gone.txt", "ignored.log", "build", "nested"} {
		if s.exists("dst/" + name) {
			t.Errorf("%s was copied", name)
		}
	}
	info, err := os.Stat(s.path("dst/tool"))
	noError(t, err)
	equal(t, "exec bit", info.Mode().Perm()&0o111 != 0, true)
	target, err := os.Readlink(s.path("dst/link"))
	noError(t, err)
	equal(t, "link", target, "a/kept.txt")

	equal(t, "HEAD", s.git("dst", "rev-parse", "HEAD"), head)
	equal(t, "branch", s.git("dst", "branch", "--show-current"), "main")
	equal(t, "upstream", s.git("dst", "rev-parse", "main@{upstream}"), head)
	equal(t, "log", s.git("dst", "log", "--format=%s"), "second")
	equal(t, "shallow", s.git("dst", "rev-parse", "--is-shallow-repository"), "true")
	equal(t, "status", s.git("dst", "status", "--porcelain"), strings.TrimSpace(" M a/edited.txt\n D gone.txt\n M staged.txt\n?? untracked/"))
	equal(t, "origin", s.git("dst", "config", "remote.origin.url"), "https://github.com/o/r")
	equal(t, "push goes to", s.git("dst", "remote", "get-url", "--push", "origin"), "https://github.com/o/r")
	s.git("dst", "fsck")
}

func TestWorkingTreeFetchesHistoryWhenAsked(t *testing.T) {
	s := newSandbox(t)
	s.init("src")
	s.git("src", "tag", "-a", "v1.0", "-m", "one")
	for i := range 5 {
		s.write("src", map[string]string{"n": fmt.Sprint(i)})
		s.commit("src", fmt.Sprint("commit ", i))
	}
	s.git("src", "branch", "side", "HEAD~2")
	repo := s.open("src")
	for _, c := range []struct {
		depth int
		tags  bool
		count string
	}{{1, false, "1"}, {2, false, "2"}, {4, false, "4"}, {0, false, "6"}, {100, false, "6"}, {1, true, "1"}, {3, true, "3"}} {
		dst := fmt.Sprintf("dst-%d-%v", c.depth, c.tags)
		noError(t, repo.WorkingTree(t.Context(), Checkout{Dst: s.path(dst), Ref: "refs/heads/main", Depth: c.depth, Tags: c.tags}))
		equal(t, dst+" commits", s.git(dst, "rev-list", "--count", "HEAD"), c.count)
		wantTag := ""
		if c.tags || c.depth == 0 {
			wantTag = "v1.0"
		}
		equal(t, dst+" tags", s.git(dst, "tag"), wantTag)
		equal(t, dst+" status", s.git(dst, "status", "--porcelain"), "")
		s.git(dst, "fsck")
		if c.depth == 0 {
			equal(t, "describe", s.git(dst, "describe")[:7], "v1.0-5-")
			equal(t, "branches", s.git(dst, "branch", "--remotes", "--format=%(refname)"), "refs/remotes/origin/main\nrefs/remotes/origin/side")
		}
	}
	s.git("dst-1-false", "fetch", "--quiet", "--unshallow", "--tags", "origin")
	equal(t, "after unshallow", s.git("dst-1-false", "rev-list", "--count", "HEAD"), "6")
	equal(t, "after unshallow", s.git("dst-1-false", "describe")[:7], "v1.0-5-")
	equal(t, "fetched side", s.git("dst-1-false", "rev-parse", "origin/side"), s.git("src", "rev-parse", "side"))
}

func TestJobsCannotWriteIntoTheRepository(t *testing.T) {
	s := newSandbox(t)
	s.init("src")
	before := s.git("src", "rev-parse", "HEAD")
	noError(t, s.open("src").WorkingTree(t.Context(), Checkout{Dst: s.path("dst"), Ref: "refs/heads/main", Depth: 1}))
	f, err := os.OpenFile(s.path("dst/README.md"), os.O_WRONLY|os.O_APPEND, 0)
	noError(t, err)
	_, err = f.WriteString("written in place")
	noError(t, err)
	noError(t, f.Close())
	s.commit("dst", "a job's commit")
	equal(t, "file", s.read("src/README.md"), "hello\n")
	equal(t, "HEAD", s.git("src", "rev-parse", "HEAD"), before)
	equal(t, "status", s.git("src", "status", "--porcelain"), "")
}

func TestFilesOfAllSizesAreCopiedWithTheirTimes(t *testing.T) {
	s := newSandbox(t)
	s.init("src")
	files := map[string]string{}
	for _, size := range []int{0, 1, copyBuffer - 1, copyBuffer, copyBuffer + 1, 3*copyBuffer + 7, 5 << 20} {
		files[fmt.Sprint("size", size)] = strings.Repeat("0123456789abcdef", size/16+1)[:size]
	}
	s.write("src", files)
	s.commit("src", "sizes")
	past := time.Date(2020, 1, 2, 3, 4, 5, 678, time.UTC)
	noError(t, os.Chtimes(s.path("src/size1"), past, past))
	noError(t, s.open("src").WorkingTree(t.Context(), Checkout{Dst: s.path("dst"), Depth: 1}))
	for name, want := range files {
		if s.read("dst/"+name) != want {
			t.Errorf("%s is not what it was", name)
		}
	}
	info, err := os.Stat(s.path("dst/size1"))
	noError(t, err)
	equal(t, "time", info.ModTime().UTC(), past)
	equal(t, "status", s.git("dst", "status", "--porcelain"), "")
}

func TestCopyingRunsNoHooks(t *testing.T) {
	s := newSandbox(t)
	s.init("src")
	for _, hook := range []string{"post-index-change", "post-checkout", "reference-transaction"} {
		s.write("src/.git/hooks", map[string]string{hook + "*": "#!/bin/sh\ntouch '" + s.path("hook-ran") + "'\n"})
	}
	noError(t, s.open("src").WorkingTree(t.Context(), Checkout{Dst: s.path("one"), Ref: "refs/heads/main", Depth: 1}))
	noError(t, s.open("src").Export(t.Context(), Checkout{Dst: s.path("two"), Ref: "refs/heads/main", Depth: 1}))
	equal(t, "a hook ran", s.exists("hook-ran"), false)
}

func TestWorkingTreeOfOddRepositories(t *testing.T) {
	s := newSandbox(t)
	s.init("src")
	s.git("src", "tag", "v1")
	copyOf := func(t *testing.T, dir, ref string) {
		t.Helper()
		noError(t, os.RemoveAll(s.path("dst")))
		noError(t, s.open(dir).WorkingTree(t.Context(), Checkout{Dst: s.path("dst"), Ref: ref, Depth: 1}))
	}
	t.Run("tag", func(t *testing.T) {
		s := s.in(t)
		copyOf(t, "src", "refs/tags/v1")
		equal(t, "tag", s.git("dst", "describe", "--tags"), "v1")
		equal(t, "branch", s.git("dst", "branch", "--show-current"), "")
	})
	t.Run("pull request", func(t *testing.T) {
		s := s.in(t)
		copyOf(t, "src", "refs/pull/1/merge")
		equal(t, "ref", s.git("dst", "rev-parse", "refs/remotes/pull/1/merge"), s.git("src", "rev-parse", "HEAD"))
	})
	t.Run("linked working tree", func(t *testing.T) {
		s := s.in(t)
		s.git("src", "worktree", "add", "--quiet", "../linked", "-b", "feature")
		s.write("linked", map[string]string{"README.md": "edited in the linked tree"})
		copyOf(t, "linked", "refs/heads/feature")
		equal(t, "status", s.git("dst", "status", "--porcelain"), "M README.md")
		equal(t, "branch", s.git("dst", "branch", "--show-current"), "feature")
	})
	t.Run("unborn branch", func(t *testing.T) {
		s := s.in(t)
		s.write("unborn", map[string]string{"a": "a"})
		s.git("unborn", "init", "--quiet")
		copyOf(t, "unborn", "refs/heads/main")
		equal(t, "status", s.git("dst", "status", "--porcelain"), "?? a")
	})
	t.Run("plain folder", func(t *testing.T) {
		s := s.in(t)
		s.write("plain", map[string]string{"sub/a": "a", "run*": "x"})
		copyOf(t, "plain", "refs/heads/main")
		equal(t, "file", s.read("dst/sub/a"), "a")
		equal(t, "repository", s.exists("dst/.git"), false)
	})
	t.Run("bare", func(t *testing.T) {
		s := s.in(t)
		s.git(".", "clone", "--quiet", "--bare", "src", "bare.git")
		copyOf(t, "bare.git", "refs/heads/main")
		equal(t, "file", s.read("dst/README.md"), "hello\n")
		equal(t, "status", s.git("dst", "status", "--porcelain"), "")
	})
	t.Run("shallow clone", func(t *testing.T) {
		s := s.in(t)
		s.commit("src", "more")
		s.commit("src", "and more")
		s.git(".", "clone", "--quiet", "--depth=2", "file://"+s.path("src"), "shallow")
		noError(t, os.RemoveAll(s.path("dst")))
		noError(t, s.open("shallow").WorkingTree(t.Context(), Checkout{Dst: s.path("dst"), Ref: "refs/heads/main", Depth: 0}))
		equal(t, "commits", s.git("dst", "rev-list", "--count", "HEAD"), "2")
		noError(t, os.RemoveAll(s.path("dst")))
		noError(t, s.open("shallow").WorkingTree(t.Context(), Checkout{Dst: s.path("dst"), Ref: "refs/heads/main", Depth: 5}))
		equal(t, "commits", s.git("dst", "rev-list", "--count", "HEAD"), "2")
	})
	t.Run("sparse", func(t *testing.T) {
		s := s.in(t)
		s.write("sparse", map[string]string{"in/a": "a", "out/b": "b", "top": "t"})
		s.git("sparse", "init", "--quiet")
		s.commit("sparse", "all")
		for _, args := range [][]string{{"set", "--no-cone", "/in/"}, {"set", "--cone", "--sparse-index", "in"}} {
			s.git("sparse", append([]string{"sparse-checkout"}, args...)...)
			copyOf(t, "sparse", "refs/heads/main")
			equal(t, "left out file", s.read("dst/out/b"), "b")
			equal(t, "status", s.git("dst", "status", "--porcelain"), "")
		}
	})
	t.Run("split index and untracked cache", func(t *testing.T) {
		s := s.in(t)
		s.git("src", "update-index", "--split-index", "--untracked-cache")
		s.git("src", "status")
		copyOf(t, "src", "refs/heads/main")
		equal(t, "status", s.git("dst", "status", "--porcelain"), "")
	})
	t.Run("merge conflict", func(t *testing.T) {
		s := s.in(t)
		s.init("conflict")
		s.git("conflict", "checkout", "--quiet", "-b", "other")
		s.write("conflict", map[string]string{"README.md": "theirs\n"})
		s.commit("conflict", "theirs")
		s.git("conflict", "checkout", "--quiet", "main")
		s.write("conflict", map[string]string{"README.md": "ours\n"})
		s.commit("conflict", "ours")
		if out, err := s.tryGit("conflict", "merge", "other"); err == nil {
			t.Fatalf("no conflict: %s", out)
		}
		copyOf(t, "conflict", "refs/heads/main")
		equal(t, "status", s.git("dst", "status", "--porcelain"), "M README.md")
		if !strings.Contains(s.read("dst/README.md"), "<<<<<<<") {
			t.Error("the conflict's marks are missing")
		}
	})
}

func TestWorkingTreeSeesNothingBehindALink(t *testing.T) {
	s := newSandbox(t)
	s.init("src")
	s.write("src", map[string]string{"dir/file": "tracked"})
	s.commit("src", "dir")
	s.write("outside", map[string]string{"file": "secret"})
	noError(t, os.RemoveAll(s.path("src/dir")))
	s.write("src", map[string]string{"dir": "->../outside"})
	noError(t, s.open("src").WorkingTree(t.Context(), Checkout{Dst: s.path("dst"), Depth: 1}))
	target, err := os.Readlink(s.path("dst/dir"))
	noError(t, err)
	equal(t, "dir", target, "../outside")
	equal(t, "outside", s.read("outside/file"), "secret")
}

func TestWorkingTreeReplacesLinksInTheDestination(t *testing.T) {
	s := newSandbox(t)
	s.init("src")
	s.write("src", map[string]string{"dir/file": "ours"})
	s.write("outside", map[string]string{"keep": "k"})
	s.write("dst", map[string]string{"dir": "->../outside", "README.md": "->../outside/keep"})
	noError(t, s.open("src").WorkingTree(t.Context(), Checkout{Dst: s.path("dst"), Depth: 1}))
	equal(t, "file", s.read("dst/dir/file"), "ours")
	equal(t, "outside", s.read("outside/keep"), "k")
	equal(t, "written outside", s.exists("outside/file"), false)
}

func TestDestinationInsideTheRepositoryIsNotCopiedIntoItself(t *testing.T) {
	s := newSandbox(t)
	s.init("src")
	noError(t, s.open("src").WorkingTree(t.Context(), Checkout{Dst: s.path("src/work/one"), Depth: 1}))
	noError(t, s.open("src").WorkingTree(t.Context(), Checkout{Dst: s.path("src/work/one"), Depth: 1}))
	equal(t, "copy", s.exists("src/work/one/README.md"), true)
	equal(t, "copy in the copy", s.exists("src/work/one/work"), false)
}

func TestExportGivesACommit(t *testing.T) {
	s := newSandbox(t)
	s.init("src")
	first := s.git("src", "rev-parse", "HEAD")
	s.write("src", map[string]string{"README.md": "changed", "new": "n"})
	s.commit("src", "second")
	s.write("src", map[string]string{"README.md": "edited"})
	noError(t, s.open("src").Export(t.Context(), Checkout{Dst: s.path("dst"), Commit: first, Depth: 1}))
	equal(t, "file", s.read("dst/README.md"), "hello\n")
	equal(t, "later file", s.exists("dst/new"), false)
	equal(t, "HEAD", s.git("dst", "rev-parse", "HEAD"), first)
	equal(t, "status", s.git("dst", "status", "--porcelain"), "")
}

// BenchmarkWorkingTree copies 5,000 files of 2 KiB; `cp -r` beside it is the
// floor a copy can reach with one process.
func BenchmarkWorkingTree(b *testing.B) {
	s := newSandbox(b)
	files := map[string]string{}
	for i := range 5000 {
		files[fmt.Sprintf("d%d/s%d/f%d.txt", i%50, i%7, i)] = strings.Repeat(fmt.Sprintln(i), 400)
	}
	s.write("src", files)
	s.git("src", "init", "--quiet")
	s.commit("src", "all")
	repo := s.open("src")
	n := 0
	for b.Loop() {
		n++
		noError(b, repo.WorkingTree(b.Context(), Checkout{Dst: filepath.Join(s.dir, fmt.Sprint("dst", n)), Ref: "refs/heads/main", Depth: 1}))
	}
}
