package main

import (
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
)

// tables is what the reader walks: one shape for each definition in each set
// of contexts it is reached with.
type tables struct {
	shapes  []shape
	objects []object
	names   [][]string // sets of contexts and functions
	known   map[string]int
}

type shape struct {
	definition string
	null       bool
	boolean    bool
	number     bool
	text       bool // any string
	nonEmpty   bool // any string but ""
	expression bool // the string is an expression though it has no ${{ }}
	constants  []string
	item       int
	object     int
	names      int
}

type object struct {
	properties   []objectProperty
	required     [][]string // by alternative, in the schema's order
	alternatives int
	looseKey     int
	looseValue   int
	any          int // values whose key is an expression
}

type objectProperty struct {
	name  string
	value int
	in    uint // alternatives that have it
}

func newTables() *tables {
	// Index 0 means "none" everywhere.
	return &tables{shapes: make([]shape, 1), objects: make([]object, 1), names: make([][]string, 1), known: map[string]int{}}
}

// shape returns the number of the shape that the definition has where the
// contexts are inherited.
func (t *tables) shape(s *schema, name string, inherited []string) (int, error) {
	d, err := s.get(name)
	if err != nil {
		return 0, err
	}
	contexts := union(inherited, d.Context)
	key := fmt.Sprintf("%p %s %s", s, name, strings.Join(contexts, ","))
	if id, ok := t.known[key]; ok {
		return id, nil
	}
	id := len(t.shapes)
	t.known[key] = id
	t.shapes = append(t.shapes, shape{})
	sh := shape{definition: name, names: t.namesID(contexts)}
	if err := s.scalars(d, &sh); err != nil {
		return 0, err
	}
	members, err := s.members(d)
	if err != nil {
		return 0, err
	}
	var mappings []*mappingType
	for _, m := range members {
		if m.Sequence != nil && sh.item == 0 {
			if sh.item, err = t.shape(s, m.Sequence.ItemType, contexts); err != nil {
				return 0, err
			}
		}
		if m.Mapping != nil {
			mappings = append(mappings, m.Mapping)
		}
	}
	if len(mappings) > 0 {
		if sh.object, err = t.object(s, mappings, contexts); err != nil {
			return 0, err
		}
	}
	t.shapes[id] = sh
	return id, nil
}

// members returns what a value of d can be: d itself, or the direct members
// of a one-of. GitHub's reader looks no deeper for sequences and mappings.
func (s *schema) members(d *definition) ([]*definition, error) {
	if len(d.OneOf) == 0 {
		return []*definition{d}, nil
	}
	var members []*definition
	for _, name := range d.OneOf {
		m, err := s.get(name)
		if err != nil {
			return nil, err
		}
		members = append(members, m)
	}
	return members, nil
}

// scalars adds the scalars that d accepts to sh, through nested one-ofs.
func (s *schema) scalars(d *definition, sh *shape) error {
	switch {
	case d.Null != nil:
		sh.null = true
	case d.Boolean != nil:
		sh.boolean = true
	case d.Number != nil:
		sh.number = true
	case d.String != nil && d.String.Constant != "":
		sh.constants = append(sh.constants, d.String.Constant)
	case d.String != nil && d.String.RequireNonEmpty:
		sh.nonEmpty = true
	case d.String != nil:
		sh.text, sh.expression = true, d.String.IsExpression
	}
	sh.constants = append(sh.constants, d.AllowedValues...)
	for _, name := range d.OneOf {
		m, err := s.get(name)
		if err != nil {
			return err
		}
		if err := s.scalars(m, sh); err != nil {
			return err
		}
	}
	return nil
}

func (t *tables) object(s *schema, mappings []*mappingType, contexts []string) (int, error) {
	var o object
	var err error
	o.alternatives = len(mappings)
	if o.alternatives > 8 {
		return 0, fmt.Errorf("%d alternative mappings; the reader's masks hold 8", o.alternatives)
	}
	if first := mappings[0]; first.LooseKeyType != "" {
		if o.looseKey, err = t.shape(s, first.LooseKeyType, contexts); err != nil {
			return 0, err
		}
		if o.looseValue, err = t.shape(s, first.LooseValueType, contexts); err != nil {
			return 0, err
		}
	}
	if len(contexts) > 0 {
		if o.any, err = t.shape(s, "any", contexts); err != nil {
			return 0, err
		}
	}
	for alternative, m := range mappings {
		o.required = append(o.required, nil)
		for _, p := range m.Properties {
			if p.Required {
				o.required[alternative] = append(o.required[alternative], p.Name)
			}
			i := slices.IndexFunc(o.properties, func(q objectProperty) bool { return q.name == p.Name })
			if i < 0 {
				value, err := t.shape(s, p.Type, contexts)
				if err != nil {
					return 0, err
				}
				i = len(o.properties)
				o.properties = append(o.properties, objectProperty{name: p.Name, value: value})
			}
			o.properties[i].in |= 1 << alternative
		}
	}
	if len(o.properties) > 64 {
		return 0, fmt.Errorf("%d properties; the reader's sets hold 64", len(o.properties))
	}
	slices.SortFunc(o.properties, func(a, b objectProperty) int { return strings.Compare(a.name, b.name) })
	t.objects = append(t.objects, o)
	return len(t.objects) - 1, nil
}

