package gitrepo

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"slipway/internal/fault"
)

// upstream makes a repository with a branch, a lightweight and an annotated tag.
func upstream(s sandbox) (Remote, map[string]string) {
	s.init("up")
	shas := map[string]string{"main": s.git("up", "rev-parse", "HEAD")}
	s.git("up", "tag", "light")
	s.git("up", "tag", "-a", "v1", "-m", "annotated")
	s.git("up", "checkout", "--quiet", "-b", "feature/x")
	s.write("up", map[string]string{"feature": "f"})
	shas["feature"] = s.commit("up", "feature")
	s.git("up", "update-ref", "refs/pull/7/merge", "HEAD")
	s.git("up", "checkout", "--quiet", "main")
	return Remote{URL: "file://" + s.path("up")}, shas
}

func TestLookup(t *testing.T) {
	s := newSandbox(t)
	remote, shas := upstream(s)
	for _, c := range []struct{ ref, full, sha string }{
		{"", "refs/heads/main", shas["main"]},
		{"main", "refs/heads/main", shas["main"]},
		{"feature/x", "refs/heads/feature/x", shas["feature"]},
		{"heads/feature/x", "refs/heads/feature/x", shas["feature"]},
		{"light", "refs/tags/light", shas["main"]},
		{"v1", "refs/tags/v1", shas["main"]},
		{"refs/tags/v1", "refs/tags/v1", shas["main"]},
		{"refs/pull/7/merge", "refs/pull/7/merge", shas["feature"]},
	} {
		found, err := remote.Lookup(t.Context(), c.ref)
		noError(t, err)
		equal(t, c.ref, found, Found{Ref: c.full, SHA: c.sha})
	}
	for _, ref := range []string{"nothing", "x", "refs/heads/v1"} {
		_, err := remote.Lookup(t.Context(), ref)
		equal(t, ref, fault.CodeOf(err), fault.NotFound)
	}
}

func TestHostileRefsAreRefused(t *testing.T) {
	for _, ref := range []string{"", "-x", "--upload-pack=touch /tmp/x", "a\nb", "a..b", "../x", "a b", "a~1", "a^{tree}", "a:b", "*", "@", "a@{1}", "x.lock", "/a", "a/", "a//b", "a\x00", "a\x7f"} {
		if err := CheckRef(ref); fault.CodeOf(err) != fault.Invalid || err == nil {
			t.Errorf("%q: got %v", ref, err)
		}
	}
	for _, ref := range []string{"v4", "main", "releases/v1", "feature/ä", "refs/heads/x", "v1.2.3-rc.1+build"} {
		noError(t, CheckRef(ref))
	}
}

func TestFetchKeepsCommits(t *testing.T) {
	s := newSandbox(t)
	remote, shas := upstream(s)
	s.git("up", "checkout", "--quiet", "feature/x")
	for range 3 {
		shas["feature"] = s.commit("up", "more")
	}
	bare := Bare{Dir: s.path("cache/up.git")}
	repo, err := bare.Fetch(t.Context(), remote, Want{Commit: shas["feature"], Ref: "refs/heads/feature/x"})
	noError(t, err)
	noError(t, repo.Export(t.Context(), Checkout{Dst: s.path("dst"), Commit: shas["feature"], Depth: 1}))
	equal(t, "file", s.read("dst/feature"), "f")
	equal(t, "commits in the cache", s.git("cache/up.git", "rev-list", "--count", "--all"), "1")

	noError(t, os.Rename(s.path("up"), s.path("elsewhere")))
	_, err = bare.Fetch(t.Context(), remote, Want{Commit: shas["feature"]})
	noError(t, err)
	_, err = bare.Fetch(t.Context(), remote, Want{Commit: shas["main"]})
	if err == nil {
		t.Fatal("a commit came from nowhere")
	}
	if _, ok := bare.Open(t.Context(), shas["feature"]); !ok {
		t.Error("the kept commit can't be opened")
	}
	if _, ok := bare.Open(t.Context(), shas["main"]); ok {
		t.Error("a commit that isn't there was opened")
	}
}

func TestFetchOfAllHistory(t *testing.T) {
	s := newSandbox(t)
	remote, shas := upstream(s)
	bare := Bare{Dir: s.path("all.git")}
	repo, err := bare.Fetch(t.Context(), remote, Want{Commit: shas["feature"], Ref: "refs/pull/7/merge", All: true})
	noError(t, err)
	noError(t, repo.Export(t.Context(), Checkout{Dst: s.path("dst"), Commit: shas["feature"], Ref: "refs/heads/feature/x"}))
	equal(t, "commits", s.git("dst", "rev-list", "--count", "HEAD"), "2")
	equal(t, "tags", s.git("dst", "tag"), "light\nv1")
	equal(t, "branches", s.git("dst", "branch", "-r", "--format=%(refname:lstrip=3)"), "feature/x\nmain")
}

func TestFetchAfterAKilledFetch(t *testing.T) {
	s := newSandbox(t)
	remote, shas := upstream(s)
	bare := Bare{Dir: s.path("up.git")}
	noError(t, bare.prepare())
	// What kills and power cuts leave: lock files, an empty file, and a commit
	// without its files.
	for _, name := range []string{"HEAD", "shallow.lock", "refs/kept/" + shas["main"] + ".lock"} {
		s.write("up.git", map[string]string{name: ""})
	}
	sha := shas["main"]
	s.write("up.git", map[string]string{"objects/" + sha[:2] + "/" + sha[2:]: s.read("up/.git/objects/" + sha[:2] + "/" + sha[2:])})
	repo, err := bare.Fetch(t.Context(), remote, Want{Commit: sha})
	noError(t, err)
	files, err := repo.Files(t.Context(), sha, "")
	noError(t, err)
	equal(t, "files", strings.Join(files, " "), "README.md")
}

