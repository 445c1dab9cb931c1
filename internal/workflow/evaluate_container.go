package workflow

import (
	"strings"

	"slipway/internal/expr"
)

// Container is an evaluated `container` or service.
type Container struct {
	Image       string // without "docker://"
	Env         []KV
	Ports       []string
	Volumes     []string
	Options     string
	Entrypoint  string // services only
	Command     string // services only
	Credentials *Credentials
}

// Credentials log in to a container's registry.
type Credentials struct{ Username, Password string }

// Service is one entry of `services`.
type Service struct {
	Name      string
	Container *Container // nil: its image is empty, there is nothing to start
}

// EvaluateContainer evaluates `container`, an image or a mapping. It returns
// nil when there is none, or its image is empty.
func EvaluateContainer(t *Token, s *expr.Scope) (*Container, error) {
	return evaluate(t, s, nil, func(e *evaluator, n *node) *Container { return e.container(n, false) })
}

// EvaluateServices evaluates `services`, in the order of the file.
func EvaluateServices(t *Token, s *expr.Scope) ([]Service, error) {
	return evaluate(t, s, nil, func(e *evaluator, n *node) []Service {
		if !e.isMapping(n) {
			return nil
		}
		services := make([]Service, len(n.keys))
		for i := range n.keys {
			services[i] = Service{n.keys[i].value.Text(), e.container(&n.items[i], true)}
		}
		return services
	})
}

func (e *evaluator) container(n *node, service bool) *Container {
	var c Container
	if n.kind != TokenMapping {
		c.Image = e.text(n)
	} else {
		known := map[string]func(*node){
			"image":       func(v *node) { c.Image = e.text(v) },
			"env":         func(v *node) { c.Env = e.textMap(v) },
			"ports":       func(v *node) { c.Ports = e.texts(v) },
			"volumes":     func(v *node) { c.Volumes = e.texts(v) },
			"options":     func(v *node) { c.Options = e.text(v) },
			"credentials": func(v *node) { c.Credentials = e.credentials(v) },
		}
		if service {
			known["entrypoint"] = func(v *node) { c.Entrypoint = e.text(v) }
			known["command"] = func(v *node) { c.Command = e.text(v) }
		}
		e.properties(n, known)
	}
	c.Image = strings.TrimPrefix(c.Image, "docker://")
	if c.Image == "" {
		return nil
	}
	return &c
}

func (e *evaluator) credentials(n *node) *Credentials {
	var c Credentials
	e.properties(n, map[string]func(*node){
		"username": func(v *node) { c.Username = e.nonEmpty(v) },
		"password": func(v *node) { c.Password = e.nonEmpty(v) },
	})
	return &c
}
