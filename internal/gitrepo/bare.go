package gitrepo

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"

	"slipway/internal/fault"
)

// Bare is a folder that keeps a bare copy of a remote repository, or of parts of
// it. Processes share it: each fetch holds a lock, which git's own processes
// hold too, so that not even one orphaned by a kill meets another's fetch.
type Bare struct {
	Dir string
}

// Want is what a fetch should bring.
type Want struct {
	// Commit is the full sha to have afterwards. Nothing is fetched when it is
	// here already, unless All is asked for.
	Commit string
	// Ref is a full ref of the remote that held Commit a moment ago; needed when
	// it is neither a branch nor a tag. May be "".
	Ref string
	// All asks for all branches and tags with their history, instead of one
	// commit without any. A folder serves one kind only.
	All bool
}

// Fetch makes sure that the copy has what is wanted and opens it. Errors:
// fault.NotFound when the remote hasn't the commit; see Unreachable.
func (b Bare) Fetch(ctx context.Context, m Remote, want Want) (*Repo, error) {
	lock, err := AcquireLock(ctx, b.Dir+".lock")
	if err != nil {
		return nil, err
	}
	defer lock.Release()
	if err := b.prepare(); err != nil {
		return nil, fault.New(fault.Internal, "prepare the git cache %s: %w", b.Dir, err)
	}
	repo, err := newRepo(b.Dir, b.Dir, true)
	if err != nil {
		return nil, err
	}
	if !want.All && b.kept(ctx, repo, want.Commit) {
		return repo, nil
	}
	return repo, b.fetch(ctx, lock, m, want)
}

// kept reports whether the copy has all of a commit. A fetch that was killed may
// have left the commit without its files, but not the ref.
func (b Bare) kept(ctx context.Context, repo *Repo, commit string) bool {
	sha, err := repo.ref(ctx, keptRef(commit))
	return err == nil && sha == commit && IsSHA(commit)
}

func keptRef(commit string) string { return "refs/kept/" + commit }

// Open opens the copy without asking anybody, if it has the commit.
func (b Bare) Open(ctx context.Context, commit string) (*Repo, bool) {
	if !isGitDir(b.Dir) {
		return nil, false
	}
	repo, err := newRepo(b.Dir, b.Dir, true)
	return repo, err == nil && b.kept(ctx, repo, commit)
}

// prepare makes the folder a git directory and removes the lock files of
// fetches that were killed: with our lock held, no git process is alive here.
func (b Bare) prepare() error {
	for _, dir := range []string{"objects", "refs", "info"} {
		if err := os.MkdirAll(filepath.Join(b.Dir, dir), 0o755); err != nil {
			return err
		}
	}
	for name, content := range map[string]string{
		"HEAD": "ref: refs/heads/main\n",
		// What a repository leaves out of its archives, .github often, is wanted here.
		"info/attributes": "* -export-ignore\n",
	} {
		path := filepath.Join(b.Dir, name)
		if info, err := os.Stat(path); err == nil && info.Size() > 0 {
			continue
		}
		// By another name first: who is killed here must leave no empty file.
		if err := os.WriteFile(path+".new", []byte(content), 0o644); err != nil {
			return err
		}
		if err := os.Rename(path+".new", path); err != nil {
			return err
		}
	}
	for _, name := range []string{"shallow.lock", "packed-refs.lock", "HEAD.lock"} {
		if err := os.Remove(filepath.Join(b.Dir, name)); err != nil && !errors.Is(err, os.ErrNotExist) {
			return err
		}
	}
	return filepath.WalkDir(filepath.Join(b.Dir, "refs"), func(path string, entry os.DirEntry, err error) error {
		if err == nil && !entry.IsDir() && strings.HasSuffix(path, ".lock") {
			return os.Remove(path)
		}
		return err
	})
}

// Snapshot keeps the files of a plain folder as a commit and returns its sha:
// the same for the same files.
func (b Bare) Snapshot(ctx context.Context, dir string) (*Repo, string, error) {
	lock, err := AcquireLock(ctx, b.Dir+".lock")
	if err != nil {
		return nil, "", err
	}
	defer lock.Release()
	if err := b.prepare(); err != nil {
		return nil, "", fault.New(fault.Internal, "prepare the git cache %s: %w", b.Dir, err)
	}
	index := filepath.Join(b.Dir, "snapshot.index")
	if err := os.Remove(index); err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, "", fault.New(fault.Internal, "prepare the git cache %s: %w", b.Dir, err)
	}
	c := call{dir: dir, files: []*os.File{lock.file}, env: []string{
		"GIT_INDEX_FILE=" + index, "GIT_DIR=" + b.Dir, "GIT_WORK_TREE=" + dir,
		"GIT_AUTHOR_NAME=snapshot", "GIT_AUTHOR_EMAIL=", "GIT_AUTHOR_DATE=@0 +0000",
		"GIT_COMMITTER_NAME=snapshot", "GIT_COMMITTER_EMAIL=", "GIT_COMMITTER_DATE=@0 +0000",
	}}
	if _, err := c.output(ctx, "-c", "core.bare=false", "-c", "core.autocrlf=false", "add", "--all", "--force"); err != nil {
		return nil, "", err
	}
	tree, err := c.output(ctx, "write-tree")
	if err != nil {
		return nil, "", err
	}
	out, err := c.output(ctx, "commit-tree", "-m", "snapshot", strings.TrimSpace(string(tree)))
	if err != nil {
		return nil, "", err
	}
	commit := strings.TrimSpace(string(out))
	if _, err := c.output(ctx, "update-ref", keptRef(commit), commit); err != nil {
		return nil, "", err
	}
	repo, err := newRepo(b.Dir, b.Dir, true)
	return repo, commit, err
}

func (b Bare) fetch(ctx context.Context, lock *Lock, m Remote, want Want) error {
	run := func(options ...string) error {
		args := append([]string{"--git-dir=.", "-c", "core.bare=true", "-c", "gc.auto=0", "-c", "maintenance.auto=false", "-c", "core.hooksPath=/dev/null",
			"fetch", "--quiet", "--no-tags", "--no-write-fetch-head", "--no-recurse-submodules"}, options...)
		_, err := m.call(ctx, call{dir: b.Dir, files: []*os.File{lock.file}}, args...)
		return err
	}
	if !want.All {
		err := run("--depth=1", "--", m.URL, "+"+want.Commit+":"+keptRef(want.Commit))
		switch {
		case says(err, "not our ref"):
			return fault.New(fault.NotFound, "no commit %s in %s", want.Commit, Redact(m.URL))
		case !says(err, "unadvertised object") && !says(err, "dumb http transport"):
			return err
		}
		// The server gives no commits by sha; it may be in a branch's history.
	}
	everything := []string{"--prune", "--", m.URL, "+refs/heads/*:refs/heads/*", "+refs/tags/*:refs/tags/*"}
	if want.Ref != "" && !strings.HasPrefix(want.Ref, "refs/heads/") && !strings.HasPrefix(want.Ref, "refs/tags/") {
		everything = append(everything, "+"+want.Ref+":"+want.Ref)
	}
	if err := run(everything...); err != nil {
		return err
	}
	if _, err := git(ctx, b.Dir, "--git-dir=.", "update-ref", keptRef(want.Commit), want.Commit); err != nil {
		return fault.New(fault.NotFound, "no commit %s in %s (%w)", want.Commit, Redact(m.URL), err)
	}
	return nil
}
