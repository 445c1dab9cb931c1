package sandbox

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"sync"

	"golang.org/x/sys/unix"

	"slipway/internal/fault"
)

// message is what the two ends of a socket tell each other: requests go to the
// init, and each gets one answer; "ended" comes later, for a command that started.
// Byte slices hold what need not be UTF-8.
type message struct {
	Op      string   `json:"op"`
	ID      uint64   `json:"id,omitempty"` // of the request; a command is known by the one that started it
	Setup   *setup   `json:"setup,omitempty"`
	Args    [][]byte `json:"args,omitempty"`
	Env     [][]byte `json:"env,omitempty"`
	Dir     []byte   `json:"dir,omitempty"`
	Command uint64   `json:"command,omitempty"` // the command to signal
	Stdin   bool     `json:"stdin,omitempty"`   // the first file is the input
	Output  bool     `json:"output,omitempty"`  // the last file is the output
	Signal  int      `json:"signal,omitempty"`  // to send; of "ended": that ended it
	Code    int      `json:"code,omitempty"`    // of "ended"
	CPU     int64    `json:"cpu,omitempty"`     // of "ended", ns
	Count   int      `json:"count,omitempty"`
	Fault   *problem `json:"fault,omitempty"` // why the request failed
}

// The requests, and what is told.
const (
	opSetup  = "setup"
	opStart  = "start"
	opSignal = "signal"
	opCount  = "count"
	opAnswer = "answer"
	opEnded  = "ended"
)

// problem is an error on its way.
type problem struct {
	Code    fault.Code `json:"code"`
	Message string     `json:"message"`
}

func problemOf(err error) *problem {
	if err == nil {
		return nil
	}
	return &problem{fault.CodeOf(err), err.Error()}
}

func (p *problem) err() error {
	if p == nil {
		return nil
	}
	return fault.New(p.Code, "%s", p.Message)
}

// maxMessage is the largest message in bytes. What Linux takes as arguments and
// environment of a program is 6 MiB at the very most; as base64 it is a third more.
const maxMessage = 64 << 20

// maxFiles is how many files come with a message.
const maxFiles = 2

// wire is one end of the socket between this process and an init: a stream of
// messages, each after its length (4 bytes, big endian), which the files ride on.
type wire struct {
	file *os.File
	mu   sync.Mutex // held while a message is being written
}

// send writes a message with the files.
func (w *wire) send(m message, files ...*os.File) error {
	body, err := json.Marshal(m)
	if err != nil {
		return err
	}
	if len(body) > maxMessage {
		return fault.New(fault.Usage, "a command of %d bytes is more than a machine takes", len(body))
	}
	frame := append(binary.BigEndian.AppendUint32(make([]byte, 0, 4+len(body)), uint32(len(body))), body...)
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(files) > 0 {
		if err := w.sendLength(frame[:4], files); err != nil {
			return err
		}
		frame = frame[4:]
	}
	_, err = w.file.Write(frame)
	return err
}

func (w *wire) sendLength(length []byte, files []*os.File) error {
	fds := make([]int, len(files))
	for i, f := range files {
		fds[i] = int(f.Fd())
	}
	raw, err := w.file.SyscallConn()
	if err != nil {
		return err
	}
	var failed error
	err = raw.Write(func(fd uintptr) bool {
		failed = unix.Sendmsg(int(fd), length, unix.UnixRights(fds...), nil, unix.MSG_NOSIGNAL)
		return failed != unix.EAGAIN && failed != unix.EINTR
	})
	return errors.Join(err, failed)
}

// receive reads a message; the files are the caller's to close. io.EOF: the
// other end is gone.
func (w *wire) receive() (m message, files []*os.File, err error) {
	defer func() {
		if err != nil {
			closeAll(files)
			files = nil
		}
	}()
	var length [4]byte
	n, files, err := w.receiveLength(length[:])
	if err != nil {
		return m, files, err
	}
	if _, err := io.ReadFull(w.file, length[n:]); err != nil {
		return m, files, err
	}
	size := binary.BigEndian.Uint32(length[:])
	if size > maxMessage {
		return m, files, fmt.Errorf("a message of %d bytes", size)
	}
	var body bytes.Buffer // grows as it comes
	if n, err := body.ReadFrom(io.LimitReader(w.file, int64(size))); err != nil {
		return m, files, err
	} else if n < int64(size) {
		return m, files, io.ErrUnexpectedEOF
	}
	return m, files, json.Unmarshal(body.Bytes(), &m)
}

// receiveLength reads some of a message's first bytes, and the files with them.
func (w *wire) receiveLength(length []byte) (int, []*os.File, error) {
	raw, err := w.file.SyscallConn()
	if err != nil {
		return 0, nil, err
	}
	rights := make([]byte, unix.CmsgSpace(4*maxFiles))
	var n, taken int
	var failed error
	err = raw.Read(func(fd uintptr) bool {
		n, taken, _, _, failed = unix.Recvmsg(int(fd), length, rights, unix.MSG_CMSG_CLOEXEC)
		return failed != unix.EAGAIN && failed != unix.EINTR
	})
	if err = errors.Join(err, failed); err != nil {
		return 0, nil, err
	}
	if n == 0 {
		return 0, nil, io.EOF
	}
	messages, err := unix.ParseSocketControlMessage(rights[:taken])
	if err != nil {
		return n, nil, err
	}
	var files []*os.File
	for _, m := range messages {
		fds, err := unix.ParseUnixRights(&m)
		if err != nil {
			return n, files, err
		}
		for _, fd := range fds {
			files = append(files, os.NewFile(uintptr(fd), "passed"))
		}
	}
	return n, files, nil
}

func closeAll(files []*os.File) {
	for _, f := range files {
		_ = f.Close()
	}
}

func toBytes(texts []string) [][]byte {
	list := make([][]byte, len(texts))
	for i, text := range texts {
		list[i] = []byte(text)
	}
	return list
}

func toStrings(list [][]byte) []string {
	texts := make([]string, len(list))
	for i, bytes := range list {
		texts[i] = string(bytes)
	}
	return texts
}

// newWires makes a connected pair: ours, and one for a child to inherit.
func newWires() (ours *wire, childs *os.File, err error) {
	fds, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return nil, nil, err
	}
	if err := unix.SetNonblock(fds[0], true); err != nil {
		return nil, nil, errors.Join(err, unix.Close(fds[0]), unix.Close(fds[1]))
	}
	return &wire{file: os.NewFile(uintptr(fds[0]), "sandbox")}, os.NewFile(uintptr(fds[1]), "sandbox's end"), nil
}
