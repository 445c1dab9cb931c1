package render

import (
	"bytes"
	"fmt"
	"io"
	"strings"
	"sync"
	"time"

	"slipway/internal/jobproto"
	"slipway/internal/local"
)

// Plain writes every line of every job as it comes, with the job's name in
// front: for pipes, files and other CI systems.
type Plain struct {
	style    Style
	tally    *tally
	prefixes sync.Map // job instance → []byte prefix

	mu   sync.Mutex
	out  io.Writer
	buf  []byte
	many bool // more than one run: prefixes name the workflow too
}

// NewPlain returns a Plain reporter. many says that several runs share the output.
func NewPlain(out io.Writer, style Style, many bool) *Plain {
	return &Plain{out: out, style: style, tally: newTally(), many: many}
}

func (p *Plain) prefix(job local.Job) []byte {
	key := job.Run.ID + "\x00" + job.ID
	if v, ok := p.prefixes.Load(key); ok {
		return v.([]byte)
	}
	name := job.Name
	if p.many {
		name = job.Run.Workflow + "/" + name
	}
	prefix := []byte(p.style.cyan(strings.ReplaceAll(name, "\n", " ")) + p.style.dim(" | "))
	p.prefixes.Store(key, prefix)
	return prefix
}

func (p *Plain) line(job local.Job, text string) {
	prefix := p.prefix(job)
	p.mu.Lock()
	defer p.mu.Unlock()
	p.buf = append(append(append(p.buf[:0], prefix...), text...), '\n')
	p.out.Write(p.buf)
}

// RunStarted prints what runs, and for which event.
func (p *Plain) RunStarted(r local.Run) {
	p.Notice(p.style.bold(r.Workflow) + p.style.dim(headline(r)))
}

// headline is " · push main 1a2b3c4" for a run.
func headline(r local.Run) string {
	text := " · " + r.Event
	if ref := shortRef(r.Ref); ref != "" {
		text += " " + ref
	}
	if len(r.SHA) >= 7 && strings.Trim(r.SHA, "0") != "" {
		text += " " + r.SHA[:7]
	}
	return text
}

func shortRef(ref string) string {
	for _, prefix := range []string{"refs/heads/", "refs/tags/", "refs/"} {
		if s, ok := strings.CutPrefix(ref, prefix); ok {
			return s
		}
	}
	return ref
}

// JobStarted prints nothing: the first step's line follows at once.
func (p *Plain) JobStarted(local.Job, time.Time) {}

// StepStarted prints the step's name.
func (p *Plain) StepStarted(job local.Job, ref jobproto.StepRef, _ time.Time) {
	if framed(ref) {
		p.line(job, indent(ref)+p.style.bold("▶ "+ref.Name))
	}
}

// framed reports whether a step is one the reader wrote, or its pre or post.
func framed(ref jobproto.StepRef) bool {
	return ref.Phase != jobproto.Setup && ref.Phase != jobproto.Complete
}

func indent(ref jobproto.StepRef) string {
	if ref.Parent != 0 {
		return "  "
	}
	return ""
}

// Log prints lines with the job's name in front of each.
func (p *Plain) Log(job local.Job, _ int, lines []byte) {
	prefix := p.prefix(job)
	p.mu.Lock()
	defer p.mu.Unlock()
	buf := p.buf[:0]
	for line := range bytes.Lines(lines) {
		start := len(buf)
		buf = append(append(buf, prefix...), ' ', ' ')
		var shown bool
		if buf, shown = p.style.appendLogLine(buf, bytes.TrimSuffix(line, []byte("\n"))); !shown {
			buf = buf[:start]
			continue
		}
		buf = append(buf, '\n')
		if len(buf) >= flushSize {
			p.out.Write(buf)
			buf = buf[:0]
		}
	}
	p.out.Write(buf)
	if cap(buf) > 4*flushSize {
		buf = nil
	}
	p.buf = buf[:0]
}

// Annotation keeps it for the summary.
func (p *Plain) Annotation(job local.Job, a jobproto.Annotation) { p.tally.annotation(job, a) }

// Summary prints the step's summary as it was written: it is Markdown.
func (p *Plain) Summary(job local.Job, _ int, markdown []byte) {
	p.line(job, p.style.cyan("▸ Summary"))
	p.Log(job, 0, append(bytes.TrimRight(bytes.Clone(markdown), "\n"), '\n'))
}

// StepFinished prints how the step ended.
func (p *Plain) StepFinished(job local.Job, ref jobproto.StepRef, r jobproto.StepResult) {
	p.tally.stepFinished(job, ref, r)
	if !framed(ref) && r.Conclusion == jobproto.Success {
		return
	}
	text := fmt.Sprintf("%s%s %s", indent(ref), p.style.mark(r.Conclusion), ref.Name)
	switch {
	case r.Outcome == jobproto.Failure && r.Conclusion == jobproto.Success:
		text += p.style.yellow(" (failed, and may: continue-on-error)")
	case r.Conclusion == jobproto.Skipped:
		text += p.style.dim(" (skipped)")
	}
	p.line(job, text)
}

// JobFinished prints how the job ended, with the reason when it has one. A
// call of a workflow is told by its jobs.
func (p *Plain) JobFinished(job local.Job, r local.JobResult) {
	if job.Group {
		return
	}
	p.tally.jobFinished(job, r)
	text := p.style.mark(r.Conclusion) + " job " + word(r.Conclusion)
	if d := elapsed(r); d > 0 {
		text += " in " + span(d)
	}
	if r.Reason != "" {
		text += ": " + r.Reason
	}
	p.line(job, text)
}

// RunFinished prints the summary.
func (p *Plain) RunFinished(run local.Run, r local.RunResult) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.tally.write(p.out, p.style, run, r)
}

// Notice prints a sentence.
func (p *Plain) Notice(text string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	fmt.Fprintln(p.out, text)
}
