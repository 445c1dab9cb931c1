package render

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"slipway/internal/jobproto"
	"slipway/internal/local"
)

var t0 = time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)

// play is a run with a job that passes, one that fails and one that is skipped.
func play(r local.Reporter) {
	run := local.Run{ID: "1", Workflow: "CI", File: ".github/workflows/ci.yml", Event: "push", Ref: "refs/heads/main",
		SHA: "0123456789abcdef0123456789abcdef01234567", Started: t0}
	at := func(s int) time.Time { return t0.Add(time.Duration(s) * time.Second) }
	build := local.Job{Run: &run, ID: "build", Key: "build", Name: "build"}
	test := local.Job{Run: &run, ID: "test/1", Key: "test", Name: "test (3.12)"}
	mac := local.Job{Run: &run, ID: "mac", Key: "mac", Name: "mac"}
	code := 3
	r.RunStarted(run)
	r.JobStarted(build, at(0))
	r.StepStarted(build, jobproto.StepRef{Number: 1, ID: "__run", Name: "Run make", Phase: jobproto.Main}, at(0))
	r.Log(build, 1, []byte("##[group]Run make\nmake\n##[endgroup]\nbuilt \"x\"\n"))
	r.StepFinished(build, jobproto.StepRef{Number: 1, ID: "__run", Name: "Run make", Phase: jobproto.Main},
		jobproto.StepResult{Outcome: jobproto.Success, Conclusion: jobproto.Success, Finished: at(1)})
	r.Summary(build, 1, []byte("# Done\n"))
	r.JobFinished(build, local.JobResult{Conclusion: jobproto.Success, Outputs: map[string]string{"v": "1"}, Started: at(0), Finished: at(1)})
	r.JobStarted(test, at(1))
	pytest := jobproto.StepRef{Number: 1, ID: "t", Name: "pytest", Phase: jobproto.Main}
	r.StepStarted(test, pytest, at(1))
	r.Log(test, 1, []byte("\x1b[31mE\x1b[0m assert\n##[error]Process completed with exit code 3.\n"))
	r.Annotation(test, jobproto.Annotation{Step: 1, Level: jobproto.Error, Message: "assert 1 == 2", File: "test_x.py", Line: 7})
	r.StepFinished(test, pytest, jobproto.StepResult{Outcome: jobproto.Failure, Conclusion: jobproto.Failure, Finished: at(3), ExitCode: &code})
	r.JobFinished(test, local.JobResult{Conclusion: jobproto.Failure, Started: at(1), Finished: at(3)})
	r.JobFinished(mac, local.JobResult{Conclusion: jobproto.Skipped, Reason: "no macOS here", Finished: at(3)})
	r.RunFinished(run, local.RunResult{Conclusion: jobproto.Failure, Finished: at(3)})
}

func TestPlain(t *testing.T) {
	var out bytes.Buffer
	play(NewPlain(&out, Style{}, false))
	want := `CI · push main 0123456
build | ▶ Run make
build |   ▸ Run make
build |   make
build |   built "x"
build | ✓ Run make
build | ▸ Summary
build |   # Done
build | ✓ job passed in 1.0s
test (3.12) | ▶ pytest
test (3.12) |   E assert
test (3.12) |   Error: Process completed with exit code 3.
test (3.12) | ✗ pytest
test (3.12) | ✗ job failed in 2.0s
mac | – job skipped: no macOS here

✗ CI failed in 3.0s (1 failed, 1 skipped, 1 passed)
  ✗ test (3.12) failed at step "pytest"
  – mac skipped: no macOS here
  test_x.py:7: error: assert 1 == 2
`
	if out.String() != want {
		t.Errorf("got:\n%s\nwant:\n%s", out.String(), want)
	}
}

func TestJSON(t *testing.T) {
	var out bytes.Buffer
	j := NewJSON(&out)
	j.now = func() time.Time { return t0 }
	play(j)
	var types []string
	for line := range strings.Lines(out.String()) {
		var e map[string]any
		if err := json.Unmarshal([]byte(line), &e); err != nil {
			t.Fatalf("%s: %v", line, err)
		}
		types = append(types, e["type"].(string))
		if _, err := time.Parse(time.RFC3339Nano, e["time"].(string)); err != nil {
			t.Error(err)
		}
	}
	want := "run.started job.started step.started log log log log step.finished summary job.finished " +
		"job.started step.started log log annotation step.finished job.finished job.finished run.finished"
	if got := strings.Join(types, " "); got != want {
		t.Errorf("types %s\nwant  %s", got, want)
	}
	for _, part := range []string{
		`"job":"test","name":"test (3.12)","instance":"test/1","step":{"number":1},"line":"\u001b[31mE\u001b[0m assert"}`,
		`"step":{"number":1,"id":"t","name":"pytest","phase":"main"},"outcome":"failure","conclusion":"failure","exit_code":3}`,
		`"conclusion":"success","outputs":{"v":"1"},"seconds":1}`,
		`"conclusion":"skipped","reason":"no macOS here","outputs":{}}`,
	} {
		if !strings.Contains(out.String(), part) {
			t.Errorf("no event with %s in\n%s", part, out.String())
		}
	}
}

