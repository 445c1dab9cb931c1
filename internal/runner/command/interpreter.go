package command

import (
	"errors"
	"fmt"
	"path"
	"strconv"
	"strings"

	"slipway/internal/jobproto"
)

// Target says what a name and a value are set in.
type Target uint8

// Targets.
const (
	Env    Target = iota // the job's environment, for the steps after this one
	Output               // this step's outputs
	State                // what an action keeps for its post step
	Path                 // prepended to PATH; the name is empty
)

// Effects is what commands do to the step that wrote them. Calls come in the
// order of the output, from the goroutine that calls Obey.
type Effects interface {
	// Log adds text to the step's log, unmasked: one or more lines without
	// the last line ending.
	Log(text string)
	// Debug adds a message to the step's log when debug logging is on.
	Debug(message string)
	// Annotate records an annotation, unmasked and uncut, its Step unset.
	// Its line of the log comes through Log.
	Annotate(jobproto.Annotation)
	// Set sets a variable, an output, a state value or a folder on the PATH.
	Set(target Target, name, value string)
	// Mask hides a value, which is not blank, and each of its lines from now on.
	Mask(value string)
	// AddMatchers registers the problem matchers of a file (a host path).
	AddMatchers(file string) error
	// RemoveMatchers removes an owner's matchers, or those a file (a host
	// path) lists; the other argument is empty.
	RemoveMatchers(owner, file string) error
	// Fail makes the step end as failed whatever its exit code.
	Fail()
}

// Interpreter obeys the commands of one step (of one process: a composite
// action's steps have their own). It is not safe for concurrent use.
type Interpreter struct {
	Effects Effects
	// Echo prints commands as they are obeyed; `::echo::on` and off change it.
	// It starts as ACTIONS_STEP_DEBUG and is inherited by a composite's steps.
	Echo bool
	// Workspace is GITHUB_WORKSPACE as the step sees it, and HostPath turns a
	// path the step sees into ours; nil where the two are the same.
	Workspace string
	HostPath  func(inner string) string
	// Getenv looks a variable up in the step's env context, then in the
	// runner's own environment: ACTIONS_ALLOW_UNSECURE_COMMANDS and
	// ACTIONS_ALLOW_UNSECURE_STOPCOMMAND_TOKENS are read through it.
	Getenv func(name string) string

	paused bool
	token  string // ends the pause
}

// Obey obeys a line, given without its line ending, if it is a workflow
// command and reports whether it was one: such a line is not printed.
func (in *Interpreter) Obey(line []byte) bool {
	c, ok := Parse(line, in.token)
	if !ok {
		return false
	}
	if in.paused {
		return in.obeyPaused(c, line)
	}
	if c.Name == "stop-commands" {
		in.pause(c, line)
		return true
	}
	if in.Echo && !omitsEcho(c.Name) {
		in.Effects.Log(string(line))
	}
	if err := in.run(c); err != nil {
		shown := string(line)
		if omitsEcho(c.Name) {
			shown = c.Name
		}
		in.fail(fmt.Sprintf("Unable to process command '%s' successfully.", shown), err.Error())
	}
	return true
}

// obeyPaused handles a command while stop-commands is in force: only the token counts.
func (in *Interpreter) obeyPaused(c Command, line []byte) bool {
	if in.token == "" || !strings.EqualFold(c.Name, in.token) {
		in.Effects.Debug(fmt.Sprintf("Process commands has been stopped and waiting for '##[%s]' to resume.", in.token))
		return false
	}
	in.Effects.Log(string(line))
	in.Effects.Debug("Resume processing commands")
	in.paused, in.token = false, ""
	return true
}

// pause obeys `::stop-commands::token`. A token that is itself a command would
// let the output that follows end the pause, so it is refused.
func (in *Interpreter) pause(c Command, line []byte) {
	token := c.Data
	invalid := token == "" || known([]byte(token)) != "" || strings.EqualFold(token, "pause-logging")
	if invalid && !truthy(in.getenv("ACTIONS_ALLOW_UNSECURE_STOPCOMMAND_TOKENS")) {
		in.fail(errStopToken.Error())
		return
	}
	in.paused, in.token = true, token
	if len(token) > 6 {
		in.Effects.Mask(token)
	}
	in.Effects.Log(string(line))
	in.Effects.Debug("Paused processing commands until the token you called ::stopCommands:: with is received")
}

// fail reports errors of a command to the reader and fails the step.
func (in *Interpreter) fail(messages ...string) {
	for _, m := range messages {
		in.issue(jobproto.Annotation{Level: jobproto.Error, Message: m})
	}
	in.Effects.Fail()
}

