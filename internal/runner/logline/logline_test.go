package logline

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"testing"
	"testing/iotest"

	"slipway/internal/runner/mask"

	"pgregory.net/rapid"
)

// step is a Handler that keeps what it gets and knows a few commands.
type step struct {
	masker   *mask.Masker
	log      strings.Builder
	events   []string // commands and watched lines
	emitted  chan string
	watching bool
}

func (s *step) Emit(lines []byte) {
	if len(lines) == 0 || lines[len(lines)-1] != '\n' {
		panic(fmt.Sprintf("not whole lines: %q", lines))
	}
	s.log.Write(lines)
	if s.emitted != nil {
		s.emitted <- string(lines)
	}
}

func (s *step) Command(line []byte) bool {
	name, data, ok := strings.Cut(strings.TrimPrefix(strings.TrimSpace(string(line)), "::"), "::")
	switch {
	case ok && name == "mask":
		s.masker.Add(data)
	case ok && name == "watch":
		s.watching = data == "on"
	case ok && name == "print":
		s.log.WriteString(data + "\n")
	case strings.Contains(string(line), "##[known]"):
	default:
		return false
	}
	s.events = append(s.events, string(line))
	return true
}

func (s *step) Watching() bool { return s.watching }

func (s *step) Watch(line []byte) ([]byte, bool) {
	if bytes.HasPrefix(line, []byte("E: ")) {
		return append([]byte("##[error]"), line...), true
	}
	return nil, false
}

func run(t testing.TB, r io.Reader, secrets ...string) *step {
	t.Helper()
	s := &step{masker: new(mask.Masker)}
	for _, secret := range secrets {
		s.masker.Add(secret)
	}
	if err := Copy(r, s.masker, s); err != nil {
		t.Fatal(err)
	}
	return s
}

func TestLinesAndCommands(t *testing.T) {
	for _, c := range []struct{ name, in, log, events string }{
		{"empty", "", "", ""},
		{"no ending", "a", "a\n", ""},
		{"endings", "a\nb\r\nc\rd\n\r\ne\r", "a\nb\nc\nd\n\ne\n", ""},
		{"carriage returns", "\r\r\n\n\r", "\n\n\n\n", ""},
		{"odd bytes", "nul\x00 \xff\xfe\n", "nul\x00 \xff\xfe\n", ""},
		{"byte order mark", "\xEF\xBB\xBF::print::x\n\xEF\xBB\xBFy", "x\n\xEF\xBB\xBFy\n", "::print::x"},
		{"secret", "my topsecret\n", "my ***\n", ""},
		{"order", "a\n::print::b\nc\n  ::print::d\ne", "a\nb\nc\nd\ne\n", "::print::b|  ::print::d"},
		{"a mask holds from the next line", "foo\n::mask::foo\nfoo\n", "foo\n***\n", "::mask::foo"},
		{"no command", "x ::print::b\n::other::x\n std::vector ::mask::a\n", "x ::print::b\n::other::x\n std::vector ::mask::a\n", ""},
		{"brackets anywhere", "x ##[known] y\n##[other]\n##[\n", "##[other]\n##[\n", "x ##[known] y"},
		{"both in one line", "  ::x:: ##[known]\n", "", "  ::x:: ##[known]"},
		{"other white space", "\u00a0\t::print::b\n\u00e9::print::c\n", "b\n\u00e9::print::c\n", "\u00a0\t::print::b"},
		{"watched", "E: 1\n::watch::on\nE: topsecret\nx\n::print::y\nE: ::\nE: 3\n::watch::off\nE: 4\n",
			"E: 1\n##[error]E: ***\nx\ny\n##[error]E: ::\n##[error]E: 3\nE: 4\n", "::watch::on|::print::y|::watch::off"},
	} {
		for way, r := range map[string]io.Reader{
			"at once":         strings.NewReader(c.in),
			"byte by byte":    iotest.OneByteReader(strings.NewReader(c.in)),
			"data with error": iotest.DataErrReader(strings.NewReader(c.in)),
		} {
			s := run(t, r, "topsecret")
			if s.log.String() != c.log || strings.Join(s.events, "|") != c.events {
				t.Errorf("%s, %s:\ngot  %q, commands %q\nwant %q, commands %q",
					c.name, way, s.log.String(), strings.Join(s.events, "|"), c.log, c.events)
			}
		}
	}
}

