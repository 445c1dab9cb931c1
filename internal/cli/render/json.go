// Package render shows what happens in local runs: as JSON lines, as plain
// prefixed lines, or as a live tree in a terminal. It imports local and
// jobproto only.
package render

import (
	"bytes"
	"encoding/json"
	"io"
	"strconv"
	"sync"
	"time"
	"unicode/utf8"

	"slipway/internal/jobproto"
	"slipway/internal/local"
)

// JSON writes one object a line; docs/events.md describes them.
type JSON struct {
	mu  sync.Mutex
	out io.Writer
	buf []byte
	now func() time.Time
}

// NewJSON returns a JSON reporter that writes to out, a whole line or batch of lines at a time.
func NewJSON(out io.Writer) *JSON { return &JSON{out: out, now: time.Now} }

// event is every field an event may have, in the order they are printed.
type event struct {
	Type       string               `json:"type"`
	Time       string               `json:"time"`
	Run        string               `json:"run,omitempty"`
	Workflow   string               `json:"workflow,omitempty"`
	Title      string               `json:"title,omitempty"`
	File       string               `json:"file,omitempty"`
	Event      string               `json:"event,omitempty"`
	Ref        string               `json:"ref,omitempty"`
	SHA        string               `json:"sha,omitempty"`
	Job        string               `json:"job,omitempty"`
	Name       string               `json:"name,omitempty"`
	Instance   string               `json:"instance,omitempty"`
	Step       *step                `json:"step,omitempty"`
	Annotation *jobproto.Annotation `json:"annotation,omitempty"`
	Outcome    jobproto.Conclusion  `json:"outcome,omitempty"`
	Conclusion jobproto.Conclusion  `json:"conclusion,omitempty"`
	ExitCode   *int                 `json:"exit_code,omitempty"`
	Reason     string               `json:"reason,omitempty"`
	Message    string               `json:"message,omitempty"`
	Markdown   string               `json:"markdown,omitempty"`
	Outputs    *map[string]string   `json:"outputs,omitempty"`
	Seconds    *float64             `json:"seconds,omitempty"`
}

type step struct {
	Number int            `json:"number"`
	Parent int            `json:"parent,omitempty"`
	ID     string         `json:"id,omitempty"`
	Name   string         `json:"name,omitempty"`
	Phase  jobproto.Phase `json:"phase,omitempty"`
}

func (j *JSON) write(e event, at time.Time) {
	if at.IsZero() {
		at = j.now()
	}
	e.Time = stamp(at)
	j.mu.Lock()
	defer j.mu.Unlock()
	var line bytes.Buffer
	enc := json.NewEncoder(&line)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(e); err != nil {
		return // every field is a string or a number: Encode cannot fail
	}
	j.out.Write(line.Bytes())
}

