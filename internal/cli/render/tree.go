package render

import (
	"bytes"
	"fmt"
	"io"
	"strings"
	"sync"
	"time"
	"unicode/utf8"

	"slipway/internal/jobproto"
	"slipway/internal/local"
)

// tailSize is how much of a running step's log is kept, to be shown if it fails.
const tailSize = 64 << 10

// repaint is the pause between two pictures.
const repaint = 80 * time.Millisecond

// Tree shows the runs as a live tree of jobs and steps with their times. The
// log of what fails is printed above it as it happens; Close leaves the
// finished tree and the summary.
type Tree struct {
	style Style
	tally *tally
	size  func() (width, height int)
	now   func() time.Time

	mu    sync.Mutex
	out   io.Writer
	runs  []*runNode
	byID  map[string]*runNode
	drawn int    // lines of the last picture, now above the cursor
	above []byte // what is to be printed above the next picture

	stop chan struct{}
	done chan struct{}
}

type runNode struct {
	run  local.Run
	res  *local.RunResult
	jobs []*jobNode
	byID map[string]*jobNode
}

type jobNode struct {
	job     local.Job
	started time.Time
	res     *local.JobResult
	steps   []*stepNode
}

type stepNode struct {
	ref     jobproto.StepRef
	started time.Time
	res     *jobproto.StepResult
	tail    tail
}

// NewTree starts a live tree on a terminal of the size that size reports.
func NewTree(out io.Writer, style Style, size func() (width, height int)) *Tree {
	t := &Tree{
		style: style, tally: newTally(), size: size, now: time.Now, out: out,
		byID: map[string]*runNode{}, stop: make(chan struct{}), done: make(chan struct{}),
	}
	go t.loop()
	return t
}

func (t *Tree) loop() {
	defer close(t.done)
	tick := time.NewTicker(repaint)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			t.mu.Lock()
			t.draw(false)
			t.mu.Unlock()
		case <-t.stop:
			return
		}
	}
}

// Close stops the animation and prints the finished tree and the summaries.
func (t *Tree) Close() {
	close(t.stop)
	<-t.done
	t.mu.Lock()
	defer t.mu.Unlock()
	t.draw(true)
	for _, r := range t.runs {
		if r.res != nil {
			t.tally.write(t.out, t.style, r.run, *r.res)
		}
	}
}

// draw replaces the last picture. The final one is not cut to the terminal's height.
func (t *Tree) draw(final bool) {
	width, height := t.size()
	lines := t.picture(final)
	if !final && len(lines) > height-1 && height > 2 {
		hidden := len(lines) - (height - 2)
		lines = append(lines[:height-2], t.style.dim(fmt.Sprintf("… %d more lines", hidden)))
	}
	var b bytes.Buffer
	if t.drawn > 0 {
		fmt.Fprintf(&b, "\x1b[%dA\r\x1b[J", t.drawn)
	}
	b.Write(t.above)
	t.above = t.above[:0]
	for _, l := range lines {
		b.WriteString(cut(l, width))
		b.WriteByte('\n')
	}
	t.drawn = len(lines)
	t.out.Write(b.Bytes())
}

func (t *Tree) picture(final bool) []string {
	var lines []string
	for _, r := range t.runs {
		head := t.style.bold(r.run.Workflow) + t.style.dim(headline(r.run))
		if r.res == nil {
			head += t.style.dim("  " + span(t.now().Sub(r.run.Started)))
		}
		lines = append(lines, head)
		for _, j := range r.jobs {
			lines = append(lines, t.jobLines(j, final)...)
		}
	}
	return lines
}

func (t *Tree) jobLines(j *jobNode, final bool) []string {
	if j.res != nil {
		line := fmt.Sprintf("  %s %s", t.style.mark(j.res.Conclusion), j.job.Name)
		if d := elapsed(*j.res); d > 0 {
			line += t.style.dim("  " + span(d))
		}
		if j.res.Reason != "" {
			line += t.style.dim("  " + j.res.Reason)
		}
		if !final || j.res.Conclusion != jobproto.Failure {
			return []string{line}
		}
		return append([]string{line}, t.stepLines(j)...)
	}
	head := fmt.Sprintf("  %s %s%s", t.spinner(), j.job.Name, t.style.dim("  "+span(t.now().Sub(j.started))))
	return append([]string{head}, t.stepLines(j)...)
}

