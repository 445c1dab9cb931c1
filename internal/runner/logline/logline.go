// Package logline carries a step's output from its pipe to the log: it cuts
// the bytes into lines, hands those that speak to the runner to whoever obeys
// them, masks the rest and passes them on in batches of whole lines. It
// imports runner/mask only.
//
// Lines end as they do for actions/runner (ProcessInvoker.cs reads with .NET's
// ReadLine): at LF, CRLF or a lone CR. Unlike there, bytes that are no UTF-8
// and NUL bytes pass as they are.
package logline

import (
	"bytes"
	"errors"
	"io"
	"sync"

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
	// Watching reports whether Watch wants to see lines because problem
	// matchers are registered. It is asked before each batch and after each command.
	Watching() bool
	// Watch gets a line that is no command, unmasked and without its ending.
	// true means that the text it returns, of one or more lines, is printed
	// instead of it.
	Watch(line []byte) (instead []byte, ok bool)
}

const (
	// bufferSize is how much is read and passed on at a time.
	bufferSize = 256 << 10
	// MaxLine is the longest line that is passed on whole, in bytes, unless it
	// may be a command by what is in its first MaxLine bytes. A longer one
	// becomes several lines and is not shown to Watch.
	MaxLine = 1 << 20
	// MaxCommand is the longest command. Of a longer one Command gets so much,
	// and the rest is dropped.
	MaxCommand = 16 << 20
)

// Copy passes everything r yields to h until r ends, and returns r's error,
// nil at EOF. m may be nil. Whole lines are passed on as soon as r has no more to give at
// once; one without an ending waits for it, or for the end of r.
func Copy(r io.Reader, m *mask.Masker, h Handler) error {
	if m == nil {
		m = new(mask.Masker)
	}
	c := copiers.Get().(*copier)
	c.masker, c.handler = m, h
	err := c.run(r)
	// Buffers that a long line made large are not kept.
	if cap(c.buffer) > bufferSize || cap(c.masked) > 2*bufferSize {
		c.buffer, c.masked = make([]byte, bufferSize), nil
	}
	*c = copier{buffer: c.buffer, masked: c.masked[:0]}
	copiers.Put(c)
	return err
}

var copiers = sync.Pool{New: func() any { return &copier{buffer: make([]byte, bufferSize)} }}

// copier is one run of Copy.
type copier struct {
	masker  *mask.Masker
	handler Handler
	buffer  []byte // all of it is usable
	masked  []byte // storage for masked lines

	size    int  // bytes of the buffer in use: the beginning of a line
	begun   bool // something was delivered
	afterCR bool // the last byte read was a CR: an LF that follows is part of its line ending
	pieces  bool // the buffer holds the rest of a line that came in pieces
	hidden  int  // of the rest, bytes that belong to a secret in the piece before
	drop    bool // the rest of the line is dropped
}

func (c *copier) run(r io.Reader) error {
	for {
		n, err := r.Read(c.buffer[c.size:])
		if n > 0 {
			fresh := c.normalize(c.buffer[c.size : c.size+n])
			c.take(fresh)
		}
		if err != nil {
			if c.size > 0 || c.pieces {
				c.buffer[c.size] = '\n' // there is room: take never leaves the buffer full
				c.take(1)
			}
			if errors.Is(err, io.EOF) {
				return nil
			}
			return err
		}
	}
}

// normalize turns CRLF and CR into LF, in place, and returns the new length.
func (c *copier) normalize(b []byte) int {
	from := 0
	if c.afterCR {
		c.afterCR = false
		if b[0] == '\n' {
			from = 1
		}
	}
	first := bytes.IndexByte(b, '\r')
	if first < 0 {
		return copy(b, b[from:])
	}
	out := copy(b, b[from:first])
	for i := first; i < len(b); i++ {
		if b[i] != '\r' {
			b[out] = b[i]
			out++
			continue
		}
		b[out] = '\n'
		out++
		if i+1 == len(b) {
			c.afterCR = true
		} else if b[i+1] == '\n' {
			i++
		}
	}
	return out
}

