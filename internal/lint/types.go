package lint

import (
	"math/bits"
	"slices"
	"strings"
)

// kinds is the set of kinds a value may turn out to have.
type kinds uint8

const (
	kindNull kinds = 1 << iota
	kindBoolean
	kindNumber
	kindString
	kindArray
	kindObject

	kindAny     = kindNull | kindScalar | kindArray | kindObject
	kindScalar  = kindBoolean | kindNumber | kindString
	kindComplex = kindArray | kindObject
)

// typ is what can be known about a value before anything runs. Types are
// never changed once other types may share them.
type typ struct {
	kinds kinds
	falsy kinds           // those of the kinds that only occur as false, 0 or ''
	item  *typ            // what an array holds; nil is anything
	props map[string]*typ // an object's known properties, keys in lower case
	names []string        // the same properties as the file spells them, in order
	rest  *typ            // what an object's other properties are; nil: it has none
	text  *text           // what a string can say; nil is anything
	owner string          // for messages: whose properties these are, "job 'build'"

	filtered bool // an array that a wildcard made: its properties are those of its items
	typos    bool // an object that may have other properties, but none that is nearly a known one
}

var (
	anyType     = &typ{kinds: kindAny}
	nullType    = &typ{kinds: kindNull}
	booleanType = &typ{kinds: kindBoolean}
	numberType  = &typ{kinds: kindNumber}
	stringType  = &typ{kinds: kindString}
	looseObject = &typ{kinds: kindObject, rest: anyType}
	stringMap   = &typ{kinds: kindObject, rest: stringType}
)

// arrayOf returns the type of a sequence of items.
func arrayOf(item *typ) *typ { return &typ{kinds: kindArray, item: item} }

// oneOf returns the type of a string that is always one of these, ignoring case.
func oneOf(values ...string) *typ {
	return &typ{kinds: kindString, text: &text{values: values}}
}

// newObject returns an object type without properties, to be filled by set.
func newObject(owner string) *typ {
	return &typ{kinds: kindObject, props: map[string]*typ{}, owner: owner}
}

// set adds a property while an object type is being built.
func (t *typ) set(name string, p *typ) *typ {
	key := strings.ToLower(name)
	if _, ok := t.props[key]; !ok {
		t.names = append(t.names, name)
	}
	t.props[key] = p
	return t
}

// is says whether the value surely is of one of the kinds.
func (t *typ) is(k kinds) bool { return t.kinds&^k == 0 }

// can says whether the value may be of one of the kinds.
func (t *typ) can(k kinds) bool { return t.kinds&k != 0 }

// property returns the type of a property, and whether it can exist at all.
// What isn't an object has none; the answer is null then, as at run time.
func (t *typ) property(name string) (*typ, bool) {
	switch {
	case t.kinds == kindAny && t.props == nil:
		return anyType, true
	case !t.can(kindObject):
		return nullType, false
	}
	if p, ok := t.props[strings.ToLower(name)]; ok {
		return p, true
	}
	if t.rest != nil && !(t.typos && nearest(name, t.names) != "") {
		return t.rest, true
	}
	return nullType, false
}

// element returns the type of what an array index or a wildcard yields.
func (t *typ) element() *typ {
	switch {
	case t.kinds == kindAny:
		return anyType
	case t.can(kindArray):
		if t.can(kindObject) || t.item == nil {
			return anyType
		}
		return t.item
	case t.can(kindObject):
		e := t.rest
		for _, name := range t.names {
			e = merge(e, t.props[strings.ToLower(name)])
		}
		if e == nil {
			return nullType
		}
		return e
	}
	return nullType
}

// merge returns the type of a value that is either an a or a b. A nil type is
// one that has no value.
func merge(a, b *typ) *typ {
	switch {
	case a == nil || a == b:
		return b
	case b == nil:
		return a
	case a.kinds == kindAny || b.kinds == kindAny:
		return anyType
	}
	m := &typ{
		kinds: a.kinds | b.kinds,
		falsy: a.falsy&b.falsy | a.falsy&^b.kinds | b.falsy&^a.kinds,
		owner: a.owner,
	}
	switch {
	case !b.can(kindString):
		m.text = a.text
	case !a.can(kindString):
		m.text = b.text
	case a.text != nil && b.text != nil && a.text.values != nil && b.text.values != nil:
		m.text = &text{values: slices.Concat(a.text.values, b.text.values)}
	}
	switch {
	case !b.can(kindArray):
		m.item = a.item
	case !a.can(kindArray):
		m.item = b.item
	case a.item != nil && b.item != nil:
		m.item = merge(a.item, b.item)
	}
	mergeObjects(m, a, b)
	return m
}

// mergeObjects gives m the properties of either a or b.
func mergeObjects(m, a, b *typ) {
	switch {
	case !b.can(kindObject):
		m.props, m.names, m.rest = a.props, a.names, a.rest
	case !a.can(kindObject):
		m.props, m.names, m.rest, m.owner = b.props, b.names, b.rest, b.owner
	default:
		m.rest = merge(a.rest, b.rest)
		m.props = map[string]*typ{}
		for _, t := range []*typ{a, b} {
			for _, name := range t.names {
				key := strings.ToLower(name)
				m.set(name, merge(m.props[key], t.props[key]))
			}
		}
	}
}

// String names the kinds: "string", "number or string", "any value". That a
// value may be null as well goes without saying, and what may be any scalar is
// called a string, which it becomes where one is needed.
func (t *typ) String() string {
	if t.kinds == kindAny {
		return "any value"
	}
	kinds := t.kinds
	if kinds != kindNull {
		kinds &^= kindNull
	}
	if kinds&kindScalar == kindScalar {
		kinds &^= kindBoolean | kindNumber
	}
	names := [...]string{"null", "boolean", "number", "string", "array", "object"}
	var list []string
	for k := kinds; k != 0; k &= k - 1 {
		list = append(list, names[bits.TrailingZeros8(uint8(k))])
	}
	return orList(list)
}

// text is what is known of the strings a value can be. Comparisons ignore
// case, as GitHub's do.
type text struct {
	values  []string            // all it can be; nil when it isn't a closed set
	shape   func(string) bool   // whether it can be this string; nil: see prefix
	prefix  string              // what it always begins with
	explain func(string) string // for messages: why it can't be this string; nil for closed sets
}

// can says whether the text may equal s. The empty string is always possible:
// contexts are empty where an event doesn't fill them.
func (x *text) can(s string) bool {
	switch {
	case x == nil || s == "":
		return true
	case x.values != nil:
		return slices.ContainsFunc(x.values, func(v string) bool { return strings.EqualFold(v, s) })
	case x.shape != nil:
		return x.shape(s)
	}
	return hasPrefixFold(s, x.prefix)
}

// why says in words why the text can't be s.
func (x *text) why(s string) string {
	if x.explain != nil {
		return x.explain(s)
	}
	return "is never '" + s + "'" + choices(s, x.values)
}

// canBegin says whether the text may begin with s.
func (x *text) canBegin(s string) bool {
	if x == nil {
		return true
	}
	if x.values != nil {
		return slices.ContainsFunc(x.values, func(v string) bool { return hasPrefixFold(v, s) })
	}
	n := min(len(s), len(x.prefix))
	return strings.EqualFold(s[:n], x.prefix[:n])
}

func hasPrefixFold(s, prefix string) bool {
	return len(s) >= len(prefix) && strings.EqualFold(s[:len(prefix)], prefix)
}
