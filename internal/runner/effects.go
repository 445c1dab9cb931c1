package runner

import (
	"fmt"
	"slices"
	"sync"
	"syscall"

	"slipway/internal/runner/envfile"
)

// effects are what a step does to those after it: through workflow commands,
// its files, or as code of ours. It is safe for concurrent use: a built-in
// action and what its programs print may set things at once.
type effects struct {
	run *stepRun

	mu     sync.Mutex
	failed bool // a command or a file of the step failed it
}

// fail makes the step end as failed whatever its task returns.
func (e *effects) fail() {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.failed = true
}

func (e *effects) hasFailed() bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.failed
}

// setEnv sets a variable for the steps that follow.
func (e *effects) setEnv(name, value string) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.run.frame.env.set(name, value)
	e.run.log.debug(fmt.Sprintf("%s='%s'", name, value))
}

// lookup finds a variable: in the step's env context, then in what the place
// gives every command.
func (e *effects) lookup(name string) string {
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, v := range slices.Backward(e.run.env) {
		if v.key == name {
			return v.value
		}
	}
	env := e.run.frame.env
	if value, ok := env.vars[name]; ok {
		return value
	}
	return env.outside.place[name]
}

// addPath puts a folder in front of PATH for the steps that follow.
func (e *effects) addPath(folder string) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.run.frame.env.addPath(folder)
}

// setOutput sets an output of the step.
func (e *effects) setOutput(name, value string) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.run.frame.steps.setOutput(e.run.step.id(), name, value)
}

// saveState keeps a value for the later phases of the same action.
func (e *effects) saveState(name, value string) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.run.step.state[name] = value
	e.run.log.debug(fmt.Sprintf("Save intra-action state %s = %s", name, value))
}

// obey does what the step's commands wrote into its files (FileCommandManager.cs,
// ProcessFiles). A file that can't be understood fails the step. quiet says
// that no process is left which could still write.
func (e *effects) obey(files *commandFiles, quiet bool) {
	scratch := e.run.job.scratch
	for i, kind := range fileKinds {
		st, ok := scratch.stat(files[i])
		if !ok {
			continue
		}
		if st.Size == 0 && st.Mode&syscall.S_IFMT == syscall.S_IFREG {
			if quiet {
				scratch.giveBack(files[i], &st)
			}
			continue // most steps write nothing
		}
		var err error
		if st.Mode&syscall.S_IFMT == syscall.S_IFLNK {
			err = fmt.Errorf("%s is a symbolic link; only a regular file is read", kind)
		} else {
			err = e.read(kind, scratch.host+files[i].name)
		}
		if err != nil {
			e.run.log.error(fmt.Sprintf("Unable to process file command '%s' successfully.", kind.ContextName()))
			e.run.log.error(err.Error())
			e.fail()
		}
	}
}

// read obeys one file.
func (e *effects) read(kind envfile.Kind, path string) error {
	log := e.run.log
	switch kind {
	case envfile.Path:
		folders, err := envfile.ReadPath(path)
		for _, folder := range folders {
			e.addPath(folder)
		}
		return err
	case envfile.Summary:
		markdown, err := envfile.ReadSummary(path)
		if err != nil {
			log.error(err.Error()) // dropped; the step goes on
		} else if len(markdown) > 0 {
			e.run.job.report.summary(e.run.ref.Number, markdown)
		}
		return nil
	}
	pairs, err := envfile.ReadPairs(kind, path)
	for _, p := range pairs {
		switch kind {
		case envfile.Env:
			if message, blocked := envfile.Blocked(p.Name); blocked {
				log.error(message)
			} else {
				e.setEnv(p.Name, p.Value)
			}
		case envfile.State:
			e.saveState(p.Name, p.Value)
		case envfile.Output:
			e.setOutput(p.Name, p.Value)
			log.debug(fmt.Sprintf("Set output %s = %s", p.Name, p.Value))
		}
	}
	return err
}
