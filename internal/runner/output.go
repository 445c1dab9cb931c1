package runner

import (
	"slipway/internal/jobproto"
	"slipway/internal/runner/command"
	"slipway/internal/runner/matcher"
)

// output is what one process of a step prints, on its way to the log: it
// implements logline.Handler, and command.Effects for the commands found in it.
type output struct {
	run      *stepRun
	commands *command.Interpreter
	problems *matcher.Scanner
}

func newOutput(r *stepRun) *output {
	o := &output{run: r}
	j := r.job
	o.commands = &command.Interpreter{
		Effects:   o,
		Echo:      j.job.StepDebug,
		Workspace: j.dirs.Inner.Workspace,
		HostPath:  j.dirs.translator(),
		Getenv:    r.does.lookup,
	}
	o.problems = j.matchers.Scanner(matcher.Options{
		Workspace: j.dirs.Host.Workspace,
		HostPath:  j.dirs.translator(),
		Debug:     r.log.debug,
		Warn:      r.log.warn,
	})
	return o
}

// Emit implements logline.Handler.
func (o *output) Emit(lines []byte) { o.run.log.emit(lines) }

// Command implements logline.Handler.
func (o *output) Command(line []byte) bool { return o.commands.Obey(line) }

// Watching implements logline.Handler.
func (o *output) Watching() bool { return o.problems.Active() }

// Watch implements logline.Handler.
func (o *output) Watch(line []byte) ([]byte, bool) {
	a, text, ok := o.problems.Match(line)
	if !ok {
		return nil, false
	}
	o.run.log.annotate(a)
	return []byte(text), true
}

// Log implements command.Effects.
func (o *output) Log(text string) {
	o.run.log.print(text)
	o.run.log.flush()
}

// Debug implements command.Effects.
func (o *output) Debug(message string) { o.run.log.debug(message) }

// Annotate implements command.Effects.
func (o *output) Annotate(a jobproto.Annotation) { o.run.log.annotate(a) }

// Set implements command.Effects.
func (o *output) Set(target command.Target, name, value string) {
	switch target {
	case command.Env:
		o.run.does.setEnv(name, value)
	case command.Output:
		o.run.does.setOutput(name, value)
	case command.State:
		o.run.does.saveState(name, value)
	case command.Path:
		o.run.does.addPath(value)
	}
}

// Mask implements command.Effects.
func (o *output) Mask(value string) { o.run.job.report.masks.Add(value) }

// AddMatchers implements command.Effects.
func (o *output) AddMatchers(file string) error {
	config, err := matcher.Load(file)
	if err != nil {
		return err
	}
	o.Debug(o.run.job.matchers.Add(config))
	return nil
}

// RemoveMatchers implements command.Effects.
func (o *output) RemoveMatchers(owner, file string) error {
	owners := []string{owner}
	if file != "" {
		config, err := matcher.Load(file)
		if err != nil {
			return err
		}
		owners = owners[:0]
		for _, d := range config.Matchers {
			owners = append(owners, d.Owner)
		}
	}
	o.Debug(o.run.job.matchers.Remove(owners...))
	return nil
}

// Fail implements command.Effects.
func (o *output) Fail() { o.run.does.fail() }