func stamp(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000000Z") }

func jobEvent(kind string, job local.Job) event {
	return event{Type: kind, Run: job.Run.ID, Job: job.Key, Name: job.Name, Instance: job.ID}
}

func stepEvent(kind string, job local.Job, ref jobproto.StepRef) event {
	e := jobEvent(kind, job)
	e.Step = &step{Number: ref.Number, Parent: ref.Parent, ID: ref.ID, Name: ref.Name, Phase: ref.Phase}
	return e
}

// RunStarted writes run.started.
func (j *JSON) RunStarted(r local.Run) {
	j.write(event{Type: "run.started", Run: r.ID, Workflow: r.Workflow, Title: r.Title, File: r.File,
		Event: r.Event, Ref: r.Ref, SHA: r.SHA}, r.Started)
}

// JobStarted writes job.started.
func (j *JSON) JobStarted(job local.Job, at time.Time) { j.write(jobEvent("job.started", job), at) }

// StepStarted writes step.started.
func (j *JSON) StepStarted(job local.Job, ref jobproto.StepRef, at time.Time) {
	j.write(stepEvent("step.started", job, ref), at)
}

// Log writes one log object a line. The object is put together by hand: a
// million lines go through here.
func (j *JSON) Log(job local.Job, step int, lines []byte) {
	head := append([]byte(`{"type":"log","time":"`), stamp(j.now())...)
	head = append(head, `","run":`...)
	head = appendString(head, []byte(job.Run.ID))
	head = append(head, `,"job":`...)
	head = appendString(head, []byte(job.Key))
	head = append(head, `,"name":`...)
	head = appendString(head, []byte(job.Name))
	head = append(head, `,"instance":`...)
	head = appendString(head, []byte(job.ID))
	head = append(head, `,"step":{"number":`...)
	head = strconv.AppendInt(head, int64(step), 10)
	head = append(head, `},"line":`...)

	j.mu.Lock()
	defer j.mu.Unlock()
	buf := j.buf[:0]
	for line := range bytes.Lines(lines) {
		buf = append(buf, head...)
		buf = appendString(buf, bytes.TrimSuffix(line, []byte("\n")))
		buf = append(buf, '}', '\n')
		if len(buf) >= flushSize {
			j.out.Write(buf)
			buf = buf[:0]
		}
	}
	j.out.Write(buf)
	if cap(buf) <= 4*flushSize {
		j.buf = buf[:0]
	} else {
		j.buf = nil
	}
}

// flushSize is how many bytes a reporter gathers before it writes.
const flushSize = 64 << 10

// Annotation writes annotation.
func (j *JSON) Annotation(job local.Job, a jobproto.Annotation) {
	e := jobEvent("annotation", job)
	e.Step = &step{Number: a.Step}
	e.Annotation = &a
	j.write(e, time.Time{})
}

// Summary writes summary.
func (j *JSON) Summary(job local.Job, number int, markdown []byte) {
	e := jobEvent("summary", job)
	e.Step = &step{Number: number}
	e.Markdown = string(markdown)
	j.write(e, time.Time{})
}

// StepFinished writes step.finished.
func (j *JSON) StepFinished(job local.Job, ref jobproto.StepRef, r jobproto.StepResult) {
	e := stepEvent("step.finished", job, ref)
	e.Outcome, e.Conclusion, e.ExitCode, e.Message = r.Outcome, r.Conclusion, r.ExitCode, r.Message
	j.write(e, r.Finished)
}

// JobFinished writes job.finished.
func (j *JSON) JobFinished(job local.Job, r local.JobResult) {
	e := jobEvent("job.finished", job)
	outputs := r.Outputs
	if outputs == nil {
		outputs = map[string]string{}
	}
	e.Conclusion, e.Reason, e.Outputs = r.Conclusion, r.Reason, &outputs
	if !r.Started.IsZero() {
		seconds := r.Finished.Sub(r.Started).Seconds()
		e.Seconds = &seconds
	}
	j.write(e, r.Finished)
}

// RunFinished writes run.finished.
func (j *JSON) RunFinished(run local.Run, r local.RunResult) {
	seconds := r.Finished.Sub(run.Started).Seconds()
	j.write(event{Type: "run.finished", Run: run.ID, Workflow: run.Workflow, File: run.File,
		Conclusion: r.Conclusion, Reason: r.Reason, Seconds: &seconds}, r.Finished)
}

// Notice writes notice.
func (j *JSON) Notice(text string) { j.write(event{Type: "notice", Message: text}, time.Time{}) }

const hex = "0123456789abcdef"

// appendString appends s as a JSON string; bytes that are not UTF-8 become U+FFFD.
func appendString(dst, s []byte) []byte {
	dst = append(dst, '"')
	start := 0
	for i := 0; i < len(s); {
		c := s[i]
		if c >= ' ' && c < utf8.RuneSelf && c != '"' && c != '\\' {
			i++
			continue
		}
		size := 1
		if c >= utf8.RuneSelf {
			var r rune
			r, size = utf8.DecodeRune(s[i:])
			if r != utf8.RuneError || size > 1 {
				i += size
				continue
			}
		}
		dst = append(dst, s[start:i]...)
		switch {
		case c == '"' || c == '\\':
			dst = append(dst, '\\', c)
		case c == '\t':
			dst = append(dst, '\\', 't')
		case c == '\r':
			dst = append(dst, '\\', 'r')
		case c < ' ':
			dst = append(dst, '\\', 'u', '0', '0', hex[c>>4], hex[c&15])
		default:
			dst = append(dst, "\ufffd"...)
		}
		i += size
		start = i
	}
	dst = append(dst, s[start:]...)
	return append(dst, '"')
}
