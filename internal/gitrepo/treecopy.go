package gitrepo

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"

	"slipway/internal/fault"
)

// treeCopy is a copy of a working tree under way.
type treeCopy struct {
	Checkout
	from *Repo
}

// run makes the repository and copies the files, at the same time.
func (t treeCopy) run(ctx context.Context) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	made := make(chan error, 1)
	go func() {
		err := loan{Checkout: t.Checkout, from: t.from, working: true}.make(ctx)
		if err == nil && t.Commit != "" {
			err = t.copyIndex(ctx)
		}
		if err != nil {
			cancel(err)
		}
		made <- err
	}()
	files, err := t.files(ctx)
	if err == nil {
		err = (&copier{from: t.from.root, to: t.Dst}).copy(ctx, files.all)
	}
	if err != nil {
		cancel(err)
	}
	if madeErr := <-made; err == nil {
		err = madeErr
	}
	if err == nil && len(files.sparse) > 0 && t.Commit != "" {
		err = t.restoreSparse(ctx, files.sparse)
	}
	return err
}

// workingFiles are the files of a working tree, as paths from its top.
type workingFiles struct {
	all    []string // tracked, and untracked that no rule ignores
	sparse []string // tracked, and left out of the working tree by a sparse checkout
}

// files lists the working tree, but for the copy if it lies in it.
func (t treeCopy) files(ctx context.Context) (workingFiles, error) {
	out, err := git(ctx, t.from.root, "ls-files", "-z", "-t", "--cached", "--others", "--exclude-standard")
	if err != nil {
		return workingFiles{}, explain(t.from.root, err)
	}
	hidden, hide := inside(t.from.root, t.Dst)
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
			if _, err := os.Lstat(filepath.Join(t.from.root, name)); errors.Is(err, os.ErrNotExist) {
				files.sparse = append(files.sparse, name)
			}
		}
	}
	return files, nil
}

// copyIndex gives the copy an index: HEAD's tree, with what the original's index
// knows of the files' times, so that git status need not read them all again.
func (t treeCopy) copyIndex(ctx context.Context) error {
	index := filepath.Join(t.Dst, ".git", "index")
	if err := copyWithTime(filepath.Join(t.from.gitDir, "index"), index); err != nil {
		return fault.New(fault.Internal, "copy the index of %s: %w", t.from, err)
	}
	// In the original's place, because its index may be split or sparse.
	_, err := call{dir: t.from.root, env: []string{"GIT_INDEX_FILE=" + index}}.output(ctx, "--git-dir="+t.from.gitDir, "--work-tree="+t.from.root,
		"-c", "core.untrackedCache=false", "-c", "core.fsmonitor=false", "-c", "core.splitIndex=false", "-c", "index.sparse=false", "-c", "core.hooksPath=/dev/null",
		"read-tree", "--reset", t.Commit)
	return explain(t.from.root, err)
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
func (t treeCopy) restoreSparse(ctx context.Context, names []string) error {
	stdin := strings.Join(names, "\x00") + "\x00"
	for _, args := range [][]string{
		{"update-index", "-z", "--no-skip-worktree", "--stdin"},
		{"checkout-index", "-z", "--force", "--stdin"},
	} {
		_, err := call{dir: t.Dst, stdin: strings.NewReader(stdin)}.output(ctx, args...)
		if err != nil {
			return explain(t.Dst, err)
		}
	}
	return nil
}
