package local

import (
	"errors"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"slipway/internal/fault"
)

// workflowFolder is where GitHub looks for workflows.
const workflowFolder = ".github/workflows"

// source is one workflow file.
type source struct {
	name  string // relative to the repository's root when inside it, slash-separated
	named bool   // the user named this very file
	data  []byte
}

// discover reads the workflow files that paths name, files or folders of them;
// without paths, the repository's own. Relative paths start at dir; a name
// that is nowhere there is also looked for in the repository's workflow folder.
func discover(root, dir string, paths []string) ([]source, error) {
	if len(paths) == 0 {
		found, err := readFolder(root, filepath.Join(root, workflowFolder))
		if errors.Is(err, fs.ErrNotExist) || err == nil && len(found) == 0 {
			return nil, fault.New(fault.Usage, "no workflows: %s holds no .yml or .yaml file under %s; name one with -W FILE", root, workflowFolder)
		}
		return found, err
	}
	var all []source
	for _, p := range paths {
		found, err := discoverOne(root, dir, p)
		if err != nil {
			return nil, err
		}
		all = append(all, found...)
	}
	slices.SortStableFunc(all, func(a, b source) int { return strings.Compare(a.name, b.name) })
	return slices.CompactFunc(all, func(a, b source) bool { return a.name == b.name }), nil
}

func discoverOne(root, dir, p string) ([]source, error) {
	for _, candidate := range candidates(root, dir, p) {
		info, err := os.Stat(candidate)
		if err != nil {
			continue
		}
		if !info.IsDir() {
			s, err := readSource(root, candidate)
			s.named = true
			return []source{s}, err
		}
		found, err := readFolder(root, candidate)
		if err == nil && len(found) == 0 {
			err = fault.New(fault.Usage, "-W %s: the folder holds no .yml or .yaml file", p)
		}
		return found, err
	}
	return nil, fault.New(fault.Usage, "-W %s: no such file or folder, neither from %s nor in %s", p, dir, path.Join(root, workflowFolder))
}

func candidates(root, dir, p string) []string {
	if filepath.IsAbs(p) {
		return []string{p}
	}
	return []string{filepath.Join(dir, p), filepath.Join(root, p), filepath.Join(root, workflowFolder, p)}
}

// readFolder reads a folder's workflow files, not its subfolders'.
func readFolder(root, folder string) ([]source, error) {
	entries, err := os.ReadDir(folder)
	if err != nil {
		return nil, err
	}
	var found []source
	for _, e := range entries {
		if ext := filepath.Ext(e.Name()); e.IsDir() || ext != ".yml" && ext != ".yaml" {
			continue
		}
		s, err := readSource(root, filepath.Join(folder, e.Name()))
		if err != nil {
			return nil, err
		}
		found = append(found, s)
	}
	return found, nil
}

// maxWorkflowFile keeps a wrong -W from filling memory; the reader has its own, lower limit and words.
const maxWorkflowFile = 16 << 20

func readSource(root, file string) (source, error) {
	info, err := os.Stat(file)
	if err != nil {
		return source{}, fault.New(fault.Usage, "cannot read the workflow: %w", err)
	}
	if !info.Mode().IsRegular() || info.Size() > maxWorkflowFile {
		return source{}, fault.New(fault.Usage, "%s is not a workflow file: it is %s of %d bytes", file, kindOf(info), info.Size())
	}
	data, err := os.ReadFile(file)
	if err != nil {
		return source{}, fault.New(fault.Usage, "cannot read the workflow: %w", err)
	}
	return source{name: nameInside(root, file), data: data}, nil
}

func kindOf(info fs.FileInfo) string {
	if info.Mode().IsRegular() {
		return "a file"
	}
	return "not a regular file"
}

// nameInside is file relative to root, slash-separated, or its absolute path when it lies elsewhere.
func nameInside(root, file string) string {
	abs, err := filepath.Abs(file)
	if err != nil {
		return filepath.ToSlash(file)
	}
	if real, err := filepath.EvalSymlinks(abs); err == nil {
		if rel, err := filepath.Rel(root, real); err == nil && filepath.IsLocal(rel) {
			return filepath.ToSlash(rel)
		}
	}
	if rel, err := filepath.Rel(root, abs); err == nil && filepath.IsLocal(rel) {
		return filepath.ToSlash(rel)
	}
	return filepath.ToSlash(abs)
}