// take handles n new bytes behind those in use and leaves the beginning of the
// last line in the buffer, with room behind it.
func (c *copier) take(n int) {
	data := c.buffer[:c.size+n]
	end := bytes.LastIndexByte(data[c.size:], '\n')
	if end < 0 {
		c.size = len(data)
		c.makeRoom()
		return
	}
	end += c.size + 1
	lines := data[:end]
	if c.pieces {
		lines = c.endPieces(lines)
	}
	c.deliver(lines)
	c.size = copy(c.buffer, data[end:])
}

// makeRoom sees to it that the beginning of a line doesn't fill the buffer.
func (c *copier) makeRoom() {
	switch line := c.buffer[:c.size]; {
	case c.drop:
		c.size = 0
	case c.size < len(c.buffer):
	case c.pieces || c.size >= MaxLine && !mayBeCommand(line):
		c.piece()
	case c.size >= MaxCommand:
		if c.handler.Command(line) {
			c.size, c.drop, c.pieces = 0, true, true
			c.emit([]byte("##[warning]A workflow command of more than 16 MiB was cut.\n"))
			return
		}
		c.piece()
	default:
		c.buffer = append(c.buffer, make([]byte, len(c.buffer))...)
	}
}

// piece emits the beginning of a line that is too long as a line of its own.
func (c *copier) piece() {
	masked, used, hidden := c.masker.Piece(c.masked[:0], c.buffer[:c.size], c.hidden)
	c.masked = append(masked, '\n')
	c.handler.Emit(c.masked)
	c.size = copy(c.buffer, c.buffer[used:c.size])
	c.pieces, c.hidden = true, hidden
}

// endPieces emits the rest of a line that came in pieces and returns the lines
// behind it.
func (c *copier) endPieces(lines []byte) []byte {
	end := bytes.IndexByte(lines, '\n')
	if !c.drop {
		c.masked = append(c.masker.Rest(c.masked[:0], lines[:end], c.hidden), '\n')
		c.handler.Emit(c.masked)
	}
	c.pieces, c.hidden, c.drop = false, 0, false
	return lines[end+1:]
}

var byteOrderMark = []byte("\xEF\xBB\xBF")

// deliver passes whole lines on.
func (c *copier) deliver(lines []byte) {
	if !c.begun && len(lines) > 0 {
		c.begun = true
		lines = bytes.TrimPrefix(lines, byteOrderMark)
	}
	for len(lines) > 0 {
		if c.handler.Watching() {
			lines = c.watch(lines)
		} else {
			lines = c.scan(lines)
		}
	}
}

// scan passes lines on, looking only at those that may be commands. It returns
// those behind a command after which all lines are to be watched.
func (c *copier) scan(lines []byte) []byte {
	next := candidates{text: lines}
	pending := 0 // lines from here on are not emitted yet
	for {
		start, end, ok := next.next()
		if !ok {
			c.emit(lines[pending:])
			return nil
		}
		c.emit(lines[pending:start])
		pending = start
		if c.handler.Command(lines[start:end]) {
			pending = end + 1
			if c.handler.Watching() {
				return lines[pending:]
			}
		}
	}
}

// watch passes lines on one by one. It returns those behind a command after
// which nobody watches any more.
func (c *copier) watch(lines []byte) []byte {
	pending := 0
	for start := 0; start < len(lines); {
		end := start + bytes.IndexByte(lines[start:], '\n')
		line := lines[start:end]
		if mayBeCommand(line) {
			c.emit(lines[pending:start])
			pending = start
			if c.handler.Command(line) {
				start, pending = end+1, end+1
				if !c.handler.Watching() {
					return lines[pending:]
				}
				continue
			}
		}
		if instead, ok := c.handler.Watch(line); ok {
			c.emit(lines[pending:start])
			c.emit(append(instead, '\n'))
			pending = end + 1
		}
		start = end + 1
	}
	c.emit(lines[pending:])
	return nil
}

// emit masks whole lines and emits them.
func (c *copier) emit(lines []byte) {
	if len(lines) == 0 {
		return
	}
	masked := c.masker.Lines(c.masked, lines)
	if &masked[0] != &lines[0] {
		c.masked = masked
	}
	c.handler.Emit(masked)
}
