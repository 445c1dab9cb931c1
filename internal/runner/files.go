package runner

import "slipway/internal/runner/envfile"

// fileKinds in the order in which the files are read after a step.
var fileKinds = [...]envfile.Kind{envfile.Path, envfile.Env, envfile.Summary, envfile.State, envfile.Output}

// commandFiles are the files through which one step speaks to the runner, in
// the order of fileKinds. What an earlier step left running can't write to them.
type commandFiles [len(fileKinds)]scratchFile

// takeFiles makes a step's files, empty: actions insist that they exist.
func (s *scratch) takeFiles() (files commandFiles, err error) {
	for i, kind := range fileKinds {
		if files[i], err = s.take(string(kind), ""); err != nil {
			return files, err
		}
	}
	return files, nil
}

// nameFiles tells a command where its files are.
func (s *scratch) nameFiles(files *commandFiles, env *envList) {
	for i, kind := range fileKinds {
		env.set(string(kind), s.inner+files[i].name)
	}
}
