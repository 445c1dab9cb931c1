package builtin

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"slipway/internal/action"
	"slipway/internal/fault"
)

// make makes the folder and its parents under the workspace. A file in its place
// is removed; a symbolic link on the way may not lead out.
func (d destination) make(workspace string) error {
	root, err := os.OpenRoot(workspace)
	if err != nil {
		return fault.New(fault.Internal, "the workspace: %w", err)
	}
	defer root.Close()
	rel, err := filepath.Rel(workspace, d.host)
	if err != nil {
		return fault.New(fault.Internal, "the workspace: %w", err)
	}
	if rel == "." {
		return nil
	}
	if info, err := root.Lstat(rel); err == nil && !info.IsDir() {
		if err := root.Remove(rel); err != nil {
			return fault.New(fault.Internal, "remove what is in the place of %s: %w", d.inner, err)
		}
	}
	if err := root.MkdirAll(rel, 0o777); err != nil {
		return fault.New(fault.Invalid, "the folder %s can't be made in the workspace: %w", d.inner, err)
	}
	return nil
}

// empty removes what is in the folder. Without clean, what an earlier checkout
// left and later steps added stays, as long as it is a repository.
func (d destination) empty(call *action.Call, clean bool) error {
	entries, err := os.ReadDir(d.host)
	if err != nil {
		return fault.New(fault.Internal, "the folder %s: %w", d.inner, err)
	}
	_, err = os.Lstat(filepath.Join(d.host, ".git"))
	if len(entries) == 0 || !clean && err == nil {
		return nil
	}
	if err := say(call, "Deleting the contents of '%s'", d.inner); err != nil {
		return err
	}
	for _, entry := range entries {
		if err := removeAll(filepath.Join(d.host, entry.Name())); err != nil {
			return fault.New(fault.Internal, "delete the contents of '%s': %w", d.inner, err)
		}
	}
	return nil
}

// removeAll removes a tree even where folders were made read-only, as Go's
// module cache does.
func removeAll(path string) error {
	err := os.RemoveAll(path)
	if !errors.Is(err, fs.ErrPermission) {
		return err
	}
	walkErr := filepath.WalkDir(path, func(at string, entry fs.DirEntry, err error) error {
		if err == nil && entry.IsDir() {
			return os.Chmod(at, 0o700)
		}
		return nil // what can't be read is the removal's to report
	})
	if walkErr != nil {
		return walkErr
	}
	return os.RemoveAll(path)
}

// under reports whether path is folder or lies in it; both are clean.
func under(folder, path string) bool {
	return path == folder || strings.HasPrefix(path, strings.TrimSuffix(folder, "/")+"/")
}
