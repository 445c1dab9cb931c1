package action

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path"
	"strings"

	"slipway/internal/fault"
	"slipway/internal/workflow"
)

// maxManifest bounds what is read of an action.yml; the reader refuses far less.
const maxManifest = 8 << 20

// errNoManifest says that a folder holds no action.
var errNoManifest = errors.New("no manifest")

// readManifest reads the action in a folder of files: action.yml, action.yaml,
// else a Dockerfile (ActionManager.cs). shown is what messages call the folder.
// The error is errNoManifest when it has none of them.
func readManifest(files fs.FS, folder, shown string) (*Manifest, error) {
	for _, name := range []string{"action.yml", "action.yaml"} {
		data, err := readFile(files, path.Join(folder, name))
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, fault.New(fault.Invalid, "%s/%s can't be read: %w", shown, name, err)
		}
		return parseManifest(shown+"/"+name, data)
	}
	for _, name := range []string{"Dockerfile", "dockerfile"} {
		if info, err := fs.Stat(files, path.Join(folder, name)); err == nil && info.Mode().IsRegular() {
			return &Manifest{Runs: Runs{Using: "docker", Image: name}}, nil
		}
	}
	return nil, errNoManifest
}

func readFile(files fs.FS, name string) ([]byte, error) {
	f, err := files.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	if info, err := f.Stat(); err != nil || !info.Mode().IsRegular() {
		return nil, &fs.PathError{Op: "read", Path: name, Err: errors.Join(err, errors.New("not a file"))}
	}
	return io.ReadAll(io.LimitReader(f, maxManifest))
}

// parseManifest reads action.yml. Errors: fault.Invalid, with every problem at its
// place in the file.
func parseManifest(file string, data []byte) (*Manifest, error) {
	raw, problems := workflow.ReadAction(file, data)
	if len(problems) > 0 {
		lines := make([]string, len(problems))
		for i, problem := range problems {
			lines[i] = problem.Error()
		}
		return nil, fault.New(fault.Invalid, "%s\nFail to load %s", strings.Join(lines, "\n"), file)
	}
	m := &Manifest{Name: raw.Name, Description: raw.Description, Runs: Runs{
		Using: raw.Runs.Using,
		Pre:   raw.Runs.Pre, Main: raw.Runs.Main, Post: raw.Runs.Post,
		PreIf: condition(raw.Runs.PreIf), PostIf: condition(raw.Runs.PostIf),
		Steps: raw.Runs.Steps, Image: raw.Runs.Image,
		PreEntrypoint: raw.Runs.PreEntrypoint, Entrypoint: raw.Runs.Entrypoint, PostEntrypoint: raw.Runs.PostEntrypoint,
		Args: raw.Runs.Args, Env: raw.Runs.Env,
	}}
	for _, in := range raw.Inputs {
		m.Inputs = append(m.Inputs, ManifestInput{
			Name: in.Name, Description: in.Description, Required: in.Required, Default: in.Default, Deprecation: in.DeprecationMessage,
		})
	}
	for _, out := range raw.Outputs {
		m.Outputs = append(m.Outputs, ManifestOutput{Name: out.Name, Value: out.Value})
	}
	return m, nil
}

// condition is the source of a pre-if or post-if, "" where there is none.
func condition(t *workflow.Token) string {
	if e := t.Expr(); e != nil {
		return e.Source()
	}
	return ""
}

// isEmpty reports whether a folder is missing or has nothing in it.
func isEmpty(dir string) bool {
	f, err := os.Open(dir)
	if err != nil {
		return errors.Is(err, fs.ErrNotExist)
	}
	defer f.Close()
	_, err = f.Readdirnames(1)
	return errors.Is(err, io.EOF)
}
