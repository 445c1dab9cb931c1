package runner

import (
	"strings"
	"sync"

	"slipway/internal/jobproto"
)

// stepLog is the log of one step and where its annotations go. It is safe for
// concurrent use: the step's own words and its command's output meet in it.
type stepLog struct {
	report *reporter
	count  *annotations
	debugs bool // ACTIONS_STEP_DEBUG

	mu      sync.Mutex
	step    int    // StepRef.Number; 0 until the step was started: nothing is passed on before
	held    []byte // the step's own words, raw, until flushed as one chunk
	masked  []byte // reused by flush
	closed  bool   // the step has ended: what comes later is dropped
	problem string // the last error
}

// open says that the step was started.
func (l *stepLog) open(number int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.step = number
}

// print adds lines to the log. They are passed on with the next output or
// flush, so that a step's header is one call.
func (l *stepLog) print(text string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.held = append(append(l.held, text...), '\n')
}

// debug adds a message when debug logging is on (ExecutionContext.cs, Debug).
func (l *stepLog) debug(message string) {
	if !l.debugs {
		return
	}
	for line := range strings.SplitSeq(strings.ReplaceAll(message, "\r\n", "\n"), "\n") {
		l.print("##[debug]" + line)
	}
}

// error prints and annotates an error.
func (l *stepLog) error(message string) {
	l.mu.Lock()
	l.problem = message
	l.mu.Unlock()
	l.issue(jobproto.Error, message)
}

// warn prints and annotates a warning.
func (l *stepLog) warn(message string) { l.issue(jobproto.Warning, message) }

func (l *stepLog) issue(level jobproto.Level, message string) {
	// A message may hold a secret of several lines, which masking line by line would miss.
	l.print("##[" + string(level) + "]" + l.report.masks.String(message))
	l.annotate(jobproto.Annotation{Level: level, Message: message})
}

func (l *stepLog) annotate(a jobproto.Annotation) {
	l.mu.Lock()
	a.Step = l.step
	l.mu.Unlock()
	l.report.annotate(a, l.count)
}

// flush masks what was held back and passes it on.
func (l *stepLog) flush() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.flushLocked()
}

func (l *stepLog) flushLocked() {
	if len(l.held) == 0 || l.closed || l.step == 0 {
		return
	}
	masked := l.report.masks.Lines(l.masked, l.held)
	l.report.sink.Log(l.step, masked)
	if &masked[0] != &l.held[0] {
		l.masked = masked
	}
	l.held = l.held[:0]
}

// emit passes masked lines on.
func (l *stepLog) emit(lines []byte) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		return
	}
	l.flushLocked()
	l.report.sink.Log(l.step, lines)
}

// close flushes; nothing is logged afterwards. It returns the last error.
func (l *stepLog) close() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.flushLocked()
	l.closed = true
	return l.problem
}
