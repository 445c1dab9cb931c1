package command

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"slipway/internal/jobproto"
)

// effects writes down what happens, one line each.
type effects struct {
	done []string
	err  error // of AddMatchers and RemoveMatchers
}

func (e *effects) note(format string, args ...any) {
	e.done = append(e.done, fmt.Sprintf(format, args...))
}

func (e *effects) Log(text string)      { e.note("log %s", text) }
func (e *effects) Debug(message string) { e.note("debug %s", message) }
func (e *effects) Fail()                { e.note("fail") }
func (e *effects) Mask(value string)    { e.note("mask %q", value) }

func (e *effects) Annotate(a jobproto.Annotation) {
	e.note("annotate %s %s|%s|%d-%d,%d-%d|%s", a.Level, a.Title, a.File, a.Line, a.EndLine, a.Column, a.EndColumn, a.Message)
}

func (e *effects) Set(target Target, name, value string) {
	e.note("set %s %s=%q", []string{"env", "output", "state", "path"}[target], name, value)
}

func (e *effects) AddMatchers(file string) error { e.note("add %s", file); return e.err }

func (e *effects) RemoveMatchers(owner, file string) error {
	e.note("remove %s|%s", owner, file)
	return e.err
}

// obey runs lines; the result is what they did, with "- line" for a line that
// was no command.
func obey(in *Interpreter, lines ...string) []string {
	e := &effects{}
	if given, ok := in.Effects.(*effects); ok {
		e.err = given.err
	}
	in.Effects = e
	for _, line := range lines {
		if !in.Obey([]byte(line)) {
			e.note("- %s", line)
		}
	}
	return e.done
}

func check(t *testing.T, got []string, want string) {
	t.Helper()
	want = strings.Trim(strings.ReplaceAll(want, "\t", ""), "\n")
	if g := strings.Join(got, "\n"); g != want {
		t.Errorf("got\n%s\nwant\n%s", g, want)
	}
}

func TestCommands(t *testing.T) {
	const disabled = " command is disabled. Please upgrade to using Environment Files or opt into unsecure command execution by setting the `ACTIONS_ALLOW_UNSECURE_COMMANDS` environment variable to `true`. For more information see: https://github.blog/changelog/2020-10-01-github-actions-deprecating-set-env-and-add-path-commands/"
	const old = " command is deprecated and will be disabled soon. Please upgrade to using Environment Files. For more information see: https://github.blog/changelog/2022-10-11-github-actions-deprecating-save-state-and-set-output-commands/"
	for _, c := range []struct{ name, line, want string }{
		{"plain", "hello", "- hello"},
		{"debug", "::debug::a%0Ab", "debug a\nb"},
		{"notice", "::notice title=T::hello", "annotate notice T||0-0,0-0|hello\nlog ##[notice]hello"},
		{"warning", "##[warning file=/w/a/b.go;line=3;col=4]hello", "annotate warning |a/b.go|3-0,4-0|hello\nlog ##[warning]hello"},
		{"error", "::error file=a.go,line=3,endLine=5,title=T::a%0Ab", "annotate error T|a.go|3-5,0-0|a\nb\nlog ##[error]a\nb"},
		{"error elsewhere", "::error file=/work2/a.go::x", "annotate error |/work2/a.go|0-0,0-0|x\nlog ##[error]x"},
		{"error without message", "::error::", ""},
		{"error with a blank message", "::error:: ", "log ##[error] "},
		{"group", "::group::My title", "log ##[group]My title"},
		{"endgroup", "::endgroup::ignored", "log ##[endgroup]"},
		{"add-mask", "::add-mask::s3cret%0Aline", `mask "s3cret\nline"`},
		{"add-mask of nothing", "::add-mask:: %0D  %0A", "annotate warning ||0-0,0-0|Can't add secret mask for empty string in ##[add-mask] command.\nlog ##[warning]Can't add secret mask for empty string in ##[add-mask] command."},
		{"set-output", "::set-output name=a::b%0Ac", "annotate warning ||0-0,0-0|The `set-output`" + old + "\nlog ##[warning]The `set-output`" + old + "\nset output a=\"b\\nc\""},
		{"save-state", "::save-state name=a::b", "annotate warning ||0-0,0-0|The `save-state`" + old + "\nlog ##[warning]The `save-state`" + old + "\nset state a=\"b\""},
		{"set-env", "::set-env name=a::b", "annotate error ||0-0,0-0|Unable to process command '::set-env name=a::b' successfully.\nlog ##[error]Unable to process command '::set-env name=a::b' successfully.\nannotate error ||0-0,0-0|The `set-env`" + disabled + "\nlog ##[error]The `set-env`" + disabled + "\nfail"},
		{"add-path", "::add-path::b", "annotate error ||0-0,0-0|Unable to process command '::add-path::b' successfully.\nlog ##[error]Unable to process command '::add-path::b' successfully.\nannotate error ||0-0,0-0|The `add-path`" + disabled + "\nlog ##[error]The `add-path`" + disabled + "\nfail"},
		{"add-matcher", "::add-matcher::dir/m.json", "add /w/dir/m.json"},
		{"add-matcher with a whole path", "::add-matcher::/tmp/m.json", "add /tmp/m.json"},
		{"add-matcher of nothing", "::add-matcher::", "annotate warning ||0-0,0-0|File path must be specified.\nlog ##[warning]File path must be specified."},
		{"remove-matcher by owner", "::remove-matcher owner=me::", "remove me|"},
		{"remove-matcher by file", "::remove-matcher::m.json", "remove |/w/m.json"},
		{"not for steps", "##[internal-set-repo-path repoFullName=a/b;workspaceRepo=true]x", "- ##[internal-set-repo-path repoFullName=a/b;workspaceRepo=true]x"},
	} {
		t.Run(c.name, func(t *testing.T) {
			check(t, obey(&Interpreter{Workspace: "/w"}, c.line), c.want)
		})
	}
}

