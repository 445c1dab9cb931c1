// Package logline carries a step's output from its pipe to the log: it cuts
// the bytes into lines, hands those that speak to the runner to whoever obeys
// them, masks the rest and passes them on in batches of whole lines. It
// imports mask only.
package logline

import (
	"bufio"
	"io"

	"slipway/internal/runner/mask"
)

// Handler receives what a step prints, in the order it was printed. Byte
// slices are valid until the method returns. All calls come from the goroutine
// that runs Copy.
type Handler interface {
	// Emit gets whole masked lines, each ended by LF.
	Emit(lines []byte)
	// Command gets a line that may be a workflow command, unmasked and without
	// its ending; true means it was one and is not printed. Every line before
	// it has been emitted, and a mask it adds holds from the next line on.
	Command(line []byte) bool
	// Watching reports whether Watch wants to see lines: problem matchers are
	// registered. It is asked before each batch and after each command.
	Watching() bool
	// Watch gets a line that is no command, unmasked and without its ending;
	// true means it was dealt with and is not printed. Every line before it
	// has been emitted when Watch emits or returns true.
	Watch(line []byte) bool
}

// Copy passes everything r yields to h until r ends. It returns r's error,
// nil at EOF.
func Copy(r io.Reader, m *mask.Masker, h Handler) error {
	in := bufio.NewReader(r)
	for {
		line, err := in.ReadBytes('\n')
		if len(line) > 0 && !h.Command(line) && !(h.Watching() && h.Watch(line)) {
			h.Emit(m.Lines(nil, line))
		}
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
	}
}
