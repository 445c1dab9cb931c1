package glob

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// Search says which files to find. The zero value finds every one that matches,
// without following symbolic links.
type Search struct {
	Within     string // only files below this folder, an absolute path without symbolic links; "": everywhere
	Follow     bool   // symbolic links, also to folders; those that lead nowhere count for nothing
	SkipHidden bool   // files whose name begins with a point, and what is in such folders
}

// Walk calls found with the path of every file that the patterns match, in the
// original's order: folder by folder, names in the order of their bytes, a folder's
// content in its place. An error of found ends it. Errors are those of found, of
// reading folders, or ctx's.
func (ps Patterns) Walk(ctx context.Context, s Search, found func(path string) error) error {
	w := &walk{ctx: ctx, Search: s, patterns: ps, found: found}
	return w.run()
}

// walk is a Search under way.
type walk struct {
	Search
	ctx      context.Context
	patterns Patterns
	found    func(path string) error

	// chain is the folders the walk is in, without symbolic links, to notice
	// when it goes round in circles. Used when links are followed.
	chain []string
}

// run walks below every search path that exists.
func (w *walk) run() error {
	for _, start := range w.patterns.SearchPaths() {
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
	kind := w.patterns.match(parts)
	descend := kind != 0 || w.patterns.partial(path, parts)
	if !descend {
		return nil
	}
	isDir := entry.IsDir()
	if w.Follow {
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
	if w.SkipHidden && strings.HasPrefix(filepath.Base(path), ".") {
		return nil
	}
	if !isDir {
		if kind&files == 0 || w.Within != "" && !below(w.Within, path) {
			return nil
		}
		return w.found(path)
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

// relevant reports whether a path is in the folder to search or leads there:
// nothing else need be read.
func (w *walk) relevant(path string) bool {
	return w.Within == "" || path == "/" || path == w.Within || below(w.Within, path) || below(path, w.Within)
}

func below(folder, path string) bool {
	return strings.HasPrefix(path, strings.TrimSuffix(folder, "/")+"/")
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