func (t *Tree) stepLines(j *jobNode) []string {
	var lines []string
	for _, s := range j.steps {
		if !framed(s.ref) && s.res != nil && s.res.Conclusion != jobproto.Failure {
			continue
		}
		if s.ref.Parent != 0 && s.res != nil && s.res.Conclusion != jobproto.Failure {
			continue
		}
		if s.res != nil {
			lines = append(lines, fmt.Sprintf("    %s%s %s%s", indent(s.ref), t.style.mark(s.res.Conclusion), s.ref.Name,
				t.style.dim("  "+span(s.res.Finished.Sub(s.started)))))
			continue
		}
		lines = append(lines, fmt.Sprintf("    %s%s %s%s", indent(s.ref), t.spinner(), s.ref.Name, t.style.dim("  "+span(t.now().Sub(s.started)))))
		if last := s.tail.last(); last != "" {
			lines = append(lines, t.style.dim("        "+indent(s.ref)+last))
		}
	}
	return lines
}

var frames = []string{"⠋", "⠙", "⠹", "⠸", "⠼", "⠴", "⠦", "⠧", "⠇", "⠏"}

func (t *Tree) spinner() string {
	return t.style.cyan(frames[int(t.now().UnixMilli()/100)%len(frames)])
}

// RunStarted adds the run to the tree.
func (t *Tree) RunStarted(r local.Run) {
	t.mu.Lock()
	defer t.mu.Unlock()
	node := &runNode{run: r, byID: map[string]*jobNode{}}
	t.runs = append(t.runs, node)
	t.byID[r.ID] = node
}

func (t *Tree) job(job local.Job) *jobNode {
	r := t.byID[job.Run.ID]
	if r == nil {
		r = &runNode{run: *job.Run, byID: map[string]*jobNode{}}
		t.runs, t.byID[job.Run.ID] = append(t.runs, r), r
	}
	j := r.byID[job.ID]
	if j == nil {
		job.Name = printable([]byte(job.Name))
		j = &jobNode{job: job, started: t.now()}
		r.jobs, r.byID[job.ID] = append(r.jobs, j), j
	}
	return j
}

func (j *jobNode) step(number int) *stepNode {
	for i := len(j.steps) - 1; i >= 0; i-- {
		if j.steps[i].ref.Number == number {
			return j.steps[i]
		}
	}
	return nil
}

// JobStarted adds the job to the tree.
func (t *Tree) JobStarted(job local.Job, at time.Time) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.job(job).started = at
}

// StepStarted adds the step to its job.
func (t *Tree) StepStarted(job local.Job, ref jobproto.StepRef, at time.Time) {
	t.mu.Lock()
	defer t.mu.Unlock()
	ref.Name = printable([]byte(ref.Name))
	j := t.job(job)
	j.steps = append(j.steps, &stepNode{ref: ref, started: at})
}

// Log keeps the step's last lines.
func (t *Tree) Log(job local.Job, step int, lines []byte) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if s := t.job(job).step(step); s != nil {
		s.tail.write(lines)
	}
}

// Annotation keeps it for the summary.
func (t *Tree) Annotation(job local.Job, a jobproto.Annotation) { t.tally.annotation(job, a) }

// Summary prints the step's summary above the tree.
func (t *Tree) Summary(job local.Job, _ int, markdown []byte) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.above = fmt.Appendf(t.above, "%s\n%s\n", t.style.cyan("▸ Summary of "+job.Name), bytes.TrimRight(markdown, "\n"))
}

// StepFinished prints the log of a step that failed above the tree, and forgets the others'.
func (t *Tree) StepFinished(job local.Job, ref jobproto.StepRef, r jobproto.StepResult) {
	t.tally.stepFinished(job, ref, r)
	t.mu.Lock()
	defer t.mu.Unlock()
	s := t.job(job).step(ref.Number)
	if s == nil {
		return
	}
	s.res = &r
	if r.Outcome == jobproto.Failure {
		t.failed(job, s)
	}
	s.tail = tail{}
}

