package runner_test

import (
	"strings"
	"testing"
	"time"

	"slipway/internal/jobproto"
	"slipway/internal/testkit"
)

// TestHostileSteps runs steps that misbehave: each must end, and the job go on.
func TestHostileSteps(t *testing.T) {
	testkit.Need(t, "bash", "head", "yes", "tr")
	for name, test := range map[string]struct {
		script string
		fails  bool
		said   string // the step's log after its header, in part
	}{
		"leaves a child that holds the pipe":   {script: "(while sleep 0.1; do echo late; done) & echo gone", said: "gone\n"},
		"leaves a child that ignores signals":  {script: "(trap '' INT TERM HUP; exec sleep 1000) & echo gone", said: "gone\n"},
		"leaves a child in another session":    {script: "setsid sleep 1000 & echo gone", said: "gone\n"},
		"closes its output":                    {script: "echo first; exec >&- 2>&-; sleep 0.05; exit 3", fails: true, said: "first\n##[error]Process completed with exit code 3.\n"},
		"kills itself":                         {script: "kill -9 $$", fails: true, said: "##[error]Process completed with exit code 137.\n"},
		"prints no last line ending":           {script: "printf 'one\\ntwo'", said: "one\ntwo\n"},
		"prints NUL bytes":                     {script: "printf 'a\\0b\\n\\0\\n'", said: "a\x00b\n\x00\n"},
		"prints no UTF-8":                      {script: `printf '\377\376\n'`, said: "\xff\xfe\n"},
		"prints carriage returns":              {script: `printf '10%%\r20%%\r\nend\r'`, said: "10%\n20%\nend\n"},
		"prints a line of ten megabytes":       {script: "head -c 10000000 /dev/zero | tr '\\0' x; echo; echo end", said: "xxx\nend\n"},
		"removes its files":                    {script: `rm "$GITHUB_ENV" "$GITHUB_OUTPUT" "$GITHUB_PATH" "$GITHUB_STATE" "$GITHUB_STEP_SUMMARY" "$0"`},
		"makes its files folders":              {script: `rm "$GITHUB_ENV"; mkdir "$GITHUB_ENV"`, fails: true, said: "##[error]Unable to process file command 'env' successfully.\n"},
		"makes its files pipes":                {script: `rm "$GITHUB_OUTPUT"; mkfifo "$GITHUB_OUTPUT"`, fails: true, said: "##[error]Unable to process file command 'output' successfully.\n"},
		"makes its files links":                {script: `ln -sf /etc/passwd "$GITHUB_STEP_SUMMARY"`, fails: true, said: "GITHUB_STEP_SUMMARY is a symbolic link; only a regular file is read\n"},
		"makes its files links to a device":    {script: `ln -sf /dev/zero "$GITHUB_ENV"`, fails: true, said: "##[error]Unable to process file command 'env' successfully.\n"},
		"locks its files":                      {script: `chmod 0 "$GITHUB_OUTPUT"`},
		"fills a file":                         {script: `head -c 20000000 /dev/zero >"$GITHUB_OUTPUT"`, fails: true, said: "GITHUB_OUTPUT: the file is larger than 16 MiB"},
		"writes too large a summary":           {script: `yes | head -c 1100000 >"$GITHUB_STEP_SUMMARY"`, said: "##[error]$GITHUB_STEP_SUMMARY upload aborted, supports content up to a size of 1024k, got 1074k."},
		"never ends its heredoc":               {script: `echo "A<<END" >>"$GITHUB_OUTPUT"`, fails: true, said: "Matching delimiter not found 'END'\n"},
		"sets a variable no process can have":  {script: `printf 'A=\0\n' >>"$GITHUB_ENV"`, fails: true},
		"sets a variable with an odd name":     {script: `echo "a b-c.d=e" >>"$GITHUB_ENV"`},
		"prints commands without end":          {script: "printf '::warning::'; head -c 3000000 /dev/zero | tr '\\0' y", said: "##[warning]yyy"},
		"stops commands for ever":              {script: "echo '::stop-commands::abcdefgh'; echo '::error::x'", said: "::error::x\n"},
		"moves the workspace away":             {script: `cd ..; mv "$GITHUB_WORKSPACE" "$GITHUB_WORKSPACE.away"; mkdir "$GITHUB_WORKSPACE"`},
		"adds a matcher that is not there":     {script: "echo '::add-matcher::nothing.json'", fails: true},
		"runs with a huge environment":         {script: "printf 'BIG=%s\\n' \"$(head -c 100000 /dev/zero | tr '\\0' z)\" >>\"$GITHUB_ENV\""},
		"prints many lines and many warnings":  {script: "yes '::warning::w' | head -n 20000", said: "##[warning]w\n"},
		"is a script that is no longer there":  {script: `rm -- "$0"; echo fine`, said: "fine\n"},
		"writes to its script":                 {script: `echo 'echo appended' >>"$0"; exit 0`},
		"leaves a link to its file":            {script: `ln "$GITHUB_OUTPUT" "$RUNNER_TEMP/kept"`},
		"leaves a link to its file, used next": {script: `ln "$GITHUB_OUTPUT" "$RUNNER_TEMP/kept"; echo a=b >"$RUNNER_TEMP/kept"`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			tr := newTrial(t, "- name: it\n  run: |\n    "+test.script+"\n- name: after\n  if: always()\n  run: echo fine; cat \"$GITHUB_OUTPUT\" | wc -c\n")
			tr.deps.Waits.Streams = 200 * time.Millisecond
			result := tr.run(t)
			want := jobproto.Success
			if test.fails {
				want = jobproto.Failure
			}
			wantConclusion(t, tr, result, want)
			it := tr.sink.step(t, "it")
			if !strings.Contains(it.said(), test.said) {
				t.Errorf("the step said %.2000q, want %q in it", it.said(), test.said)
			}
			after := tr.sink.step(t, "after")
			wantEqual(t, "after", string(after.result.Conclusion), "success")
			wantEqual(t, "after", after.said(), "fine\n0\n")
		})
	}
}

