package executortest

import (
	"bytes"
	"context"
	"fmt"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"time"

	"slipway/internal/executor"
)

func testSignals(k *kit) {
	for _, test := range []struct {
		name, script string
		signal       syscall.Signal
		want         executor.Status
	}{
		{"to a handler", `trap 'exit 3' TERM; sleep "$1" & echo ready; wait`, syscall.SIGTERM, executor.Status{Code: 3}},
		{"interrupt", `trap 'exit 4' INT; sleep "$1" & echo ready; while :; do wait; done`, syscall.SIGINT, executor.Status{Code: 4}},
		{"to a child in the foreground", `echo ready; sleep "$1"; exit 5`, syscall.SIGTERM, executor.Status{Code: 143, Signal: syscall.SIGTERM}},
		{"to another group of the session", `exec bash -c 'set -m; sleep "$1" & set +m; trap "exit 6" TERM; echo ready; wait' bash "$1"`, syscall.SIGTERM, executor.Status{Code: 6}},
	} {
		p := k.place()
		token := k.token()
		s := k.start(p, shell(p, test.script, token))
		if line := k.line(s); line != "ready" {
			k.Fatalf("%s: it says %q", test.name, line)
		}
		k.eventually("sleep runs", func() bool { return sleeps(k, token) > 0 })
		if err := s.Signal(test.signal); err != nil {
			k.Errorf("%s: signal: %v", test.name, err)
		}
		status := k.wait(s)
		if status.CPU = 0; status != test.want {
			k.Errorf("%s: ended with %+v, not %+v", test.name, status, test.want)
		}
		if test.signal == syscall.SIGTERM { // a shell's background commands ignore SIGINT
			k.eventually(test.name+": the child ends by the signal", func() bool { return sleeps(k, token) == 0 })
		}
		k.close(p)
	}
}

// sleeps counts the sleep commands (not their shells) that carry the token.
func sleeps(k *kit, token string) int {
	n := 0
	for _, pid := range k.find(token) {
		if strings.HasPrefix(cmdline(pid), "sleep ") {
			n++
		}
	}
	return n
}

func testKill(k *kit) {
	p := k.place()
	defer k.close(p)
	token := k.token()
	s := k.start(p, shell(p, `trap '' TERM INT HUP; sleep "$1" & echo ready; while :; do wait; sleep "$1"; done`, token))
	k.line(s)
	k.alive(token, 2)
	if !k.factory.Lacks.Signals {
		for _, sig := range []syscall.Signal{syscall.SIGINT, syscall.SIGTERM} {
			if err := s.Signal(sig); err != nil {
				k.Errorf("signal: %v", err)
			}
		}
	}
	if err := s.Signal(syscall.SIGKILL); err != nil {
		k.Errorf("kill: %v", err)
	}
	if status := k.wait(s); status.Code != 137 || status.Signal != syscall.SIGKILL {
		k.Errorf("killed, it ended with %+v", status)
	}
	k.eventually("all of it is gone", func() bool { return len(k.find(token)) == 0 })
}

func testSignalEnded(k *kit) {
	p := k.place()
	defer k.close(p)
	token := k.token()
	background := !k.factory.Lacks.Background && !k.factory.Lacks.Processes && !k.factory.Lacks.Signals
	script := `exit 0`
	if background {
		script = `sleep "$1" >/dev/null 2>&1 & exit 0`
	}
	s := k.start(p, shell(p, script, token))
	k.finish(s)
	for range 2 {
		if err := s.Signal(syscall.SIGTERM); err != nil {
			k.Errorf("signal after the end: %v", err)
		}
	}
	if background {
		k.eventually("what it left in its session got the signal", func() bool { return len(k.find(token)) == 0 })
	}
}

func testBackground(k *kit) {
	p := k.place()
	defer k.close(p)
	k.output(p, `mkfifo ask answer
		(while read line <ask; do echo "served $line" >answer; done) >/dev/null 2>&1 &`)
	for i := range 3 {
		if got, want := k.output(p, `echo "$1" >ask; cat answer`, fmt.Sprint(i)), fmt.Sprintf("served %d\n", i); got != want {
			k.Errorf("the server of an earlier command answered %q, not %q", got, want)
		}
	}
	if !k.factory.Lacks.Processes && p.Processes() < 1 {
		k.Error("the server is not counted")
	}
}

// hidings are ways in which a job's processes hide; each leaves one that
// carries the token $1 in its arguments.
var hidings = []struct{ name, script string }{
	{"background", `sleep "$1" &`},
	{"nohup", `nohup sleep "$1" &`},
	{"ignoring signals", `trap '' HUP INT TERM QUIT; sleep "$1" &`},
	{"a group of its own", `bash -c 'set -m; sleep "$1" &' bash "$1"`},
	{"stopped", `sleep "$1" & kill -STOP $!`},
	{"setsid", `setsid sleep "$1" &`},
	{"double fork", `(setsid sh -c 'setsid sleep "$1" & exit' sh "$1" &)`},
	{"environment cleared", `env -i "$(command -v sleep)" "$1" &`},
	{"daemon in every way", `cd /; umask 0
		(setsid env -i "$(command -v sh)" -c '("$(command -v setsid)" "$0" "$1" 0<&- 1>&- 2>&- &)' "$(command -v sleep)" "$1" </dev/null &)`},
	{"fifty", `i=0; while [ $i -lt 50 ]; do setsid sleep "$1" & i=$((i+1)); done`},
	{"in a pipeline", `sleep "$1" | setsid cat &`},
}

