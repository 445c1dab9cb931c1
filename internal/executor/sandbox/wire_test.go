package sandbox

import (
	"bytes"
	"encoding/binary"
	"io"
	"os"
	"reflect"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
	"pgregory.net/rapid"
)

// wires is both ends of a socket.
func wires(t testing.TB) (a, b *wire) {
	t.Helper()
	a, file, err := newWires()
	if err != nil {
		t.Fatal(err)
	}
	b = &wire{file: file}
	t.Cleanup(func() { a.file.Close(); b.file.Close() })
	return a, b
}

func TestWireKeepsBytes(t *testing.T) {
	a, b := wires(t)
	rapid.Check(t, func(t *rapid.T) {
		list := rapid.SliceOfN(rapid.SliceOf(rapid.Byte()), 1, 5)
		m := message{
			Op: opStart, ID: rapid.Uint64().Draw(t, "id"), Args: list.Draw(t, "args"), Env: list.Draw(t, "env"),
			Dir: []byte(rapid.String().Draw(t, "dir")), Code: rapid.IntRange(0, 255).Draw(t, "code"),
		}
		if len(m.Dir) == 0 {
			m.Dir = nil
		}
		sent := make(chan error, 1)
		go func() { sent <- a.send(m) }()
		got, files, err := b.receive()
		if err != nil || len(files) > 0 || !reflect.DeepEqual(got, m) {
			t.Fatalf("%+v became %+v (%d files, %v)", m, got, len(files), err)
		}
		if err := <-sent; err != nil {
			t.Fatal(err)
		}
	})
}

func TestWirePassesFiles(t *testing.T) {
	a, b := wires(t)
	read, write, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer read.Close()
	big := message{Op: opStart, Dir: []byte(strings.Repeat("x", 1<<20))}
	sent := make(chan error, 1)
	go func() {
		err := a.send(message{Op: "plain"})
		for _, files := range [][]*os.File{{write}, {read, write}} {
			if err == nil {
				err = a.send(big, files...)
			}
		}
		sent <- err
	}()
	for want := range 3 {
		_, files, err := b.receive()
		if err != nil || len(files) != want {
			t.Fatalf("message %d came with %d files, %v", want, len(files), err)
		}
		if want > 0 {
			if _, err := files[want-1].WriteString("x"); err != nil {
				t.Error(err)
			}
			if flags, err := unix.FcntlInt(files[0].Fd(), unix.F_GETFD, 0); err != nil || flags&unix.FD_CLOEXEC == 0 {
				t.Errorf("a passed file stays open in programs: %d, %v", flags, err)
			}
		}
		closeAll(files)
	}
	if err := <-sent; err != nil {
		t.Fatal(err)
	}
	write.Close()
	if got, err := io.ReadAll(read); err != nil || string(got) != "xx" {
		t.Errorf("%q came through the pipe, %v", got, err)
	}
}

// FuzzReceive: whatever comes, an error or a message, and no more memory than
// what came.
func FuzzReceive(f *testing.F) {
	f.Add([]byte{})
	f.Add([]byte{0, 0, 0, 2, '{', '}'})
	f.Add([]byte{0, 0, 0, 2, '{'})
	f.Add([]byte{255, 255, 255, 255})
	f.Add([]byte("\x00\x00\x00\x1e{\"op\":\"start\",\"args\":[\"eA==\"]}"))
	f.Fuzz(func(t *testing.T, data []byte) {
		if len(data) > 1<<16 {
			return
		}
		a, b := wires(t)
		go func() {
			_, _ = a.file.Write(data)
			_ = a.file.Close()
		}()
		for {
			m, files, err := b.receive()
			closeAll(files)
			if err != nil {
				return
			}
			_ = m.Fault.err()
		}
	})
}

func TestTooLong(t *testing.T) {
	a, b := wires(t)
	go func() { _, _ = a.file.Write(binary.BigEndian.AppendUint32(nil, maxMessage+1)) }()
	if _, _, err := b.receive(); err == nil || !strings.Contains(err.Error(), "67108865 bytes") {
		t.Errorf("a message that is too long: %v", err)
	}
}

func TestWithoutHashes(t *testing.T) {
	got := withoutHashes("root:$y$j9T$abc:19000:0:99999:7:::\ndaemon:*:1::::::\nodd\n")
	if want := "root:*:19000:0:99999:7:::\ndaemon:*:1::::::\nodd\n"; got != want {
		t.Errorf("%q", got)
	}
	if !bytes.Contains([]byte(withoutHashes("a:b")), []byte("a:*")) {
		t.Error("the last line without an end")
	}
}
