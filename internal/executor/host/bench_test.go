package host

import (
	"context"
	"fmt"
	"os"
	"testing"

	"slipway/internal/executor"
)

func benchExecutor(b *testing.B, o Options) *Executor {
	b.Helper()
	o.Root, o.groupParent = b.TempDir(), os.Getenv(groupVar)
	e, err := New(o)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		if err := e.Close(); err != nil {
			b.Error(err)
		}
	})
	return e
}

func spec(n int) executor.Spec {
	return executor.Spec{Job: fmt.Sprintf("job-%d", n), Repo: "octo-org/hello"}
}

var variants = []struct {
	name    string
	options Options
}{{"groups", Options{}}, {"marks", Options{NoGroups: true}}}

// BenchmarkPlace makes and closes a place in which nothing ran.
func BenchmarkPlace(b *testing.B) {
	for _, v := range variants {
		b.Run(v.name, func(b *testing.B) {
			e := benchExecutor(b, v.options)
			for n := 0; b.Loop(); n++ {
				closePlace(b, openPlace(b, e, n))
			}
		})
	}
}

// BenchmarkFirstPlace does so with an executor of its own each time, as a
// process that runs one job does.
func BenchmarkFirstPlace(b *testing.B) {
	root := b.TempDir()
	for b.Loop() {
		e, err := New(Options{Root: root, groupParent: os.Getenv(groupVar)})
		if err != nil {
			b.Fatal(err)
		}
		closePlace(b, openPlace(b, e, 0))
		if err := e.Close(); err != nil {
			b.Fatal(err)
		}
	}
}

func openPlace(b *testing.B, e *Executor, n int) executor.Place {
	b.Helper()
	p, err := e.Prepare(context.Background(), spec(n))
	if err != nil {
		b.Fatal(err)
	}
	return p
}

func closePlace(b *testing.B, p executor.Place) {
	b.Helper()
	if err := p.Close(context.Background()); err != nil {
		b.Fatal(err)
	}
}

// BenchmarkStart runs /bin/true to its end: bare by os.StartProcess, and in a place.
func BenchmarkStart(b *testing.B) {
	env := Environment(os.Environ())
	null, err := os.OpenFile(os.DevNull, os.O_RDWR, 0)
	if err != nil {
		b.Fatal(err)
	}
	defer null.Close()
	b.Run("bare", func(b *testing.B) {
		for b.Loop() {
			p, err := os.StartProcess("/bin/true", []string{"true"}, &os.ProcAttr{Env: env, Files: []*os.File{null, null, null}})
			if err != nil {
				b.Fatal(err)
			}
			if _, err := p.Wait(); err != nil {
				b.Fatal(err)
			}
		}
	})
	for _, v := range variants {
		b.Run(v.name, func(b *testing.B) {
			p := openPlace(b, benchExecutor(b, v.options), 0)
			for b.Loop() {
				c, err := p.Start(context.Background(), executor.Command{Args: []string{"true"}, Env: env, Output: null})
				if err != nil {
					b.Fatal(err)
				}
				if _, err := c.Wait(); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkJob is a place, one command, and the end of the place, with another
// job's place open beside it.
func BenchmarkJob(b *testing.B) {
	env := Environment(os.Environ())
	for _, v := range variants {
		b.Run(v.name, func(b *testing.B) {
			e := benchExecutor(b, v.options)
			other := openPlace(b, e, 0)
			if _, err := other.Start(context.Background(), executor.Command{Args: []string{"sleep", "3600"}, Env: env}); err != nil {
				b.Fatal(err)
			}
			for n := 1; b.Loop(); n++ {
				p := openPlace(b, e, n)
				c, err := p.Start(context.Background(), executor.Command{Args: []string{"true"}, Env: env})
				if err != nil {
					b.Fatal(err)
				}
				if _, err := c.Wait(); err != nil {
					b.Fatal(err)
				}
				closePlace(b, p)
			}
		})
	}
}

// BenchmarkSweep finds nothing to do beside two living places.
func BenchmarkSweep(b *testing.B) {
	e := benchExecutor(b, Options{})
	for n := range 2 {
		openPlace(b, e, n)
	}
	for b.Loop() {
		if _, err := e.Sweep(context.Background()); err != nil {
			b.Fatal(err)
		}
	}
}