func TestFailures(t *testing.T) {
	for _, c := range []struct {
		line, message string
		err           error
		fails         bool
	}{
		{"::set-output::b", "Required field 'name' is missing in ##[set-output] command.", nil, true},
		{"::save-state name=::b", "Required field 'name' is missing in ##[save-state] command.", nil, true},
		{"::set-env::b", "Required field 'name' is missing in ##[set-env] command.", nil, true},
		{"::add-path::", "Required path is missing in ##[add-path] command.", nil, true},
		{"::echo::loud", "Invalid echo command value. Possible values can be: 'on', 'off'. Current value is: 'loud'.", nil, true},
		{"::echo::", "Current value is: ''.", nil, true},
		{"::add-matcher::m", "no such file", errors.New("no such file"), true},
		{"::remove-matcher::m", "no such file", errors.New("no such file"), true},
		{"::remove-matcher owner=o::f", "Either specify an owner name or a file path in ##[remove-matcher] command. Both values cannot be set.", nil, false},
		{"::remove-matcher::", "Either an owner name or a file path must be specified in ##[remove-matcher] command.", nil, false},
		{"::set-env name=NODE_Options::b", "Can't update NODE_OPTIONS environment variable using ::set-env:: command.", nil, false},
	} {
		in := &Interpreter{Effects: &effects{err: c.err}, Getenv: func(string) string { return " TRUE" }}
		done := strings.Join(obey(in, c.line), "\n")
		if !strings.Contains(done, c.message) || strings.HasSuffix(done, "\nfail") != c.fails || strings.Contains(done, "set env") {
			t.Errorf("%s: got\n%s", c.line, done)
		}
	}
}

func TestUnsecureCommandsAllowed(t *testing.T) {
	in := &Interpreter{Getenv: func(name string) string {
		return map[string]string{"ACTIONS_ALLOW_UNSECURE_COMMANDS": "True"}[name]
	}}
	check(t, obey(in, "::set-env name=A::b", "::add-path::/bin"), "set env A=\"b\"\nset path =\"/bin\"")
}

func TestEcho(t *testing.T) {
	in := &Interpreter{}
	check(t, obey(in, "::echo::on", "::group::x", "::debug::d", "::add-mask::m", "::notice::n", "::echo::Off   ", "::group::y", "::echo::ON"), `
		debug Setting echo command value to 'on'
		log ::group::x
		log ##[group]x
		debug d
		log ::add-mask::***
		mask "m"
		annotate notice ||0-0,0-0|n
		log ##[notice]n
		log ::echo::Off   
		debug Setting echo command value to 'off'
		log ##[group]y
		debug Setting echo command value to 'on'`)
	if !in.Echo {
		t.Error("echo is off")
	}
	check(t, obey(&Interpreter{Echo: true}, "::warning::w", "::error bad::"), "annotate warning ||0-0,0-0|w\nlog ##[warning]w")
}

