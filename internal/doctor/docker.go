package doctor

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

// docker asks the Engine for its version where the docker command would.
func (o Options) docker(ctx context.Context) Docker {
	d := Docker{Address: o.getenv("DOCKER_HOST")}
	if d.Address == "" {
		d.Address = "unix:///var/run/docker.sock"
		own := filepath.Join(o.getenv("XDG_RUNTIME_DIR"), "docker.sock") // a rootless Engine's
		if _, err := os.Stat("/var/run/docker.sock"); err != nil && filepath.IsAbs(own) {
			if _, err := os.Stat(own); err == nil {
				d.Address = "unix://" + own
			}
		}
	}
	scheme, rest, _ := strings.Cut(d.Address, "://")
	switch {
	case scheme == "unix":
		d.ask(ctx, "unix", rest, o.Limit)
	case scheme == "tcp" && o.getenv("DOCKER_TLS_VERIFY") == "":
		d.ask(ctx, "tcp", strings.TrimSuffix(rest, "/"), o.Limit)
	default:
		d.Problem = "not asked: only unix:// and plain tcp:// addresses are"
	}
	return d
}

// ask sends GET /version. HTTP/1.0 keeps the answer in one piece, and
// net/http out of a program that starts in milliseconds.
func (d *Docker) ask(ctx context.Context, network, address string, limit time.Duration) {
	dialer := net.Dialer{Timeout: limit}
	conn, err := dialer.DialContext(ctx, network, address)
	if err != nil {
		d.Problem = whyNoEngine(err)
		return
	}
	defer conn.Close()
	if err := conn.SetDeadline(time.Now().Add(limit)); err != nil {
		d.Problem = err.Error()
		return
	}
	if err := d.version(conn); err != nil {
		d.Problem = "something else answers there: " + err.Error()
		return
	}
	d.Reachable = true
}

func (d *Docker) version(conn io.ReadWriter) error {
	if _, err := io.WriteString(conn, "GET /version HTTP/1.0\r\nHost: docker\r\n\r\n"); err != nil {
		return err
	}
	answer := bufio.NewReader(io.LimitReader(conn, 1<<20))
	status, err := answer.ReadString('\n')
	if err != nil {
		return err
	}
	if fields := strings.Fields(status); len(fields) < 2 || fields[1] != "200" {
		return fmt.Errorf("%.60q", strings.TrimSpace(status))
	}
	for line := status; strings.TrimSpace(line) != ""; {
		if line, err = answer.ReadString('\n'); err != nil {
			return err
		}
	}
	var v struct {
		Version string
		API     string `json:"ApiVersion"`
	}
	if err := json.NewDecoder(answer).Decode(&v); err != nil {
		return err
	}
	if v.Version == "" {
		return errors.New("no version in the answer")
	}
	d.Version, d.API = v.Version, v.API
	return nil
}

func whyNoEngine(err error) string {
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return "no socket there: Docker is not installed or not running"
	case errors.Is(err, fs.ErrPermission):
		return "permission denied: this user is not in the group docker"
	case errors.Is(err, syscall.ECONNREFUSED):
		return "nobody answers: Docker is not running"
	}
	return err.Error()
}
