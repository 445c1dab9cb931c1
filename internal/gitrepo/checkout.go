package gitrepo

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/sys/unix"

	"slipway/internal/fault"
)

// Checkout says what a copy of a repository looks like. Git commands work in it
// as after actions/checkout.
type Checkout struct {
	Dst    string // the folder to fill, made when missing; files of the same names are replaced
	Commit string // full sha; "" is HEAD's
	// Ref is how Commit was reached, a full ref: a branch is checked out as one,
	// a tag or pull request as a commit that the ref names, "" as a commit alone.
	Ref    string
	Depth  int    // commits of history; 0: all history of all branches and tags
	Tags   bool   // all tags, whatever Depth
	Origin string // URL of the remote origin, where pushes go; fetches go to the original repository. "": its path
}

// WorkingTree fills c.Dst with the repository's working tree as it is: tracked
// and unignored files with their uncommitted edits, deleted files left out.
// HEAD is the original's (c.Commit is not looked at), the index its tree, so
// edits show as modifications. The copy borrows the original's objects and
// writes to none of its files. A plain folder is copied without a repository;
// a bare repository gives HEAD's files.
func (r *Repo) WorkingTree(ctx context.Context, c Checkout) error {
	if err := os.MkdirAll(c.Dst, 0o777); err != nil {
		return fault.New(fault.Internal, "make the folder %s: %w", c.Dst, err)
	}
	if !r.IsGit() {
		names, err := walkPlain(r.root, c.Dst)
		if err != nil {
			return err
		}
		return (&copier{from: r.root, to: c.Dst}).copy(ctx, names)
	}
	head, err := r.Head(ctx)
	if err != nil {
		return err
	}
	c.Commit = head.SHA
	if r.bare {
		return r.Export(ctx, c)
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	made := make(chan error, 1)
	go func() {
		err := r.borrow(ctx, c, true)
		if err == nil && c.Commit != "" {
			err = r.copyIndex(ctx, c)
		}
		if err != nil {
			cancel(err)
		}
		made <- err
	}()
	files, err := r.workingFiles(ctx, c.Dst)
	if err == nil {
		err = (&copier{from: r.root, to: c.Dst}).copy(ctx, files.all)
	}
	if err != nil {
		cancel(err)
	}
	if madeErr := <-made; err == nil {
		err = madeErr
	}
	if err == nil && len(files.sparse) > 0 && c.Commit != "" {
		err = r.restoreSparse(ctx, c, files.sparse)
	}
	return err
}

// Export fills c.Dst, which should be empty, with the files of a commit.
func (r *Repo) Export(ctx context.Context, c Checkout) error {
	if !r.IsGit() {
		return r.errPlain("the commit " + c.Commit)
	}
	if c.Commit == "" {
		head, err := r.Head(ctx)
		if err != nil {
			return err
		}
		c.Commit = head.SHA
	}
	if err := os.MkdirAll(c.Dst, 0o777); err != nil {
		return fault.New(fault.Internal, "make the folder %s: %w", c.Dst, err)
	}
	if err := r.borrow(ctx, c, false); err != nil || c.Commit == "" {
		return err
	}
	_, err := git(ctx, c.Dst, "-c", "core.hooksPath=/dev/null", "-c", "checkout.workers=0", "reset", "--hard", "--quiet", c.Commit)
	return explain(r.root, err)
}

// workingFiles are the files of a working tree, as paths from its top.
type workingFiles struct {
	all    []string // tracked, and untracked that no rule ignores
	sparse []string // tracked, and left out of the working tree by a sparse checkout
}

// workingFiles lists the working tree but for what lies under without.
func (r *Repo) workingFiles(ctx context.Context, without string) (workingFiles, error) {
	out, err := git(ctx, r.root, "ls-files", "-z", "-t", "--cached", "--others", "--exclude-standard")
	if err != nil {
		return workingFiles{}, explain(r.root, err)
	}
	hidden, hide := inside(r.root, without)
	var files workingFiles
	last := ""
	for entry := range strings.SplitSeq(string(out), "\x00") {
		tag, name, ok := strings.Cut(entry, " ")
		switch {
		case !ok, hide && strings.HasPrefix(name+"/", hidden+"/"):
			continue
		case name == last: // a file with merge conflicts is listed once for each side
			continue
		case strings.HasSuffix(name, "/"): // an untracked repository of its own
			continue
		}
		last = name
		files.all = append(files.all, name)
		if tag == "S" {
			if _, err := os.Lstat(filepath.Join(r.root, name)); errors.Is(err, os.ErrNotExist) {
				files.sparse = append(files.sparse, name)
			}
		}
	}
	return files, nil
}

// copyIndex gives the copy an index: HEAD's tree, with what the original's index
// knows of the files' times, so that git status need not read them all again.
func (r *Repo) copyIndex(ctx context.Context, c Checkout) error {
	index := filepath.Join(c.Dst, ".git", "index")
	if err := copyWithTime(filepath.Join(r.gitDir, "index"), index); err != nil {
		return fault.New(fault.Internal, "copy the index of %s: %w", r, err)
	}
	// In the original's place, because its index may be split or sparse.
	_, err := call{dir: r.root, env: []string{"GIT_INDEX_FILE=" + index}}.output(ctx, "--git-dir="+r.gitDir, "--work-tree="+r.root,
		"-c", "core.untrackedCache=false", "-c", "core.fsmonitor=false", "-c", "core.splitIndex=false", "-c", "index.sparse=false",
		"read-tree", "--reset", c.Commit)
	return explain(r.root, err)
}

// copyWithTime copies a small file and keeps its modification time. A missing
// file has no copy.
func copyWithTime(from, to string) error {
	info, err := os.Stat(from)
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	data, err := os.ReadFile(from)
	if err != nil {
		return err
	}
	if err := os.WriteFile(to, data, 0o644); err != nil {
		return err
	}
	return os.Chtimes(to, info.ModTime(), info.ModTime())
}

// restoreSparse brings the files that the original's sparse checkout leaves out,
// at their committed content: a checkout is whole.
func (r *Repo) restoreSparse(ctx context.Context, c Checkout, names []string) error {
	stdin := strings.Join(names, "\x00") + "\x00"
	for _, args := range [][]string{
		{"update-index", "-z", "--no-skip-worktree", "--stdin"},
		{"checkout-index", "-z", "--force", "--stdin"},
	} {
		_, err := call{dir: c.Dst, stdin: strings.NewReader(stdin)}.output(ctx, args...)
		if err != nil {
			return explain(c.Dst, err)
		}
	}
	return nil
}

// Submodules returns the paths of a commit's submodules.
func (r *Repo) Submodules(ctx context.Context, commit string) ([]string, error) {
	out, err := r.git(ctx, "ls-tree", "-r", "-z", "--full-tree", commit)
	if err != nil {
		return nil, err
	}
	var paths []string
	for _, entry := range splitNul(out) {
		info, name, ok := strings.Cut(entry, "\t")
		if ok && strings.HasPrefix(info, "160000 ") {
			paths = append(paths, name)
		}
	}
	return paths, nil
}

// removeGit removes what a folder has as its repository.
func removeGit(dst string) error {
	path := filepath.Join(dst, ".git")
	if err := unix.Unlink(path); err == nil {
		return nil // a .git file or link
	}
	return os.RemoveAll(path)
}