func (t *tables) namesID(contexts []string) int {
	if len(contexts) == 0 {
		return 0
	}
	for i, n := range t.names {
		if slices.Equal(n, contexts) {
			return i
		}
	}
	t.names = append(t.names, contexts)
	return len(t.names) - 1
}

// union returns the members of both lists, sorted.
func union(a, b []string) []string {
	u := slices.Concat(a, b)
	slices.Sort(u)
	return slices.Compact(u)
}

func (t *tables) write(w io.Writer) {
	fmt.Fprintf(w, "var shapes = [...]shape{\n")
	for i, s := range t.shapes {
		if i == 0 {
			fmt.Fprintf(w, "{},\n")
			continue
		}
		fmt.Fprintf(w, "%d: {definition: %q", i, s.definition)
		var kinds []string
		for _, k := range []struct {
			set  bool
			name string
		}{{s.null, "acceptsNull"}, {s.boolean, "acceptsBoolean"}, {s.number, "acceptsNumber"}, {s.text, "acceptsString"}, {s.nonEmpty, "acceptsNonEmpty"}, {s.expression, "readsExpression"}} {
			if k.set {
				kinds = append(kinds, k.name)
			}
		}
		if len(kinds) > 0 {
			fmt.Fprintf(w, ", scalars: %s", strings.Join(kinds, "|"))
		}
		if len(s.constants) > 0 {
			fmt.Fprintf(w, ", constants: %#v", s.constants)
		}
		for _, n := range []struct {
			name string
			id   int
		}{{"item", s.item}, {"object", s.object}, {"names", s.names}} {
			if n.id > 0 {
				fmt.Fprintf(w, ", %s: %d", n.name, n.id)
			}
		}
		fmt.Fprintf(w, "},\n")
	}
	fmt.Fprintf(w, "}\n\nvar objects = [...]object{\n")
	for i, o := range t.objects {
		if i == 0 {
			fmt.Fprintf(w, "{},\n")
			continue
		}
		writeObject(w, i, o)
	}
	fmt.Fprintf(w, "}\n\nvar namesOf = [...]expr.Names{\n")
	for i, n := range t.names {
		writeNames(w, i, n)
	}
	fmt.Fprintf(w, "}\n")
}

func writeObject(w io.Writer, id int, o object) {
	fmt.Fprintf(w, "%d: {alternatives: %#b, looseKey: %d, looseValue: %d, anyValue: %d", id, 1<<o.alternatives-1, o.looseKey, o.looseValue, o.any)
	if slices.ContainsFunc(o.required, func(r []string) bool { return len(r) > 0 }) {
		fmt.Fprintf(w, ", required: [][]string{")
		for _, r := range o.required {
			fmt.Fprintf(w, "{")
			for _, name := range r {
				fmt.Fprintf(w, "%q, ", name)
			}
			fmt.Fprintf(w, "}, ")
		}
		fmt.Fprintf(w, "}")
	}
	if len(o.properties) > 0 {
		fmt.Fprintf(w, ", properties: []property{\n")
		for _, p := range o.properties {
			fmt.Fprintf(w, "{name: %q, value: %d, in: %#b},\n", p.name, p.value, p.in)
		}
		fmt.Fprintf(w, "}")
	}
	fmt.Fprintf(w, "},\n")
}

// writeNames writes "github" as a context and "success(0,MAX)" as a function.
func writeNames(w io.Writer, id int, names []string) {
	var contexts, functions []string
	for _, n := range names {
		name, arguments, ok := strings.Cut(strings.TrimSuffix(n, ")"), "(")
		if !ok {
			contexts = append(contexts, strconv.Quote(n))
			continue
		}
		least, most, _ := strings.Cut(arguments, ",")
		if most == "MAX" {
			most = "maxArguments"
		}
		functions = append(functions, fmt.Sprintf("{Name: %q, Min: %s, Max: %s}", name, least, most))
	}
	fmt.Fprintf(w, "%d: {", id)
	if len(contexts) > 0 {
		fmt.Fprintf(w, "Contexts: []string{%s}", strings.Join(contexts, ", "))
	}
	if len(functions) > 0 {
		fmt.Fprintf(w, ", Functions: []expr.Function{%s}", strings.Join(functions, ", "))
	}
	fmt.Fprintf(w, "},\n")
}