// TestLeftRunning checks that what a step leaves running can go on printing,
// although nobody reads it any more, and can't write into a later step's files.
func TestLeftRunning(t *testing.T) {
	testkit.Need(t, "bash")
	tr := newMarked(t, `
outputs: {stolen: "${{ steps.later.outputs.stolen }}"}
steps:
  - run: |
      (while [ ! -f go ]; do sleep 0.01; done
       for i in $(seq 3000); do echo "a line that fills the pipe sooner or later: $i"; done
       echo "stolen=yes" >>"$GITHUB_OUTPUT"
       mark survived; touch gone) &
  - id: later
    run: |
      touch go
      until [ -f gone ]; do sleep 0.01; done
      echo "::notice::done"`)
	tr.deps.Waits.Streams = 50 * time.Millisecond
	result := tr.run(t)
	wantConclusion(t, tr, result, jobproto.Success)
	wantEqual(t, "marks", tr.marks(t), "survived")
	wantEqual(t, "a later step's output", result.Outputs["stolen"], "")
	wantEqual(t, "first step", tr.sink.steps[0].said(), "")
}

// TestManyLines counts what a step prints.
func TestManyLines(t *testing.T) {
	testkit.Need(t, "bash", "yes", "head")
	tr := newTrial(t, "- name: it\n  run: yes 'a line that is masked, hunter2hunter2' | head -n 200000")
	tr.job.Masks = []string{"hunter2hunter2"}
	wantConclusion(t, tr, tr.run(t), jobproto.Success)
	want := strings.Repeat("a line that is masked, ***\n", 200000)
	if got := tr.sink.step(t, "it").said(); got != want {
		t.Errorf("%d bytes of log, want %d", len(got), len(want))
	}
}

// TestBrokenPlace runs jobs in a place whose folder for our files is gone.
func TestBrokenPlace(t *testing.T) {
	testkit.Need(t, "bash")
	tr := newTrial(t, "- name: first\n  run: rm -rf \"$(dirname \"$GITHUB_OUTPUT\")\"\n- name: second\n  run: echo never")
	result := tr.run(t)
	wantConclusion(t, tr, result, jobproto.Failure)
	wantContains(t, "log", tr.sink.step(t, "second").log.String(), "##[error]")
}
