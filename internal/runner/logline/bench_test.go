package logline

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"slipway/internal/runner/mask"
	"slipway/internal/testkit"
)

// lines are n lines of 100 bytes; every `every`th is a command.
func lines(n, every int) []byte {
	var b bytes.Buffer
	for i := range n {
		line := fmt.Sprintf("2026-11-21T12:00:00Z INFO  worker-%d handled request %08d path=/api/v1/users/%d status=200 std::ok", i%7, i, i*31%1000)
		if every > 0 && i%every == 0 {
			line = fmt.Sprintf("::debug::handled request %08d", i)
		}
		fmt.Fprintf(&b, "%-99.99s\n", line)
	}
	return b.Bytes()
}

func masker(secrets int) *mask.Masker {
	m := new(mask.Masker)
	for i := range secrets {
		m.Add(fmt.Sprintf("s3cr3t&Value<%02d>-%x", i, uint32(i)*2654435761))
	}
	return m
}

func BenchmarkCopy(b *testing.B) {
	for _, c := range []struct {
		name           string
		secrets, every int
	}{
		{"plain", 0, 0},
		{"50 secrets", 50, 0},
		{"every 100th a command", 0, 100},
		{"50 secrets, every 10th a command", 50, 10},
	} {
		text, m := lines(50_000, c.every), masker(c.secrets)
		b.Run(c.name, func(b *testing.B) {
			b.SetBytes(int64(len(text)))
			b.ReportAllocs()
			r, d := bytes.NewReader(text), new(discard)
			for b.Loop() {
				r.Reset(text)
				if err := Copy(r, m, d); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// file is a Handler that writes the log to a file.
type file struct {
	discard
	to *os.File
}

func (f *file) Emit(lines []byte) { f.to.Write(lines) }

// BenchmarkMillionLines sends 1,000,000 lines of 100 bytes from a process
// through a pipe to a file, and reports how that compares with `cat >file`.
func BenchmarkMillionLines(b *testing.B) {
	testkit.Need(b, "cat", "sh")
	dir := b.TempDir()
	input, output := filepath.Join(dir, "in"), filepath.Join(dir, "out")
	if err := os.WriteFile(input, lines(1_000_000, 0), 0o600); err != nil {
		b.Fatal(err)
	}
	through := func(m *mask.Masker) {
		out, err := os.Create(output)
		if err != nil {
			b.Fatal(err)
		}
		defer out.Close()
		r, w, err := os.Pipe()
		if err != nil {
			b.Fatal(err)
		}
		defer r.Close()
		producer := exec.Command("cat", input)
		producer.Stdout = w
		if err := producer.Start(); err != nil {
			b.Fatal(err)
		}
		w.Close()
		if err := Copy(r, m, &file{to: out}); err != nil {
			b.Fatal(err)
		}
		if err := producer.Wait(); err != nil {
			b.Fatal(err)
		}
	}
	floor := func() {
		if err := exec.Command("sh", "-c", "cat '"+input+"' | cat >'"+output+"'").Run(); err != nil {
			b.Fatal(err)
		}
	}
	plain, secret := masker(0), masker(50)
	var times [3]time.Duration
	for b.Loop() {
		for i, work := range []func(){floor, func() { through(plain) }, func() { through(secret) }} {
			start := time.Now()
			work()
			times[i] += time.Since(start)
		}
	}
	b.ReportMetric(times[0].Seconds()/float64(b.N), "floor-s")
	b.ReportMetric(float64(times[1])/float64(times[0]), "plain/floor")
	b.ReportMetric(float64(times[2])/float64(times[1]), "masked/plain")
}