func TestReadErrorIsReturnedAfterWhatWasRead(t *testing.T) {
	broken := errors.New("broken")
	s := &step{masker: new(mask.Masker)}
	err := Copy(io.MultiReader(strings.NewReader("a\nb"), iotest.ErrReader(broken)), nil, s)
	if !errors.Is(err, broken) || s.log.String() != "a\nb\n" {
		t.Errorf("got %v, log %q", err, s.log.String())
	}
}

func TestOutputAppearsAtOnce(t *testing.T) {
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	s := &step{masker: new(mask.Masker), emitted: make(chan string)}
	done := make(chan error)
	go func() { done <- Copy(r, s.masker, s) }()
	for _, c := range []struct{ write, want string }{
		{"one\n", "one\n"},
		{"two\nthr", "two\n"},
		{"ee\r", "three\n"},
		{"\nfour\n", "four\n"},
		{"end", ""},
	} {
		if _, err := io.WriteString(w, c.write); err != nil {
			t.Fatal(err)
		}
		if c.want == "" {
			continue
		}
		if got := <-s.emitted; got != c.want {
			t.Errorf("after %q: got %q, want %q", c.write, got, c.want)
		}
	}
	w.Close()
	if got := <-s.emitted; got != "end\n" {
		t.Errorf("at the end: got %q", got)
	}
	if err := <-done; err != nil {
		t.Fatal(err)
	}
}

func TestLongLines(t *testing.T) {
	x := func(n int) string { return strings.Repeat("x", n) }
	const secret = "a-secret-of-some-length"
	t.Run("up to the limit", func(t *testing.T) {
		in := x(MaxLine-1) + "\n" + secret + "\n"
		if got, want := run(t, strings.NewReader(in), secret).log.String(), x(MaxLine-1)+"\n***\n"; got != want {
			t.Errorf("got %d bytes, want %d", len(got), len(want))
		}
	})
	t.Run("ten megabytes", func(t *testing.T) {
		in := strings.Repeat(x(1000)+secret, 10_000) + "\nnext\n"
		s := run(t, strings.NewReader(in), secret)
		lines := strings.Split(s.log.String(), "\n")
		for _, line := range lines {
			if len(line) > MaxLine+1000 {
				t.Errorf("a line of %d bytes", len(line))
			}
		}
		if joined := strings.Join(lines[:len(lines)-2], ""); strings.Count(joined, "x") != 10_000_000 || strings.Contains(joined, "secret") {
			t.Error("something is missing, or not masked")
		}
		if lines[len(lines)-2] != "next" {
			t.Errorf("the last line is %q", lines[len(lines)-2])
		}
	})
	t.Run("a secret anywhere around a cut", func(t *testing.T) {
		for shift := 0; shift < 2*len(secret); shift += 3 {
			in := x(MaxLine-mask.MaxForm-2*len(secret)+shift) + secret + x(3*mask.MaxForm) + "\nend"
			s := run(t, strings.NewReader(in), secret)
			if log := s.log.String(); strings.Contains(log, "secret") || strings.Count(log, "x") != len(in)-len(secret)-4 || !strings.HasSuffix(log, "x\nend\n") {
				t.Errorf("shift %d: %d bytes", shift, len(log))
			}
		}
	})
	t.Run("command", func(t *testing.T) {
		s := run(t, strings.NewReader("a\n::print::"+x(3*MaxLine)+"\nb\n"))
		if want := "a\n" + x(3*MaxLine) + "\nb\n"; s.log.String() != want {
			t.Errorf("got %d bytes", s.log.Len())
		}
	})
	t.Run("too long a command", func(t *testing.T) {
		s := run(t, strings.NewReader("::mask::"+x(MaxCommand)+"y\nb\n"))
		if want := "##[warning]A workflow command of more than 16 MiB was cut.\nb\n"; s.log.String() != want {
			t.Errorf("got %d bytes: %.200q", s.log.Len(), s.log.String())
		}
	})
	t.Run("too long to be a command", func(t *testing.T) {
		s := run(t, strings.NewReader("::other::"+x(MaxCommand)+"y\nb\n"))
		if got := strings.ReplaceAll(s.log.String(), "\n", ""); got != "::other::"+x(MaxCommand)+"yb" {
			t.Errorf("got %d bytes", len(got))
		}
	})
	t.Run("without an end", func(t *testing.T) {
		s := run(t, strings.NewReader(x(MaxLine+1)))
		if got := strings.ReplaceAll(s.log.String(), "\n", ""); got != x(MaxLine+1) || !strings.HasSuffix(s.log.String(), "x\n") {
			t.Errorf("got %d bytes", len(got))
		}
	})
}

