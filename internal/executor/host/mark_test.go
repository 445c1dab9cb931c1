package host

import (
	"context"
	"fmt"
	"os"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
	"pgregory.net/rapid"

	"slipway/internal/executor"
)

func TestMarksCoverTheirOwnAndWhatIsWithin(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		outer, other := newMark(0), newMark(0)
		inner, sibling := newMark(outer), newMark(outer)
		innermost := newMark(inner)
		for _, m := range []mark{outer, other, inner, sibling, innermost} {
			if !m.valid() || m == mark(unix.RLIM_INFINITY) || parseMark(m.String()) != m {
				t.Fatalf("%s is no mark", m)
			}
		}
		for _, c := range []struct {
			what string
			a, b mark
			want bool
		}{
			{"itself", outer, outer, true}, {"its inner", outer, inner, true}, {"its innermost", outer, innermost, true},
			{"another", outer, other, false}, {"another's inner", other, inner, false},
			{"inner itself", inner, inner, true}, {"inner's sibling", inner, sibling, false}, {"inner's outer", inner, outer, false},
		} {
			if got := c.a.covers(c.b); got != c.want && c.a != c.b {
				t.Fatalf("%s (%s) covers %s: %v", c.what, c.a, c.b, got)
			}
		}
		if n := rapid.Uint64().Draw(t, "limit"); outer.covers(mark(n)) && n>>31 != uint64(outer>>31) {
			t.Fatalf("%s covers the limit %d", outer, n)
		}
	})
}

func TestParseMarkTakesMarksOnly(t *testing.T) {
	for _, s := range []string{"", "0", "x", "ffffffffffffffff", "1000", "-4000000000000000", "40000000000000000", "8000000000000000"} {
		if m := parseMark(s); m != 0 {
			t.Errorf("%q is the mark %s", s, m)
		}
	}
}

func TestMarkOfEveryKindOfProcess(t *testing.T) {
	e := newExecutor(t, Options{})
	p := place(t, e)
	if m := markOf(os.Getpid()); m.valid() && m != e.outer {
		t.Errorf("this process carries %s", m)
	}
	limit := fmt.Sprintf("Max file locks %d unlimited locks", uint64(p.mark))
	out := output(t, p, `grep locks /proc/self/limits; echo "$SLIPWAY_JOB"; env -i setsid -w grep locks /proc/self/limits`)
	lines := strings.Split(strings.TrimSpace(out), "\n")
	for i, line := range lines {
		lines[i] = strings.Join(strings.Fields(line), " ")
	}
	if len(lines) != 3 || lines[0] != limit || lines[2] != limit || parseMark(lines[1]) != p.mark {
		t.Errorf("the job sees %q, its mark is %s", out, p.mark)
	}
	c := start(t, p, `exit 3`)
	if err := unix.Waitid(unix.P_PID, c.pid, nil, unix.WEXITED|unix.WNOWAIT, nil); err != nil {
		t.Fatal(err)
	}
	if m := markOf(c.pid); m != p.mark {
		t.Errorf("a zombie carries %s, not %s", m, p.mark)
	}
	if n := limitInProc(c.pid); mark(n) != p.mark {
		t.Errorf("its /proc/PID/limits says %x, not %s", n, p.mark)
	}
	if m := envMarkOf(os.Getpid()); m != 0 && m != e.outer {
		t.Errorf("this process's environment carries %s", m)
	}
	c = start(t, p, `sleep 3600`)
	eventually(t, "its environment carries the mark", func() bool { return envMarkOf(c.pid) == p.mark })
}

func newExecutor(t testing.TB, o Options) *Executor {
	t.Helper()
	o.Root, o.groupParent = t.TempDir(), os.Getenv(groupVar)
	e, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := e.Close(); err != nil {
			t.Error(err)
		}
	})
	return e
}

func place(t testing.TB, e *Executor) *Place {
	t.Helper()
	p, err := e.Prepare(context.Background(), spec(1))
	if err != nil {
		t.Fatal(err)
	}
	return p.(*Place)
}

func shell(p *Place, script string, args ...string) executor.Command {
	return executor.Command{Args: append([]string{"sh", "-c", script, "sh"}, args...), Env: p.host.options.Env}
}

func start(t testing.TB, p *Place, script string, args ...string) *process {
	t.Helper()
	c, err := p.Start(context.Background(), shell(p, script, args...))
	if err != nil {
		t.Fatal(err)
	}
	return c.(*process)
}

// output is what a script prints that must succeed.
func output(t testing.TB, p *Place, script string, args ...string) string {
	t.Helper()
	file, err := os.CreateTemp(t.TempDir(), "output")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	cmd := shell(p, script, args...)
	cmd.Output = file
	c, err := p.Start(context.Background(), cmd)
	if err != nil {
		t.Fatal(err)
	}
	status, err := c.Wait()
	data, err2 := os.ReadFile(file.Name())
	if err != nil || err2 != nil || status.Code != 0 {
		t.Fatalf("%q ended with %+v, %v, %v after %q", script, status, err, err2, data)
	}
	return string(data)
}