func TestStopCommands(t *testing.T) {
	check(t, obey(&Interpreter{}, "##[stop-commands]myToken", "::group::x", "::myToken2::", "##[MYTOKEN]", "::group::y", "::mytoken::"), `
		mask "myToken"
		log ##[stop-commands]myToken
		debug Paused processing commands until the token you called ::stopCommands:: with is received
		debug Process commands has been stopped and waiting for '##[myToken]' to resume.
		- ::group::x
		- ::myToken2::
		log ##[MYTOKEN]
		debug Resume processing commands
		log ##[group]y
		- ::mytoken::`)
	check(t, obey(&Interpreter{}, "::stop-commands::short1", "::short1::"), `
		log ::stop-commands::short1
		debug Paused processing commands until the token you called ::stopCommands:: with is received
		log ::short1::
		debug Resume processing commands`)
}

func TestStopCommandsToken(t *testing.T) {
	for _, token := range []string{"stop-commands", "", "SET-env", "pause-logging", "Pause-Logging"} {
		line := "::stop-commands::" + token
		done := obey(&Interpreter{}, line, "::group::x")
		if len(done) != 4 || !strings.HasPrefix(done[0], "annotate error ||0-0,0-0|You cannot use a endToken that is an empty string") || done[2] != "fail" || done[3] != "log ##[group]x" {
			t.Errorf("%q: got %q", line, done)
		}
		for _, allowed := range []string{"1", "true", "$TRUE"} {
			in := &Interpreter{Getenv: func(name string) string {
				return map[string]string{"ACTIONS_ALLOW_UNSECURE_STOPCOMMAND_TOKENS": allowed}[name]
			}}
			done = obey(in, line, "::group::x", "::"+token+"::")
			if resumed := done[len(done)-1] == "debug Resume processing commands"; resumed != (token != "") {
				t.Errorf("%q allowed: got %q", line, done)
			}
		}
	}
}

func TestPlaces(t *testing.T) {
	for _, c := range []struct{ properties, want string }{
		{"line=1,endLine=2,col=1,endColumn=2", "1-2,0-0"},
		{"col=1,endColumn=2", "0-0,0-0"},
		{"endLine=1", "1-1,0-0"},
		{"line=1,endColumn=2", "1-0,2-2"},
		{"line=,endLine=3", "3-3,0-0"},
		{"line=4,endLine=3", "0-0,0-0"},
		{"line=1,endLine=1,col=3,endColumn=2", "1-1,0-0"},
		{"line=1,endLine=1,col=1,endColumn=2", "1-1,1-2"},
		{"line=1,col=1,file=test.txt", "1-0,1-0"},
		{"line=x,col=1", "0-0,0-0"},
		{"line= 7 ,endLine=+8", "7-8,0-0"},
		{"line=99999999999", "0-0,0-0"},
		{"line=1,endLine=01,col=2", "1-1,0-0"},
	} {
		done := obey(&Interpreter{}, "::warning "+c.properties+"::m")
		annotated := done[len(done)-2]
		if got := strings.Split(annotated, "|")[2]; got != c.want {
			t.Errorf("%s: got %s, want %s", c.properties, got, c.want)
		}
	}
}

func TestPathsInContainers(t *testing.T) {
	in := &Interpreter{Workspace: "/inner/w", HostPath: func(inner string) string {
		return strings.Replace(inner, "/inner", "/host", 1)
	}}
	check(t, obey(in, "::add-matcher::m.json", "::add-matcher::/inner/x.json", "::error file=/inner/w/a::x", "::error file=/inner/b::x", "::error file=/inner/w::x"), `
		add /host/w/m.json
		add /host/x.json
		annotate error |a|0-0,0-0|x
		log ##[error]x
		annotate error |/host/b|0-0,0-0|x
		log ##[error]x
		annotate error |/host/w|0-0,0-0|x
		log ##[error]x`)
}

func FuzzObey(f *testing.F) {
	f.Add("::stop-commands::t\n::error line=1,endLine=0::x\n::t::", true)
	f.Add("::echo::on\n::set-output name=a::b\n##[remove-matcher owner=x]y", false)
	f.Fuzz(func(t *testing.T, text string, allow bool) {
		in := &Interpreter{Workspace: "/w", Getenv: func(string) string { return fmt.Sprint(allow) }}
		obey(in, strings.Split(text, "\n")...)
	})
}
