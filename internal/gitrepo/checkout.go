package gitrepo

import (
	"context"
	"os"
	"strings"

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
	Token  string // kept in the copy's configuration for Origin's host, until Clone.Forget; "" is none
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
	return treeCopy{Checkout: c, from: r}.run(ctx)
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
	if err := (loan{Checkout: c, from: r}).make(ctx); err != nil || c.Commit == "" {
		return err
	}
	_, err := call{dir: c.Dst, env: noLFS}.output(ctx, "-c", "core.hooksPath=/dev/null", "-c", "checkout.workers=0", "reset", "--hard", "--quiet", c.Commit)
	return explain(r.root, err)
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
