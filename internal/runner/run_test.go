package runner_test

import (
	"testing"

	"slipway/internal/jobproto"
)

func TestOneStep(t *testing.T) {
	tr := newTrial(t, "- run: echo hello")
	result := tr.run(t)
	wantConclusion(t, tr, result, jobproto.Success)
	wantEqual(t, "outline", tr.sink.outline(), "Run echo hello: success\n")
	wantEqual(t, "log", tr.sink.step(t, "Run echo hello").log.String(),
		"##[group]Run echo hello\n\x1b[36;1mecho hello\x1b[0m\nshell: /usr/bin/bash -e {0}\n##[endgroup]\nhello\n")
}