// plain is what Copy should do with text, said simply.
func plain(s *step, text string) {
	text = strings.ReplaceAll(strings.ReplaceAll(text, "\r\n", "\n"), "\r", "\n")
	if text == "" {
		return
	}
	for i, line := range strings.Split(strings.TrimSuffix(text, "\n"), "\n") {
		if i == 0 {
			line = strings.TrimPrefix(line, "\xEF\xBB\xBF")
		}
		start := strings.TrimSpace(line)
		if (strings.HasPrefix(start, "::") || strings.Contains(line, "##[")) && s.Command([]byte(line)) {
			continue
		}
		if s.watching {
			if instead, ok := s.Watch([]byte(line)); ok {
				line = string(instead)
			}
		}
		s.log.WriteString(s.masker.String(line) + "\n")
	}
}

func TestAnyChunksGiveTheSame(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := strings.Join(rapid.SliceOf(rapid.SampledFrom([]string{
			"\n", "\n", "\r", "\r\n", "text", " ", "std::x ", "::print::p", "::mask::text", "::mask::std\n", "::watch::on\n",
			"::watch::off\n", "##[known]", "##[", "::", "E: problem", "\u00a0", "é",
		})).Draw(t, "parts"), "")
		want := &step{masker: new(mask.Masker)}
		plain(want, text)
		got := &step{masker: new(mask.Masker)}
		r := &chunks{text: text, size: func() int { return rapid.IntRange(1, 9).Draw(t, "chunk") }}
		if err := Copy(r, got.masker, got); err != nil {
			t.Fatal(err)
		}
		if got.log.String() != want.log.String() || strings.Join(got.events, "\n") != strings.Join(want.events, "\n") {
			t.Fatalf("%q:\ngot  %q %q\nwant %q %q", text, got.log.String(), got.events, want.log.String(), want.events)
		}
	})
}

// chunks is a reader that gives as much at a time as size says.
type chunks struct {
	text string
	size func() int
}

func (c *chunks) Read(b []byte) (int, error) {
	if c.text == "" {
		return 0, io.EOF
	}
	n := copy(b[:min(c.size(), len(b))], c.text)
	c.text = c.text[n:]
	return n, nil
}

func FuzzCopy(f *testing.F) {
	f.Add("a\r\n::print::b\n##[known]\r", 3)
	f.Add("::watch::on\nE: x\n::mask::é\n\xffé\x00", 1)
	f.Fuzz(func(t *testing.T, text string, size int) {
		want, got := &step{masker: new(mask.Masker)}, &step{masker: new(mask.Masker)}
		plain(want, text)
		if err := Copy(&chunks{text, func() int { return max(size, 1) }}, got.masker, got); err != nil {
			t.Fatal(err)
		}
		if got.log.String() != want.log.String() {
			t.Fatalf("%q: got %q, want %q", text, got.log.String(), want.log.String())
		}
	})
}

// discard is a Handler that costs nothing.
type discard struct{ bytes int }

func (d *discard) Emit(lines []byte)                      { d.bytes += len(lines) }
func (d *discard) Command(line []byte) bool               { return !bytes.HasPrefix(line, []byte("std")) }
func (d *discard) Watching() bool                         { return false }
func (d *discard) Watch(line []byte) (ins []byte, o bool) { return nil, false }

func TestNothingIsAllocatedPerLine(t *testing.T) {
	if raceEnabled {
		t.Skip("skipped: sync.Pool forgets under the race detector")
	}
	text := bytes.Repeat([]byte("a line with a topsecret in it, and std::vector\n  ::debug::x\n"), 10_000)
	m := new(mask.Masker)
	m.Add("topsecret")
	r := bytes.NewReader(text)
	d := new(discard)
	if allocs := testing.AllocsPerRun(20, func() {
		r.Reset(text)
		if err := Copy(r, m, d); err != nil {
			t.Fatal(err)
		}
	}); allocs > 10 {
		t.Errorf("%v allocations for 20,000 lines", allocs)
	}
}
