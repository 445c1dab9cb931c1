package hashfiles

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// walk finds the files that patterns match, in the original's order: folder by
// folder, names in the order of their bytes, a folder's content in its place.
type walk struct {
	ctx      context.Context
	root     string // the workspace, without symbolic links
	patterns []*pattern
	follow   bool // symbolic links, also to folders
	found    func(ctx context.Context, path string) error

	// chain is the folders the walk is in, without symbolic links, to notice
	// when it goes round in circles. Used when links are followed.
	chain []string
}

// run walks below every search path that exists.
func (w *walk) run() error {
	for _, start := range searchPaths(w.patterns) {
		info, err := os.Lstat(start)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return err
		}
		if err := w.visit(start, fs.FileInfoToDirEntry(info), 1); err != nil {
			return err
		}
	}
	return nil
}

// visit looks at a file or folder, which is level-1 folders below a search path.
func (w *walk) visit(path string, entry fs.DirEntry, level int) error {
	if err := w.ctx.Err(); err != nil {
		return err
	}
	if !w.relevant(path) {
		return nil
	}
	parts := splitPath(path)
	kind := match(w.patterns, path, parts)
	descend := kind != 0 || partial(w.patterns, path, parts)
	if !descend {
		return nil
	}
	isDir := entry.IsDir()
	if w.follow {
		info, err := os.Stat(path)
		if errors.Is(err, fs.ErrNotExist) {
			return nil // leads nowhere
		}
		if err != nil {
			return err
		}
		isDir = info.IsDir()
		if isDir {
			circle, err := w.enter(path, level)
			if circle || err != nil {
				return err
			}
		}
	}
	if !isDir {
		if kind&files == 0 || !strings.HasPrefix(path, w.root+"/") {
			return nil
		}
		return w.found(w.ctx, path)
	}
	children, err := os.ReadDir(path) // in the order of names
	if err != nil {
		return err
	}
	for _, child := range children {
		if err := w.visit(filepath.Join(path, child.Name()), child, level+1); err != nil {
			return err
		}
	}
	return nil
}

// relevant reports whether a path is in the workspace or leads there: files
// outside don't count, so nothing outside need be read.
func (w *walk) relevant(path string) bool {
	return path == "/" || path == w.root ||
		strings.HasPrefix(path, w.root+"/") || strings.HasPrefix(w.root, path+"/")
}

// enter notes that the walk goes into a folder and reports whether it is in it already.
func (w *walk) enter(path string, level int) (circle bool, err error) {
	real, err := filepath.EvalSymlinks(path)
	if err != nil {
		return false, err
	}
	w.chain = w.chain[:min(len(w.chain), level-1)]
	if slices.Contains(w.chain, real) {
		return true, nil
	}
	w.chain = append(w.chain, real)
	return false, nil
}