// hide is the script of a hiding, which holds no output.
func hide(script string) string { return "exec >/dev/null 2>&1\n" + script }

func testHidden(k *kit) {
	for _, hiding := range hidings {
		p := k.place()
		token := k.token()
		k.output(p, hide(hiding.script), token)
		k.alive(token, 1)
		k.eventually(hiding.name+": it is counted", func() bool { return p.Processes() >= 1 })
		k.close(p)
		k.gone(token)
	}
	// All of them in one place, some commands still running, nobody waiting.
	p := k.place()
	token := k.token()
	for _, hiding := range hidings {
		k.output(p, hide(hiding.script), token)
	}
	running := k.start(p, shell(p, `sleep "$1"; exit 1`, token))
	k.output(p, `for i in 1 2 3 4 5; do (setsid true &); done`) // dead orphans
	k.close(p)
	k.gone(token)
	if status := k.wait(running); status.Signal != syscall.SIGKILL {
		k.Errorf("a command that ran when its place closed ended with %+v", status)
	}
}

func testOthersLive(k *kit) {
	p, q := k.place(), k.place()
	mine, others := k.token(), k.token()
	k.output(p, `setsid sleep "$1" >/dev/null 2>&1 & sleep "$1" >/dev/null 2>&1 &`, mine)
	k.output(q, `setsid sleep "$1" >/dev/null 2>&1 & sleep "$1" >/dev/null 2>&1 &`, others)
	running := k.start(q, shell(q, `echo ready; read _; echo done`))
	k.line(running)
	k.alive(mine, 2)
	k.alive(others, 2)
	k.close(p)
	k.gone(mine)
	k.alive(others, 2)
	if n := q.Processes(); n < 2 {
		k.Errorf("the other place counts %d processes", n)
	}
	if status, output := k.finish(running); status.Code != 0 || output != "done\n" {
		k.Errorf("another place's command ended with %+v, %q", status, output)
	}
	k.close(q)
	k.gone(others)
}

// testForkBomb has a tree of some hundred processes, and runners: processes
// that fork and exit without end, so that none lives longer than a look at it.
func testForkBomb(k *kit) {
	p := k.place()
	token := k.token()
	k.output(p, `exec >/dev/null 2>&1
		tree() { if [ "$1" -gt 0 ]; then tree $(($1-1)) "$2" & tree $(($1-1)) "$2" & fi; sleep "$2"; }
		run() { run "$1" & }
		tree 6 "$1" &
		run "$1" & run "$1" &`, token)
	k.alive(token, 100)
	begun := time.Now()
	k.close(p)
	if took := time.Since(begun); took > patience {
		k.Errorf("it took %s to end", took)
	}
	k.gone(token)
}

func testHeldPipe(k *kit) {
	p := k.place()
	token := k.token()
	s := k.start(p, shell(p, `echo first; setsid sleep "$1" & exit 7`, token))
	if status := k.wait(s); status.Code != 7 {
		k.Errorf("wait returned %+v", status)
	}
	if got := k.line(s); got != "first" {
		k.Errorf("line %q", got)
	}
	k.alive(token, 1)
	k.close(p)
	var rest bytes.Buffer
	if err := s.pipe.SetReadDeadline(time.Now().Add(patience)); err != nil {
		k.Fatal(err)
	}
	if _, err := rest.ReadFrom(s.output); err != nil || rest.Len() > 0 {
		k.Errorf("after the place closed, the pipe gave %q, %v", rest.String(), err)
	}
	k.gone(token)
}

// testOtherChildren has this process start commands of its own while jobs end:
// each must get its own status.
func testOtherChildren(k *kit) {
	ctx, stop := context.WithCancel(k.Context())
	var wg sync.WaitGroup
	wg.Go(func() {
		for i := 0; ctx.Err() == nil; i = (i + 1) % 100 {
			err := exec.Command("sh", "-c", fmt.Sprintf("exit %d", i)).Run()
			code := 0
			if exit, ok := err.(*exec.ExitError); ok {
				code, err = exit.ExitCode(), nil
			}
			if err != nil || code != i {
				k.Errorf("a command of our own ended with %d, not %d: %v", code, i, err)
				return
			}
		}
	})
	for range 10 {
		p := k.place()
		if k.factory.Lacks.Background {
			k.output(p, `true`)
		} else {
			k.output(p, `for i in 1 2 3; do (setsid true &); setsid sleep "$1" >/dev/null 2>&1 & done`, k.token())
		}
		k.close(p)
	}
	stop()
	wg.Wait()
}