// appendString must give what encoding/json reads back, for any bytes.
func FuzzAppendString(f *testing.F) {
	f.Add([]byte("a\"\\\t\n\x00\xff é \u2028"))
	f.Fuzz(func(t *testing.T, in []byte) {
		var got string
		if err := json.Unmarshal(appendString(nil, in), &got); err != nil {
			t.Fatalf("%q: %v", in, err)
		}
		if want := strings.ToValidUTF8(string(in), "\ufffd"); utf8.Valid(in) && got != want {
			t.Fatalf("%q came back as %q", in, got)
		}
	})
}

// A terminal that only knows what the tree uses: newline, cursor up, clear below.
func screen(out string) []string {
	lines, row := []string{""}, 0
	for out != "" {
		switch {
		case strings.HasPrefix(out, "\x1b["):
			n := escapeLength([]byte(out))
			var up int
			if _, err := fmt.Sscanf(out[:n], "\x1b[%dA", &up); err == nil {
				row -= up
			} else if out[:n] == "\x1b[J" {
				lines = lines[:row+1]
				lines[row] = ""
			}
			out = out[n:]
		case out[0] == '\n':
			if row++; row == len(lines) {
				lines = append(lines, "")
			}
			out = out[1:]
		case out[0] == '\r':
			out = out[1:]
		default:
			_, n := utf8.DecodeRuneInString(out)
			lines[row] += out[:n]
			out = out[n:]
		}
	}
	return lines
}

func TestTreeLeavesTheFinishedPicture(t *testing.T) {
	var out bytes.Buffer
	tree := NewTree(&out, Style{}, func() (int, int) { return 80, 24 })
	tree.Notice("a word first")
	play(tree)
	tree.Close()
	got := strings.Join(screen(out.String()), "\n")
	want := `a word first
▸ Summary of build
# Done
✗ test (3.12) › pytest
  E assert
  Error: Process completed with exit code 3.
CI · push main 0123456
  ✓ build  1.0s
  ✗ test (3.12)  2.0s
    ✗ pytest  2.0s
  – mac  no macOS here

✗ CI failed in 3.0s (1 failed, 1 skipped, 1 passed)
  ✗ test (3.12) failed at step "pytest"
  – mac skipped: no macOS here
  test_x.py:7: error: assert 1 == 2
`
	if got != want {
		t.Errorf("got:\n%s\nwant:\n%s", got, want)
	}
}

func TestTreeFitsTheTerminal(t *testing.T) {
	var out bytes.Buffer
	tree := &Tree{tally: newTally(), size: func() (int, int) { return 20, 6 }, now: func() time.Time { return t0 }, out: &out, byID: map[string]*runNode{}}
	run := local.Run{ID: "1", Workflow: "a workflow with quite a long name", Started: t0}
	tree.RunStarted(run)
	for i := range 20 {
		tree.JobStarted(local.Job{Run: &run, ID: fmt.Sprint(i), Name: "job\nwith\x1b[2Jcontrols"}, t0)
	}
	for range 3 {
		tree.draw(false)
	}
	lines := screen(out.String())
	if len(lines) > 6 {
		t.Errorf("%d lines on a terminal of 6:\n%s", len(lines), strings.Join(lines, "\n"))
	}
	for _, l := range lines {
		if utf8.RuneCountInString(l) > 20 {
			t.Errorf("%q is wider than the terminal", l)
		}
	}
}

func TestTailKeepsTheEnd(t *testing.T) {
	var tl tail
	for i := range 100_000 {
		tl.write(fmt.Appendf(nil, "line %d\n", i))
	}
	lines, dropped := tl.lines()
	if !dropped || len(lines) > tailSize || !bytes.HasPrefix(lines, []byte("line ")) || !bytes.HasSuffix(lines, []byte("line 99999\n")) {
		t.Errorf("%d bytes, dropped %v, %q … %q", len(lines), dropped, lines[:20], lines[len(lines)-20:])
	}
	if cap(tl.buf) > 8*tailSize {
		t.Errorf("the tail holds %d bytes", cap(tl.buf))
	}
	tl.write(bytes.Repeat([]byte("x"), 10*tailSize))
	if lines, _ := tl.lines(); len(lines) > tailSize {
		t.Errorf("a long line leaves %d bytes", len(lines))
	}
}
