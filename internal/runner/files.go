package runner

import (
	"fmt"
	"io/fs"
	"os"
	"strconv"

	"slipway/internal/runner/envfile"
)

// commandFiles are the files through which one step speaks to the runner. Each
// step has its own: what an earlier one left running can't write to them.
type commandFiles struct {
	host, inner string // folder
	suffix      string
}

// filesFolder holds them all, relative to Layout.Home.
const filesFolder = "commands"

// fileKinds in the order in which the files are read after a step.
var fileKinds = [...]envfile.Kind{envfile.Path, envfile.Env, envfile.Summary, envfile.State, envfile.Output}

// newCommandFiles makes the files, empty: actions insist that they exist.
func (j *jobRun) newCommandFiles() (commandFiles, error) {
	f := commandFiles{
		host:   j.dirs.Host.Home + "/" + filesFolder + "/",
		inner:  j.dirs.Inner.Home + "/" + filesFolder + "/",
		suffix: "_" + strconv.FormatInt(j.files.Add(1), 10),
	}
	for _, kind := range fileKinds {
		file, err := os.OpenFile(f.hostPath(kind), os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o644)
		if err != nil {
			return f, fmt.Errorf("make the step's file for %s: %w", kind, err)
		}
		file.Close()
	}
	return f, nil
}

func (f commandFiles) hostPath(kind envfile.Kind) string {
	return f.host + string(kind) + f.suffix
}

// addTo tells a command where its files are.
func (f commandFiles) addTo(env *envList) {
	for _, kind := range fileKinds {
		env.set(string(kind), f.inner+string(kind)+f.suffix)
	}
}

// readFiles obeys what the step's commands wrote (FileCommandManager.cs,
// ProcessFiles). A file that can't be understood fails the step.
func (r *stepRun) readFiles(f commandFiles) {
	for _, kind := range fileKinds {
		path := f.hostPath(kind)
		info, err := os.Lstat(path)
		if err != nil || info.Size() == 0 && info.Mode().IsRegular() {
			continue // most steps write nothing
		}
		if info.Mode()&fs.ModeSymlink != 0 {
			err = fmt.Errorf("%s is a symbolic link; only a regular file is read", kind)
		} else {
			err = r.readFile(kind, path)
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
