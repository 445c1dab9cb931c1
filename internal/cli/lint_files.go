package cli

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"slipway/internal/fault"
	"slipway/internal/lint"
	"slipway/internal/workflow"
)

// repositoryLinters has one linter for each repository that files come from.
type repositoryLinters struct {
	options workflow.Options
	called  map[string]string // remote references → files
	byRoot  map[string]*lint.Linter
}

func (l *repositoryLinters) of(file string) *lint.Linter {
	root := repositoryRoot(filepath.Dir(filepath.FromSlash(file)))
	if linter := l.byRoot[root]; linter != nil {
		return linter
	}
	options := lint.Options{Read: l.options}
	options.Read.Called = calls{root: root, called: l.called}.find
	if root != "" {
		options.Repository = os.DirFS(root)
	}
	linter := lint.New(options)
	l.byRoot[root] = linter
	return linter
}

// calls finds the reusable workflows that the files of one repository call.
type calls struct {
	root   string // "" when the files belong to no repository
	called map[string]string
}

// find is workflow.Options.Called. A remote file is named by its reference, a
// local one by its path from here.
func (c calls) find(ref, from string) (string, []byte, error) {
	file := c.called[ref]
	path, local := cutLocal(ref)
	switch {
	case file != "":
	case local && c.called[from] != "": // a local call in a remote workflow
		remote, version, _ := strings.Cut(from, "@")
		repository, _, _ := strings.Cut(remote, "/.github/")
		ref = repository + "/" + path + "@" + version
		file = c.called[ref]
	case local && c.root != "":
		file = filepath.Join(c.root, filepath.FromSlash(path))
		ref = shownPath(file)
	}
	switch {
	case file == "":
		return "", nil, workflow.ErrNotFollowed
	case local && !filepath.IsLocal(path):
		return "", nil, errors.New("the path leads out of the repository")
	}
	data, err := os.ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) {
		err = fmt.Errorf("there is no file %s", filepath.ToSlash(file))
		if local {
			err = errors.New("there is no such file in this repository")
		}
	}
	return ref, data, err
}

// cutLocal returns the path of a reference to the caller's own repository.
func cutLocal(ref string) (path string, local bool) {
	if path, local = strings.CutPrefix(ref, "./"); local {
		return path, true
	}
	return strings.CutPrefix(ref, "$/")
}

// filesToLint returns the files that the arguments mean, as they are shown.
func filesToLint(args []string) ([]string, error) {
	if len(args) == 0 {
		root := repositoryRoot(".")
		if root == "" {
			return nil, fault.New(fault.Usage, "this is no git repository and has no .github folder; name the files to check")
		}
		return workflowsIn(root)
	}
	var files []string
	for _, arg := range args {
		info, err := os.Stat(arg)
		switch {
		case err != nil:
			return nil, fault.New(fault.Usage, "can't read what is to be checked: %w", err)
		case info.IsDir():
			found, err := workflowsIn(arg)
			if err != nil {
				return nil, err
			}
			files = append(files, found...)
		default:
			files = append(files, filepath.ToSlash(arg))
		}
	}
	return files, nil
}

// workflowsIn returns the workflows of a folder: those of its
// .github/workflows when there is one, else the YAML files in it.
func workflowsIn(dir string) ([]string, error) {
	if inside := filepath.Join(dir, ".github", "workflows"); isFolder(inside) {
		dir = inside
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, fault.New(fault.Usage, "can't read the folder to check: %w", err)
	}
	var files []string
	for _, e := range entries {
		switch filepath.Ext(e.Name()) {
		case ".yml", ".yaml":
			if e.Type().IsRegular() || e.Type()&fs.ModeSymlink != 0 {
				files = append(files, shownPath(filepath.Join(dir, e.Name())))
			}
		}
	}
	if len(files) == 0 {
		return nil, fault.New(fault.Usage, "there is no workflow (*.yml, *.yaml) in %s", dir)
	}
	return files, nil
}

// repositoryRoot returns the folder of the git repository that holds dir, or
// else the one above the .github folder that dir is in or has; "" when there
// is neither.
func repositoryRoot(dir string) string {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return ""
	}
	github := ""
	for {
		if pathExists(filepath.Join(dir, ".git")) {
			return dir
		}
		if github == "" && isFolder(filepath.Join(dir, ".github")) {
			github = dir
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			return github
		}
		dir = parent
	}
}

// shownPath is a path as it is printed: from here when that is shorter, with
// slashes.
func shownPath(path string) string {
	if here, err := os.Getwd(); err == nil && filepath.IsAbs(path) {
		if relative, err := filepath.Rel(here, path); err == nil {
			path = relative
		}
	}
	return filepath.ToSlash(path)
}

func pathExists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

func isFolder(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.IsDir()
}