func (t *Tree) failed(job local.Job, s *stepNode) {
	lines, dropped := s.tail.lines()
	if len(lines) == 0 {
		return
	}
	t.above = fmt.Appendf(t.above, "%s\n", t.style.bold(t.style.red("✗ "+job.Name+" › "+s.ref.Name)))
	if dropped {
		t.above = fmt.Appendf(t.above, "  %s\n", t.style.dim("… earlier lines left out; run with --verbose for all"))
	}
	for line := range bytes.Lines(lines) {
		start := len(t.above)
		t.above = append(t.above, "  "...)
		var shown bool
		if t.above, shown = t.style.appendLogLine(t.above, bytes.TrimRight(line, "\r\n")); !shown {
			t.above = t.above[:start]
			continue
		}
		t.above = append(t.above, '\n')
	}
}

// JobFinished marks the job.
func (t *Tree) JobFinished(job local.Job, r local.JobResult) {
	if job.Group {
		return
	}
	t.tally.jobFinished(job, r)
	t.mu.Lock()
	defer t.mu.Unlock()
	t.job(job).res = &r
}

// RunFinished marks the run; Close prints its summary.
func (t *Tree) RunFinished(run local.Run, r local.RunResult) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if node := t.byID[run.ID]; node != nil {
		node.res = &r
	}
}

// Notice prints a sentence above the tree.
func (t *Tree) Notice(text string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.above = fmt.Appendf(t.above, "%s\n", text)
}

// tail keeps the end of a log: at most tailSize bytes of whole lines.
type tail struct {
	buf     []byte
	dropped bool
}

func (t *tail) write(lines []byte) {
	if len(lines) > tailSize {
		lines, t.buf, t.dropped = lines[len(lines)-tailSize:], t.buf[:0], true
	}
	if over := len(t.buf) + len(lines) - 2*tailSize; over > 0 {
		t.buf = append(t.buf[:0], t.buf[len(t.buf)-min(len(t.buf), tailSize):]...)
		t.dropped = true
	}
	t.buf = append(t.buf, lines...)
}

// lines are the kept lines; dropped says that there were more before them.
func (t *tail) lines() (lines []byte, dropped bool) {
	lines, dropped = t.buf, t.dropped
	if len(lines) > tailSize {
		lines, dropped = lines[len(lines)-tailSize:], true
	}
	if dropped {
		if _, rest, ok := bytes.Cut(lines, []byte("\n")); ok {
			lines = rest
		}
	}
	return lines, dropped
}

// last is the newest line that says something.
func (t *tail) last() string {
	end := len(t.buf)
	for end > 0 {
		start := bytes.LastIndexByte(t.buf[:end-1], '\n') + 1
		line := bytes.TrimSpace(t.buf[start:end])
		if len(line) > 0 && !bytes.HasPrefix(line, []byte("##[")) {
			return printable(line)
		}
		end = start
	}
	return ""
}

// printable drops what would move the cursor: escape sequences and controls.
func printable(line []byte) string {
	var b strings.Builder
	for i := 0; i < len(line) && b.Len() < 400; {
		r, size := utf8.DecodeRune(line[i:])
		if r == 0x1b {
			i += escapeLength(line[i:])
			continue
		}
		if r >= ' ' && r != 0x7f && r != utf8.RuneError {
			b.WriteRune(r)
		}
		i += size
	}
	return b.String()
}

// escapeLength is the length of the escape sequence s starts with.
func escapeLength(s []byte) int {
	if len(s) < 2 || s[1] != '[' {
		return min(2, len(s))
	}
	for i := 2; i < len(s); i++ {
		if s[i] >= 0x40 && s[i] <= 0x7e {
			return i + 1
		}
	}
	return len(s)
}

// cut shortens a line to width columns without counting or splitting escape
// sequences, so that the picture never wraps.
func cut(line string, width int) string {
	if width <= 0 {
		return line
	}
	columns := 0
	for i := 0; i < len(line); {
		if line[i] == 0x1b {
			i += escapeLength([]byte(line[i:]))
			continue
		}
		_, size := utf8.DecodeRuneInString(line[i:])
		if columns++; columns > width {
			return line[:i] + "\x1b[0m"
		}
		i += size
	}
	return line
}