// issue records an annotation and prints it. A blank one isn't recorded.
func (in *Interpreter) issue(a jobproto.Annotation) {
	if strings.TrimSpace(a.Message) != "" {
		in.Effects.Annotate(a)
	}
	if a.Message != "" {
		in.Effects.Log("##[" + string(a.Level) + "]" + a.Message)
	}
}

func (in *Interpreter) warn(message string) {
	in.issue(jobproto.Annotation{Level: jobproto.Warning, Message: message})
}

// omitsEcho reports whether a command is never printed even with echo on:
// it prints itself, or holds a secret.
func omitsEcho(name string) bool {
	switch name {
	case "add-mask", "debug", "notice", "warning", "error":
		return true
	}
	return false
}

// run does what one command says. An error fails the step.
func (in *Interpreter) run(c Command) error {
	switch c.Name {
	case "debug":
		in.Effects.Debug(c.Data)
	case "notice", "warning", "error":
		in.issue(in.annotation(c))
	case "group":
		in.Effects.Log("##[group]" + c.Data)
	case "endgroup":
		in.Effects.Log("##[endgroup]")
	case "echo":
		return in.echo(c)
	case "add-mask":
		in.mask(c)
	case "set-output":
		in.warn(deprecated(c.Name))
		return in.setNamed(Output, c)
	case "save-state":
		in.warn(deprecated(c.Name))
		return in.setNamed(State, c)
	case "set-env":
		return in.setEnv(c)
	case "add-path":
		return in.addPath(c)
	case "add-matcher":
		return in.addMatcher(c)
	case "remove-matcher":
		return in.removeMatcher(c)
	}
	return nil
}

func (in *Interpreter) echo(c Command) error {
	switch strings.ToUpper(strings.TrimSpace(c.Data)) {
	case "ON":
		in.Echo = true
		in.Effects.Debug("Setting echo command value to 'on'")
	case "OFF":
		in.Echo = false
		in.Effects.Debug("Setting echo command value to 'off'")
	default:
		return fmt.Errorf("Invalid echo command value. Possible values can be: 'on', 'off'. Current value is: '%s'.", c.Data)
	}
	return nil
}

func (in *Interpreter) mask(c Command) {
	if strings.TrimSpace(c.Data) == "" {
		in.warn("Can't add secret mask for empty string in ##[add-mask] command.")
		return
	}
	if in.Echo {
		in.Effects.Log("::add-mask::***")
	}
	in.Effects.Mask(c.Data)
}

func (in *Interpreter) setNamed(target Target, c Command) error {
	name := c.Get("name")
	if name == "" {
		return fmt.Errorf("Required field 'name' is missing in ##[%s] command.", c.Name)
	}
	in.Effects.Set(target, name, c.Data)
	return nil
}

func (in *Interpreter) setEnv(c Command) error {
	if err := in.unsecure(c.Name); err != nil {
		return err
	}
	if strings.EqualFold(c.Get("name"), "NODE_OPTIONS") {
		in.issue(jobproto.Annotation{
			Level:   jobproto.Error,
			Message: "Can't update NODE_OPTIONS environment variable using ::set-env:: command.",
		})
		return nil
	}
	return in.setNamed(Env, c)
}

func (in *Interpreter) addPath(c Command) error {
	if err := in.unsecure(c.Name); err != nil {
		return err
	}
	if c.Data == "" {
		return errors.New("Required path is missing in ##[add-path] command.")
	}
	in.Effects.Set(Path, "", c.Data)
	return nil
}

func (in *Interpreter) addMatcher(c Command) error {
	if c.Data == "" {
		in.warn("File path must be specified.")
		return nil
	}
	return in.Effects.AddMatchers(in.rooted(c.Data))
}

func (in *Interpreter) removeMatcher(c Command) error {
	owner := c.Get("owner")
	switch {
	case owner != "" && c.Data != "":
		in.warn("Either specify an owner name or a file path in ##[remove-matcher] command. Both values cannot be set.")
	case owner == "" && c.Data == "":
		in.warn("Either an owner name or a file path must be specified in ##[remove-matcher] command.")
	case owner != "":
		return in.Effects.RemoveMatchers(owner, "")
	default:
		return in.Effects.RemoveMatchers("", in.rooted(c.Data))
	}
	return nil
}

// rooted gives the host path of a file a step named, relative to the workspace or not.
func (in *Interpreter) rooted(file string) string {
	if !path.IsAbs(file) {
		file = path.Join(in.Workspace, file)
	}
	return in.hostPath(file)
}

func (in *Interpreter) hostPath(file string) string {
	if in.HostPath == nil {
		return file
	}
	return in.HostPath(file)
}

func (in *Interpreter) getenv(name string) string {
	if in.Getenv == nil {
		return ""
	}
	return in.Getenv(name)
}