func TestFetchesAtOnce(t *testing.T) {
	s := newSandbox(t)
	remote, shas := upstream(s)
	bare := Bare{Dir: s.path("up.git")}
	var group sync.WaitGroup
	errs := make([]error, 8)
	for i := range errs {
		group.Go(func() {
			commit := shas["main"]
			if i%2 == 0 {
				commit = shas["feature"]
			}
			_, errs[i] = bare.Fetch(t.Context(), remote, Want{Commit: commit})
		})
	}
	group.Wait()
	noError(t, errors.Join(errs...))
}

func TestFetchWaitsForTheLockNoLongerThanItsContext(t *testing.T) {
	s := newSandbox(t)
	remote, shas := upstream(s)
	bare := Bare{Dir: s.path("up.git")}
	lock, err := AcquireLock(t.Context(), bare.Dir+".lock")
	noError(t, err)
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Millisecond)
	defer cancel()
	_, err = bare.Fetch(ctx, remote, Want{Commit: shas["main"]})
	if !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v", err)
	}
	lock.Release()
	_, err = bare.Fetch(t.Context(), remote, Want{Commit: shas["main"]})
	noError(t, err)
}

func TestSnapshotOfAPlainFolder(t *testing.T) {
	s := newSandbox(t)
	s.write("plain", map[string]string{"action.yml": "name: x\n", "ignored": "i", ".gitignore": "ignored\n", "run*": "x"})
	bare := Bare{Dir: s.path("cache.git")}
	repo, first, err := bare.Snapshot(t.Context(), s.path("plain"))
	noError(t, err)
	noError(t, os.Mkdir(s.path("dst"), 0o755))
	_, err = repo.Unpack(t.Context(), first, s.path("dst"))
	noError(t, err)
	equal(t, "ignored files too", s.read("dst/ignored"), "i")
	_, again, err := bare.Snapshot(t.Context(), s.path("plain"))
	noError(t, err)
	equal(t, "same files, same commit", again, first)
	s.write("plain", map[string]string{"action.yml": "name: y\n"})
	_, changed, err := bare.Snapshot(t.Context(), s.path("plain"))
	noError(t, err)
	if changed == first {
		t.Error("other files, same commit")
	}
	if _, ok := bare.Open(t.Context(), changed); !ok {
		t.Error("the snapshot is not kept")
	}
	equal(t, "folder untouched", s.exists("plain/.git"), false)
}

func TestErrorsHoldNoCredentials(t *testing.T) {
	newSandbox(t)
	remote := Remote{URL: "http://user:hunter2@127.0.0.1:1/o/r.git", Token: "ghs_secret"}
	_, err := remote.Lookup(t.Context(), "main")
	if err == nil || strings.Contains(err.Error(), "hunter2") || strings.Contains(err.Error(), "ghs_secret") {
		t.Errorf("got %v", err)
	}
	if !Unreachable(err) {
		t.Errorf("a refused connection is not seen as one: %v", err)
	}
}

func TestRedact(t *testing.T) {
	for text, want := range map[string]string{
		"https://u:p@h/x":                     "https://***@h/x",
		"https://token@h/x and ssh://git@h/y": "https://***@h/x and ssh://git@h/y",
		"unable to access 'https://a:b@h:1/'": "unable to access 'https://***@h:1/'",
		"https://h/a@b":                       "https://h/a@b",
		"no url":                              "no url",
		"file:///srv/x":                       "file:///srv/x",
	} {
		equal(t, text, Redact(text), want)
	}
}

func TestUnpackIsAnArchive(t *testing.T) {
	s := newSandbox(t)
	s.init("src")
	s.write("src", map[string]string{
		".gitattributes": "tests export-ignore\n", "tests/big": "b", "run*": "#!/bin/sh\n", "lib/in": "->../README.md",
		"nowhere": "->missing", "out": "->/etc/passwd", "up": "->../outside", "deep/a/root": "->../..", "sly": "->deep/a/root/../secret",
	})
	s.write(".", map[string]string{"outside": "o", "secret": "s"})
	sha := s.commit("src", "all")
	noError(t, os.Mkdir(s.path("dst"), 0o755))
	leftOut, err := s.open("src").Unpack(t.Context(), sha, s.path("dst"))
	noError(t, err)
	equal(t, "left out", strings.Join(leftOut, " "), "out sly up")
	equal(t, "through a link", s.read("dst/lib/in"), "hello\n")
	equal(t, "dangling link", s.exists("dst/nowhere"), true)
	equal(t, "export-ignore", s.exists("dst/tests"), false)
	equal(t, "repository", s.exists("dst/.git"), false)
	info, err := os.Stat(s.path("dst/run"))
	noError(t, err)
	equal(t, "exec bit", info.Mode().Perm(), os.FileMode(0o755))

	if _, err := s.open("src").Unpack(t.Context(), Zero, s.path("dst")); err == nil {
		t.Error("a commit that isn't there was unpacked")
	}
}

func TestUnpackStopsWhenItCannotWrite(t *testing.T) {
	s := newSandbox(t)
	s.init("src")
	s.write("src", map[string]string{"big": strings.Repeat("x", 1<<20)})
	sha := s.commit("src", "big")
	s.write("dst", map[string]string{"big": "in the way"})
	_, err := s.open("src").Unpack(t.Context(), sha, s.path("dst"))
	if !errors.Is(err, os.ErrExist) {
		t.Errorf("got %v", err)
	}
	_, err = s.open("src").Unpack(t.Context(), sha, filepath.Join(s.dir, "missing"))
	if err == nil {
		t.Error("unpacked into a folder that isn't there")
	}
}
