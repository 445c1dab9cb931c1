package runner_test

import (
	"flag"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"unicode/utf8"

	"slipway/internal/jobproto"
	"slipway/internal/testkit"
)

var update = flag.Bool("update", false, "rewrite the expected transcripts in testdata")

// TestGolden runs every testdata/*.txtar: a job (job.yml: its keys or only
// steps), files of the workspace (workspace/…) and of actions
// (actions/owner/name/…), and the transcript that must come of it. A line
// `# needs: program …` in the comment names what the machine must have,
// `# debug` turns debug logging on, `# secret: value` adds a secret.
func TestGolden(t *testing.T) {
	files, err := filepath.Glob("testdata/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatal("no testdata", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txtar"), func(t *testing.T) {
			t.Parallel()
			runGolden(t, file)
		})
	}
}

func runGolden(t *testing.T, file string) {
	archive, err := readArchive(file)
	if err != nil {
		t.Fatal(err)
	}
	content := archive.files
	tr := newTrial(t, content["job.yml"])
	actions := folderActions{root: t.TempDir()}
	tr.deps.Actions = actions
	for line := range strings.SplitSeq(archive.comment, "\n") {
		key, value, _ := strings.Cut(strings.TrimPrefix(line, "# "), ": ")
		switch key {
		case "needs":
			testkit.Need(t, strings.Fields(value)...)
		case "debug":
			tr.job.StepDebug = true
		case "secret":
			tr.job.Masks = append(tr.job.Masks, value)
		}
	}
	for name, data := range content {
		if rest, ok := strings.CutPrefix(name, "workspace/"); ok {
			tr.write(t, rest, data)
		}
		if rest, ok := strings.CutPrefix(name, "actions/"); ok {
			path := filepath.Join(actions.root, rest)
			if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(path, []byte(data), 0o644); err != nil {
				t.Fatal(err)
			}
		}
	}
	got := tr.transcript(tr.run(t), actions.root)
	if got == content["transcript"] {
		return
	}
	if !*update {
		t.Errorf("%s: the transcript is another (go test -run TestGolden -update rewrites it), from here on:\n%s", file, difference(got, content["transcript"]))
		return
	}
	archive.set("transcript", got)
	if err := archive.write(file); err != nil {
		t.Fatal(err)
	}
}

// difference shows the lines of got from the first one that is not in want.
func difference(got, want string) string {
	for {
		line, rest, more := strings.Cut(got, "\n")
		wanted, wantRest, _ := strings.Cut(want, "\n")
		if line != wanted || !more {
			return fmt.Sprintf("want %q\ngot  %s", wanted, got)
		}
		got, want = rest, wantRest
	}
}

// place is an annotation's place and message; a long one is only counted.
func place(a jobproto.Annotation) string {
	at := ""
	if a.File != "" || a.Line != 0 {
		at = fmt.Sprintf("%s:%d-%d:%d-%d ", a.File, a.Line, a.EndLine, a.Column, a.EndColumn)
	}
	if a.Title != "" {
		at += fmt.Sprintf("%q ", a.Title)
	}
	if n := utf8.RuneCountInString(a.Message); n > 1000 {
		return fmt.Sprintf("%s%d characters", at, n)
	}
	return at + strconv.Quote(a.Message)
}

var shellPath = regexp.MustCompile(`(?m)^(shell: |##\[debug\])/\S*/(bash|sh|python|pwsh|node)3? `)

// transcript is everything a reader of the job would see, without what differs
// from machine to machine.
func (tr *trial) transcript(result jobproto.Result, actions string) string {
	var out strings.Builder
	fmt.Fprintf(&out, "job: %s\n", result.Conclusion)
	for _, name := range slices.Sorted(maps.Keys(result.Outputs)) {
		fmt.Fprintf(&out, "output %s: %q\n", name, result.Outputs[name])
	}
	for _, s := range tr.sink.steps {
		depth := ""
		for at := s.ref.Parent; at != 0; at = tr.sink.byNumber[at].ref.Parent {
			depth += "    "
		}
		fmt.Fprintf(&out, "\n%s%d %s [%s", depth, s.ref.Number, s.ref.Name, s.ref.Phase)
		if s.ref.ID != "" {
			fmt.Fprintf(&out, " %s", s.ref.ID)
		}
		fmt.Fprintf(&out, "]: %s", s.result.Conclusion)
		if s.result.Outcome != s.result.Conclusion {
			fmt.Fprintf(&out, " (%s)", s.result.Outcome)
		}
		if s.result.ExitCode != nil && *s.result.ExitCode != 0 {
			fmt.Fprintf(&out, ", exit code %d", *s.result.ExitCode)
		}
		out.WriteByte('\n')
		for line := range strings.Lines(shellPath.ReplaceAllString(s.log.String(), "$1$2 ")) {
			if len(line) > 1000 {
				line = fmt.Sprintf("(%d bytes)\n", len(line))
			}
			out.WriteString(depth + "  | " + line)
		}
		if s.summary != "" {
			fmt.Fprintf(&out, "%s  summary %q\n", depth, s.summary)
		}
		for _, a := range tr.sink.annotations {
			if a.Step == s.ref.Number {
				fmt.Fprintf(&out, "%s  %s %s\n", depth, a.Level, place(a))
			}
		}
	}
	dirs := tr.deps.Place.Dirs().Inner
	replace := strings.NewReplacer(
		dirs.Workspace, "$WORKSPACE", filepath.Dir(dirs.Workspace), "$RUNNER_WORKSPACE", dirs.Temp, "$TEMP", dirs.Home, "$HOME", dirs.ToolCache, "$TOOLS", actions, "$ACTIONS",
		tr.deps.Place.Env()["PATH"], "$PATH", "\x1b", "␛", "\r", "␍", "\x00", "␀",
	)
	return replace.Replace(out.String())
}
