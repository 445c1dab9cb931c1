package lint

import (
	_ "embed"
	"errors"
	"io/fs"
	"path"
	"strings"

	"slipway/internal/workflow"
)

// repository is what the files of a repository say about its actions. Each
// manifest is read once.
type repository struct {
	files   fs.FS              // nil when the repository isn't there: nothing is known of its actions then
	actions map[string]*action // by `uses:`
}

// action is what a step that uses it must know.
type action struct {
	inputs    []actionInputInfo
	outputs   []string
	composite bool   // it sets no outputs but those it declares
	typos     bool   // the lists may be out of date: only near misses are surely wrong
	problem   string // why the manifest can't be read; the rest is empty then
}

type actionInputInfo struct {
	name       string
	required   bool   // and without a default
	deprecated string // what its deprecationMessage says
}

func newRepository(files fs.FS) *repository {
	return &repository{files: files, actions: map[string]*action{}}
}

// localPath returns the folder of the repository that `uses: ./path` or
// `uses: $/path` means.
func localPath(uses string) (folder string, ok bool) {
	for _, prefix := range []string{"./", `.\`, "$/"} {
		if rest, found := strings.CutPrefix(uses, prefix); found {
			folder = path.Clean(strings.ReplaceAll(rest, `\`, "/"))
			return folder, fs.ValidPath(folder)
		}
	}
	return "", false
}

// find returns what is known of the action that `uses:` names, or nil. A local
// action that isn't there has a problem.
func (r *repository) find(uses string) *action {
	a, ok := r.actions[uses]
	if !ok {
		switch folder, local := localPath(uses); {
		case !local:
			a = wellKnown(uses)
		case r.files != nil:
			a = r.read(folder)
		}
		r.actions[uses] = a
	}
	return a
}

func (r *repository) read(folder string) *action {
	for _, name := range []string{"action.yml", "action.yaml"} {
		file := path.Join(folder, name)
		data, err := fs.ReadFile(r.files, file)
		switch {
		case err == nil:
			raw, problems := workflow.ReadAction(file, data)
			if len(problems) > 0 {
				return &action{problem: problems[0].Error()}
			}
			return newAction(raw)
		case !errors.Is(err, fs.ErrNotExist):
			return &action{problem: "can't read " + file}
		}
	}
	if _, err := fs.Stat(r.files, path.Join(folder, "Dockerfile")); err == nil {
		return nil // an action without a manifest takes anything
	}
	return &action{problem: "there is no action.yml in the folder '" + folder + "' of this repository"}
}

func newAction(raw *workflow.RawAction) *action {
	a := &action{composite: strings.EqualFold(raw.Runs.Using, "composite"), typos: false}
	for _, in := range raw.Inputs {
		a.inputs = append(a.inputs, actionInputInfo{
			name:       in.Name,
			required:   in.Required && in.Default == nil,
			deprecated: in.DeprecationMessage,
		})
	}
	for _, o := range raw.Outputs {
		a.outputs = append(a.outputs, o.Name)
	}
	return a
}

// wellKnownActions has a comment and then one line an action: its name in
// lower case, its inputs in any version (with `!` when every version needs
// it), `->` and its outputs.
//
//go:embed wellknown.txt
var wellKnownActions string

// wellKnown returns what is known of a public action, or nil.
func wellKnown(uses string) *action {
	name, _, found := strings.Cut(uses, "@")
	if !found {
		return nil
	}
	_, after, found := strings.Cut(wellKnownActions, "\n"+strings.ToLower(name)+":")
	if !found {
		return nil
	}
	line, _, _ := strings.Cut(after, "\n")
	inputs, outputs, _ := strings.Cut(line, "->")
	a := &action{outputs: strings.Fields(outputs), typos: true}
	for _, word := range strings.Fields(inputs) {
		in, required := strings.CutSuffix(word, "!")
		a.inputs = append(a.inputs, actionInputInfo{name: in, required: required})
	}
	return a
}

// outputsOf is the type of steps.<id>.outputs. Scripts, and actions that
// aren't composite, may set outputs that nobody declared.
func (p *pass) outputsOf(s *workflow.Step) *typ {
	if s.Uses == nil {
		return stringMap
	}
	a := p.repo.find(s.Uses.Str())
	if a == nil || a.problem != "" {
		return stringMap
	}
	t := newObject("the action " + s.Uses.Str())
	for _, name := range a.outputs {
		t.set(name, stringType)
	}
	if !a.composite {
		t.rest, t.typos = stringType, true
	}
	return t
}