// unsecure refuses the two commands that untrusted output could use to take
// over a job, unless the workflow asked for them.
func (in *Interpreter) unsecure(name string) error {
	if strings.EqualFold(strings.TrimSpace(in.getenv("ACTIONS_ALLOW_UNSECURE_COMMANDS")), "true") {
		return nil
	}
	return fmt.Errorf("The `%s` command is disabled. Please upgrade to using Environment Files or opt into unsecure command execution by setting the `ACTIONS_ALLOW_UNSECURE_COMMANDS` environment variable to `true`. For more information see: https://github.blog/changelog/2020-10-01-github-actions-deprecating-set-env-and-add-path-commands/", name)
}

// deprecated is GitHub's warning for set-output and save-state.
func deprecated(name string) string {
	return fmt.Sprintf("The `%s` command is deprecated and will be disabled soon. Please upgrade to using Environment Files. For more information see: https://github.blog/changelog/2022-10-11-github-actions-deprecating-save-state-and-set-output-commands/", name)
}

var errStopToken = errors.New("You cannot use a endToken that is an empty string, the string 'pause-logging', or another workflow command. For more information see: https://docs.github.com/actions/learn-github-actions/workflow-commands-for-github-actions#example-stopping-and-starting-workflow-commands or opt into insecure command execution by setting the `ACTIONS_ALLOW_UNSECURE_STOPCOMMAND_TOKENS` environment variable to `true`.")

// truthy is the runner's StringUtil.ConvertToBoolean.
func truthy(s string) bool {
	switch strings.ToLower(s) {
	case "1", "true", "$true":
		return true
	}
	return false
}

// annotation turns a notice, warning or error command into an annotation.
func (in *Interpreter) annotation(c Command) jobproto.Annotation {
	a := jobproto.Annotation{
		Level:   jobproto.Level(c.Name),
		Message: c.Data,
		Title:   c.Get("title"),
		File:    c.Get("file"),
	}
	in.place(c, &a)
	if a.File != "" {
		if rel, ok := relative(a.File, in.Workspace); ok && rel != "" {
			a.File = rel
		} else {
			a.File = in.hostPath(a.File)
		}
	}
	return a
}

// place fills in lines and columns, dropping combinations that make no sense
// as ActionCommandManager.ValidateLinesAndColumns does.
func (in *Interpreter) place(c Command, a *jobproto.Annotation) {
	debug := func(format string, args ...any) {
		in.Effects.Debug(fmt.Sprintf("Invalid "+c.Name+" command value. "+format, args...))
	}
	lineText, endLineText := c.Get("line"), c.Get("endLine")
	line, hasLine := parseInt(lineText)
	endLine, hasEndLine := parseInt(endLineText)
	column, hasColumn := parseInt(c.Get("col"))
	endColumn, hasEndColumn := parseInt(c.Get("endColumn"))
	anyColumn := hasColumn || hasEndColumn
	a.Line, a.EndLine, a.Column, a.EndColumn = line, endLine, column, endColumn

	if hasEndLine && !hasLine {
		debug("'endLine' can only be set if 'line' is provided")
		a.Line, lineText, hasLine = endLine, endLineText, true
	}
	if hasEndColumn && !hasColumn {
		debug("'endColumn' can only be set if 'col' is provided")
		a.Column, hasColumn = endColumn, true
	}
	if !hasLine && anyColumn {
		debug("'col' and 'endColumn' can only be set if 'line' value is provided.")
		a.Column, a.EndColumn = 0, 0
	}
	if hasEndLine && lineText != endLineText && anyColumn {
		debug("'col' and 'endColumn' cannot be set if 'line' and 'endLine' are different values.")
		a.Column, a.EndColumn = 0, 0
	}
	if hasLine && hasEndLine && endLine < line {
		debug("'endLine' cannot be less than 'line'.")
		a.Line, a.EndLine = 0, 0
	}
	if hasColumn && hasEndColumn && endColumn < column {
		debug("'endColumn' cannot be less than 'col'.")
		a.Column, a.EndColumn = 0, 0
	}
}

// parseInt reads a 32-bit number as .NET's int.TryParse: space around it is fine.
func parseInt(s string) (int, bool) {
	n, err := strconv.ParseInt(strings.TrimSpace(s), 10, 32)
	if err != nil {
		return 0, false
	}
	return int(n), true
}

// relative makes file relative to folder when it lies below it, by its text alone.
func relative(file, folder string) (string, bool) {
	rest, ok := strings.CutPrefix(file, folder)
	if !ok || folder == "" {
		return file, false
	}
	if strings.HasSuffix(folder, "/") || rest == "" {
		return rest, true
	}
	return strings.CutPrefix(rest, "/")
}
