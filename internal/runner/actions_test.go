package runner_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"slipway/internal/action"
	"slipway/internal/fault"
	"slipway/internal/workflow"
)

// folderActions finds actions in folders: owner/name/path@ref in
// root/owner/name/path, ./path in the workspace, $/path in the folder of the
// repository that defines it.
type folderActions struct {
	root     string
	builtins map[string]action.Builtin // by owner/name
}

func (f folderActions) Resolve(_ context.Context, use action.Use, log io.Writer) (*action.Action, error) {
	a := &action.Action{Ref: use.Ref}
	name, ref, _ := strings.Cut(use.Ref, "@")
	switch {
	case strings.HasPrefix(name, "./"):
		a.Root = use.Workspace
		a.Dir = filepath.Join(use.Workspace, name)
	case strings.HasPrefix(name, "$/"):
		a.Repository, a.Commit = use.Repository, use.SHA
		if a.Root = use.Root; a.Root == "" {
			a.Root = filepath.Join(f.root, use.Repository)
		}
		a.Dir = filepath.Join(a.Root, name[2:])
	default:
		fmt.Fprintf(log, "Download action repository '%s'\n", use.Ref)
		if a.Builtin = f.builtins[name]; a.Builtin != nil {
			return a, nil
		}
		parts := strings.SplitN(name, "/", 3)
		a.Repository, a.Commit = parts[0]+"/"+parts[1], "sha-of-"+ref
		a.Root = filepath.Join(f.root, parts[0], parts[1])
		a.Dir = filepath.Join(f.root, name)
	}
	manifest, err := readManifest(filepath.Join(a.Dir, "action.yml"))
	if err != nil {
		return nil, err
	}
	a.Manifest = manifest
	return a, nil
}

func readManifest(file string) (*action.Manifest, error) {
	data, err := os.ReadFile(file)
	if err != nil {
		return nil, fault.New(fault.NotFound, "Can't find 'action.yml' of %s", filepath.Base(filepath.Dir(file)))
	}
	raw, errs := workflow.ReadAction("action.yml", data)
	if len(errs) > 0 {
		all := make([]error, len(errs))
		for i := range errs {
			all[i] = errs[i]
		}
		return nil, errors.Join(all...)
	}
	condition := func(t *workflow.Token) string {
		if t == nil {
			return ""
		}
		return t.Expr().Source()
	}
	m := &action.Manifest{Name: raw.Name, Description: raw.Description, Runs: action.Runs{
		Using: raw.Runs.Using, Pre: raw.Runs.Pre, Main: raw.Runs.Main, Post: raw.Runs.Post,
		PreIf: condition(raw.Runs.PreIf), PostIf: condition(raw.Runs.PostIf),
		Steps: raw.Runs.Steps, Image: raw.Runs.Image,
	}}
	for _, in := range raw.Inputs {
		m.Inputs = append(m.Inputs, action.ManifestInput{Name: in.Name, Required: in.Required, Default: in.Default, Deprecation: in.DeprecationMessage})
	}
	for _, out := range raw.Outputs {
		m.Outputs = append(m.Outputs, action.ManifestOutput{Name: out.Name, Value: out.Value})
	}
	return m, nil
}

// slowActions takes until it is told to stop.
type slowActions struct{}

func (slowActions) Resolve(ctx context.Context, _ action.Use, _ io.Writer) (*action.Action, error) {
	<-ctx.Done()
	return nil, ctx.Err()
}
