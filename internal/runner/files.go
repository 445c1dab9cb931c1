package runner

import (
	"fmt"
	"syscall"

	"slipway/internal/runner/envfile"
)

// fileKinds in the order in which the files are read after a step.
var fileKinds = [...]envfile.Kind{envfile.Path, envfile.Env, envfile.Summary, envfile.State, envfile.Output}

// commandFiles are the files through which one step speaks to the runner, in
// the order of fileKinds. What an earlier step left running can't write to them.
type commandFiles [len(fileKinds)]scratchFile

// newCommandFiles makes the files, empty: actions insist that they exist.
func (j *jobRun) newCommandFiles() (files commandFiles, err error) {
	for i, kind := range fileKinds {
		if files[i], err = j.scratch.take(string(kind), ""); err != nil {
			return files, err
		}
	}
	return files, nil
}

// addFiles tells a command where its files are.
func (j *jobRun) addFiles(files *commandFiles, env *envList) {
	for i, kind := range fileKinds {
		env.set(string(kind), j.scratch.inner+files[i].name)
	}
}

// readFiles obeys what the step's commands wrote (FileCommandManager.cs,
// ProcessFiles). A file that can't be understood fails the step. quiet says
// that no process is left which could still write.
func (r *stepRun) readFiles(files *commandFiles, quiet bool) {
	for i, kind := range fileKinds {
		st, ok := r.job.scratch.stat(files[i])
		if !ok {
			continue
		}
		if st.Size == 0 && st.Mode&syscall.S_IFMT == syscall.S_IFREG {
			if quiet {
				r.job.scratch.giveBack(files[i], &st)
			}
			continue // most steps write nothing
		}
		var err error
		if st.Mode&syscall.S_IFMT == syscall.S_IFLNK {
			err = fmt.Errorf("%s is a symbolic link; only a regular file is read", kind)
		} else {
			err = r.readFile(kind, r.job.scratch.host+files[i].name)
		}
		if err != nil {
			r.log.error(fmt.Sprintf("Unable to process file command '%s' successfully.", kind.ContextName()))
			r.log.error(err.Error())
			r.failed.Store(true)
		}
	}
}

func (r *stepRun) readFile(kind envfile.Kind, path string) error {
	switch kind {
	case envfile.Path:
		folders, err := envfile.ReadPath(path)
		for _, folder := range folders {
			r.addPath(folder)
		}
		return err
	case envfile.Summary:
		markdown, err := envfile.ReadSummary(path)
		if err != nil {
			r.log.error(err.Error()) // dropped; the step goes on
		} else if len(markdown) > 0 {
			r.job.report.summary(r.ref.Number, markdown)
		}
		return nil
	}
	pairs, err := envfile.ReadPairs(kind, path)
	for _, p := range pairs {
		switch kind {
		case envfile.Env:
			if message, blocked := envfile.Blocked(p.Name); blocked {
				r.log.error(message)
			} else {
				r.setEnv(p.Name, p.Value)
			}
		case envfile.State:
			r.saveState(p.Name, p.Value)
		case envfile.Output:
			r.setOutput(p.Name, p.Value)
			r.log.debug(fmt.Sprintf("Set output %s = %s", p.Name, p.Value))
		}
	}
	return err
}
